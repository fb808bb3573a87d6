import { UNDEFINED_FIGURE, formatChange, formatDays, formatMoney, formatNumber, formatPercent, formatProbability } from './format.js'
import { type RunStatistics } from './run-statistics.js'

/** One line of the statistics table. */
export interface Figure {
  readonly label: string
  readonly value: string
  /** What it is, in a sentence. */
  readonly meaning: string
}

/** A titled group of figures. */
export interface FigureGroup {
  readonly title: string
  readonly figures: readonly Figure[]
}

/** Every statistic as text, grouped as a reader looks for them. */
export function figureGroups(statistics: RunStatistics, currency: string): readonly FigureGroup[] {
  const groups: FigureGroup[] = [
    { title: 'Return', figures: returnFigures(statistics, currency) },
    { title: 'Risk', figures: riskFigures(statistics) },
    { title: 'Ratios', figures: ratioFigures(statistics) },
    { title: 'Trades', figures: tradeFigures(statistics, currency) },
    { title: 'Activity', figures: activityFigures(statistics, currency) },
  ]
  if (statistics.benchmark !== undefined)
    groups.push({ title: `Against ${statistics.benchmark.name}`, figures: benchmarkFigures(statistics, statistics.benchmark) })
  return groups
}

/** Shortest run, in days, whose growth is told as growth a year; LEAN's shortest published run has 5. */
export const SHORTEST_FOR_A_YEAR = 5

/** A figure that extrapolates to a year, unless the run is too short for it to mean anything. */
export function aYear(statistics: RunStatistics, value: number): number {
  return statistics.days < SHORTEST_FOR_A_YEAR ? NaN : value
}

function returnFigures(s: RunStatistics, currency: string): Figure[] {
  return [
    { label: 'Total return', value: formatChange(s.totalReturn), meaning: 'Final over initial equity, less one.' },
    { label: 'Growth a year (CAGR)', value: formatChange(aYear(s, s.cagr)), meaning: 'Compound annual growth over calendar time.' },
    { label: 'Initial equity', value: formatMoney(s.initialEquity, currency), meaning: 'Equity before the first trade.' },
    { label: 'Final equity', value: formatMoney(s.finalEquity, currency), meaning: 'Cash and positions at last prices.' },
    { label: 'Peak equity', value: formatMoney(s.peakEquity, currency), meaning: 'Highest equity of the run.' },
    { label: 'Best period', value: formatChange(s.bestPeriod), meaning: 'Largest return of one sampling period.' },
    { label: 'Worst period', value: formatChange(s.worstPeriod), meaning: 'Smallest return of one sampling period.' },
    { label: 'Winning periods', value: formatPercent(s.winningPeriods, 1), meaning: 'Share of gains among periods with any return.' },
  ]
}

function riskFigures(s: RunStatistics): Figure[] {
  return [
    { label: 'Volatility a year', value: formatPercent(s.volatility), meaning: 'Standard deviation of returns, annualised.' },
    { label: 'Downside risk a year', value: formatPercent(s.downsideRisk), meaning: 'Deviation of returns below the target, annualised.' },
    { label: 'Largest drawdown', value: formatPercent(s.maxDrawdown), meaning: 'Deepest fall from a peak.' },
    { label: 'Average drawdown', value: formatPercent(s.averageDrawdown), meaning: 'Mean depth of all falls.' },
    { label: 'Longest drawdown', value: formatDays(s.maxDrawdownDays), meaning: 'Longest time from a peak back to it.' },
    { label: 'Average drawdown length', value: formatDays(s.averageDrawdownDays), meaning: 'Mean time from a peak back to it.' },
    { label: 'Ulcer index', value: formatPercent(s.ulcerIndex), meaning: 'Root mean square drawdown.' },
    { label: 'Value at risk 95 %', value: formatPercent(s.valueAtRisk), meaning: 'Return undercut in one period of twenty.' },
    {
      label: 'Expected shortfall 95 %',
      value: formatPercent(s.conditionalValueAtRisk),
      meaning: 'Mean return of the worst twentieth of periods.',
    },
    { label: 'Skewness', value: formatNumber(s.skewness), meaning: 'Asymmetry of returns; negative has the longer left tail.' },
    { label: 'Excess kurtosis', value: formatNumber(s.kurtosis), meaning: 'Fatness of tails; 0 is normal.' },
    { label: 'Tail ratio', value: formatNumber(s.tailRatio), meaning: 'Right tail over left tail; above 1 the good days are larger.' },
  ]
}

function ratioFigures(s: RunStatistics): Figure[] {
  const figures: Figure[] = [
    { label: 'Sharpe ratio', value: formatNumber(s.sharpeRatio), meaning: 'Excess return over volatility, a year.' },
    { label: 'Sortino ratio', value: formatNumber(s.sortinoRatio), meaning: 'Excess return over downside risk, a year.' },
    { label: 'Calmar ratio', value: formatNumber(aYear(s, s.calmarRatio)), meaning: 'Growth a year over the largest drawdown.' },
    { label: 'Omega ratio', value: formatNumber(s.omegaRatio), meaning: 'Gains over losses.' },
    {
      label: 'Probabilistic Sharpe',
      value: formatProbability(s.probabilisticSharpeRatio),
      meaning: 'Probability that the true Sharpe ratio beats its benchmark.',
    },
  ]
  if (s.deflatedSharpeRatio !== undefined) {
    figures.push({
      label: 'Deflated Sharpe',
      value: formatProbability(s.deflatedSharpeRatio),
      meaning: 'Probability that the Sharpe ratio is more than the luck of many trials.',
    })
  }
  return figures
}

function tradeFigures({ trades: t }: RunStatistics, currency: string): Figure[] {
  return [
    { label: 'Closed trades', value: formatNumber(t.trades, 0), meaning: 'Entries matched with exits.' },
    { label: 'Long / short', value: `${formatNumber(t.longTrades, 0)} / ${formatNumber(t.shortTrades, 0)}`, meaning: 'By direction.' },
    { label: 'Win rate', value: formatPercent(t.winRate, 1), meaning: 'Share of trades with a profit after fees.' },
    { label: 'Profit factor', value: formatNumber(t.profitFactor), meaning: 'Gross profit over gross loss.' },
    { label: 'Expectancy', value: formatMoney(t.expectancy, currency), meaning: 'Mean profit of a trade.' },
    { label: 'Average win', value: formatMoney(t.averageWin, currency), meaning: 'Mean profit of winning trades.' },
    { label: 'Average loss', value: formatMoney(t.averageLoss, currency), meaning: 'Mean loss of losing trades.' },
    { label: 'Payoff ratio', value: formatNumber(t.payoffRatio), meaning: 'Average win over average loss.' },
    { label: 'Best trade', value: formatChange(t.bestReturn), meaning: 'Largest return on an entry price.' },
    { label: 'Worst trade', value: formatChange(t.worstReturn), meaning: 'Smallest return on an entry price.' },
    {
      label: 'System quality (SQN)',
      value: formatNumber(t.systemQualityNumber),
      meaning: 'Root of trades times mean over deviation of profits.',
    },
    { label: 'Kelly criterion', value: formatPercent(t.kellyCriterion, 1), meaning: 'Share of capital that would maximise growth.' },
    { label: 'Longest win streak', value: formatNumber(t.longestWinStreak, 0), meaning: 'Trades in a row.' },
    { label: 'Longest loss streak', value: formatNumber(t.longestLossStreak, 0), meaning: 'Trades in a row.' },
    { label: 'Average holding time', value: formatDays(t.averageDurationDays), meaning: 'Mean time from entry to exit.' },
    { label: 'Longest holding time', value: formatDays(t.longestDurationDays), meaning: 'From entry to exit.' },
  ]
}

function activityFigures(s: RunStatistics, currency: string): Figure[] {
  return [
    { label: 'Fills', value: formatNumber(s.fills, 0), meaning: 'Executions.' },
    { label: 'Traded', value: formatMoney(s.tradedNotional, currency), meaning: 'Bought and sold, in money.' },
    {
      label: 'Turnover a year',
      value: Number.isFinite(aYear(s, s.turnover)) ? `${formatNumber(s.turnover)} times` : UNDEFINED_FIGURE,
      meaning: 'Traded money over mean equity.',
    },
    { label: 'Fees', value: formatMoney(s.fees, currency), meaning: 'Paid to brokers and venues.' },
    { label: 'Time in the market', value: formatPercent(s.exposureTime, 1), meaning: 'Share of equity samples with a position.' },
  ]
}

function benchmarkFigures(s: RunStatistics, b: NonNullable<RunStatistics['benchmark']>): Figure[] {
  return [
    { label: 'Its total return', value: formatChange(b.totalReturn), meaning: 'Of the benchmark over the run.' },
    { label: 'Alpha', value: formatChange(aYear(s, b.alpha)), meaning: 'Return that beta does not explain.' },
    { label: 'Beta', value: formatNumber(b.beta), meaning: 'Move per unit of the benchmark.' },
    { label: 'R²', value: formatNumber(b.rSquared), meaning: 'Share of variance that the benchmark explains.' },
    { label: 'Information ratio', value: formatNumber(b.informationRatio), meaning: 'Active return over tracking error.' },
    { label: 'Tracking error a year', value: formatPercent(b.trackingError), meaning: 'Deviation of active returns.' },
    { label: 'Treynor ratio', value: formatNumber(aYear(s, b.treynorRatio)), meaning: 'Excess return per unit of beta.' },
    { label: 'Up capture', value: formatPercent(aYear(s, b.upCapture), 1), meaning: 'Growth over its growth in its rising periods.' },
    { label: 'Down capture', value: formatPercent(aYear(s, b.downCapture), 1), meaning: 'Growth over its growth in its falling periods.' },
  ]
}
