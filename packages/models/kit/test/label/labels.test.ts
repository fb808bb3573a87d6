import { expect, test } from 'vitest'
import {
  cutIntoClasses,
  forwardReturn,
  gradesWithin,
  labelIntervals,
  metaLabel,
  random,
  rowsAfter,
  signedImpact,
  smoothedDirection,
  spreadTransition,
  trendByVolatility,
  tripleBarrier,
} from '@gatehouse/model-kit'

const f64 = (...xs: number[]): Float64Array => Float64Array.from(xs)

test('forward returns are in units of their own volatility, and missing at the end', () => {
  const { labels, from, to } = forwardReturn(f64(100, 110, 121, 133.1), { horizon: 2, volatility: f64(0.1, 0.1, 0.1, 0.1) })
  expect(labels[0]).toBeCloseTo((2 * Math.log(1.1)) / (0.1 * Math.SQRT2), 5)
  expect([labels[2], labels[3]]).toEqual([NaN, NaN])
  expect([from[1], to[1], to[3]]).toEqual([1, 3, 3])
  expect(Array.from(cutIntoClasses({ labels: Float32Array.of(-2, -1, 0, 1, NaN), from, to }, [-1, 1]).labels)).toEqual([0, 1, 1, 2, -1])
})

test('trend by volatility names its five classes', () => {
  const walk = (steps: number[]): Float64Array =>
    Float64Array.from([0, ...steps].map((_, i) => 100 * Math.exp(steps.slice(0, i).reduce((a, b) => a + b, 0))))
  const of = (steps: number[]): number => {
    const prices = walk(steps)
    const v = new Float64Array(prices.length).fill(0.01)
    return trendByVolatility(prices, { horizon: steps.length, trendVolatility: v, longVolatility: v }).labels[0]
  }
  expect([
    of([0.01, 0.01, 0.01]),
    of([0.05, -0.02, 0.03]),
    of([0.001, -0.001, 0]),
    of([-0.01, -0.01, -0.01]),
    of([-0.05, 0.02, -0.03]),
  ]).toEqual([0, 1, 2, 3, 4])
})

test('triple barriers: the first touch decides, a bar that touches both counts as the lower', () => {
  const up = f64(0.05, 0.05, 0.05, 0.05, 0.05)
  expect(Array.from(tripleBarrier(f64(100, 102, 106, 90, 100), { horizon: 3, up }).labels)).toEqual([2, 0, 0, 2, -1])
  expect(Array.from(tripleBarrier(f64(100, 101, 102, 101, 100), { horizon: 2, up }).touched)).toEqual([2, 3, 4, 4, 4])
  const both = tripleBarrier(f64(100, 100, 100), {
    horizon: 1,
    up: f64(0.01, 0.01, 0.01),
    high: f64(100, 102, 100),
    low: f64(100, 98, 100),
  })
  expect(both.labels[0]).toBe(0)
  expect(both.returns[0]).toBeCloseTo(-0.01, 9)
  expect(Array.from(metaLabel(both, Int8Array.of(-1, 1, 0)).labels)).toEqual([1, 0, NaN])
})

test('no barrier is looked for past the horizon or the end of the data', () => {
  const { labels } = tripleBarrier(f64(100, 100, 100, 200), { horizon: 2, up: f64(0.1, 0.1, 0.1, 0.1) })
  expect(Array.from(labels)).toEqual([1, 2, 2, -1])
})

test('smoothed direction compares the mean of the next mids with the mid now', () => {
  const { labels } = smoothedDirection(f64(100, 101, 102, 99, 90, 90), { horizon: 2, threshold: 0.005 })
  expect(Array.from(labels)).toEqual([2, 1, 0, 0, -1, -1])
})

test('a missing mid spoils only the windows it lies in, and a price that stands still has not moved', () => {
  const gap = smoothedDirection(f64(100, NaN, 100, 101, 102, 103), { horizon: 1, threshold: 0 })
  expect(Array.from(gap.labels)).toEqual([-1, -1, 2, 2, 2, -1])
  const still = smoothedDirection(f64(0.1, 0.7, 0.3, 0.3, 0.3, 0.3, 0.3), { horizon: 3, threshold: 0 })
  expect(Array.from(still.labels).slice(2, 4)).toEqual([1, 1])
})

test('spread transitions and signed impact', () => {
  expect(Array.from(spreadTransition(f64(1, 2, 1, 1), 1).labels)).toEqual([2, 0, 1, -1])
  const { labels } = signedImpact(f64(100, 100, 101, 101), { flow: f64(5, -3, 0, 2), horizon: 1 })
  expect(labels[1]).toBeCloseTo(1e4 * Math.log(1.01), 1)
  expect([labels[0], labels[2], labels[3]]).toEqual([NaN, NaN, NaN])
})

test('grades are by rank within the day, ties get the lower one', () => {
  expect(Array.from(gradesWithin(f64(0.1, -0.2, 0, 0.3, 5, 5, NaN), Int32Array.of(0, 4, 7), 4))).toEqual([2, 0, 1, 3, 0, 0, NaN])
})

test('horizons in time become rows', () => {
  expect(Array.from(rowsAfter(BigInt64Array.of(0n, 5n, 9n, 30n), 9n))).toEqual([2, 3, 3, -1])
})

test('intervals of labels are times for splits', () => {
  const { t0, t1 } = labelIntervals({ from: Int32Array.of(0, 1), to: Int32Array.of(2, 3) }, BigInt64Array.of(10n, 20n, 30n, 40n))
  expect([Array.from(t0), Array.from(t1)]).toEqual([[10n, 20n], [30n, 40n]]) // prettier-ignore
})

test('impossible settings are refused', () => {
  for (const act of [
    () => forwardReturn(f64(1, 2), { horizon: 0, volatility: f64(1, 1) }),
    () => forwardReturn(f64(1, 2), { horizon: 1, volatility: f64(1) }),
    () => gradesWithin(f64(1), Int32Array.of(0, 1), 1),
  ])
    expect(act).toThrow(expect.objectContaining({ code: 'MODEL_LABEL_INVALID' }))
})

test('a missing price leaves no label where nobody knows what it touched, and none is made of it', () => {
  const v = f64(0.05, 0.05, 0.05, 0.05)
  expect(Array.from(tripleBarrier(f64(100, NaN, 110, 120), { horizon: 3, up: v }).labels)).toEqual([-1, -1, 2, -1])
  // Touched before the gap: known.
  expect(tripleBarrier(f64(100, 106, NaN, 100), { horizon: 3, up: v }).labels[0]).toBe(2)
  expect(tripleBarrier(f64(100, 100, 100, 100), { horizon: 2, up: v, high: f64(100, NaN, 106, 100) }).labels[0]).toBe(-1)
  expect(Array.from(trendByVolatility(f64(100, NaN, 110, 120), { horizon: 2, trendVolatility: v, longVolatility: v }).labels)).toEqual([
    -1, -1, -1, -1,
  ])
  expect(signedImpact(f64(100, 101, 102), { flow: f64(1, NaN, 1), horizon: 1 }).labels[1]).toBeNaN()
})

test('a return over no volatility is missing, also where only float32 cannot hold it', () => {
  const { labels } = forwardReturn(f64(100, 110, 121, 133), { horizon: 1, volatility: f64(0, 1e-42, 0.1, 0.1) })
  expect(Array.from(labels.subarray(0, 2))).toEqual([NaN, NaN])
  expect(labels[2]).toBeGreaterThan(0)
})

test('a barrier label depends on the market from its row to the touch, to the nanosecond', () => {
  const times = BigInt64Array.of(
    1_700_000_000_000_000_001n,
    1_700_000_000_000_000_002n,
    1_700_000_000_000_000_004n,
    1_700_000_000_000_000_008n,
  )
  const labels = tripleBarrier(f64(100, 101, 106, 90), { horizon: 3, up: new Float64Array(4).fill(0.05) })
  const { t0, t1 } = labelIntervals(labels, times)
  expect([t0[0], t1[0], t1[1]]).toEqual([times[0], times[2], times[3]])
})

test('triple barriers agree with walking every path, over bars with a gap', () => {
  for (let world = 0; world < 300; world++) {
    const draw = random(world)
    const n = 4 + draw.integer(20)
    const horizon = 1 + draw.integer(8)
    let price = 100
    const close = Float64Array.from({ length: n }, () => (price *= Math.exp(0.02 * draw.normal())))
    const [high, low] = [1, -1].map((side) => close.map((c) => c * Math.exp(side * 0.02 * draw.uniform())))
    if (world % 3 === 0) close[draw.integer(n)] = NaN
    const [up, down] = [0, 1].map(() => close.map(() => 0.01 + 0.03 * draw.uniform()))
    const walk = (t: number): [label: number, to: number] => {
      for (let i = t; i <= Math.min(n - 1, t + horizon); i++) {
        if (Number.isNaN(close[i])) break
        if (i > t && Math.log(low[i] / close[t]) <= -down[t]) return [0, i]
        if (i > t && Math.log(high[i] / close[t]) >= up[t]) return [2, i]
        if (i === t + horizon) return [1, i]
      }
      return [-1, Math.min(n - 1, t + horizon)]
    }
    const { labels, to } = tripleBarrier(close, { horizon, up, down, high, low })
    expect(Array.from(labels, (label, t) => [label, to[t]])).toEqual(Array.from(labels, (_, t) => walk(t)))
  }
})
