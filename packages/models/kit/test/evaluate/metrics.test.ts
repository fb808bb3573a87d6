import { describe, expect, test } from 'vitest'
import {
  brierScore,
  classMetrics,
  confusionMatrix,
  expectedCalibrationError,
  logLoss,
  meanSpearman,
  ndcg,
  precisionAt,
  predictedClasses,
  random,
  rankedProbabilityScore,
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
