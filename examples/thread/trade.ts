/**
 * The trading program, on its own: `node trade.ts OUT [--journal DIR] [--die-in-the-middle]`. It opens the folder, admits the model, and
 * trades the bars that nothing has seen. Started again on an unfinished journal it goes on where it stopped.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { isAdmitted, type Admitted, type Artifact } from '@gatehouse/contracts'
import {
  grossExposureLimit,
  ibkrFixed,
  orderRateLimit,
  simulatedBroker,
  snapshotFeed,
  start,
  tickSlippage,
  type Model,
  type RunOptions,
} from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import type { MacroRegimePrediction } from '@gatehouse/model-macro-regime'
import { threadRegistry } from './govern.js'
import { readPlan, type TradingPlan } from './plan.js'
import { family } from './research.js'
import { postureStrategy } from './strategy.js'

/** Half a year of bars: more than the 701 that the features need. */
const warmUpNs = 180n * 86_400n * 1_000_000_000n

type RegimeModel = Model<MacroRegimePrediction>

/** The model by its alias, verified to the byte; or, where no alias was earned, the bare artifact, which a simulated account takes as ungated. */
export async function loadModel({ out, seed, model, tradeFrom }: TradingPlan): Promise<Admitted<RegimeModel> | RegimeModel> {
  await using registry = await threadRegistry(join(out, 'registry'), { seed, now: tradeFrom, canSign: false })
  if (model.includes('@')) return registry.admit(model as `${string}@${string}`, 'simulated', (artifact: Artifact) => family.load(artifact))
  return family.load(await registry.artifact(model))
}

/** The run's options, without a journal: what is traded, with what, under which limits. The same for the run and for its replay. */
export async function runOptions(plan: TradingPlan): Promise<Omit<RunOptions, 'journal'>> {
  const manifest = await openManifest({ directory: join(plan.out, 'bars') })
  const snapshot = manifest.at(plan.pin)
  return {
    time: 'backtest',
    strategy: postureStrategy,
    feeds: [snapshotFeed(snapshot, { instruments: plan.instruments })],
    broker: simulatedBroker({ cash: 1_000_000, fees: ibkrFixed(), slippage: tickSlippage(1) }),
    models: [await loadModel(plan)],
    risk: [grossExposureLimit(10_000_000), orderRateLimit({ orders: 50, perNs: 3_600_000_000_000n })],
    warmUp: { manifest, pin: plan.pin, from: plan.tradeFrom - warmUpNs },
    range: { from: plan.tradeFrom, to: plan.last + 1n },
    seed: plan.seed,
  }
}

/** What a folder holds so far, in bytes. */
const bytesIn = (directory: string): number => readdirSync(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { journal: { type: 'string' }, 'die-in-the-middle': { type: 'boolean', default: false } },
  })
  const plan = readPlan(positionals[0])
  const directory = values.journal ?? join(plan.out, 'journal')
  const session = start({ ...(await runOptions(plan)), journal: { directory } })
  let fills = 0
  let fillsSinceWritten = 0
  session.on('fill', () => {
    fills++
    // Not an orderly stop: the kernel ends the process in the middle of an event, once the journal holds a part of the run.
    if (values['die-in-the-middle'] && bytesIn(directory) > 100_000 && ++fillsSinceWritten === 25) process.kill(process.pid, 'SIGKILL')
  })
  const { journalHash, rows, outcome, message } = await session.done
  console.log(JSON.stringify({ fills, rows, outcome, message, journalHash, gated: isAdmitted((await runOptions(plan)).models?.[0]) }))
}
