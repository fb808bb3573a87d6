import { type MeanConvention, type PeriodsPerYear, periodsPerYearOf, type VolatilityConvention } from './annualisation.js'
import { maxDrawdown, painIndex, ulcerIndex, drawdownSeries } from './drawdown.js'
import { correlation, countValid, mean, standardDeviation, sum } from './moments.js'
import { annualMean, annualReturn, type AnnualOptions, cumReturnsFinal, excessReturns, type RateSeries } from './returns.js'
import { conditionalValueAtRisk } from './tail.js'
import { annualVolatility, type DownsideOptions, downsideRisk } from './volatility.js'

/** Options of {@link sharpeRatio}. */
export interface SharpeOptions {
  /** Default `'daily'`, 252. 1 leaves the ratio per period. */
  readonly periodsPerYear?: PeriodsPerYear | undefined
  /** Risk-free return per period, subtracted from each return: a number or a series. Default 0. See {@link ratePerPeriod}. */
  readonly riskFree?: RateSeries | undefined
  /** Risk-free rate per year, subtracted from the annual mean; for the conventions that compound. Default 0. */
  readonly riskFreeAnnual?: number | undefined
  /** Default `'arithmetic'`. */
  readonly meanConvention?: MeanConvention | undefined
  /** Default `'scaled'`. */
  readonly volatilityConvention?: VolatilityConvention | undefined
  /** Default 1, the sample standard deviation. */
  readonly ddof?: number | undefined
  /** Divides by {@link autocorrelationPenalty} as well ("smart" Sharpe). Default `false`. */
  readonly isPenalised?: boolean | undefined
}

/**
 * Sharpe ratio of per-period simple returns, annualised.
 * By default `mean(r - rf) / std(r - rf) * sqrt(N)`; LEAN is `{ meanConvention: 'compounded', riskFreeAnnual }`, backtesting.py
 * `{ meanConvention: 'geometric', volatilityConvention: 'compounded', riskFreeAnnual }`.
 * @param returns fractions, shape `[periods]`, oldest first
 * @returns dimensionless; `NaN` for fewer than two returns or 0/0, infinite for a gain without variance
 * @see Sharpe (1994), "The Sharpe Ratio", J. Portfolio Management 21(1)
 */
export function sharpeRatio(returns: Float64Array, options: SharpeOptions = {}): number {
  const { periodsPerYear = 'daily', riskFree = 0, riskFreeAnnual = 0, ddof = 1, isPenalised = false } = options
  const { meanConvention = 'arithmetic', volatilityConvention = 'scaled' } = options
  if (returns.length < 2) return NaN
  const excess = excessReturns(returns, riskFree)
  const earned = annualMean(excess, meanConvention, periodsPerYear) - riskFreeAnnual
  const risk = annualVolatility(excess, { periodsPerYear, convention: volatilityConvention, ddof })
  return earned / (isPenalised ? risk * autocorrelationPenalty(excess) : risk)
}

/** Sharpe ratio divided by the {@link autocorrelationPenalty}. */
export function smartSharpe(returns: Float64Array, options: SharpeOptions = {}): number {
  return sharpeRatio(returns, { ...options, isPenalised: true })
}

/** Options of {@link sortinoRatio}. */
export interface SortinoOptions extends DownsideOptions {
  /** Rate per year, subtracted from the annual mean; for the conventions that compound. Default 0. */
  readonly riskFreeAnnual?: number | undefined
  /** Default `'arithmetic'`. */
  readonly meanConvention?: MeanConvention | undefined
  /** Divides by {@link autocorrelationPenalty} as well. Default `false`. */
  readonly isPenalised?: boolean | undefined
}

/**
 * Sortino ratio, annualised: excess over the required return, divided by the {@link downsideRisk} below it.
 * @returns dimensionless; `NaN` for fewer than two returns or 0/0, infinite for a gain without a loss
 * @see Sortino and Price (1994), "Performance Measurement in a Downside Risk Framework", J. of Investing 3(3)
 */
export function sortinoRatio(returns: Float64Array, options: SortinoOptions = {}): number {
  const { periodsPerYear = 'daily', requiredReturn = 0, riskFreeAnnual = 0, meanConvention = 'arithmetic', isPenalised = false } = options
  if (returns.length < 2) return NaN
  const excess = excessReturns(returns, requiredReturn)
  const earned = annualMean(excess, meanConvention, periodsPerYear) - riskFreeAnnual
  const risk = downsideRisk(returns, options)
  return earned / (isPenalised ? risk * autocorrelationPenalty(excess) : risk)
}

/** Sortino ratio divided by the {@link autocorrelationPenalty}. */
export function smartSortino(returns: Float64Array, options: SortinoOptions = {}): number {
  return sortinoRatio(returns, { ...options, isPenalised: true })
}

/** Sortino ratio over `sqrt(2)`, so that it compares with a Sharpe ratio (Schwager). */
export function adjustedSortino(returns: Float64Array, options: SortinoOptions = {}): number {
  return sortinoRatio(returns, options) / Math.SQRT2
}

/**
 * How much autocorrelated returns understate risk: `sqrt(1 + 2 * sum((n - k) / n * |rho|^k))` with rho at lag one; 1 for none.
 * @see Lo (2002), "The Statistics of Sharpe Ratios", Financial Analysts Journal 58(4)
 */
export function autocorrelationPenalty(returns: Float64Array): number {
  const n = returns.length
  if (n < 3) return NaN
  const rho = Math.abs(correlation(returns.subarray(0, n - 1), returns.subarray(1)))
  let total = 0
  for (let k = 1, power = rho; k < n; k++, power *= rho) {
    total += ((n - k) / n) * power
    if (power < 1e-20) break
  }
  return Math.sqrt(1 + 2 * total)
}

/** Annual return over the largest drawdown, dimensionless; `NaN` when nothing was ever lost. */
export function calmarRatio(returns: Float64Array, { periodsPerYear = 'daily' }: AnnualOptions = {}): number {
  const fall = maxDrawdown(returns)
  return fall < 0 ? annualReturn(returns, { periodsPerYear }) / -fall : NaN
}

/** Options of {@link omegaRatio}. */
export interface OmegaOptions extends AnnualOptions {
  /** Risk-free return per period: a number or a series. Default 0. */
  readonly riskFree?: RateSeries | undefined
  /** Required return per *year*, compounded down to the period. Default 0. */
  readonly requiredReturn?: number | undefined
}

/**
 * Omega ratio: gains over losses about a threshold, dimensionless.
 * @returns `NaN` for fewer than two returns, for no losses, or a required return of -100 % or less
 * @see Keating and Shadwick (2002), "A Universal Performance Measure", J. of Performance Measurement 6(3)
 */
export function omegaRatio(
  returns: Float64Array,
  { riskFree = 0, requiredReturn = 0, periodsPerYear = 'daily' }: OmegaOptions = {},
): number {
  const periods = periodsPerYearOf(periodsPerYear)
  if (returns.length < 2 || (periods !== 1 && requiredReturn <= -1)) return NaN
  const threshold = periods === 1 ? requiredReturn : Math.pow(1 + requiredReturn, 1 / periods) - 1
  const excess = excessReturns(returns, riskFree)
  let gains = 0
  let losses = 0
  for (let i = 0; i < excess.length; i++) {
    const beyond = excess[i] - threshold
    if (beyond > 0) gains += beyond
    else if (beyond < 0) losses -= beyond
  }
  return losses > 0 ? gains / losses : NaN
}

/** Sum of returns over the sum of losses: Schwager's gain-to-pain ratio; `NaN` without a loss. Sum by month first for his definition. */
export function gainToPainRatio(returns: Float64Array, { riskFree = 0 }: { readonly riskFree?: RateSeries | undefined } = {}): number {
  const excess = excessReturns(returns, riskFree)
  const losses = sum(excess.filter((value) => value < 0))
  return losses < 0 ? sum(excess) / -losses : NaN
}

/** Mean return over its standard deviation, per period: a Sharpe ratio that is not annualised. */
export function riskReturnRatio(returns: Float64Array): number {
  return mean(returns) / standardDeviation(returns)
}

/** A risk-free amount to take off a total return. */
export interface TotalOptions {
  /** Over the whole span, a fraction. Default 0. */
  readonly riskFreeTotal?: number | undefined
}

/** Sum of returns over the largest drawdown, both as positive numbers; `NaN` when nothing was ever lost. */
export function recoveryFactor(returns: Float64Array, { riskFreeTotal = 0 }: TotalOptions = {}): number {
  const fall = maxDrawdown(returns)
  return fall < 0 ? Math.abs(sum(returns) - riskFreeTotal) / -fall : NaN
}

/** Ulcer performance index (Martin ratio): total return over the {@link ulcerIndex}; `NaN` when nothing was ever lost. */
export function ulcerPerformanceIndex(returns: Float64Array, { riskFreeTotal = 0 }: TotalOptions = {}): number {
  const ulcer = ulcerIndex(returns)
  return ulcer > 0 ? (cumReturnsFinal(returns) - riskFreeTotal) / ulcer : NaN
}

/** Annual return over the mean drawdown; `NaN` when nothing was ever lost. */
export function painRatio(returns: Float64Array, { periodsPerYear = 'daily' }: AnnualOptions = {}): number {
  const pain = painIndex(returns)
  return pain > 0 ? annualReturn(returns, { periodsPerYear }) / pain : NaN
}

/**
 * Serenity index: sum of returns over ulcer index times pitfall, where pitfall is the tail of the drawdowns
 * (their mean below the normal 5 % value at risk) in standard deviations of the returns.
 * @see KeyQuant, "A new risk-adjusted performance measure: the Serenity Ratio" (2015)
 */
export function serenityIndex(returns: Float64Array, { riskFreeTotal = 0 }: TotalOptions = {}): number {
  if (countValid(returns) < 2) return NaN
  const pitfall = -conditionalValueAtRisk(drawdownSeries(returns), { method: 'below-normal' }) / standardDeviation(returns)
  const pain = ulcerIndex(returns) * pitfall
  return pain > 0 ? (sum(returns) - riskFreeTotal) / pain : NaN
}

/** Annual return over the share of periods in the market: the risk-adjusted return (RAR). `exposure` is a fraction in (0, 1]. */
export function riskAdjustedReturn(returns: Float64Array, exposure: number, { periodsPerYear = 'daily' }: AnnualOptions = {}): number {
  return annualReturn(returns, { periodsPerYear }) / (exposure > 0 ? exposure : NaN)
}
