import { dropMissing } from './moments.js'

/**
 * Stability: R squared of a straight line through the cumulative log returns, in [0, 1]; 1 is steady growth.
 * @returns `NaN` for fewer than two returns
 */
export function stabilityOfTimeseries(returns: Float64Array): number {
  const present = dropMissing(returns)
  const n = present.length
  if (n < 2) return NaN
  let height = 0
  let heights = 0
  const curve = new Float64Array(n)
  for (let i = 0; i < n; i++) heights += curve[i] = height += Math.log1p(present[i])
  const xMean = (n - 1) / 2
  const yMean = heights / n
  let xx = 0
  let xy = 0
  let yy = 0
  for (let i = 0; i < n; i++) {
    xx += (i - xMean) * (i - xMean)
    xy += (i - xMean) * (curve[i] - yMean)
    yy += (curve[i] - yMean) * (curve[i] - yMean)
  }
  return Math.min(1, (xy * xy) / (xx * yy))
}
