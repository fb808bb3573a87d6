import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as s from '../../src/statistics/index.js'

const finite = fc.double({ min: -0.2, max: 0.3, noNaN: true })
const series = fc.array(finite, { minLength: 5, maxLength: 60 }).map((values) => Float64Array.from(values))

describe('moments', () => {
  // R 4.3: x <- c(2, 4, 4, 4, 5, 5, 7, 9); mean, var, e1071 type 1 and 2.
  const values = Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9)

  test('agree with the textbook sample', () => {
    expect(s.mean(values)).toBe(5)
    expect(s.variance(values, 0)).toBe(4)
    expect(s.variance(values)).toBeCloseTo(32 / 7, 14)
    expect(s.skewness(values, { estimator: 'population' })).toBeCloseTo(0.65625, 14)
    expect(s.kurtosis(values, { estimator: 'population' })).toBeCloseTo(-0.21875, 14)
    expect(s.skewness(values)).toBeCloseTo((0.65625 * Math.sqrt(56)) / 6, 13)
    expect(s.kurtosis(values)).toBeCloseTo((7 / 30) * (9 * -0.21875 + 6), 13)
  })

  test('interpolate quantiles between order statistics', () => {
    expect([0, 0.25, 0.5, 0.9, 1].map((fraction) => s.quantile(Float64Array.of(4, 1, 3, 2), fraction))).toEqual([
      1,
      1.75,
      2.5,
      expect.closeTo(3.7, 14),
      4,
    ])
    expect(() => s.quantile(values, 1.01)).toThrow(expect.objectContaining({ code: 'STATISTICS_INPUT' }) as Error)
  })

  test('skip what is missing', () => {
    const gappy = Float64Array.of(NaN, 2, 4, NaN, 4, 4, 5, 5, 7, 9)
    for (const statistic of [s.mean, s.sum, s.variance, s.standardDeviation, s.median, s.skewness, s.kurtosis])
      expect(statistic(gappy)).toBe(statistic(values))
    expect(
      s.correlation(
        gappy,
        gappy.map((value) => 3 - 2 * value),
      ),
    ).toBeCloseTo(-1, 12)
  })

  test('have no variance in a constant series, however its mean rounds', () => {
    const constant = new Float64Array(9).fill(0.1)
    expect(s.variance(constant)).toBe(0)
    expect(s.sharpeRatio(constant)).toBe(Infinity)
    expect(s.sharpeRatio(constant.map((value) => -value))).toBe(-Infinity)
    expect(s.sharpeRatio(new Float64Array(9))).toBeNaN()
  })

  test('refuse pairs of different length', () => {
    for (const call of [
      () => s.covariance(values, values.subarray(1)),
      () => s.beta(values, values.subarray(1)),
      () => s.excessReturns(values, values.subarray(1)),
    ]) {
      expect(call).toThrow(
        expect.objectContaining({ code: 'STATISTICS_INPUT', message: expect.stringContaining('8 and 7') as string }) as Error,
      )
    }
  })

  test('rank within a window', () => {
    expect([...s.percentileRank(Float64Array.of(1, 3, 2, 2), 3)]).toEqual([100, 100, expect.closeTo(200 / 3, 10), 50])
  })
})

describe('the normal distribution', () => {
  // Abramowitz and Stegun table 26.1 and 26.2, and scipy.stats.norm to 15 digits.
  test.each([
    [0, 0.5],
    [1, 0.841344746068543],
    [-1.959963984540054, 0.025],
    [3, 0.9986501019683699],
    [-6, 9.865876450376946e-10],
    [-10, 7.619853024160527e-24],
  ])('has the tabulated probability at %d', (z, probability) => {
    expect(Math.abs(s.normalCdf(z) - probability) / probability).toBeLessThan(2e-14)
    if (Math.abs(z) < 8) expect(s.normalQuantile(probability)).toBeCloseTo(z, 10)
  })

  test('is inverted by its quantile', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (p) => {
        expect(Math.abs(s.normalCdf(s.normalQuantile(p)) / p - 1)).toBeLessThan(1e-11)
        expect(s.normalQuantile(1 - p)).toBeCloseTo(-s.normalQuantile(1 - (1 - p)), 9)
      }),
      { seed: 5 },
    )
  })
})

describe('whatever the returns', () => {
  test('compounding prices from returns and back loses nothing', () => {
    fc.assert(
      fc.property(series, (returns) => {
        const prices = Float64Array.of(100, ...s.cumReturns(returns, 100))
        s.simpleReturns(prices).forEach((value, i) => expect(value).toBeCloseTo(returns[i], 10))
        expect(s.cumReturnsFinal(returns)).toBeCloseTo(prices[prices.length - 1] / 100 - 1, 12)
      }),
      { seed: 6 },
    )
  })

  test('risk measures keep their order', () => {
    fc.assert(
      fc.property(series, (returns) => {
        expect(s.conditionalValueAtRisk(returns)).toBeLessThanOrEqual(s.valueAtRisk(returns) + 1e-15)
        expect(s.maxDrawdown(returns)).toBeLessThanOrEqual(0)
        expect(s.maxDrawdown(returns)).toBeLessThanOrEqual(Math.min(0, returns[0]) + 1e-15)
        expect(s.downsideRisk(returns, { periodsPerYear: 1 })).toBeLessThanOrEqual(
          Math.sqrt(s.mean(returns.map((value) => value * value))) + 1e-15,
        )
        const p = s.probabilisticSharpeRatio(returns)
        expect(p !== p || (p >= 0 && p <= 1)).toBe(true)
      }),
      { seed: 7 },
    )
  })

  test('drawdowns tile the time under water and the deepest is the largest', () => {
    fc.assert(
      fc.property(series, (returns) => {
        const equity = Float64Array.of(1, ...s.cumReturns(returns, 1))
        const falls = s.drawdowns(equity)
        const under = s.drawdownOfEquity(equity)
        const covered = new Set(
          falls.flatMap(({ peak, end, isRecovered }) =>
            Array.from({ length: end - peak + (isRecovered ? -1 : 0) }, (_, i) => peak + 1 + i),
          ),
        )
        under.forEach((value, row) => expect(covered.has(row)).toBe(value < 0))
        expect(Math.min(0, ...falls.map(({ depth }) => depth))).toBeCloseTo(s.maxDrawdown(returns), 12)
      }),
      { seed: 8 },
    )
  })

  test('alpha and beta of a line through the benchmark are the line', () => {
    fc.assert(
      fc.property(series, fc.double({ min: -2, max: 2, noNaN: true }), (benchmark, slope) => {
        fc.pre(s.variance(benchmark) > 1e-6)
        const own = benchmark.map((value) => 0.001 + slope * value)
        expect(s.beta(own, benchmark)).toBeCloseTo(slope, 8)
        expect(s.alpha(own, benchmark, { convention: 'scaled' })).toBeCloseTo(0.252, 7)
      }),
      { seed: 9 },
    )
  })

  test('nothing throws on nothing', () => {
    const none = new Float64Array(0)
    const unary = [
      s.sharpeRatio,
      s.sortinoRatio,
      s.calmarRatio,
      s.omegaRatio,
      s.annualReturn,
      s.annualVolatility,
      s.downsideRisk,
      s.maxDrawdown,
      s.tailRatio,
      s.valueAtRisk,
      s.conditionalValueAtRisk,
      s.stabilityOfTimeseries,
      s.ulcerIndex,
      s.winRate,
      s.profitFactor,
      s.payoffRatio,
      s.kellyCriterion,
      s.best,
      s.worst,
      s.geometricMean,
      s.skewness,
      s.kurtosis,
      s.probabilisticSharpeRatio,
      s.autocorrelationPenalty,
      s.serenityIndex,
      s.recoveryFactor,
      s.systemQualityNumber,
      s.exposure,
      s.riskOfRuin,
      s.gainToPainRatio,
      s.outlierWinRatio,
      s.outlierLossRatio,
      s.ewmVolatility,
      s.painRatio,
      s.minimumTrackRecordLength,
      s.cpcIndex,
      s.commonSenseRatio,
    ] as const
    for (const statistic of unary) expect(statistic(none), statistic.name).toBeNaN()
    const binary = [
      s.alpha,
      s.beta,
      s.informationRatio,
      s.trackingError,
      s.treynorRatio,
      s.rSquared,
      s.upCapture,
      s.downCapture,
      s.capture,
      s.betaFragilityHeuristic,
    ] as const
    for (const statistic of binary) expect(statistic(none, none), statistic.name).toBeNaN()
    for (const statistic of binary) {
      expect(statistic(none, Float64Array.of(0.01, 0.02)), statistic.name).toBeNaN()
      if (statistic !== s.capture) expect(() => statistic(Float64Array.of(1), Float64Array.of(1, 2)), statistic.name).toThrow('align')
    }
    expect(s.drawdowns(none)).toEqual([])
    expect(s.monteCarlo(none, { paths: 3 }).maxDrawdown.mean).toBeNaN()
  })
})
