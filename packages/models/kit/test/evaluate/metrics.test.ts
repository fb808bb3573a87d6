import { describe, expect, test } from 'vitest'
import {
  brierScore,
  classMetrics,
  classStatistic,
  confusionMatrix,
  expectedCalibrationError,
  logLoss,
  meanSpearman,
  ndcg,
  pearson,
  precisionAt,
  predictedClasses,
  random,
  rankedProbabilityScore,
  reliability,
  rocAuc,
  rSquared,
} from '@gatehouse/model-kit'

const of = (truth: number[], predicted: number[], classes: number): ReturnType<typeof classMetrics> =>
  classMetrics(confusionMatrix(truth, predicted, classes))

describe('classification measures give the values of the scikit-learn reference documentation', () => {
  test('macro F1', () => expect(of([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3).macroF1).toBeCloseTo(0.26666, 4))
  test('balanced accuracy', () => expect(of([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], 2).balancedAccuracy).toBe(0.625))
  test('Matthews correlation', () => expect(of([1, 1, 1, 0], [1, 0, 1, 1], 2).mcc).toBeCloseTo(-0.3333, 4))
  test('area under the ROC curve', () => expect(rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).toBe(0.75))
  test('log loss', () => expect(logLoss([1, 0, 0, 1], [0.1, 0.9, 0.9, 0.1, 0.8, 0.2, 0.35, 0.65], 2)).toBeCloseTo(0.21616, 5))
  test('R squared', () => expect(rSquared([3, -0.5, 2, 7], [2.5, 0, 2, 8], 2.875)).toBeCloseTo(0.9486, 4))
})

test('quadratic kappa is 1 for agreement, 0 for independence, and weighs distance', () => {
  expect(of([0, 1, 2, 3], [0, 1, 2, 3], 4).quadraticKappa).toBe(1)
  expect(of([0, 0, 1, 1], [0, 1, 0, 1], 2).quadraticKappa).toBe(0)
  expect(of([0, 1, 2, 2], [0, 1, 1, 2], 3).quadraticKappa).toBeGreaterThan(of([0, 1, 2, 2], [0, 1, 0, 2], 3).quadraticKappa)
})

test('the area under the ROC curve equals the share of pairs in order, ties half', () => {
  const draw = random(1)
  const truth = Array.from({ length: 80 }, () => draw.integer(2))
  const scores = truth.map((y) => Math.round(3 * (draw.uniform() + 0.3 * y)))
  let [won, pairs] = [0, 0]
  for (let i = 0; i < 80; i++)
    for (let j = 0; j < 80; j++)
      if (truth[i] === 1 && truth[j] === 0) {
        pairs++
        won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0
      }
  expect(rocAuc(truth, scores)).toBeCloseTo(won / pairs, 12)
  expect(rocAuc([1, 1], [0, 1])).toBeNaN()
})

test('probability scores are zero for certainty that is right', () => {
  const p = [1, 0, 0, 0, 0, 1]
  expect([brierScore([0, 2], p, 3), rankedProbabilityScore([0, 2], p, 3), expectedCalibrationError([0, 2], p, 3)]).toEqual([0, 0, 0])
  expect(brierScore([1], [1, 0, 0], 3)).toBe(2)
  expect(rankedProbabilityScore([2], [1, 0, 0], 3)).toBe(1)
  expect(rankedProbabilityScore([1], [1, 0, 0], 3)).toBe(0.5)
  expect(expectedCalibrationError([0, 1], [0.8, 0.2, 0.8, 0.2], 2)).toBeCloseTo(0.3, 12)
})

test('NDCG, precision and rank correlation by hand', () => {
  const groups = Int32Array.of(0, 3, 5)
  // First group ranked 0,2,1: dcg = 3 + 0 + 7/2, ideal 7 + 3/log2(3); second has no relevant row and counts 1.
  const first = (3 + 1 / Math.log2(3) + 7 / 2) / (7 + 3 / Math.log2(3) + 1 / 2)
  expect(ndcg([2, 3, 1, 0, 0], [9, 1, 5, 1, 2], { groups, k: 3 })).toBeCloseTo((first + 1) / 2, 12)
  expect(ndcg([2, 3, 1, 0, 0], [9, 1, 5, 1, 2], { groups, k: 3, empty: NaN })).toBeCloseTo(first, 12)
  expect(precisionAt([2, 0, 1, 0, 1], [9, 8, 5, 1, 2], { groups, k: 2 })).toBe((1 / 2 + 1 / 2) / 2)
  expect(meanSpearman([1, 2, 3, 1, 1], [1, 3, 2, 5, 6], groups)).toBeCloseTo(0.5, 12)
})

test('rows without a label count nothing', () => {
  expect(of([0, -1, 1], [0, 1, 1], 2).accuracy).toBe(1)
  expect(Array.from(predictedClasses([0.1, 0.9, 0.5, 0.5], 2))).toEqual([1, 0])
})

test('arrays of different lengths and unknown classes are refused', () => {
  expect(() => confusionMatrix([0], [0, 1], 2)).toThrow(expect.objectContaining({ code: 'MODEL_METRIC_INVALID' }))
  expect(() => confusionMatrix([2], [0], 2)).toThrow(expect.objectContaining({ code: 'MODEL_METRIC_INVALID' }))
})

describe('what has no place in a measure is refused or left out, and never hangs it', () => {
  const groups = Int32Array.of(0, 3)
  const refused: [string, () => unknown][] = [
    ['scores that are NaN, in an AUC', () => rocAuc([0, 1], [NaN, NaN])],
    ['scores that are NaN, in a ranking', () => ndcg([1, 2, 0], [NaN, 1, 2], { groups, k: 2 })],
    ['scores that are NaN, in a rank correlation', () => meanSpearman([1, 2, 0], [NaN, 1, 2], groups)],
    ['a k of zero', () => precisionAt([1, 2, 0], [1, 2, 3], { groups, k: 0 })],
    ['probabilities of other rows', () => logLoss([0, 1, 1], [0.5, 0.5], 2)],
    ['a class that does not exist', () => brierScore([5], [0.5, 0.5], 2)],
    ['a probability that is NaN', () => reliability([0], [NaN, NaN], 2)],
    ['no bins', () => reliability([0], [1, 0], 2, 0)],
    ['scores that are not whole rows', () => predictedClasses([1, 2, 3], 2)],
    ['predictions of a class that does not exist', () => classStatistic([0, 1], [2, 1], { classes: 2, metric: 'accuracy' })],
  ]
  for (const [what, act] of refused) test(`${what}`, () => expect(act).toThrow(expect.objectContaining({ code: 'MODEL_METRIC_INVALID' })))

  test('rows without a grade are left out of their group', () => {
    const known = { groups: Int32Array.of(0, 2), k: 2 }
    expect(ndcg([NaN, 3, 0], [1, 2, 3], { groups, k: 2 })).toBe(ndcg([3, 0], [2, 3], known))
    expect(precisionAt([NaN, 3, 0], [9, 2, 3], { groups, k: 2 })).toBe(precisionAt([3, 0], [2, 3], known))
    expect(meanSpearman([NaN, 3, 0], [9, 2, 3], groups)).toBe(-1)
  })
  test('rows without a truth do not weigh on a reliability curve', () =>
    expect(reliability([NaN, 0], [0.9, 0.1, 0.8, 0.2], 2)).toHaveLength(1))
  test('a constant correlates with nothing', () =>
    expect([pearson([0.1, 0.1, 0.1], [1, 2, 4]), pearson([0.1, 0.1, 0.1], [0.3, 0.3, 0.3])]).toEqual([NaN, NaN]))
})

describe('measures agree with their definitions written out', () => {
  const draw = random(11)
  const K = 4
  const truth = Array.from({ length: 200 }, () => (draw.uniform() < 0.1 ? -1 : draw.integer(3))) // class 3 never occurs
  const p = truth.flatMap(() => {
    const w = Array.from({ length: K }, () => draw.uniform() ** 2)
    const sum = w.reduce((a, b) => a + b, 0)
    return w.map((x) => x / sum)
  })
  const said = Array.from(predictedClasses(p, K))
  const rows = truth.map((_, i) => i).filter((i) => truth[i] >= 0)
  const average = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
  const { macroF1, balancedAccuracy, mcc, quadraticKappa } = of(truth, said, K)
  const count = (keep: (i: number) => boolean): number => rows.filter(keep).length
  const classes = [0, 1, 2, 3]

  test('macro F1 by precision and recall, over classes that occur or are predicted', () => {
    const f1 = classes.map((k) => {
      const hits = count((i) => truth[i] === k && said[i] === k)
      const [precision, recall] = [hits / count((i) => said[i] === k), hits / count((i) => truth[i] === k)]
      return hits === 0 ? 0 : (2 * precision * recall) / (precision + recall)
    })
    expect(macroF1).toBeCloseTo(average(f1), 12)
  })
  test('balanced accuracy over classes that occur', () =>
    expect(balancedAccuracy).toBeCloseTo(
      average([0, 1, 2].map((k) => count((i) => truth[i] === k && said[i] === k) / count((i) => truth[i] === k))),
      12,
    ))
  test('Matthews correlation as the correlation of indicators', () => {
    const covariance = (a: number[], b: number[]): number =>
      classes.reduce((sum, k) => {
        const [x, y] = [rows.map((i) => (a[i] === k ? 1 : 0)), rows.map((i) => (b[i] === k ? 1 : 0))]
        return sum + average(x.map((v, j) => v * y[j])) - average(x) * average(y)
      }, 0)
    expect(mcc).toBeCloseTo(covariance(truth, said) / Math.sqrt(covariance(truth, truth) * covariance(said, said)), 12)
  })
  test('quadratic kappa from all pairs of rows', () => {
    const observed = average(rows.map((i) => (truth[i] - said[i]) ** 2))
    const expected = average(rows.flatMap((i) => rows.map((j) => (truth[i] - said[j]) ** 2)))
    expect(quadraticKappa).toBeCloseTo(1 - observed / expected, 12)
  })
  test('Brier, log loss and ranked probability from indicators', () => {
    const indicator = (i: number, k: number): number => (truth[i] === k ? 1 : 0)
    expect(brierScore(truth, p, K)).toBeCloseTo(
      average(rows.map((i) => classes.reduce((s, k) => s + (p[4 * i + k] - indicator(i, k)) ** 2, 0))),
      12,
    )
    expect(logLoss(truth, p, K)).toBeCloseTo(average(rows.map((i) => -Math.log(p[4 * i + truth[i]]))), 12)
    const below = (f: (k: number) => number, k: number): number => classes.slice(0, k + 1).reduce((s, j) => s + f(j), 0)
    const score = (i: number): number =>
      average([0, 1, 2].map((k) => (below((j) => p[4 * i + j], k) - below((j) => indicator(i, j), k)) ** 2))
    expect(rankedProbabilityScore(truth, p, K)).toBeCloseTo(average(rows.map(score)), 12)
  })
  test('calibration error from bins of equal width', () => {
    const bin = (i: number): number => Math.min(14, Math.floor(15 * p[4 * i + said[i]]))
    let error = 0
    for (let b = 0; b < 15; b++) {
      const inside = rows.filter((i) => bin(i) === b)
      if (inside.length > 0)
        error +=
          (inside.length / rows.length) *
          Math.abs(average(inside.map((i) => p[4 * i + said[i]])) - average(inside.map((i) => (said[i] === truth[i] ? 1 : 0))))
    }
    expect(expectedCalibrationError(truth, p, K)).toBeCloseTo(error, 12)
  })
})
