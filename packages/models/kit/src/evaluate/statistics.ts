import { classMetrics, confusionMatrix, type Numbers, requireBins, requireScores, sameLength } from './classification.js'

/**
 * A figure of some test rows as a function of how often each row counts: once for the estimate, as often as it was drawn for an interval. What can be sorted or
 * counted beforehand is, so that a thousand draws cost a thousand passes and no sort.
 */
export type Statistic = (weights: Float64Array) => number

/** Weighted mean of a value a row; `NaN` values are left out. */
export function meanStatistic(values: Numbers): Statistic {
  return (weights) => {
    let [sum, total] = [0, 0]
    for (let i = 0; i < values.length; i++) {
      if (weights[i] === 0 || Number.isNaN(values[i])) continue
      sum += weights[i] * values[i]
      total += weights[i]
    }
    return sum / total
  }
}

/** One of {@link classMetrics}. Rows whose truth is negative are left out. */
export function classStatistic(
  truth: Numbers,
  predicted: Numbers,
  { classes, metric }: { readonly classes: number; readonly metric: keyof ReturnType<typeof classMetrics> },
): Statistic {
  confusionMatrix(truth, predicted, classes) // refuses classes that are none
  return (weights) => {
    const counts = new Float64Array(classes * classes)
    for (let i = 0; i < truth.length; i++) if (truth[i] >= 0) counts[truth[i] * classes + predicted[i]] += weights[i]
    return classMetrics(counts)[metric]
  }
}

/** Area under the ROC curve. @param truth 1 positive, 0 negative; other rows are left out. `NaN` unless both are drawn */
export function aucStatistic(truth: Numbers, scores: Numbers): Statistic {
  sameLength(truth, scores)
  requireScores(scores, (i) => truth[i] === 0 || truth[i] === 1)
  const order = Int32Array.from(Array.from({ length: truth.length }, (_, i) => i).filter((i) => truth[i] === 0 || truth[i] === 1)).sort(
    (a, b) => scores[a] - scores[b],
  )
  // In the order of scores, so that a draw reads them in a row; only the weights lie scattered.
  const isPositive = Uint8Array.from(order, (i) => truth[i])
  const endsTie = Uint8Array.from(order, (i, k) => (k + 1 === order.length || scores[order[k + 1]] !== scores[i] ? 1 : 0))
  return (weights) => {
    let [positives, negatives, wins] = [0, 0, 0]
    let [up, down] = [0, 0]
    for (let k = 0; k < order.length; k++) {
      const weight = weights[order[k]]
      if (isPositive[k] === 1) up += weight
      else down += weight
      if (endsTie[k] === 0) continue
      wins += up * (negatives + down / 2)
      positives += up
      negatives += down
      up = 0
      down = 0
    }
    return positives > 0 && negatives > 0 ? wins / (positives * negatives) : NaN
  }
}

/**
 * Expected calibration error over bins of equal width: mean gap between what is said and what comes, weighted by rows.
 * @param probability said of an event, a row
 * @param outcome 1 when it came, 0 when not; others are left out
 */
export function calibrationStatistic(probability: Numbers, outcome: Numbers, bins = 15): Statistic {
  sameLength(probability, outcome)
  requireBins(bins)
  const binOf = Int32Array.from({ length: probability.length }, (_, i) =>
    outcome[i] === 0 || outcome[i] === 1 ? Math.min(bins - 1, Math.max(0, Math.floor(probability[i] * bins))) : -1,
  )
  return (weights) => {
    const gaps = new Float64Array(bins)
    let total = 0
    for (let i = 0; i < binOf.length; i++) {
      if (binOf[i] < 0) continue
      gaps[binOf[i]] += weights[i] * (probability[i] - outcome[i])
      total += weights[i]
    }
    return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total
  }
}

/** Out-of-sample R² against a constant, the mean of the training labels say. Rows with a missing truth are left out. */
export function rSquaredStatistic(truth: Numbers, predicted: Numbers, reference: number): Statistic {
  sameLength(truth, predicted)
  return (weights) => {
    let [error, base] = [0, 0]
    for (let i = 0; i < truth.length; i++) {
      if (weights[i] === 0 || Number.isNaN(truth[i])) continue
      error += weights[i] * (truth[i] - predicted[i]) ** 2
      base += weights[i] * (truth[i] - reference) ** 2
    }
    return base > 0 ? 1 - error / base : NaN
  }
}
