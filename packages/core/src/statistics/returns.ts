import { type MeanConvention, type PeriodsPerYear, periodsPerYearOf } from './annualisation.js'
import { requireSameLength } from './input.js'
import { countValid, mean } from './moments.js'

/** A rate per period: one number, or one a period (shape `[periods]`), for a risk-free rate, a required return or a factor. */
export type RateSeries = number | Float64Array

/**
 * Simple returns `p[i] / p[i-1] - 1` of prices or equity.
 * @param prices shape `[n]`, oldest first
 * @returns shape `[n - 1]`, fractions; empty for fewer than two prices
 */
export function simpleReturns(prices: Float64Array): Float64Array {
  const returns = new Float64Array(Math.max(0, prices.length - 1))
  for (let i = 0; i < returns.length; i++) returns[i] = (prices[i + 1] - prices[i]) / prices[i]
  return returns
}

/** Logarithmic returns `ln(p[i] / p[i-1])` of prices or equity; shape `[n - 1]`. */
export function logReturns(prices: Float64Array): Float64Array {
  const returns = new Float64Array(Math.max(0, prices.length - 1))
  for (let i = 0; i < returns.length; i++) returns[i] = Math.log(prices[i + 1] / prices[i])
  return returns
}

/** `ln(1 + r)` of simple returns; shape as given. */
export function toLogReturns(returns: Float64Array): Float64Array {
  return returns.map((value) => Math.log1p(value))
}

/**
 * Cumulative returns: the growth of `startingValue`, or of 1 minus 1 when it is 0. A missing return counts as none.
 * @param startingValue 0 (default) gives fractions; 100 gives an index that starts from 100
 * @returns shape `[periods]`
 */
export function cumReturns(returns: Float64Array, startingValue = 0): Float64Array {
  const out = new Float64Array(returns.length)
  let growth = 1
  for (let i = 0; i < returns.length; i++) {
    if (returns[i] === returns[i]) growth *= 1 + returns[i]
    out[i] = startingValue === 0 ? growth - 1 : growth * startingValue
  }
  return out
}

/** The last value of {@link cumReturns}: the total compounded return. `NaN` for no returns. */
export function cumReturnsFinal(returns: Float64Array, startingValue = 0): number {
  if (returns.length === 0) return NaN
  let growth = 1
  for (let i = 0; i < returns.length; i++) if (returns[i] === returns[i]) growth *= 1 + returns[i]
  return startingValue === 0 ? growth - 1 : growth * startingValue
}

/** Returns to an index: `base * prod(1 + r)`, without the base itself; shape `[periods]`. */
export function toPrices(returns: Float64Array, base = 1): Float64Array {
  return cumReturns(returns, base)
}

/** Scales prices so that the first valid one is `base`; shape as given. */
export function rebase(prices: Float64Array, base = 100): Float64Array {
  const first = prices.find((price) => price === price)
  return first === undefined ? prices.slice() : prices.map((price) => (price / first) * base)
}

/** Returns in excess of a rate per period, row by row. @throws {TradingError} `STATISTICS_INPUT` when a series' length differs */
export function excessReturns(returns: Float64Array, rate: RateSeries): Float64Array {
  if (typeof rate === 'number') return rate === 0 ? returns : returns.map((value) => value - rate)
  requireSameLength('excessReturns', returns, rate)
  return returns.map((value, i) => value - rate[i])
}

/** Annualisation by periods alone. */
export interface AnnualOptions {
  /** Default `'daily'`, 252. */
  readonly periodsPerYear?: PeriodsPerYear | undefined
}

/**
 * Compound annual growth of per-period returns: `prod(1 + r)^(N / n) - 1`, a fraction a year; n counts every row, also a missing one.
 * @returns `NaN` for no returns, or when more than everything was lost
 */
export function annualReturn(returns: Float64Array, { periodsPerYear = 'daily' }: AnnualOptions = {}): number {
  if (returns.length === 0) return NaN
  const years = returns.length / periodsPerYearOf(periodsPerYear)
  return Math.pow(cumReturnsFinal(returns, 1), 1 / years) - 1
}

/** Options of {@link cagr}. */
export interface CagrOptions extends AnnualOptions {
  /** `false` adds returns up instead of compounding them. */
  readonly isCompounded?: boolean | undefined
}

/** Compound annual growth rate of per-period returns; {@link annualReturn} by its other name. */
export function cagr(returns: Float64Array, { periodsPerYear = 'daily', isCompounded = true }: CagrOptions = {}): number {
  if (isCompounded || returns.length === 0) return annualReturn(returns, { periodsPerYear })
  let total = 0
  for (let i = 0; i < returns.length; i++) if (returns[i] === returns[i]) total += returns[i]
  return Math.pow(1 + total, periodsPerYearOf(periodsPerYear) / returns.length) - 1
}

/**
 * Growth rate between two values over calendar time: `(end / start)^(1 / years) - 1`, a fraction a year.
 * @param years length of the span; LEAN counts days / 365, backtesting.py days / 365.25
 * @returns `NaN` for a span or a start that is not positive
 */
export function growthRate(start: number, end: number, years: number): number {
  return years > 0 && start > 0 ? Math.pow(end / start, 1 / years) - 1 : NaN
}

/** Geometric mean return per period: `prod(1 + r)^(1 / n) - 1`; `NaN` for no returns, -1 when everything was lost at once. */
export function geometricMean(returns: Float64Array): number {
  let logs = 0
  for (let i = 0; i < returns.length; i++) {
    if (returns[i] !== returns[i]) continue
    if (returns[i] <= -1) return returns[i] === -1 ? -1 : NaN
    logs += Math.log1p(returns[i])
  }
  return returns.length === 0 ? NaN : Math.expm1(logs / returns.length)
}

/** Mean return a year under a {@link MeanConvention}; a fraction. */
export function annualMean(returns: Float64Array, convention: MeanConvention, periodsPerYear: PeriodsPerYear = 'daily'): number {
  const periods = periodsPerYearOf(periodsPerYear)
  if (countValid(returns) === 0) return NaN
  if (convention === 'arithmetic') return mean(returns) * periods
  if (convention === 'compounded') return Math.pow(1 + mean(returns), periods) - 1
  return Math.pow(1 + geometricMean(returns), periods) - 1
}
