import { describe, expect, test } from 'vitest'
import * as s from '../../src/statistics/index.js'

/** Seeded normal numbers: Box-Muller over a 32-bit generator. */
function normals(count: number, seed: number): Float64Array {
  let state = seed >>> 0
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return Float64Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()))
}

describe('the probabilistic Sharpe ratio', () => {
  test('is the normal probability of the ratio over its error for normal returns', () => {
    const returns = normals(2000, 3).map((value) => 0.0005 + 0.01 * value)
    const ratio = s.mean(returns) / s.standardDeviation(returns)
    const plain = s.normalCdf((ratio * Math.sqrt(1999)) / Math.sqrt(1 + 0.5 * ratio * ratio))
    expect(s.probabilisticSharpeRatio(returns)).toBeCloseTo(plain, 2)
  })

  test('is one half against the returns’ own ratio, and 95 % after the minimum track record', () => {
    const returns = normals(500, 4).map((value) => 0.001 + 0.01 * value)
    const ratio = s.riskReturnRatio(returns)
    expect(s.probabilisticSharpeRatio(returns, { benchmarkSharpe: ratio })).toBe(0.5)
    const length = s.minimumTrackRecordLength(returns)
    const error = s.sharpeStandardError(returns, ratio) * Math.sqrt(499 / (length - 1))
    expect(s.normalCdf(ratio / error)).toBeCloseTo(0.95, 9)
  })
})

describe('the deflated Sharpe ratio', () => {
  // Bailey and Lopez de Prado (2014), numerical example: 100 trials, variance 1/2 a year, 250 days a year, ratio 2.5 a year, 1250 days.
  test('agrees with the example of its authors', () => {
    const benchmark = s.expectedMaximumSharpe(100, 0.5 / 250)
    expect(benchmark).toBeCloseTo(0.1132, 4)
    const [ratio, skew, kurtosis, days] = [2.5 / Math.sqrt(250), -3, 10, 1250]
    const error = Math.sqrt((1 - skew * ratio + ((kurtosis - 1) / 4) * ratio * ratio) / (days - 1))
    expect(s.normalCdf((ratio - benchmark) / error)).toBeCloseTo(0.9004, 4)
  })

  test('falls as more was tried and is undefined when the trials are unknown', () => {
    const returns = normals(750, 5).map((value) => 0.0008 + 0.01 * value)
    const deflated = [1, 10, 100, 1000].map((trials) => s.deflatedSharpeRatio(returns, { trials, varianceOfSharpes: 0.001 }))
    expect(deflated).toEqual([...deflated].sort((a, b) => b - a))
    expect(deflated[0]).toBe(s.probabilisticSharpeRatio(returns))
    expect(s.deflatedSharpeRatio(returns, { trials: 10 })).toBeNaN()
  })
})

describe('the probability of backtest overfitting', () => {
  const matrix = (periods: number, trials: number, edge: number): Float64Array => {
    const noise = normals(periods * trials, 11)
    return noise.map((value, i) => 0.01 * value + (i % trials === 0 ? edge : 0))
  }

  test('is about one half for worthless strategies', () => {
    const probabilities = [11, 12, 13, 14].map((seed) => {
      const returns = normals(640 * 40, seed).map((value) => 0.01 * value)
      return s.probabilityOfBacktestOverfitting(returns, { trials: 40, blocks: 10 }).probability
    })
    expect(s.mean(Float64Array.from(probabilities))).toBeGreaterThan(0.3)
    expect(s.mean(Float64Array.from(probabilities))).toBeLessThan(0.75)
  })

  test('is near zero when one strategy is truly better', () => {
    const { probability, probabilityOfLoss, logits } = s.probabilityOfBacktestOverfitting(matrix(640, 40, 0.005), {
      trials: 40,
      blocks: 10,
    })
    expect(logits).toHaveLength(252)
    expect(probability).toBeLessThan(0.01)
    expect(probabilityOfLoss).toBeLessThan(0.01)
  })

  test('refuses shapes that do not fit', () => {
    const returns = matrix(64, 4, 0)
    for (const options of [{ trials: 3 }, { trials: 4, blocks: 5 }, { trials: 4, blocks: 64 }, { trials: 1 }]) {
      expect(() => s.probabilityOfBacktestOverfitting(returns, options)).toThrow(
        expect.objectContaining({ code: 'STATISTICS_INPUT' }) as Error,
      )
    }
    returns[9] = NaN
    expect(() => s.probabilityOfBacktestOverfitting(returns, { trials: 4, blocks: 4 })).toThrow(/trial 1 in period 2/)
  })
})

describe('the generalized Pareto estimates', () => {
  test('recover the tail they were drawn from', () => {
    // Losses with scale 0.02 and shape 0.3 by inversion, one in two periods.
    const uniforms = normals(8000, 21).map((value) => s.normalCdf(value))
    const returns = uniforms.map((u, i) => (i % 2 === 0 ? 0.01 : -(0.02 / 0.3) * (Math.pow(1 - u, -0.3) - 1)))
    const exact = (0.02 / 0.3) * (Math.pow(0.02, -0.3) - 1)
    const { valueAtRisk, expectedShortfall, shape, threshold } = s.gpdRiskEstimates(returns, {
      probability: 0.01,
      convention: 'peaks-over-threshold',
    })
    expect(threshold).toBeGreaterThan(0)
    expect(shape).toBeGreaterThan(0)
    expect(valueAtRisk / exact).toBeGreaterThan(0.85)
    expect(valueAtRisk / exact).toBeLessThan(1.15)
    expect(expectedShortfall).toBeGreaterThan(valueAtRisk)
  })

  // scipy 1.17.1: optimize.minimize(method='Nelder-Mead') from (1, 1) on the likelihood of the losses, threshold halving from 0.2.
  test('agree with scipy when the threshold halves', () => {
    const returns = Float64Array.of(0.01, 0.1, -0.04, 0.02, 0.03, 0.02, 0.01, -0.1)
    const expected = [0.1, 0.1000125583583849, 0.0000015657360018514067, 0.4912526273742347, 0.5912659549254118]
    Object.values(s.gpdRiskEstimates(returns)).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 10))
    const falling = Float64Array.of(-0.02, -0.06, -0.07, -0.01, -0.09, -0.02, -0.06, -0.08, -0.05)
    expect(s.gpdRiskEstimates(falling).expectedShortfall).toBeCloseTo(0.405419395682422, 10)
  })

  test('are all zero without losses or with too few returns', () => {
    const none = { threshold: 0, scale: 0, shape: 0, valueAtRisk: 0, expectedShortfall: 0 }
    expect(s.gpdRiskEstimates(Float64Array.of(0.01, 0.02, 0.03))).toEqual(none)
    expect(s.gpdRiskEstimates(Float64Array.of(-0.1, -0.2))).toEqual(none)
  })

  test('rest on a minimiser that finds Rosenbrock’s valley', () => {
    const { at, hasConverged } = s.nelderMead(([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, Float64Array.of(-1.2, 1), {
      tolerance: 1e-8,
    })
    expect(hasConverged).toBe(true)
    expect(at[0]).toBeCloseTo(1, 6)
    expect(at[1]).toBeCloseTo(1, 6)
  })
})

describe('Monte Carlo paths', () => {
  const returns = normals(252, 31).map((value) => 0.0005 + 0.01 * value)

  test('keep the end when they only shuffle', () => {
    const { totalReturn, maxDrawdown } = s.monteCarlo(returns, { paths: 200 })
    expect(totalReturn.least).toBeCloseTo(s.cumReturnsFinal(returns), 10)
    expect(totalReturn.most).toBeCloseTo(s.cumReturnsFinal(returns), 10)
    expect(maxDrawdown.standardDeviation).toBeGreaterThan(0)
    expect(maxDrawdown.shareAtOrBelow(0)).toBe(1)
  })

  test('repeat for a seed and differ for another', () => {
    const draw = (seed: number): number[] => [...s.monteCarlo(returns, { paths: 50, method: 'block', seed }).totalReturn.values]
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })
})
