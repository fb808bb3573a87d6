import { readFileSync } from 'node:fs'
import * as s from '../../../src/statistics/index.js'
import { type PublishedCase } from './published-case.js'
import { readCsv, sharedFile } from './shared.js'

/** Values that empyrical and quantstats gave on the daily returns of GOOG.csv. */
const file = sharedFile('published/metrics-goog.json')
const prices = sharedFile('data/reference/GOOG.csv')

interface Published {
  readonly values: { readonly empyrical: Readonly<Record<string, number>>; readonly quantstats: Readonly<Record<string, number>> }
}

/** One case a value, at a relative 1e-10. */
export function googCases(): readonly PublishedCase[] {
  if (file === undefined || prices === undefined) return []
  const { values } = JSON.parse(readFileSync(file, 'utf8')) as Published
  const returns = s.simpleReturns(Float64Array.from(readCsv(prices), (row) => Number(row.Close)))

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

  const functions = { empyrical, quantstats }
  return (['empyrical', 'quantstats'] as const).flatMap((source) =>
    Object.entries(values[source]).map(([name, published]) => ({
      source,
      name: `${name} of GOOG`,
      published,
      ours: functions[source][name],
      relative: 1e-10,
      absolute: 1e-13,
    })),
  )
}
