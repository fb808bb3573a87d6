/**
 * The trading program, on its own: `node trade.ts OUT SESSION [--journal DIR] [--die-in-the-middle] [--report FILE]`. It opens the folder, admits the
 * models, and trades the rows that nothing has seen. Started again on an unfinished journal it goes on where it stopped.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { isAdmitted, sha256Hex, type Artifact } from '@gatehouse/contracts'
import {
  grossExposureLimit,
  ibkrFixed,
  orderRateLimit,
  simulatedBroker,
  snapshotFeed,
  start,
  tickSlippage,
  type Feed,
  type RunModel,
  type RunOptions,
  type WarmUpOptions,
} from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { registryOf } from './govern.js'
import { familyOf } from './families.js'
import { laneOf, readPlan, type Plan, type RecordedLane } from './plan.js'
import { fourModels } from './strategy/four-models.js'

/** A model by its alias, verified to the byte; or, where no alias was earned, the bare artifact, which a simulated account takes as ungated. */
async function loadModel(plan: Plan, { family, settings }: RecordedLane): Promise<RunModel> {
  await using registry = await registryOf(plan, family, { canSign: false })
  const load = (artifact: Artifact) => familyOf(family, { settings }).load(artifact)
  const model = plan.models[family]!
  if (model.includes('@')) return registry.admit(model as `${string}@${string}`, 'simulated', load)
  return load(await registry.artifact(model))
}

/** The lanes of a session. */
export function lanesOf(plan: Plan, session: string): readonly RecordedLane[] {
  const wanted = plan.sessions.find(({ name }) => name === session)
  if (wanted === undefined)
    throw new Error(`The plan has no session ${session}; there are ${plan.sessions.map(({ name }) => name).join(', ')}.`)
  return wanted.lanes.map((family) => laneOf(plan, family))
}

/** The run's options, without a journal: what is traded, with what, under which limits. The same for the run and for its replay. */
export async function runOptions(plan: Plan, session: string): Promise<Omit<RunOptions, 'journal'>> {
  const lanes = lanesOf(plan, session)
  const feeds: Feed[] = []
  const warmUp: WarmUpOptions[] = []
  for (const { tables, instruments, tradeFrom, warmUpNs } of lanes) {
    for (const { directory, pin } of tables) {
      const manifest = await openManifest({ directory })
      feeds.push(snapshotFeed(manifest.at(pin), { instruments }))
      warmUp.push({ manifest, pin, from: tradeFrom - warmUpNs })
    }
  }
  const families = lanes.map(({ family }) => family)
  return {
    time: 'backtest',
    strategy: () => fourModels(families),
    feeds,
    broker: simulatedBroker({ cash: 1_000_000, fees: ibkrFixed(), slippage: tickSlippage(1) }),
    models: await Promise.all(lanes.map((lane) => loadModel(plan, lane))),
    risk: [grossExposureLimit(10_000_000), orderRateLimit({ orders: 500, perNs: 3_600_000_000_000n })],
    warmUp,
    range: {
      from: lanes.reduce((first, { tradeFrom }) => (tradeFrom < first ? tradeFrom : first), lanes[0].tradeFrom),
      to: lastOf(lanes) + 1n,
    },
    seed: plan.seed,
  }
}

const lastOf = (lanes: readonly RecordedLane[]): bigint => lanes.reduce((last, lane) => (lane.last > last ? lane.last : last), 0n)

/** What a trading program says when it ends. */
export interface Traded {
  readonly fills: number
  readonly rows: number
  readonly outcome: string
  readonly journalHash: string
  /** Families whose models were admitted; the others ran ungated. */
  readonly admitted: number
  readonly report: string
  readonly reportDigest: string
  readonly peakKilobytes: number
}

/** What a folder holds so far, in bytes. */
const bytesIn = (directory: string): number =>
  existsSync(directory) ? readdirSync(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0) : 0

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { journal: { type: 'string' }, 'die-in-the-middle': { type: 'boolean', default: false }, report: { type: 'string' } },
  })
  const [out, name] = positionals
  const plan = readPlan(out)
  const directory = values.journal ?? join(out, 'journal', name)
  const options = await runOptions(plan, name)
  const session = start({ ...options, journal: { directory } })
  let fills = 0
  let fillsSinceWritten = 0
  session.on('fill', () => {
    fills++
    // Not an orderly stop: the kernel ends the process in the middle of an event, once the journal holds a part of the run.
    if (values['die-in-the-middle'] && bytesIn(directory) > 100_000 && ++fillsSinceWritten === 10) process.kill(process.pid, 'SIGKILL')
  })
  const { journalHash = '', rows, outcome, message, report } = await session.done
  if (outcome !== 'completed') throw new Error(`the run ended as ${outcome}: ${message ?? ''}`)
  if (values.report !== undefined) await report.writeHtml(values.report)
  const admitted = (options.models ?? []).filter((model) => isAdmitted(model)).length
  const told = {
    fills,
    rows,
    outcome,
    journalHash,
    admitted,
    report: report.toString(),
    reportDigest: sha256Hex(Buffer.from(report.toHtml())),
    peakKilobytes: process.resourceUsage().maxRSS,
  }
  console.log(JSON.stringify(told satisfies Traded))
}
