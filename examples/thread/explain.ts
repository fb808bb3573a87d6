import { join } from 'node:path'
import { formatTime, type Registry } from '@gatehouse/contracts'
import { batchDigest, explain, readJournal, type MarketDataReference } from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { verifyLog } from '@gatehouse/durable-log'
import type { TradingPlan } from './plan.js'
import { runOptions } from './trade.js'
import { short, some } from './story.js'

/** Follows one filled order back to the bytes: order ← decision ← prediction ← artifact ← promotion ← pin; verifies every hash on the way. */
export async function explainOrder(plan: TradingPlan, registry: Registry): Promise<readonly string[]> {
  const journal = join(plan.out, 'journal')
  const clientOrderId = await filledOrder(journal)
  const told = await explain(journal, clientOrderId)
  const { order, predictions, marketData, outcome } = told
  const [prediction] = predictions
  const fill = outcome.find((event) => event.type === 'fill')
  const artifact = await registry.artifact(prediction.digest)
  const manifest = await openManifest({ directory: join(plan.out, 'bars') })
  const [log, bars, promotions] = [await verifyLog(journal), await manifest.at(plan.pin).verify(), await registry.verify()]
  const references = await verifyReferences(
    plan,
    marketData.map(({ reference }) => reference),
  )
  const trainedOn = artifact.description.provenance.data[0]
  const faults = [
    ...log.findings.map(({ message }) => message),
    ...bars.findings.map(({ message }) => message),
    ...promotions.problems,
    ...(trainedOn.chain === plan.pin.chain ? [] : ['the model was trained on other data than this pin']),
    ...references,
  ]
  if (faults.length > 0) throw new Error(`The explanation does not hold: ${faults.join('; ')}`)
  return [
    `${clientOrderId}: ${order.side} ${order.quantity} ${order.instrument.symbol} at ${formatTime(order.createdAt)}, ${order.reason ?? ''}; filled at ${fill?.price.toFixed(2)}`,
    `← decision ${told.decision.entry} of the journal (${short(log.head.hash)}…, ${log.records} records)`,
    `← prediction ${prediction.entry}: ${prediction.values
      .slice(0, 5)
      .map((p) => p.toFixed(2))
      .join(' ')} by ${prediction.model}`,
    `← artifact ${short(prediction.digest)}…, ${prediction.admission === undefined ? 'UNGATED: no gate let it through' : `admitted as ${prediction.admission.alias} by report ${short(prediction.admission.reportDigest)}…`}`,
    `← ${marketData.reduce((sum, { reference }) => sum + reference.count, 0)} bars of pin ${short(plan.pin.chain)}… version ${plan.pin.version}; journal, artifact, promotions, ${some(bars.files, 'file')} and the bars verified`,
  ]
}

/** The order in the middle of those that were filled. */
async function filledOrder(journal: string): Promise<string> {
  const filled: string[] = []
  for await (const { entry } of readJournal(journal)) {
    if (entry.type === 'broker-event' && entry.event.type === 'fill') filled.push(entry.event.clientOrderId)
  }
  if (filled.length === 0) throw new Error('No order was filled: there is nothing to explain.')
  return filled[Math.floor(filled.length / 2)]
}

/** Reads the pinned rows again and compares their digests with those that the journal holds. */
async function verifyReferences(plan: TradingPlan, references: readonly MarketDataReference[]): Promise<readonly string[]> {
  const { feeds, range } = await runOptions(plan)
  const seen = new Map<number, string>()
  let row = 0
  for await (const item of feeds[0].batches(range!)) {
    if (item.type !== 'batch') continue
    for (const { row: from, count } of references) {
      if (from >= row && from + count <= row + item.length) seen.set(from, batchDigest(item, from - row, from - row + count))
    }
    row += item.length
  }
  return references.flatMap(({ row: from, count, sha256 }) =>
    seen.get(from) === sha256 ? [] : [`rows ${from} to ${from + count} of the pin are not what the journal saw`],
  )
}
