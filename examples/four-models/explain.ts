/** The explaining program: `explain.ts OUT SESSION`. It follows one order of a session back to the bytes and verifies every hash on the way. */
import { fileURLToPath } from 'node:url'
import { formatTime } from '@gatehouse/contracts'
import { batchDigest, explain, readJournal, type MarketDataReference } from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { verifyLog } from '@gatehouse/durable-log'
import { registryOf } from './govern.js'
import { readPlan, type Plan } from './plan.js'
import { answer } from './programs.js'
import { journalOf, lanesOf, runOptions } from './trade.js'
import { count, short, some } from './story.js'

/** Follows one filled order back to the bytes: order ← decision ← predictions ← artifacts ← promotions ← pins; verifies every hash on the way. */
export async function explainOrder(plan: Plan, session: string): Promise<readonly string[]> {
  const journal = journalOf(plan, session)
  const clientOrderId = await filledOrder(journal)
  if (clientOrderId === undefined) return [`${session}: no order was filled, so there is none to explain`]
  const { order, predictions, marketData, outcome, decision } = await explain(journal, clientOrderId)
  const fill = outcome.find((event) => event.type === 'fill')
  const lanes = lanesOf(plan, session)
  await using registry = await registryOf(plan, lanes[0].family, { canSign: false })
  const tables = lanes.flatMap((lane) => lane.tables)
  const log = await verifyLog(journal)
  const checked = await Promise.all(tables.map(async ({ directory, pin }) => (await openManifest({ directory })).at(pin).verify()))
  const artifacts = await Promise.all(predictions.map(({ digest }) => registry.artifact(digest)))
  const pinned = new Set(tables.map(({ pin }) => pin.chain))
  const faults = [
    ...log.findings.map(({ message }) => message),
    ...checked.flatMap(({ findings }) => findings.map(({ message }) => message)),
    ...(await registry.verify()).problems,
    ...artifacts.flatMap(({ description: { name, provenance } }) =>
      provenance.data.every(({ chain }) => pinned.has(chain)) ? [] : [`${name} was trained on other data than these pins`],
    ),
    ...(await verifyReferences(plan, session, marketData)),
  ]
  if (faults.length > 0) throw new Error(`The explanation does not hold: ${faults.join('; ')}`)
  const rows = marketData.reduce((sum, { reference }) => sum + reference.count, 0)
  return [
    `${clientOrderId}: ${order.side} ${order.quantity} ${order.instrument.symbol} at ${formatTime(order.createdAt)}, ${order.reason ?? ''}; filled at ${fill?.price.toFixed(2)}`,
    `← decision ${decision.entry} of the journal (${short(log.head.hash)}…, ${count(log.records)} records)`,
    ...predictions.flatMap(({ entry, model, values, digest, admission }) => [
      `← prediction ${entry} by ${model}: ${[...values.slice(0, 5)].map((p) => p.toFixed(2)).join(' ')}${values.length > 5 ? ' …' : ''}`,
      `  ← artifact ${short(digest)}…, ${admission === undefined ? 'UNGATED: no gate let it through' : `admitted as ${admission.alias} by report ${short(admission.reportDigest)}…`}`,
    ]),
    `← ${some(rows, 'row')} of ${some(tables.length, 'pin')}; journal, artifacts, promotions, ${some(
      checked.reduce((sum, { files }) => sum + files, 0),
      'file',
    )} and the rows verified`,
  ]
}

/** The order in the middle of those that were filled. */
async function filledOrder(journal: string): Promise<string | undefined> {
  const filled: string[] = []
  for await (const { entry } of readJournal(journal)) {
    if (entry.type === 'broker-event' && entry.event.type === 'fill') filled.push(entry.event.clientOrderId)
  }
  return filled[Math.floor(filled.length / 2)]
}

/** Reads the pinned rows again and compares their digests with those that the journal holds. */
async function verifyReferences(
  plan: Plan,
  session: string,
  marketData: readonly { readonly feed: string; readonly reference: MarketDataReference }[],
): Promise<readonly string[]> {
  const { feeds, range } = await runOptions(plan, session)
  const problems: string[] = []
  for (const feed of feeds) {
    const references = marketData.filter((one) => one.feed === feed.name).map(({ reference }) => reference)
    if (references.length === 0) continue
    const seen = new Map<number, string>()
    let row = 0
    for await (const item of feed.batches(range!)) {
      if (item.type !== 'batch') continue
      for (const { row: from, count: rows } of references) {
        if (from >= row && from + rows <= row + item.length) seen.set(from, batchDigest(item, from - row, from - row + rows))
      }
      row += item.length
    }
    for (const { row: from, count: rows, sha256 } of references) {
      if (seen.get(from) !== sha256) problems.push(`rows ${from} to ${from + rows} of ${feed.name} are not what the journal saw`)
    }
  }
  return problems
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out, session] = process.argv.slice(2)
  await answer(() => explainOrder(readPlan(out), session))
}
