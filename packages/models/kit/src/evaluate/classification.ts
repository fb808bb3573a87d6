import { TradingError } from '@gatehouse/contracts'

/** Class indices, or scores; any array of numbers. */
export type Numbers = ArrayLike<number>

/** Counts `[truth * classes + predicted]`. Rows whose truth is negative (no label) are left out. */
export function confusionMatrix(truth: Numbers, predicted: Numbers, classes: number): Float64Array {
  sameLength(truth, predicted)
  const counts = new Float64Array(classes * classes)
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] < 0) continue
    if (!(
      Number.isInteger(truth[i]) &&
      truth[i] < classes &&
      Number.isInteger(predicted[i]) &&
      predicted[i] >= 0 &&
      predicted[i] < classes
    ))
      throw invalid(`row ${i} has class ${truth[i]} and prediction ${predicted[i]} of ${classes} classes`, { row: i })
    counts[truth[i] * classes + predicted[i]]++
  }
  return counts
}

export interface ClassMetrics {
  readonly accuracy: number
  /** Mean recall over the classes that occur. */
  readonly balancedAccuracy: number
  /** Mean F1 over classes that occur or are predicted; a class with neither hit nor miss counts nothing. */
  readonly macroF1: number
  /** Matthews correlation of many classes (Gorodkin 2004); 0 when undefined, as by scikit-learn. */
  readonly mcc: number
  /** Cohen's kappa with quadratic weights, for ordered classes; 0 when undefined. */
  readonly quadraticKappa: number
}

/** The usual measures of a confusion matrix. */
export function classMetrics(confusion: Float64Array): ClassMetrics {
  const K = Math.sqrt(confusion.length)
  const range = Array.from({ length: K }, (_, k) => k)
  const row = range.map((t) => range.reduce((sum, p) => sum + confusion[t * K + p], 0))
  const column = range.map((p) => range.reduce((sum, t) => sum + confusion[t * K + p], 0))
  const total = row.reduce((a, b) => a + b, 0)
  const hits = range.map((k) => confusion[k * K + k])
  const right = hits.reduce((a, b) => a + b, 0)
  const present = range.filter((k) => row[k] > 0)
  const seen = range.filter((k) => row[k] + column[k] > 0)
  const cross = range.reduce((sum, k) => sum + row[k] * column[k], 0)
  const spread = Math.sqrt((total ** 2 - column.reduce((s, c) => s + c * c, 0)) * (total ** 2 - row.reduce((s, c) => s + c * c, 0)))
  let observed = 0
  let expected = 0
  for (const t of range)
    for (const p of range) {
      observed += (t - p) ** 2 * confusion[t * K + p]
      expected += ((t - p) ** 2 * row[t] * column[p]) / total
    }
  return {
    accuracy: right / total,
    balancedAccuracy: mean(present.map((k) => hits[k] / row[k])),
    macroF1: mean(seen.map((k) => (2 * hits[k]) / (row[k] + column[k]))),
    mcc: spread > 0 ? (right * total - cross) / spread : 0,
    quadraticKappa: expected > 0 ? 1 - observed / expected : 0,
  }
}

/** Index of the largest of each row's `classes` scores; the first of equals. @throws {TradingError} `MODEL_METRIC_INVALID` for a score that is `NaN` */
export function predictedClasses(scores: Numbers, classes: number): Int32Array {
  if (scores.length % classes !== 0) throw invalid(`${scores.length} scores are not rows of ${classes}`, { scores: scores.length, classes })
  const predicted = new Int32Array(scores.length / classes)
  for (let i = 0; i < scores.length; i++)
    if (Number.isNaN(scores[i])) throw invalid(`a score of row ${Math.floor(i / classes)} is NaN`, { row: Math.floor(i / classes) })
  for (let i = 0; i < predicted.length; i++)
    for (let k = 1; k < classes; k++) if (scores[i * classes + k] > scores[i * classes + predicted[i]]) predicted[i] = k
  return predicted
}

/**
 * Area under the ROC curve: the chance that a positive outranks a negative, ties half. `NaN` unless both occur.
 * @param truth 1 positive, 0 negative; others are left out
 */
export function rocAuc(truth: Numbers, scores: Numbers): number {
  sameLength(truth, scores)
  requireScores(scores, (i) => truth[i] === 0 || truth[i] === 1)
  const order = Array.from({ length: truth.length }, (_, i) => i)
    .filter((i) => truth[i] === 0 || truth[i] === 1)
    .sort((a, b) => scores[a] - scores[b])
  let [positives, negatives, wins] = [0, 0, 0]
  for (let i = 0; i < order.length;) {
    let [up, down] = [0, 0]
    const score = scores[order[i]]
    for (; i < order.length && scores[order[i]] === score; i++) {
      if (truth[order[i]] === 1) up++
      else down++
    }
    wins += up * (negatives + down / 2)
    positives += up
    negatives += down
  }
  return positives > 0 && negatives > 0 ? wins / (positives * negatives) : NaN
}

/** Mean squared error of probabilities over classes (Brier 1950): 0 to 2, lower is better. `probabilities` is `[rows, classes]`. */
export function brierScore(truth: Numbers, probabilities: Numbers, classes: number): number {
  return meanOfLabelled({ truth, probabilities, classes }, (i, c) => {
    let sum = 0
    for (let k = 0; k < classes; k++) sum += (probabilities[i * classes + k] - (k === c ? 1 : 0)) ** 2
    return sum
  })
}

/** Mean negative log probability of the truth, in nats; probabilities are floored at 1e-15. */
export function logLoss(truth: Numbers, probabilities: Numbers, classes: number): number {
  return meanOfLabelled({ truth, probabilities, classes }, (i, c) => -Math.log(Math.max(1e-15, probabilities[i * classes + c])))
}

/** Ranked probability score of ordered classes (Epstein 1969), divided by classes - 1: 0 to 1, lower is better. */
export function rankedProbabilityScore(truth: Numbers, probabilities: Numbers, classes: number): number {
  return meanOfLabelled({ truth, probabilities, classes }, (i, c) => {
    let [sum, cumulative] = [0, 0]
    for (let k = 0; k < classes - 1; k++) {
      cumulative += probabilities[i * classes + k]
      sum += (cumulative - (c <= k ? 1 : 0)) ** 2
    }
    return sum / (classes - 1)
  })
}

export interface ReliabilityBin {
  readonly rows: number
  /** Mean stated probability, and share of hits. */
  readonly confidence: number
  readonly accuracy: number
}

/** Bins of equal width over the probability of the predicted class; empty bins are left out. */
export function reliability(truth: Numbers, probabilities: Numbers, classes: number, bins = 15): readonly ReliabilityBin[] {
  requireBins(bins)
  requireLabels({ truth, probabilities, classes })
  const predicted = predictedClasses(probabilities, classes)
  const sums = Array.from({ length: bins }, () => ({ rows: 0, confidence: 0, hits: 0 }))
  for (let i = 0; i < truth.length; i++) {
    if (!(truth[i] >= 0)) continue
    const p = probabilities[i * classes + predicted[i]]
    const bin = sums[Math.min(bins - 1, Math.floor(p * bins))]
    bin.rows++
    bin.confidence += p
    if (predicted[i] === truth[i]) bin.hits++
  }
  return sums
    .filter(({ rows }) => rows > 0)
    .map(({ rows, confidence, hits }) => ({ rows, confidence: confidence / rows, accuracy: hits / rows }))
}

/** Expected calibration error: mean gap between confidence and accuracy over {@link reliability} bins, weighted by rows. */
export function expectedCalibrationError(truth: Numbers, probabilities: Numbers, classes: number, bins = 15): number {
  const filled = reliability(truth, probabilities, classes, bins)
  const total = filled.reduce((sum, { rows }) => sum + rows, 0)
  return filled.reduce((sum, { rows, confidence, accuracy }) => sum + (rows / total) * Math.abs(confidence - accuracy), 0)
}

/** What is said of classes beside what came; a truth that is negative or `NaN` is none. */
interface Said {
  readonly truth: Numbers
  /** `[rows, classes]`. */
  readonly probabilities: Numbers
  readonly classes: number
}

function meanOfLabelled(said: Said, score: (row: number, label: number) => number): number {
  requireLabels(said)
  const { truth } = said
  let [sum, count] = [0, 0]
  for (let i = 0; i < truth.length; i++) {
    if (!(truth[i] >= 0)) continue
    sum += score(i, truth[i])
    count++
  }
  return sum / count
}

function requireLabels({ truth, probabilities, classes }: Said): void {
  if (probabilities.length !== truth.length * classes)
    throw invalid(`${truth.length} rows of ${classes} classes and ${probabilities.length} probabilities do not belong together`, {
      lengths: [truth.length, probabilities.length],
      classes,
    })
  for (let i = 0; i < truth.length; i++)
    if (truth[i] >= 0 && !(Number.isInteger(truth[i]) && truth[i] < classes))
      throw invalid(`row ${i} has class ${truth[i]} of ${classes}`, { row: i })
}

/** A score that is missing has no place in an order. */
export function requireScores(scores: Numbers, counts: (row: number) => boolean): void {
  for (let i = 0; i < scores.length; i++)
    if (Number.isNaN(scores[i]) && counts(i))
      throw invalid(`the score of row ${i} is NaN; leave rows without a score out of the truth, too`, { row: i })
}

export function requireBins(bins: number): void {
  if (!Number.isInteger(bins) || bins < 1) throw invalid(`bins must be a positive integer, found ${bins}`, { bins })
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

export function sameLength(a: Numbers, b: Numbers): void {
  if (a.length !== b.length)
    throw invalid(`arrays of ${a.length} and ${b.length} numbers do not belong together`, { lengths: [a.length, b.length] })
}
function invalid(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_METRIC_INVALID', message, details)
}
