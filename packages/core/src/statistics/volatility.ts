import { type PeriodsPerYear, periodsPerYearOf, type VolatilityConvention } from './annualisation.js'
import { excessReturns, geometricMean, type RateSeries, toLogReturns } from './returns.js'
import { countValid, standardDeviation, variance } from './moments.js'

/** Options of {@link annualVolatility}. */
export interface VolatilityOptions {
  /** Default `'daily'`, 252. */
  readonly periodsPerYear?: PeriodsPerYear | undefined
  /** Exponent of the scaling is `1 / alpha`: 2 (default) for a random walk, less for trending returns (Levy stability). */
  readonly alpha?: number | undefined
  /** Default `'scaled'`. */
  readonly convention?: VolatilityConvention | undefined
  /** Default 1, the sample standard deviation. */
  readonly ddof?: number | undefined
}

/**
 * Standard deviation of returns, a year; a fraction.
 * @returns `NaN` for fewer than two returns
 */
export function annualVolatility(
  returns: Float64Array,
  { periodsPerYear = 'daily', alpha = 2, convention = 'scaled', ddof = 1 }: VolatilityOptions = {},
): number {
  if (returns.length < 2) return NaN
  const periods = periodsPerYearOf(periodsPerYear)
  if (convention === 'scaled') return standardDeviation(returns, ddof) * Math.pow(periods, 1 / alpha)
  const growth = 1 + geometricMean(returns)
  return Math.sqrt(Math.pow(variance(returns, ddof) + growth * growth, periods) - Math.pow(growth, 2 * periods))
}

/** Annual variance `s^2 * N` of returns. */
export function annualVariance(returns: Float64Array, { periodsPerYear = 'daily' }: VolatilityOptions = {}): number {
  return variance(returns) * periodsPerYearOf(periodsPerYear)
}

/** Standard deviation of logarithmic returns, a year; what quantstats calls implied volatility. Nothing here reads option prices. */
export function logVolatility(returns: Float64Array, options: VolatilityOptions = {}): number {
  return annualVolatility(toLogReturns(returns), options)
}

/** Options of {@link downsideRisk}. */
export interface DownsideOptions {
  /** Return per period below which a return counts as a loss: a number or a series. Default 0. */
  readonly requiredReturn?: RateSeries | undefined
  /** Default `'daily'`, 252. */
  readonly periodsPerYear?: PeriodsPerYear | undefined
  /**
   * - `'below-target'` (default): root mean square of the shortfall over *all* periods (Sortino and van der Meer 1991)
   * - `'negative-deviation'`: sample standard deviation of the negative excess returns alone (LEAN); `NaN` for fewer than two
   */
  readonly convention?: 'below-target' | 'negative-deviation' | undefined
}

/**
 * Downside deviation a year, a fraction, never negative.
 * @returns `NaN` for no returns
 */
export function downsideRisk(
  returns: Float64Array,
  { requiredReturn = 0, periodsPerYear = 'daily', convention = 'below-target' }: DownsideOptions = {},
): number {
  const scale = Math.sqrt(periodsPerYearOf(periodsPerYear))
  const excess = excessReturns(returns, requiredReturn)
  if (convention === 'negative-deviation') return standardDeviation(excess.filter((value) => value < 0)) * scale
  let squares = 0
  for (let i = 0; i < excess.length; i++) if (excess[i] < 0) squares += excess[i] * excess[i]
  return Math.sqrt(squares / (countValid(excess) || NaN)) * scale
}

/**
 * Exponentially weighted standard deviation per period with bias correction, as of the last return.
 * @param span `alpha = 2 / (span + 1)`
 * @returns `NaN` for fewer than two returns
 */
export function ewmVolatility(returns: Float64Array, span = 30): number {
  const decay = 1 - 2 / (span + 1)
  let weights = 0
  let squaredWeights = 0
  let centre = 0
  for (let i = 0, weight = 1; i < returns.length; i++, weight *= decay) {
    const value = returns[returns.length - 1 - i]
    if (value !== value) continue
    weights += weight
    squaredWeights += weight * weight
    centre += (weight / weights) * (value - centre)
  }
  let squares = 0
  for (let i = 0, weight = 1; i < returns.length; i++, weight *= decay) {
    const deviation = returns[returns.length - 1 - i] - centre
    if (deviation === deviation) squares += weight * deviation * deviation
  }
  const correction = weights * weights - squaredWeights
  return correction > 0 ? Math.sqrt((squares * weights) / correction) : NaN
}
