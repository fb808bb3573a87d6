/**
 * The trading program: `trade.ts OUT SESSION [--journal DIR] [--die-in-the-middle] [--report FILE]`. It opens the folder, admits the models, and trades the
 * rows that nothing has seen. Started again on an unfinished journal it goes on where it stopped. `--replay` makes a journal again and compares.
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
  replay,
  simulatedBroker,
  snapshotFeed,
  start,
  tickSlippage,
  type Feed,
  type Progress,
  type RunModel,
  type RunOptions,
  type WarmUpOptions,
} from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { registryOf } from './govern.js'
import { familyOf } from './families.js'
import { laneOf, readPlan, type Plan, type RecordedLane } from './plan.js'
import { answer } from './programs.js'
import { fourModels } from './strategy/four-models.js'

/** A model by its alias, verified to the byte; or, where no alias was earned, the bare artifact, which a simulated account takes as ungated. */
async function loadModel(plan: Plan, { family, settings }: RecordedLane): Promise<RunModel> {
  await using registry = await registryOf(plan, family, { canSign: false })
  const load = async (artifact: Artifact) => (await familyOf(family, { settings })).load(artifact)
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
}

/** Where a session's journal is. */
export const journalOf = ({ out }: Plan, session: string): string => join(out, 'journal', session)

/** What a folder holds so far, in bytes. */
const bytesIn = (directory: string): number =>
  existsSync(directory) ? readdirSync(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0) : 0

interface TradeOptions {
  /** Default: that of the session in the folder. */
  readonly journal?: string | undefined
  readonly 'die-in-the-middle'?: boolean | undefined
  readonly report?: string | undefined
  readonly onProgress: (progress: Progress) => void
}

/** Trades a session, or goes on with it where its journal ends. */
async function trade(plan: Plan, name: string, { journal, report: page, onProgress, ...wanted }: TradeOptions): Promise<Traded> {
  const directory = journal ?? journalOf(plan, name)
  const options = await runOptions(plan, name)
  const session = start({ ...options, journal: { directory }, onProgress })
  let fills = 0
  let fillsSinceWritten = 0
  session.on('fill', () => {
    fills++
    // Not an orderly stop: the kernel ends the process in the middle of an event, once the journal holds a part of the run.
    if (wanted['die-in-the-middle'] && bytesIn(directory) > 100_000 && ++fillsSinceWritten === 10) process.kill(process.pid, 'SIGKILL')
  })
  const { journalHash = '', rows, outcome, message, report } = await session.done
  if (outcome !== 'completed') throw new Error(`the run ended as ${outcome}: ${message ?? ''}`)
  if (page !== undefined) await report.writeHtml(page)
  const admitted = (options.models ?? []).filter((model) => isAdmitted(model)).length
  return { fills, rows, outcome, journalHash, admitted, report: report.toString(), reportDigest: sha256Hex(Buffer.from(report.toHtml())) }
}

/** Makes a session's journal again from its pins. @returns entries that came out the same, which is all of them */
async function tradeAgain(plan: Plan, name: string, onProgress: (progress: Progress) => void): Promise<number> {
  const { identical, entries, firstDifference } = await replay({
    ...(await runOptions(plan, name)),
    directory: journalOf(plan, name),
    onProgress,
  })
  if (!identical) throw new Error(`the replay differs: ${JSON.stringify(firstDifference)}`)
  return entries
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      journal: { type: 'string' },
      'die-in-the-middle': { type: 'boolean', default: false },
      report: { type: 'string' },
      replay: { type: 'boolean', default: false },
    },
  })
  const [out, name] = positionals
  const plan = readPlan(out)
  await answer<Traded | number>((onProgress) =>
    values.replay ? tradeAgain(plan, name, onProgress) : trade(plan, name, { ...values, onProgress }),
  )
}
