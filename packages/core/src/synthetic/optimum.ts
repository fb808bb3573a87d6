import { TradingError } from '@gatehouse/contracts'
import type { TimeRange } from '../interfaces/time.js'
import { rangeSeconds, sessionsOf } from './coarse-bars.js'
import { BookPlanner, bookLoadings, maxSpread, regimeSign, sizeSpread, earlyShare } from './book-plan.js'
import { gapSessions } from './gap-feed.js'
import type { World } from './market-options.js'
import { hourSignal, minuteSignal } from './minute-world.js'
import { RandomStream } from './random.js'
import { scaled, SignalProcess, type SignalProcessOptions } from './signal-process.js'
import { exactLog } from './exact-math.js'

/** What the best predictor knows when each bar ends, row by row. Times are seconds since 1970. */
export interface SignalTrace {
  readonly schema: 'ohlcv-1h' | 'ohlcv-1m'
  readonly length: number
  /** When the bar ended. */
  readonly knownAt: Float64Array
  readonly momentum: Float64Array
  readonly activity: Uint8Array
  /**
   * Expected next step in units of its volatility, given everything seen: the score that ranks best. The minute's signal moves bars of a second: judge at
   * whole minutes.
   */
  readonly drift: Float64Array
}

/** What the best predictor knows of a book in each second, after its first trade and before its quotes move (0.25 to 0.5 s into it). */
export interface BookTrace {
  readonly length: number
  /** The second, since 1970. */
  readonly second: Float64Array
  /** Mean and variance of the move of this second and of this and the next, ticks. */
  readonly mean: Float64Array
  readonly variance: Float64Array
  readonly meanOfTwo: Float64Array
  readonly varianceOfTwo: Float64Array
  /** Chance that the spread is narrower or wider when the second has ended. */
  readonly narrower: Float64Array
  readonly wider: Float64Array
  /** Expected move in the direction of the second's first trade, ticks, by its size and the regime. */
  readonly impact: Float64Array
}

/** What the best predictor knows before the open of each name that gaps. */
export interface GapTrace {
  readonly length: number
  /** Local date, days since 1970, and index into the market's `gapInstruments`. */
  readonly day: Int32Array
  readonly name: Int32Array
  /** Expected return from open to close and its volatility. */
  readonly expectedReturn: Float64Array
  readonly volatility: Float64Array
}

/** Options of {@link SyntheticOptimum.futures}. */
export interface FuturesOptions {
  /** Steps ahead. */
  readonly horizon: number
  readonly paths: number
  readonly seed: number
}

/**
 * The best that can be done with a synthetic market: what a predictor would know that knew the generator and saw only the past. Nothing here looks ahead.
 */
export interface SyntheticOptimum {
  bars(schema: 'ohlcv-1h' | 'ohlcv-1m', symbol: string, range?: TimeRange): SignalTrace
  /**
   * Equally likely futures from a row of a trace, for labels that have no formula: cumulative moves in units of the step's average volatility, shape
   * `[paths * horizon]`, row-major.
   */
  futures(trace: SignalTrace, row: number, options: FuturesOptions): Float64Array
  /**
   * Chance of each row that the price is higher `horizon` steps on, by simulation over the two states that decide it, to about 0.01.
   */
  upChance(trace: SignalTrace, horizon: number): Float64Array
  book(symbol: string, range: TimeRange): BookTrace
  gaps(range?: TimeRange): GapTrace
}

const always: TimeRange = { from: 0n, to: 2n ** 62n }

export function optimumOf(world: World): SyntheticOptimum {
  return {
    bars: (schema, symbol, range = always) => barTrace(world, schema, symbol, range),
    futures: (trace, row, options) => futures(processOptions(world, trace.schema), trace, row, options),
    upChance: (trace, horizon) => upChance(processOptions(world, trace.schema), trace, horizon),
    book: (symbol, range) => bookTrace(world, symbol, range),
    gaps: (range = always) => gapTrace(world, range),
  }
}

function processOptions(world: World, schema: SignalTrace['schema']): SignalProcessOptions {
  return scaled(schema === 'ohlcv-1h' ? hourSignal : minuteSignal, world.strength)
}

function nameOf(world: World, symbol: string): number {
  const name = world.instruments.findIndex((instrument) => instrument.symbol === symbol)
  if (name < 0) throw new TradingError('FEED_SYMBOL_UNKNOWN', `no ${symbol} in this synthetic market`, { symbol })
  return name
}

function barTrace(world: World, schema: SignalTrace['schema'], symbol: string, range: TimeRange): SignalTrace {
  const name = nameOf(world, symbol)
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const isHourly = schema === 'ohlcv-1h'
  const process = new SignalProcess(processOptions(world, schema))
  const knownAt: number[] = []
  const momentum: number[] = []
  const activity: number[] = []
  const drift: number[] = []
  for (const session of sessionsOf(world, fromSeconds, toSeconds, { hasBars: false })) {
    for (let minute = 0; minute < session.minutes; minute++) {
      const end = session.day.open + (minute + 1) * 60
      if (isHourly && end % 3600 !== 0 && minute !== session.minutes - 1) continue
      if (end < fromSeconds || end >= toSeconds) continue
      const cell = minute * session.names + name
      process.momentum = isHourly ? session.hourMomentum[cell] : session.momentum[cell]
      process.activity = isHourly ? session.hourActivity[cell] : session.activity[cell]
      knownAt.push(end)
      momentum.push(process.momentum)
      activity.push(process.activity)
      drift.push(process.drift)
    }
  }
  return {
    schema,
    length: knownAt.length,
    knownAt: Float64Array.from(knownAt),
    momentum: Float64Array.from(momentum),
    activity: Uint8Array.from(activity),
    drift: Float64Array.from(drift),
  }
}

function futures(options: SignalProcessOptions, trace: SignalTrace, row: number, { horizon, paths, seed }: FuturesOptions): Float64Array {
  const process = new SignalProcess(options)
  const random = new RandomStream(seed, 'futures', trace.schema, trace.knownAt[row])
  const moves = new Float64Array(paths * horizon)
  for (let path = 0; path < paths; path++) {
    process.momentum = trace.momentum[row]
    process.activity = trace.activity[row]
    let sum = 0
    for (let step = 0; step < horizon; step++) {
      const drift = process.drift
      process.renew(random)
      const move = drift + random.normal()
      process.observe(move)
      sum += move * process.volatility
      moves[path * horizon + step] = sum
    }
  }
  return moves
}

const gridSteps = 16
const gridReach = 2
const gridPaths = 4000

/** Momentum beyond the bound of the signal changes little, so a grid over it, a row for each activity, holds all that matters. */
function upChance(options: SignalProcessOptions, trace: SignalTrace, horizon: number): Float64Array {
  const columns = 2 * gridSteps + 1
  const momentum = Float64Array.from({ length: 3 * columns }, (_, cell) => (((cell % columns) - gridSteps) / gridSteps) * gridReach)
  const activity = Uint8Array.from({ length: 3 * columns }, (_, cell) => Math.floor(cell / columns))
  const grid: SignalTrace = {
    ...trace,
    length: momentum.length,
    momentum,
    activity,
    knownAt: Float64Array.from(momentum, (_, cell) => cell),
  }
  const chance = Float64Array.from(momentum, (_, cell) => {
    const moves = futures(options, grid, cell, { horizon, paths: gridPaths, seed: 1 })
    let up = 0
    for (let end = horizon - 1; end < moves.length; end += horizon) if (moves[end] > 0) up++
    return up / gridPaths
  })
  return Float64Array.from({ length: trace.length }, (_, row) => {
    const place = ((Math.max(-gridReach, Math.min(gridReach, trace.momentum[row])) + gridReach) / gridReach) * gridSteps
    const left = Math.min(columns - 2, Math.floor(place))
    const cell = trace.activity[row] * columns + left
    return chance[cell] + (chance[cell + 1] - chance[cell]) * (place - left)
  })
}

/** Exact Bayes for what the planner shows: two coming moves, Gaussian a priori, seen through two noisy channels a second. */
function bookTrace(world: World, symbol: string, range: TimeRange): BookTrace {
  const name = nameOf(world, symbol)
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const loadings = bookLoadings(world.strength)
  const rows: Record<keyof Omit<BookTrace, 'length'>, number[]> = {
    second: [],
    mean: [],
    variance: [],
    meanOfTwo: [],
    varianceOfTwo: [],
    narrower: [],
    wider: [],
    impact: [],
  }
  const a = loadings.imbalance / Math.SQRT2
  const imbalanceVariance = 1 - loadings.imbalance * loadings.imbalance
  const sizeVariance = 1 - loadings.size * loadings.size
  for (const session of sessionsOf(world, fromSeconds, toSeconds)) {
    const planner = new BookPlanner(world.seed, symbol, session, name, loadings)
    const { plan } = planner
    // What the last second's imbalance says of this second's move, once that second's own move is known.
    let priorMean = 0
    let priorVariance = 1
    while (planner.next()) {
      if (plan.second >= toSeconds) break
      const sign = regimeSign[plan.regime]
      const shown = sign * plan.imbalance
      const size = (sign * plan.earlySide * exactLog(plan.earlySize / (earlyShare * plan.typicalVolume))) / sizeSpread
      // This move by the size of its first trade; then both moves by the imbalance, which is `a` times their sum and noise.
      const byTrade = observe(priorMean, priorVariance, loadings.size, sizeVariance, size)
      const seen = a * a * (byTrade.variance + 1) + imbalanceVariance
      const surprise = shown - a * byTrade.mean
      const mean = byTrade.mean + ((byTrade.variance * a) / seen) * surprise
      const nextMean = (a / seen) * surprise
      const variance = byTrade.variance - (byTrade.variance * byTrade.variance * a * a) / seen
      const nextVariance = 1 - (a * a) / seen
      const covariance = (-byTrade.variance * a * a) / seen
      const ticks = plan.volatility
      if (plan.second >= fromSeconds) {
        rows.second.push(plan.second)
        rows.mean.push(mean * ticks)
        rows.variance.push(variance * ticks * ticks)
        rows.meanOfTwo.push((mean + nextMean) * ticks)
        rows.varianceOfTwo.push((variance + nextVariance + 2 * covariance) * ticks * ticks)
        const [narrower, wider] = spreadChances(sign * (plan.burst === 1 ? -1 : 1), plan.spreadBefore, loadings)
        rows.narrower.push(narrower)
        rows.wider.push(wider)
        rows.impact.push(plan.earlySide * observe(0, 1, loadings.size, sizeVariance, size).mean * ticks)
      }
      const after = observe(0, 1, a, imbalanceVariance, shown - a * plan.move)
      priorMean = after.mean
      priorVariance = after.variance
    }
  }
  const columns = Object.fromEntries(Object.entries(rows).map(([key, values]) => [key, Float64Array.from(values)]))
  return { length: rows.second.length, ...(columns as unknown as Omit<BookTrace, 'length'>) }
}

/** Posterior of a Gaussian after seeing `loading * x + noise`. */
function observe(mean: number, variance: number, loading: number, noise: number, seen: number): { mean: number; variance: number } {
  const total = loading * loading * variance + noise
  const gain = (variance * loading) / total
  return { mean: mean + gain * (seen - loading * mean), variance: variance - gain * loading * variance }
}

function spreadChances(wanted: number, spread: number, { wantedChange, otherChange }: ReturnType<typeof bookLoadings>): [number, number] {
  const narrower = wanted < 0 ? wantedChange : otherChange
  const wider = wanted > 0 ? wantedChange : otherChange
  return [spread > 1 ? narrower : 0, spread < maxSpread ? wider : 0]
}

function gapTrace(world: World, range: TimeRange): GapTrace {
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const rows: { day: number; name: number; expectedReturn: number; volatility: number }[] = []
  for (const { day, gaps } of gapSessions(world)) {
    if (day.open >= toSeconds) break
    if (day.open < fromSeconds) continue
    for (const { name, expectedReturn, volatility } of gaps) rows.push({ day: day.day, name, expectedReturn, volatility })
  }
  return {
    length: rows.length,
    day: Int32Array.from(rows, ({ day }) => day),
    name: Int32Array.from(rows, ({ name }) => name),
    expectedReturn: Float64Array.from(rows, ({ expectedReturn }) => expectedReturn),
    volatility: Float64Array.from(rows, ({ volatility }) => volatility),
  }
}
