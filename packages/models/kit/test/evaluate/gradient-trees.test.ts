import { describe, expect, test } from 'vitest'
import { growTrees, logLoss, random, rocAuc, rSquared, type TreeOptions } from '@gatehouse/model-kit'

const column = (...values: number[]): Float64Array => Float64Array.from(values)
const once: TreeOptions = { loss: 'squared', rounds: 1, rate: 1, minLeaf: 1 }

describe('splits computed by hand', () => {
  test('one split lies between the two groups and says their means', () => {
    const labels = [1, 1, 1, 5, 5]
    const learnt = growTrees({ table: column(1, 2, 3, 10, 20), width: 1, labels }, { ...once, leaves: 2 })
    expect(learnt.trees[0].threshold[0]).toBe(6.5)
    expect(Array.from(learnt.predict(column(0, 6.5, 6.6, 99)))).toEqual([1, 1, 5, 5].map((x) => expect.closeTo(x, 12) as number))
  })

  test('the feature that lowers the loss most is taken, and the leaf that gains most is split next', () => {
    // The first column parts {0, 0, 9, 11} from {100, 100}; below, only 0 and 10 differ by much.
    const table = column(7, 0, 7, 0, 7, 1, 7, 1, 7, 2, 7, 2)
    const { trees } = growTrees({ table, width: 2, labels: [0, 0, 9, 11, 100, 100] }, { ...once, leaves: 3 })
    expect(Array.from(trees[0].feature.subarray(0, 2))).toEqual([1, 1])
    expect(trees[0].threshold[0]).toBe(1.5)
    expect(trees[0].threshold[trees[0].left[0]]).toBe(0.5)
  })

  test('the log odds of a leaf move by a Newton step', () => {
    const labels = [0, 0, 0, 1, 0, 1, 1, 1]
    const learnt = growTrees({ table: column(0, 0, 0, 0, 1, 1, 1, 1), width: 1, labels }, { ...once, loss: 'logistic', leaves: 2, l2: 0.5 })
    // Half are events, so it starts at log odds 0 with p = 1/2: gradients sum to 4/2 - 1 = 1, second derivatives to 4/4 = 1.
    expect(learnt.predict(column(0, 1))).toEqual(Float64Array.of(-1 / 1.5, 1 / 1.5))
  })

  test('classes begin at the logs of their shares, and step each by itself', () => {
    const labels = [0, 0, 1, 2]
    const learnt = growTrees({ table: column(0, 0, 1, 1), width: 1, labels }, { ...once, loss: 'softmax', leaves: 2 })
    // Class 0 of the left leaf: gradients 2 (1/2 - 1) = -1, second derivatives 2 / 4.
    expect(learnt.predict(column(0))[0]).toBeCloseTo(Math.log(0.5) + 2, 12)
    // Class 1 there: 2 (1/4 - 0) = 1/2 over 2 * 3/16.
    expect(learnt.predict(column(0))[1]).toBeCloseTo(Math.log(0.25) - 4 / 3, 12)
  })

  test('a weight counts a row as so many', () => {
    const table = column(0, 0, 1, 1)
    const weighted = growTrees({ table, width: 1, labels: [0, 4, 5, 9], weights: [3, 1, 1, 1] }, { ...once, leaves: 2 })
    expect(Array.from(weighted.predict(column(0, 1)))).toEqual([expect.closeTo(1, 12), expect.closeTo(7, 12)])
  })
})

describe('missing values', () => {
  test('go the way that lowers the loss', () => {
    const table = column(1, 2, NaN, NaN, 9, 10)
    for (const [label, expected] of [
      [0, 0],
      [8, 8],
    ]) {
      const learnt = growTrees({ table, width: 1, labels: [0, 0, label, label, 8, 8] }, { ...once, leaves: 2 })
      expect(learnt.predict(column(NaN))[0]).toBeCloseTo(expected, 12)
    }
  })

  test('are parted from the known ones where only that tells rows apart', () => {
    const learnt = growTrees({ table: column(1, 2, 3, NaN, NaN), width: 1, labels: [1, 1, 1, 6, 6] }, { ...once, leaves: 2 })
    expect(Array.from(learnt.predict(column(-5, 500, NaN)))).toEqual([1, 1, 6].map((x) => expect.closeTo(x, 12) as number))
  })

  test('that training never saw go with the many', () => {
    const learnt = growTrees({ table: column(1, 2, 3, 9), width: 1, labels: [1, 1, 1, 6] }, { ...once, leaves: 2 })
    expect(learnt.predict(column(NaN))[0]).toBeCloseTo(1, 12)
  })
})

/** Friedman's first regression problem (1991): ten uniform features of which five count, noise of deviation 1. */
function friedman(rows: number, seed: number) {
  const draw = random(seed)
  const table = new Float32Array(rows * 10).map(() => draw.uniform())
  const labels = Float64Array.from({ length: rows }, (_, i) => {
    const [a, b, c, d, e] = table.subarray(10 * i)
    return 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + draw.normal()
  })
  return { table, width: 10, labels }
}

test("Friedman's problem is learnt as well as by scikit-learn: as values, as classes and as an event", () => {
  const [train, unseen] = [friedman(2000, 1), friedman(2000, 2)]
  const classes = (labels: Float64Array) => Array.from(labels, (y) => (y < 12 ? 0 : y < 17 ? 1 : 2))
  const events = (labels: Float64Array) => Array.from(labels, (y) => (y < 12 ? 0 : 1))
  // What HistGradientBoosting of scikit-learn 1.9.1 (defaults, no early stopping) reached on these very rows. It cuts its bins elsewhere, so trees differ.
  const values = growTrees(train, { loss: 'squared' }).predict(unseen.table)
  expect(Math.abs(rSquared(unseen.labels, values, 14.4) - 0.9239)).toBeLessThan(0.005)
  const logits = growTrees({ ...train, labels: classes(train.labels) }, { loss: 'softmax' }).predict(unseen.table)
  const shares = logits.map((score, i) => 1 / [0, 1, 2].reduce((sum, k) => sum + Math.exp(logits[i - (i % 3) + k] - score), 0))
  expect(Math.abs(logLoss(classes(unseen.labels), shares, 3) - 0.4961)).toBeLessThan(0.01)
  const odds = growTrees({ ...train, labels: events(train.labels) }, { loss: 'logistic' }).predict(unseen.table)
  expect(Math.abs(rocAuc(events(unseen.labels), odds) - 0.9676)).toBeLessThan(0.005)
})

test('an exclusive or, which no linear model knows, is learnt as an event and as classes', () => {
  const draw = random(3)
  const table = new Float32Array(4000).map(() => draw.uniform() - 0.5)
  const labels = Array.from({ length: 2000 }, (_, i) => (table[2 * i] > 0 !== table[2 * i + 1] > 0 ? 1 : 0))
  const event = growTrees({ table, width: 2, labels }, { loss: 'logistic', rounds: 30 }).predict(table)
  expect(rocAuc(labels, event)).toBeGreaterThan(0.99)
  const classes = growTrees({ table, width: 2, labels }, { loss: 'softmax', rounds: 30 }).predict(table)
  const shares = classes.map((score, i) => 1 / (1 + Math.exp(classes[i ^ 1] - score)))
  expect(logLoss(labels, shares, 2)).toBeLessThan(0.1)
})

test('more values than bins are cut at their quantiles, and a common value is parted from the others', () => {
  const draw = random(4)
  const table = Float64Array.from({ length: 3000 }, (_, i) => (i % 10 > 0 ? 0 : 1 + draw.uniform()))
  const labels = table.map((x) => (x > 0 ? 1 : 0))
  const learnt = growTrees({ table, width: 1, labels }, { ...once, leaves: 2, bins: 8 })
  expect(Array.from(learnt.predict(column(0, 1)))).toEqual([expect.closeTo(0, 12), expect.closeTo(1, 12)])
})

test('no leaf is smaller or deeper than was asked, and the same rows give the same trees', () => {
  const samples = friedman(500, 5)
  const options = { loss: 'squared', rounds: 3, minLeaf: 40, depth: 2 } as const
  const learnt = growTrees(samples, options)
  for (const { feature } of learnt.trees) expect(feature.filter((f) => f >= 0).length).toBeLessThanOrEqual(3)
  const first = growTrees(samples, { ...options, rounds: 1, rate: 1 })
  const counts = new Map<number, number>()
  for (const value of first.predict(samples.table)) counts.set(value, (counts.get(value) ?? 0) + 1)
  for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(40)
  expect(growTrees(samples, options).predict(samples.table)).toEqual(learnt.predict(samples.table))
})

test('labels that the loss does not know, weights that are none, and tables of another size are refused', () => {
  const table = column(1, 2, 3)
  const refused = expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }) as unknown
  for (const [labels, options, weights] of [
    [[0, 1], { loss: 'logistic' }],
    [[0, 1, 2], { loss: 'logistic' }],
    [[0, 1, NaN], { loss: 'squared' }],
    [[0, 1, 2], { loss: 'softmax', classes: 2 }],
    [[0, 1, 1], { loss: 'logistic', bins: 256 }],
    [[0, 1, 1], { loss: 'logistic', leaves: 1 }],
    [[0, 1, 1], { loss: 'logistic' }, [1, 1]],
    [[0, 1, 1], { loss: 'logistic' }, [1, -1, 1]],
    [[0, 1, 1], { loss: 'logistic' }, [1, NaN, 1]],
  ] as const)
    expect(() => growTrees({ table, width: 1, labels, weights }, options)).toThrow(refused)
})
