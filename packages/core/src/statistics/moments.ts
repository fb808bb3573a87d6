import { requireRange, requireSameLength } from './input.js'

/**
 * Moments and order statistics that the metrics are made of. In all of them `NaN` is a missing observation and is skipped;
 * infinities take part and propagate. Nothing here mutates its input.
 */

/** How many values are not `NaN`. */
export function countValid(values: Float64Array): number {
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i] === values[i]) count++
  return count
}

/** The values that are not `NaN`, in order; the input itself when there are none to drop. */
export function dropMissing(values: Float64Array): Float64Array {
  return countValid(values) === values.length ? values : values.filter((value) => value === value)
}

/** Sum of the values; 0 when there are none. */
export function sum(values: Float64Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) if (values[i] === values[i]) total += values[i]
  return total
}

/** Arithmetic mean; `NaN` when there are no values. */
export function mean(values: Float64Array): number {
  return sum(values) / (countValid(values) || NaN)
}

/**
 * Variance about the mean, dividing by `count - ddof`. Two passes; exactly 0 for a constant series, whatever its mean rounds to,
 * so that ratios over it are infinite or undefined and never a large accident of rounding.
 * @param ddof 1 for the sample variance (default), 0 for the population's
 * @returns `NaN` when `count <= ddof`
 */
export function variance(values: Float64Array, ddof = 1): number {
  const count = countValid(values)
  if (count <= ddof) return NaN
  const centre = mean(values)
  let least = Infinity
  let most = -Infinity
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value !== value) continue
    if (value < least) least = value
    if (value > most) most = value
    squares += (value - centre) * (value - centre)
  }
  return least === most ? 0 : squares / (count - ddof)
}

/** Square root of {@link variance}. */
export function standardDeviation(values: Float64Array, ddof = 1): number {
  return Math.sqrt(variance(values, ddof))
}

/**
 * Covariance over the rows where both series have a value, dividing by `count - ddof`.
 * @throws {TradingError} `STATISTICS_INPUT` when the lengths differ
 */
export function covariance(left: Float64Array, right: Float64Array, ddof = 1): number {
  requireSameLength('covariance', left, right)
  let count = 0
  let leftSum = 0
  let rightSum = 0
  for (let i = 0; i < left.length; i++) {
    if (left[i] !== left[i] || right[i] !== right[i]) continue
    count++
    leftSum += left[i]
    rightSum += right[i]
  }
  if (count <= ddof) return NaN
  const leftMean = leftSum / count
  const rightMean = rightSum / count
  let products = 0
  for (let i = 0; i < left.length; i++) {
    if (left[i] !== left[i] || right[i] !== right[i]) continue
    products += (left[i] - leftMean) * (right[i] - rightMean)
  }
  return products / (count - ddof)
}

/** Keeps the rows where both series have a value. */
export function pairwiseComplete(left: Float64Array, right: Float64Array): readonly [Float64Array, Float64Array] {
  requireSameLength('pairwiseComplete', left, right)
  const isComplete = (_: number, i: number): boolean => left[i] === left[i] && right[i] === right[i]
  if (countValid(left) === left.length && countValid(right) === right.length) return [left, right]
  return [left.filter(isComplete), right.filter(isComplete)]
}

/** Pearson correlation over complete rows, in [-1, 1]; `NaN` when either side is constant. */
export function correlation(left: Float64Array, right: Float64Array): number {
  const [a, b] = pairwiseComplete(left, right)
  const deviations = standardDeviation(a) * standardDeviation(b)
  return deviations > 0 ? Math.max(-1, Math.min(1, covariance(a, b) / deviations)) : NaN
}

/**
 * Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996; the default of numpy, pandas and R).
 * @param fraction in [0, 1]: 0.05 is the fifth percentile
 * @throws {TradingError} `STATISTICS_INPUT` for a fraction outside [0, 1]
 */
export function quantile(values: Float64Array, fraction: number): number {
  requireRange('quantile', 'fraction', fraction, 0, 1)
  const sorted = dropMissing(values).slice().sort()
  return quantileOfSorted(sorted, fraction)
}

/** {@link quantile} of values already in ascending order and without `NaN`. */
export function quantileOfSorted(sorted: Float64Array, fraction: number): number {
  if (sorted.length === 0) return NaN
  const at = (sorted.length - 1) * fraction
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  if (sorted[below] === sorted[above]) return sorted[below]
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

/** The middle value; {@link quantile} at 0.5. */
export function median(values: Float64Array): number {
  return quantile(values, 0.5)
}

/** How the third and fourth moments are estimated. */
export interface MomentOptions {
  /**
   * `'corrected'` (default): the adjusted Fisher-Pearson estimators G1 and G2 of spreadsheets, pandas and MathNet;
   * `'population'`: the plain moment ratios g1 and g2 of scipy's default.
   */
  readonly estimator?: 'corrected' | 'population' | undefined
}

/**
 * Skewness, dimensionless; 0 for a symmetric distribution.
 * @returns `NaN` for fewer than 3 values (2 for the population estimator); 0 when the values are all equal
 * @see Joanes and Gill (1998), "Comparing measures of sample skewness and kurtosis", The Statistician 47
 */
export function skewness(values: Float64Array, { estimator = 'corrected' }: MomentOptions = {}): number {
  const n = countValid(values)
  if (n < (estimator === 'corrected' ? 3 : 2)) return NaN
  const [m2, m3] = centralMoments(values, n)
  if (m2 === 0) return 0
  const g1 = m3 / Math.pow(m2, 1.5)
  return estimator === 'corrected' ? (g1 * Math.sqrt(n * (n - 1))) / (n - 2) : g1
}

/**
 * Excess kurtosis, dimensionless; 0 for a normal distribution, positive for fat tails.
 * @returns `NaN` for fewer than 4 values (2 for the population estimator); 0 when the values are all equal
 * @see Joanes and Gill (1998), "Comparing measures of sample skewness and kurtosis", The Statistician 47
 */
export function kurtosis(values: Float64Array, { estimator = 'corrected' }: MomentOptions = {}): number {
  const n = countValid(values)
  if (n < (estimator === 'corrected' ? 4 : 2)) return NaN
  const [m2, , m4] = centralMoments(values, n)
  if (m2 === 0) return 0
  const g2 = m4 / (m2 * m2) - 3
  return estimator === 'corrected' ? ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * g2 + 6) : g2
}

function centralMoments(values: Float64Array, count: number): readonly [number, number, number] {
  if (variance(values, 0) === 0) return [0, 0, 0]
  const centre = mean(values)
  let second = 0
  let third = 0
  let fourth = 0
  for (let i = 0; i < values.length; i++) {
    const deviation = values[i] - centre
    if (deviation !== deviation) continue
    const square = deviation * deviation
    second += square
    third += square * deviation
    fourth += square * square
  }
  return [second / count, third / count, fourth / count]
}

/** Correlation of a series with itself `lag` rows earlier; `NaN` when there are fewer than `lag + 2` rows. */
export function autocorrelation(values: Float64Array, lag = 1): number {
  if (values.length < lag + 2) return NaN
  return correlation(values.subarray(0, values.length - lag), values.subarray(lag))
}

/**
 * Percentile rank of each value among itself and the `window - 1` before it, in percent (0, 100]; ties share the mean of their ranks.
 * @returns shape as given; early rows rank within what there is
 */
export function percentileRank(values: Float64Array, window = 60): Float64Array {
  return values.map((value, i) => {
    let below = 0
    let equal = 0
    let count = 0
    for (let row = Math.max(0, i - window + 1); row <= i; row++) {
      if (values[row] !== values[row]) continue
      count++
      if (values[row] < value) below++
      else if (values[row] === value) equal++
    }
    return value === value ? ((below + (equal + 1) / 2) / count) * 100 : NaN
  })
}
