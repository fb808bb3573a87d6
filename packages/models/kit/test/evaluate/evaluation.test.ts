import { expect, test } from 'vitest'
import {
  bootstrapInterval,
  classPrior,
  heldOut,
  linearNetwork,
  permutationImportance,
  persistence,
  random,
  resolveNetwork,
  takeRows,
} from '@gatehouse/model-kit'

const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length

test('the bootstrap interval of a mean covers it about as often as it says', () => {
  let covered = 0
  for (let world = 0; world < 100; world++) {
    const draw = random(world)
    const xs = Float64Array.from({ length: 120 }, () => draw.normal())
    const { lower, upper } = bootstrapInterval(120, (rows) => mean(takeRows(xs, rows)), { block: 1, draws: 200, seed: world })
    if (lower <= 0 && upper >= 0) covered++
  }
  expect(covered).toBeGreaterThan(87)
  expect(covered).toBeLessThan(100)
})

test('blocks widen the interval of rows that hang together', () => {
  const draw = random(1)
  let x = 0
  const xs = Float64Array.from({ length: 500 }, () => (x = 0.95 * x + draw.normal()))
  const width = (block: number): number => {
    const { lower, upper } = bootstrapInterval(500, (rows) => mean(takeRows(xs, rows)), { block, draws: 300 })
    return upper - lower
  }
  expect(width(40)).toBeGreaterThan(2 * width(1))
})

test('the same seed gives the same interval, impossible options are refused', () => {
  const statistic = (rows: Int32Array): number => mean(rows)
  expect(bootstrapInterval(50, statistic, { seed: 3 })).toEqual(bootstrapInterval(50, statistic, { seed: 3 }))
  for (const bad of [{ block: 0 }, { level: 1 }])
    expect(() => bootstrapInterval(50, statistic, bad)).toThrow(expect.objectContaining({ code: 'MODEL_METRIC_INVALID' }))
  expect(() => bootstrapInterval(50, () => NaN)).toThrow(expect.objectContaining({ code: 'MODEL_METRIC_INVALID' }))
})

test('baselines: prior, and the last label that was known', () => {
  expect(Array.from(classPrior(Int32Array.of(0, 1, 1, 1, -1), 3))).toEqual([0.25, 0.75, 0])
  const labels = Int32Array.of(2, 1, 0, 1, -1, -1)
  const to = Int32Array.of(2, 3, 4, 5, 5, 5)
  expect(Array.from(persistence({ labels, from: to, to }))).toEqual([-1, -1, 2, 1, 0, 1])
})

test('the linear network keeps inputs and heads', () => {
  const { parameterCount } = resolveNetwork(
    linearNetwork({ input: [4, 3], heads: [{ kind: 'classes', name: 'a', classes: 3, from: 'gone' }] }),
  )
  expect(parameterCount).toBe(12 * 3 + 3)
})

test('permutation importance finds the feature that matters, and leaves the values alone', () => {
  const draw = random(2)
  const values = Float64Array.from({ length: 300 }, () => draw.normal())
  const before = values.slice()
  const score = (m: Float64Array): number => -mean(Array.from({ length: 100 }, (_, i) => (m[3 * i + 1] - before[3 * i + 1]) ** 2))
  const [a, b, c] = permutationImportance(values, 3, score)
  expect(b).toBeGreaterThan(1)
  expect([a, c]).toEqual([0, 0])
  expect(values).toEqual(before)
  for (const [width, repeats] of [
    [7, 1],
    [3, 0],
  ])
    // prettier-ignore
    expect(() => permutationImportance(values, width, score, { repeats })).toThrow(expect.objectContaining({ code: 'MODEL_METRIC_INVALID' }))
})

test('every look at held-out data is counted and logged', () => {
  const log: string[] = []
  const data = heldOut([1, 2], ({ reason, count }) => void log.push(`${count} ${reason}`))
  expect(data.look('final evaluation')).toEqual([1, 2])
  data.look('again')
  expect(log).toEqual(['1 final evaluation', '2 again'])
  expect(data.looks).toHaveLength(2)
})
