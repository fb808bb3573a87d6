import { createReport, type Report } from '../report/report.js'
import type { BenchmarkCurve, OpenPosition, RunFlag, RunRecord } from '../report/run-record.js'
import type { Engine } from './engine.js'
import { timeOfKey } from './time-key.js'

/** What the engine cannot know of itself. */
export interface ReportParts {
  readonly initialEquity: number
  readonly outcome: 'completed' | 'stopped' | 'failed'
  readonly message: string
  readonly provenance: Readonly<Record<string, string>>
}

/** The record of a run and the report made of it. */
export function reportOf(engine: Engine, parts: ReportParts): Report {
  const { options } = engine
  return createReport(recordOf(engine, parts), options.statistics)
}

function recordOf(engine: Engine, { initialEquity, outcome, message, provenance }: ReportParts): RunRecord {
  const { ledger, table, equityCurve, orderLog, options } = engine
  let working = 0
  for (const record of orderLog.all()) if (!record.isTerminal) working++
  const prices = engine.prices.map((recorder) => recorder.series()).filter(({ times }) => times.length > 0)
  return {
    name: engine.strategy.name,
    environment: engine.environment,
    currency: ledger.currency,
    initialEquity,
    startedAt: options.range?.from,
    equity: { times: equityCurve.times, values: equityCurve.values },
    grossExposure: equityCurve.gross,
    instruments: table.instruments.map(({ symbol, multiplier }) => ({ symbol, multiplier })),
    fills: engine.fills.columns(),
    openPositions: ledger.open.map<OpenPosition>(({ index, quantity, averagePrice, mark }) => ({
      instrument: index,
      quantity,
      averagePrice,
      lastPrice: mark,
    })),
    benchmark:
      typeof options.benchmark === 'object'
        ? withinRun(options.benchmark, options.range?.from ?? equityCurve.times[0], equityCurve.times.at(-1))
        : engine.benchmarkCurve(options.benchmark ?? ''),
    prices,
    spans: prices.map(({ instrument, times }) => ({ instrument, from: times[0], to: timeOfKey(engine.priceKeys[instrument]) })),
    orders: { ...orderLog.counts, working },
    refusals: engine.refusals.counts(),
    flags: [
      ...flagsOf(engine),
      ...(outcome === 'completed' ? [] : [{ type: 'incomplete' as const, message: `the run ${outcome}: ${message}` }]),
    ],
    events: Object.fromEntries(engine.rowsBySchema),
    provenance,
  }
}

/** A curve of one's own up to the run's end, bought at its last price when the run began. */
function withinRun(curve: BenchmarkCurve, startedAt: bigint | undefined, endedAt: bigint | undefined): BenchmarkCurve {
  const { name, times, values } = curve
  const end = endedAt === undefined ? times.length : times.findLastIndex((at) => at <= endedAt) + 1
  const before = startedAt === undefined ? -1 : times.findLastIndex((at) => at <= startedAt)
  const heldFrom = curve.heldFrom ?? (before < 0 ? undefined : times[before])
  return { name, times: times.subarray(0, end), values: values.subarray(0, end), heldFrom }
}

function flagsOf(engine: Engine): RunFlag[] {
  const flags: RunFlag[] = []
  for (const { model, admitted, isShadow } of engine.host.models) {
    if (admitted !== undefined || isShadow) continue
    flags.push({ type: 'ungated', message: `${model.name} (${model.digest.slice(0, 12)}) passed no gate` })
  }
  if ([...engine.sources].some((source) => source.startsWith('synthetic'))) {
    flags.push({
      type: 'synthetic-market',
      message: 'The market is synthetic: a generator made its prices and planted its signals. The figures say nothing of any real market.',
    })
  }
  const { simulation, options, calendars, table, preflightWarnings, conflatedRows } = engine
  const ending = calendars.warnings(table.instruments, engine.now).map(({ message }) => message)
  const warnings = new Set([...preflightWarnings.map(({ message }) => message), ...ending])
  for (const message of [...warnings, ...engine.remarks]) flags.push({ type: 'note', message })
  if (conflatedRows > 0) {
    const message = `${conflatedRows} quote${conflatedRows === 1 ? ' was' : 's were'} dropped because later ones had come; models that read them began again from cold`
    flags.push({ type: 'note', message })
  }
  if (typeof options.benchmark === 'string' && engine.benchmarkCurve(options.benchmark) === undefined) {
    flags.push({ type: 'note', message: `benchmark ${options.benchmark} is no instrument of this run: nothing is compared with it` })
  }
  if (simulation === undefined) return flags
  if (simulation.optimism !== undefined) flags.push({ type: 'optimistic-fill', message: simulation.optimism })
  for (const message of [...simulation.conventions, ...simulation.remarks]) flags.push({ type: 'note', message })
  return flags
}
