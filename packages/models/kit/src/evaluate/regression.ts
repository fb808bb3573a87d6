import { sameLength, type Numbers } from './classification.js'

/**
 * Out-of-sample R²: 1 - squared error / squared error of `reference` (the training mean, say). Rows with a missing truth are left out.
 * Negative when worse than the reference.
 */
export function rSquared(truth: Numbers, predicted: Numbers, reference: number): number {
  sameLength(truth, predicted)
  let [error, base] = [0, 0]
  for (let i = 0; i < truth.length; i++) {
    if (Number.isNaN(truth[i])) continue
    error += (truth[i] - predicted[i]) ** 2
    base += (truth[i] - reference) ** 2
  }
  return base > 0 ? 1 - error / base : NaN
}
