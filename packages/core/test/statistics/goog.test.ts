import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as statistics from '../../src/statistics/index.js'
import { readCsv, sharedFile } from './shared.js'

/** Values that empyrical and quantstats gave on the daily returns of GOOG.csv. */
const file = sharedFile('published/metrics-goog.json')
const prices = sharedFile('data/reference/GOOG.csv')

interface Published {
  readonly values: { readonly empyrical: Readonly<Record<string, number>>; readonly quantstats: Readonly<Record<string, number>> }
}

describe.skipIf(file === undefined || prices === undefined)('on the daily returns of GOOG', () => {
  const { values } =
    file === undefined ? { values: { empyrical: {}, quantstats: {} } } : (JSON.parse(readFileSync(file, 'utf8')) as Published)
  const close = prices === undefined ? new Float64Array(0) : Float64Array.from(readCsv(prices), (row) => Number(row.Close))
  const returns = statistics.simpleReturns(close)
  const s = statistics

  const empyrical: Readonly<Record<string, () => number>> = {
    sharpe: () => s.sharpeRatio(returns),
    sortino: () => s.sortinoRatio(returns),
    max_drawdown: () => s.maxDrawdown(returns),
    annual_return: () => s.annualReturn(returns),
    annual_volatility: () => s.annualVolatility(returns),
    calmar: () => s.calmarRatio(returns),
    omega: () => s.omegaRatio(returns),
    stability: () => s.stabilityOfTimeseries(returns),
    tail_ratio: () => s.tailRatio(returns),
    downside_risk: () => s.downsideRisk(returns),
    var5: () => s.valueAtRisk(returns),
    cvar5: () => s.conditionalValueAtRisk(returns),
    cagr: () => s.cagr(returns),
    final: () => s.cumReturnsFinal(returns),
  }
  const quantstats: Readonly<Record<string, () => number>> = {
    sharpe: () => s.sharpeRatio(returns),
    sortino: () => s.sortinoRatio(returns),
    max_drawdown: () => s.maxDrawdown(returns),
    cagr: () => s.cagr(returns),
    calmar: () => s.calmarRatio(returns),
    omega: () => s.omegaRatio(returns),
    ulcer_index: () => s.ulcerIndex(returns),
    tail_ratio: () => s.tailRatio(returns),
    value_at_risk: () => s.valueAtRisk(returns, { method: 'normal' }),
    cvar: () => s.conditionalValueAtRisk(returns, { method: 'below-normal' }),
    volatility: () => s.annualVolatility(returns),
    win_rate: () => s.winRate(returns),
    payoff_ratio: () => s.payoffRatio(returns),
    profit_factor: () => s.profitFactor(returns),
    kelly_criterion: () => s.kellyCriterion(returns),
    skew: () => s.skewness(returns),
    kurtosis: () => s.kurtosis(returns),
    expected_return: () => s.geometricMean(returns),
    gain_to_pain_ratio: () => s.gainToPainRatio(returns),
    common_sense_ratio: () => s.commonSenseRatio(returns),
    cpc_index: () => s.cpcIndex(returns),
    outlier_win_ratio: () => s.outlierWinRatio(returns),
    recovery_factor: () => s.recoveryFactor(returns),
    risk_of_ruin: () => s.riskOfRuin(returns),
    serenity_index: () => s.serenityIndex(returns),
    smart_sharpe: () => s.smartSharpe(returns),
    adjusted_sortino: () => s.adjustedSortino(returns),
    probabilistic_sharpe_ratio: () => s.probabilisticSharpeRatio(returns, { kurtosisTerm: 'excess-3' }),
    ulcer_performance_index: () => s.ulcerPerformanceIndex(returns),
    consecutive_wins: () => s.consecutiveWins(returns),
    consecutive_losses: () => s.consecutiveLosses(returns),
  }

  for (const [library, functions] of Object.entries({ empyrical, quantstats })) {
    for (const [name, value] of Object.entries(values[library as 'empyrical'])) {
      test(`${library} ${name}`, () => {
        const ours = functions[name]()
        expect(Math.abs(ours - value)).toBeLessThanOrEqual(1e-10 * Math.max(1e-3, Math.abs(value)))
      })
    }
  }
})
