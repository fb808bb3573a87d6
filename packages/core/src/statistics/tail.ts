import { requireRange } from './input.js'
import { dropMissing, kurtosis, mean, quantile, quantileOfSorted, skewness, standardDeviation } from './moments.js'
import { normalDensity, normalQuantile } from './normal.js'

/** Options of {@link valueAtRisk}. */
export interface ValueAtRiskOptions {
  /** Probability of a worse return, in (0, 1): 0.05 (default) is what others call 95 % confidence. */
  readonly cutoff?: number | undefined
  /**
   * - `'historical'` (default): the {@link quantile} of the returns
   * - `'normal'`: of a normal distribution with their mean and standard deviation
   * - `'cornish-fisher'`: the normal one corrected for skewness and kurtosis (Favre and Galeano 2002)
   */
  readonly method?: 'historical' | 'normal' | 'cornish-fisher' | undefined
  /** Multiplies the standard deviation in the parametric methods. Default 1. */
  readonly sigma?: number | undefined
}

/**
 * Value at risk: the return per period that is undercut with probability `cutoff`. A fraction, negative for a loss.
 * @returns `NaN` for no returns
 */
export function valueAtRisk(returns: Float64Array, { cutoff = 0.05, method = 'historical', sigma = 1 }: ValueAtRiskOptions = {}): number {
  requireRange('valueAtRisk', 'cutoff', cutoff, 0, 1)
  if (method === 'historical') return quantile(returns, cutoff)
  const spread = standardDeviation(returns) * sigma
  const z = normalQuantile(cutoff)
  if (method === 'normal') return mean(returns) + z * spread
  const s = skewness(returns)
  const k = kurtosis(returns)
  const adjusted = z + ((z * z - 1) * s) / 6 + ((z ** 3 - 3 * z) * k) / 24 - ((2 * z ** 3 - 5 * z) * s * s) / 36
  return mean(returns) + adjusted * spread
}

/** Options of {@link conditionalValueAtRisk}. */
export interface ConditionalValueAtRiskOptions {
  /** Probability of the tail, in (0, 1). Default 0.05. */
  readonly cutoff?: number | undefined
  /**
   * - `'historical'` (default): mean of the lowest `floor((n - 1) * cutoff) + 1` returns (empyrical)
   * - `'below-normal'`: mean of the returns below the *normal* value at risk, or that value when there are none (quantstats)
   * - `'normal'`: closed form of the normal distribution, `mean - s * density(z) / cutoff`
   */
  readonly method?: 'historical' | 'below-normal' | 'normal' | undefined
  /** Multiplies the standard deviation in the parametric methods. Default 1. */
  readonly sigma?: number | undefined
}

/** Conditional value at risk (expected shortfall): the mean return of the tail, a fraction; `NaN` for no returns. */
export function conditionalValueAtRisk(
  returns: Float64Array,
  { cutoff = 0.05, method = 'historical', sigma = 1 }: ConditionalValueAtRiskOptions = {},
): number {
  requireRange('conditionalValueAtRisk', 'cutoff', cutoff, 0, 1)
  if (method === 'normal') return mean(returns) - (standardDeviation(returns) * sigma * normalDensity(normalQuantile(cutoff))) / cutoff
  if (method === 'below-normal') {
    const threshold = valueAtRisk(returns, { cutoff, method: 'normal', sigma })
    const tail = returns.filter((value) => value < threshold)
    return tail.length > 0 ? mean(tail) : threshold
  }
  const sorted = dropMissing(returns).slice().sort()
  return mean(sorted.subarray(0, Math.floor((sorted.length - 1) * cutoff) + 1))
}

/**
 * Size of the right tail over the left: `|q(cutoff)| / |q(1 - cutoff)|`, dimensionless; above 1 the good days are the larger ones.
 * @returns `NaN` for no returns
 */
export function tailRatio(returns: Float64Array, cutoff = 0.95): number {
  requireRange('tailRatio', 'cutoff', cutoff, 0, 1)
  const sorted = dropMissing(returns).slice().sort()
  return Math.abs(quantileOfSorted(sorted, cutoff)) / Math.abs(quantileOfSorted(sorted, 1 - cutoff))
}

/** The returns above a quantile. */
export function outliers(returns: Float64Array, fraction = 0.95): Float64Array {
  const limit = quantile(returns, fraction)
  return returns.filter((value) => value > limit)
}

/** The returns below a quantile. */
export function removeOutliers(returns: Float64Array, fraction = 0.95): Float64Array {
  const limit = quantile(returns, fraction)
  return returns.filter((value) => value < limit)
}

/** A high quantile over the mean of the returns that are not negative: how far the best reach beyond the usual gain. */
export function outlierWinRatio(returns: Float64Array, fraction = 0.99): number {
  return quantile(returns, fraction) / (mean(returns.filter((value) => value >= 0)) || NaN)
}

/** A low quantile over the mean of the negative returns: how far the worst reach beyond the usual loss. */
export function outlierLossRatio(returns: Float64Array, fraction = 0.01): number {
  return quantile(returns, fraction) / (mean(returns.filter((value) => value < 0)) || NaN)
}

/** Values within and beyond the whiskers of a box plot. */
export interface WhiskerSplit {
  readonly values: Float64Array
  readonly outliers: Float64Array
}

/** Splits at 1.5 interquartile ranges beyond the quartiles. @see Tukey (1977), "Exploratory Data Analysis" */
export function splitAtWhiskers(returns: Float64Array): WhiskerSplit {
  const sorted = dropMissing(returns).slice().sort()
  const lower = quantileOfSorted(sorted, 0.25)
  const upper = quantileOfSorted(sorted, 0.75)
  const reach = 1.5 * (upper - lower)
  const isWithin = (value: number): boolean => value >= lower - reach && value <= upper + reach
  return { values: returns.filter(isWithin), outliers: returns.filter((value) => value === value && !isWithin(value)) }
}
