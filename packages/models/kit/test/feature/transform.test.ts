import { EMA, RSI, SMA } from 'trading-signals'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chain,
  combine,
  difference,
  drawdown,
  efficiency,
  ewma,
  lag,
  logReturn,
  map,
  random,
  rangePosition,
  relativeStrength,
  rollingMax,
  rollingMean,
  rollingMin,
  rollingStd,
  rollingSum,
  square,
  squareRoot,
  type Transform,
  wilder,
  zScore,
} from '@gatehouse/model-kit'

function run(transform: Transform, xs: readonly number[]): number[] {
  const cells = new Float64Array(transform.slots + 3)
  transform.start?.(cells, 2)
  return xs.map((x) => {
    cells[0] = x
    transform.push(cells, 2, 0, 1)
    return cells[1]
  })
}
const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
const deviation = (xs: number[]): number => Math.sqrt(xs.reduce((sum, x) => sum + (x - mean(xs)) ** 2, 0) / (xs.length - 1))

/** What each window transform is, by its definition: from scratch at every step. */
const naive: Record<string, [make: (n: number) => Transform, of: (window: number[]) => number]> = {
  rollingMean: [rollingMean, mean],
  rollingSum: [rollingSum, (w) => w.reduce((a, b) => a + b, 0)],
  rollingStd: [rollingStd, deviation],
  rollingMax: [rollingMax, (w) => Math.max(...w)],
  rollingMin: [rollingMin, (w) => Math.min(...w)],
  zScore: [zScore, (w) => (deviation(w) > 1e-9 ? (w[w.length - 1] - mean(w)) / deviation(w) : 0)],
  drawdown: [drawdown, (w) => w[w.length - 1] / Math.max(...w) - 1],
  rangePosition: [
    rangePosition,
    (w) => (Math.max(...w) > Math.min(...w) ? (w[w.length - 1] - Math.min(...w)) / (Math.max(...w) - Math.min(...w)) : 0.5),
  ],
}

test('a window that is flat again after moves has a deviation of about zero, never none', () => {
  const draw = random(1)
  const deviations = chain(square, rollingMean(60), squareRoot)
  // A price of 14 that moves by half a cent now and then, and stands for minutes.
  const moves = Array.from({ length: 20_000 }, (_, i) => (i % 400 < 200 && draw.uniform() < 0.2 ? (draw.uniform() < 0.5 ? 1 : -1) * Math.log(14.005 / 14) : 0)) // prettier-ignore
  const said = run(deviations, moves).slice(60)
  expect(said.filter(Number.isNaN)).toEqual([])
  const flat = said.filter((_, i) => moves.slice(i + 1, i + 61).every((move) => move === 0))
  expect(Math.max(...flat)).toBeLessThan(1e-6)
})

describe('window transforms equal their definition at every step', () => {
  const series = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 })
  for (const [name, [make, of]] of Object.entries(naive))
    test(name, () => {
      fc.assert(
        fc.property(series, fc.integer({ min: 2, max: 12 }), (xs, n) => {
          const transform = make(n)
          run(transform, xs).forEach((y, t) => {
            if (t + 1 < n) expect(y).toBeNaN()
            else expect(y).toBeCloseTo(of(xs.slice(t + 1 - n, t + 1)), 6)
          })
          if (xs.length > transform.warmUp) expect(run(transform, xs)[transform.warmUp]).not.toBeNaN()
        }),
        { numRuns: 60 },
      )
    })
})

test('rolling moments do not drift: after a million numbers around 1e6 they equal a fresh window', () => {
  const draw = random(1)
  const [m, s] = [rollingMean(100), rollingStd(100)]
  const [ms, ss] = [new Float64Array(1 + m.slots), new Float64Array(1 + s.slots)]
  const last: number[] = []
  let [a, b] = [0, 0]
  for (let i = 0; i < 1_000_050; i++) {
    const x = 1e6 + draw.normal() * (i % 1000 === 0 ? 1e5 : 0.01)
    ms[0] = ss[0] = x
    m.push(ms, 1, 0, 0)
    s.push(ss, 1, 0, 0)
    ;[a, b] = [ms[0], ss[0]]
    last.push(x)
    if (last.length > 100) last.shift()
  }
  expect(Math.abs(a / mean(last) - 1)).toBeLessThan(1e-14)
  expect(Math.abs(b / deviation(last) - 1)).toBeLessThan(1e-3)
})

describe('known indicators equal trading-signals', () => {
  const draw = random(5)
  let price = 100
  const prices = Array.from({ length: 300 }, () => (price *= 1 + 0.01 * draw.normal()))
  test('SMA', () => {
    const sma = new SMA(20)
    run(rollingMean(20), prices).forEach((y, t) => {
      const value = sma.add(prices[t])
      if (t >= 19) expect(y).toBeCloseTo(value!, 9)
    })
  })
  test('RSI, whose smoothing there starts from the first change', () => {
    const rsi = new RSI(14)
    const values = prices.map((p) => rsi.add(p))
    run(relativeStrength(14), prices).forEach((y, t) => {
      // Seeds differ by convention; both forget them at (13/14)^t.
      if (t >= 250) expect(Math.abs(y - values[t]!)).toBeLessThan(0.01)
    })
  })
  test('EMA, once both have forgotten how they started', () => {
    const ema = new EMA(10)
    const values = prices.map((p) => ema.add(p))
    // An EMA of 10 keeps 9/11 a step.
    run(ewma(Math.log(0.5) / Math.log(9 / 11)), prices).forEach((y, t) => {
      if (t >= 150) expect(y).toBeCloseTo(values[t]!, 8)
    })
  })
})

test('exponential means are unbiased from their first value', () => {
  for (const y of run(ewma(10, 1), [7, 7, 7])) expect(y).toBeCloseTo(7, 12)
})

test('lag, difference, returns, efficiency and Wilder smoothing by hand', () => {
  expect(run(lag(2), [1, 2, 3, 4])).toEqual([NaN, NaN, 1, 2])
  expect(run(difference(1), [1, 3, 2])).toEqual([NaN, 2, -1])
  expect(run(logReturn(2), [1, 2, 4])[2]).toBeCloseTo(Math.log(4), 12)
  expect(run(efficiency(3), [1, 2, 3, 4])[3]).toBe(1)
  expect(run(efficiency(3), [1, 2, 1, 2])[3]).toBeCloseTo(1 / 3, 12)
  expect(run(wilder(2), [2, 4, 5])).toEqual([NaN, 3, 4])
  expect(run(chain(difference(1), map('abs', Math.abs), rollingMax(2)), [1, 4, 3])).toEqual([NaN, NaN, 3])
})

test('a missing number gives nothing and changes nothing', () => {
  const parts = [rollingMean(3), rollingStd(3), rollingMax(3), ewma(2, 1), wilder(3), lag(2), combine('x', lag(1), lag(2), (a, b) => a + b)]
  for (const transform of parts) {
    const clean = run(transform, [5, 1, 4, 2, 8])
    const holed = run(transform, [5, 1, NaN, 4, NaN, 2, 8])
    expect(holed[2]).toBeNaN()
    expect(holed.filter((_, i) => i !== 2 && i !== 4)).toEqual(clean)
  }
})

test('impossible lengths are refused', () => {
  for (const make of [() => rollingMean(0), () => lag(1.5), () => ewma(-1), () => rollingMax(NaN)])
    expect(make).toThrow(expect.objectContaining({ code: 'MODEL_FEATURE_INVALID' }))
})
