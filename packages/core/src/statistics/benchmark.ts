import { TradingError } from '@gatehouse/contracts'
import { type MeanConvention, type PeriodsPerYear, periodsPerYearOf } from './annualisation.js'
import { requireSameLength } from './input.js'
import { correlation, covariance, mean, pairwiseComplete, standardDeviation, variance } from './moments.js'
import { annualMean, annualReturn, type AnnualOptions, cumReturnsFinal, excessReturns, type RateSeries } from './returns.js'

/**
 * Statistics against a benchmark (a market, a factor): both series hold returns of the *same* periods, row by row; join them with
 * {@link alignSeries} when they do not. Rows where one side is `NaN` are skipped.
 * An empty series has no row in common with another, so the result is `NaN`; other lengths that differ throw `STATISTICS_INPUT`.
 */
export interface BenchmarkOptions {
  /** Risk-free return per period: a number or a series. Default 0. */
  readonly riskFree?: RateSeries | undefined
  /** Default `'daily'`, 252. */
  readonly periodsPerYear?: PeriodsPerYear | undefined
}

/**
 * Beta: covariance with the benchmark over the benchmark's variance, dimensionless.
 * @returns `NaN` for fewer than two complete rows or a constant benchmark
 */
export function beta(returns: Float64Array, benchmark: Float64Array, { riskFree = 0 }: BenchmarkOptions = {}): number {
  if (!haveRows('beta', returns, benchmark)) return NaN
  const [own, market] = pairwiseComplete(excessReturns(returns, riskFree), excessReturns(benchmark, riskFree))
  if (own.length < 2) return NaN
  const spread = variance(market)
  return spread < 1e-30 ? NaN : covariance(own, market) / spread
}

/** Options of {@link alpha}. */
export interface AlphaOptions extends BenchmarkOptions {
  /** Risk-free rate per year, for `'annualised'`; over the whole span, for `'total'`. Default 0. */
  readonly riskFreeAnnual?: number | undefined
  /** A beta that is already known; otherwise {@link beta} of the same series. */
  readonly beta?: number | undefined
  /**
   * - `'compounded'` (default): mean of `r - rf - beta * (b - rf)`, compounded over a year: `(1 + mean)^N - 1` (empyrical)
   * - `'scaled'`: the same mean times N (quantstats)
   * - `'annualised'`: Jensen's alpha of the yearly figures, `R - (rf + beta * (B - rf))`, see `meanConvention` (LEAN)
   * - `'total'`: the same of the total returns over the span (backtesting.py)
   */
  readonly convention?: 'compounded' | 'scaled' | 'annualised' | 'total' | undefined
  /** How `'annualised'` makes a year of a period. Default `'compounded'`. */
  readonly meanConvention?: MeanConvention | undefined
}

/**
 * Alpha: the return that beta does not explain, a fraction a year (over the whole span for `'total'`).
 * @returns `NaN` where {@link beta} is
 * @see Jensen (1968), "The Performance of Mutual Funds in the Period 1945-1964", J. of Finance 23(2)
 */
export function alpha(returns: Float64Array, benchmark: Float64Array, options: AlphaOptions = {}): number {
  const { riskFree = 0, riskFreeAnnual = 0, periodsPerYear = 'daily', convention = 'compounded', meanConvention = 'compounded' } = options
  if (!haveRows('alpha', returns, benchmark) || returns.length < 2) return NaN
  const slope = options.beta ?? beta(returns, benchmark, { riskFree })
  if (convention === 'annualised') {
    const market = annualMean(benchmark, meanConvention, periodsPerYear)
    return jensenAlpha(annualMean(returns, meanConvention, periodsPerYear), market, slope, riskFreeAnnual)
  }
  if (convention === 'total') return jensenAlpha(cumReturnsFinal(returns), cumReturnsFinal(benchmark), slope, riskFreeAnnual)
  const market = excessReturns(benchmark, riskFree)
  const residual = mean(excessReturns(returns, riskFree).map((value, i) => value - slope * market[i]))
  const periods = periodsPerYearOf(periodsPerYear)
  return convention === 'scaled' ? residual * periods : Math.pow(1 + residual, periods) - 1
}

/** Jensen's alpha of two returns over the same span: `own - (riskFree + beta * (benchmark - riskFree))`; all fractions. */
export function jensenAlpha(own: number, benchmark: number, beta: number, riskFree = 0): number {
  return own - (riskFree + beta * (benchmark - riskFree))
}

/** Alpha and beta of one pair of series. */
export interface AlphaBeta {
  readonly alpha: number
  readonly beta: number
}

/** {@link alpha} and {@link beta} together. */
export function alphaBeta(returns: Float64Array, benchmark: Float64Array, options: AlphaOptions = {}): AlphaBeta {
  const slope = options.beta ?? beta(returns, benchmark, options)
  return { alpha: alpha(returns, benchmark, { ...options, beta: slope }), beta: slope }
}

/** {@link alphaBeta} of the periods in which the benchmark rose. */
export function upAlphaBeta(returns: Float64Array, benchmark: Float64Array, options: AlphaOptions = {}): AlphaBeta {
  return alphaBeta(...whereBenchmark(returns, benchmark, isUp), options)
}

/** {@link alphaBeta} of the periods in which the benchmark fell. */
export function downAlphaBeta(returns: Float64Array, benchmark: Float64Array, options: AlphaOptions = {}): AlphaBeta {
  return alphaBeta(...whereBenchmark(returns, benchmark, isDown), options)
}

/** Capture ratio: annual return over the benchmark's annual return. */
export function capture(returns: Float64Array, benchmark: Float64Array, options: AnnualOptions = {}): number {
  return annualReturn(returns, options) / annualReturn(benchmark, options)
}

/** {@link capture} of the periods in which the benchmark rose; `NaN` when it never did. */
export function upCapture(returns: Float64Array, benchmark: Float64Array, options: AnnualOptions = {}): number {
  return capture(...whereBenchmark(returns, benchmark, isUp), options)
}

/** {@link capture} of the periods in which the benchmark fell; `NaN` when it never did. */
export function downCapture(returns: Float64Array, benchmark: Float64Array, options: AnnualOptions = {}): number {
  return capture(...whereBenchmark(returns, benchmark, isDown), options)
}

/** {@link upCapture} over {@link downCapture}. */
export function upDownCapture(returns: Float64Array, benchmark: Float64Array, options: AnnualOptions = {}): number {
  return upCapture(returns, benchmark, options) / downCapture(returns, benchmark, options)
}

const isUp = (value: number): boolean => value > 0
const isDown = (value: number): boolean => value < 0

function whereBenchmark(returns: Float64Array, benchmark: Float64Array, belongs: (value: number) => boolean): [Float64Array, Float64Array] {
  if (!haveRows('a statistic by benchmark direction', returns, benchmark)) return [new Float64Array(0), new Float64Array(0)]
  return [returns.filter((_, i) => belongs(benchmark[i])), benchmark.filter(belongs)]
}

/** Whether there are rows to compare; throws when neither series is empty and their lengths differ. */
function haveRows(function_: string, returns: Float64Array, benchmark: Float64Array): boolean {
  if (returns.length === 0 || benchmark.length === 0) return false
  requireSameLength(function_, returns, benchmark)
  return true
}

/** Returns beyond the benchmark's, row by row. */
export function activeReturns(returns: Float64Array, benchmark: Float64Array): Float64Array {
  return excessReturns(returns, benchmark)
}

/**
 * Excess Sharpe ratio: mean active return over its standard deviation, per period.
 * @param benchmark a series, or a constant return per period
 * @returns `NaN` for fewer than two returns
 */
export function excessSharpe(returns: Float64Array, benchmark: RateSeries): number {
  if (returns.length < 2) return NaN
  const active = excessReturns(returns, benchmark)
  return mean(active) / standardDeviation(active)
}

/** Tracking error: standard deviation of the active returns, a year; a fraction. */
export function trackingError(returns: Float64Array, benchmark: Float64Array, { periodsPerYear = 'daily' }: AnnualOptions = {}): number {
  if (!haveRows('trackingError', returns, benchmark)) return NaN
  return standardDeviation(activeReturns(returns, benchmark)) * Math.sqrt(periodsPerYearOf(periodsPerYear))
}

/** Options of {@link informationRatio}. */
export interface InformationRatioOptions extends AnnualOptions {
  /**
   * - `'arithmetic'` (default): mean active return over tracking error, annualised by `sqrt(N)`
   * - `'compounded'` or `'geometric'`: difference of the yearly returns over tracking error (LEAN: `'compounded'`)
   */
  readonly meanConvention?: MeanConvention | undefined
}

/**
 * Information ratio, annualised; `{ periodsPerYear: 1 }` gives it per period, as quantstats does.
 * @returns `NaN` for fewer than two returns or 0/0
 * @see Grinold and Kahn (1999), "Active Portfolio Management"
 */
export function informationRatio(
  returns: Float64Array,
  benchmark: Float64Array,
  { periodsPerYear = 'daily', meanConvention = 'arithmetic' }: InformationRatioOptions = {},
): number {
  if (!haveRows('informationRatio', returns, benchmark)) return NaN
  const risk = trackingError(returns, benchmark, { periodsPerYear })
  if (meanConvention === 'arithmetic') return annualMean(activeReturns(returns, benchmark), 'arithmetic', periodsPerYear) / risk
  return (annualMean(returns, meanConvention, periodsPerYear) - annualMean(benchmark, meanConvention, periodsPerYear)) / risk
}

/** Options of {@link treynorRatio}. */
export interface TreynorOptions extends BenchmarkOptions {
  /** Rate subtracted from the return: per year, or over the span for `'total'`. Default 0. */
  readonly riskFreeAnnual?: number | undefined
  /** Which return stands above beta: a {@link MeanConvention} (default `'compounded'`) or the `'total'` return of the span (quantstats). */
  readonly meanConvention?: MeanConvention | 'total' | undefined
}

/** Treynor ratio: return beyond the risk-free rate per unit of beta; `NaN` where {@link beta} is or when it is 0. */
export function treynorRatio(returns: Float64Array, benchmark: Float64Array, options: TreynorOptions = {}): number {
  const { riskFree = 0, riskFreeAnnual = 0, periodsPerYear = 'daily', meanConvention = 'compounded' } = options
  const earned = meanConvention === 'total' ? cumReturnsFinal(returns) : annualMean(returns, meanConvention, periodsPerYear)
  return (earned - riskFreeAnnual) / (beta(returns, benchmark, { riskFree }) || NaN)
}

/** Share of the variance that the benchmark explains, in [0, 1]. */
export function rSquared(returns: Float64Array, benchmark: Float64Array): number {
  return haveRows('rSquared', returns, benchmark) ? correlation(returns, benchmark) ** 2 : NaN
}

/** How often the benchmark was beaten: fractions, `NaN` where there was no such period. */
export interface BattingAverage {
  readonly overall: number
  /** Of the periods in which the benchmark did not fall. */
  readonly upMarket: number
  /** Of the periods in which it fell. */
  readonly downMarket: number
}

/** Batting average: the share of periods with a return above the benchmark's. */
export function battingAverage(returns: Float64Array, benchmark: Float64Array): BattingAverage {
  if (!haveRows('battingAverage', returns, benchmark)) return { overall: NaN, upMarket: NaN, downMarket: NaN }
  const share = (belongs: (value: number) => boolean): number => {
    let periods = 0
    let beaten = 0
    for (let i = 0; i < returns.length; i++) {
      if (!belongs(benchmark[i])) continue
      periods++
      if (returns[i] - benchmark[i] > 0) beaten++
    }
    return beaten / (periods || NaN)
  }
  return { overall: share(() => true), upMarket: share((value) => value >= 0), downMarket: share(isDown) }
}

/**
 * Beta fragility heuristic: whether losses accelerate as the benchmark falls; negative is fragile.
 * @returns a return per period; `NaN` for fewer than three rows
 * @see Taleb, Canetti, Kinda, Loukoianova and Schmieder (2012), "A New Heuristic Measure of Fragility and Tail Risks", IMF WP 12/216
 */
export function betaFragilityHeuristic(returns: Float64Array, benchmark: Float64Array): number {
  if (!haveRows('betaFragilityHeuristic', returns, benchmark)) return NaN
  const [own, market] = pairwiseComplete(returns, benchmark)
  if (own.length < 3) return NaN
  const order = Array.from(market.keys()).sort((a, b) => market[a] - market[b])
  const low = order[0]
  const middle = order[roundHalfToEven(order.length / 2)]
  const high = order[order.length - 1]
  const range = market[high] - market[low]
  const lowWeight = range === 0 ? 0.5 : (market[middle] - market[low]) / range
  const highWeight = range === 0 ? 0.5 : (market[high] - market[middle]) / range
  return lowWeight * own[low] + highWeight * own[high] - own[middle]
}

// numpy rounds halves to even; Math.round would pick another middle row for 3, 7, 11 ... rows.
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value)
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value)
}

/** Two series on the times they share. */
export interface AlignedSeries {
  readonly times: BigInt64Array
  readonly left: Float64Array
  readonly right: Float64Array
}

/**
 * Joins two series on equal times (an inner join).
 * @param left times ascending without repeats, and one value a time
 * @throws {TradingError} `STATISTICS_INPUT` when times and values differ in length or times do not ascend
 */
export function alignSeries(
  left: { readonly times: BigInt64Array; readonly values: Float64Array },
  right: { readonly times: BigInt64Array; readonly values: Float64Array },
): AlignedSeries {
  for (const { times, values } of [left, right]) {
    requireSameLength('alignSeries', times, values)
    for (let i = 1; i < times.length; i++) {
      if (times[i] > times[i - 1]) continue
      throw new TradingError('STATISTICS_INPUT', `alignSeries needs ascending times; row ${i} is ${times[i]} after ${times[i - 1]}`, {
        row: i,
      })
    }
  }
  const leftRows: number[] = []
  const rightRows: number[] = []
  for (let l = 0, r = 0; l < left.times.length && r < right.times.length;) {
    const a = left.times[l]
    const b = right.times[r]
    if (a === b) {
      leftRows.push(l++)
      rightRows.push(r++)
    } else if (a < b) l++
    else r++
  }
  return {
    times: BigInt64Array.from(leftRows, (row) => left.times[row]),
    left: Float64Array.from(leftRows, (row) => left.values[row]),
    right: Float64Array.from(rightRows, (row) => right.values[row]),
  }
}
