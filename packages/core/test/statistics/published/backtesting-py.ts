import { readFileSync } from 'node:fs'
import { runStatistics, type RunStatistics } from '../../../src/report/index.js'
import { conventions } from '../../../src/statistics/index.js'
import { type PublishedCase } from './published-case.js'
import { readCsv, sharedFile } from './shared.js'
import { type Bars, smaCross } from './sma-cross.js'

/** backtesting.py's statistics of its SMA 10/30 cross on GOOG, at relative 1e-8; the run itself is computed by smaCross. */
const file = sharedFile('published/backtesting-py.json')
const prices = sharedFile('data/reference/GOOG.csv')

function googBars(): Bars {
  const rows = readCsv(prices!)
  const column = (name: string): Float64Array => Float64Array.from(rows, (row) => Number(row[name]))
  const times = BigInt64Array.from(rows, (row) => BigInt(Date.parse(`${Object.values(row)[0].slice(0, 10)}T00:00:00Z`)) * 1_000_000n)
  return { times, open: column('Open'), high: column('High'), low: column('Low'), close: column('Close') }
}

const percent =
  (read: (statistics: RunStatistics) => number) =>
  (statistics: RunStatistics): number =>
    read(statistics) * 100

// Its durations are rounded up to whole days.
const wholeDays =
  (read: (statistics: RunStatistics) => number) =>
  (statistics: RunStatistics): string =>
    `${Math.ceil(read(statistics) - 1e-9)} days`

const ours: Readonly<Record<string, (statistics: RunStatistics) => number | string>> = {
  '# Trades': (s) => s.trades.trades,
  'Equity Final [$]': (s) => s.finalEquity,
  'Equity Peak [$]': (s) => s.peakEquity,
  'Return [%]': percent((s) => s.totalReturn),
  'Buy & Hold Return [%]': percent((s) => s.benchmark!.totalReturn),
  'Return (Ann.) [%]': percent((s) => s.annualReturn),
  'Volatility (Ann.) [%]': percent((s) => s.volatility),
  'CAGR [%]': percent((s) => s.cagr),
  'Sharpe Ratio': (s) => s.sharpeRatio,
  'Sortino Ratio': (s) => s.sortinoRatio,
  'Calmar Ratio': (s) => s.calmarRatio,
  'Max. Drawdown [%]': percent((s) => s.maxDrawdown),
  'Avg. Drawdown [%]': percent((s) => s.averageDrawdown),
  'Max. Drawdown Duration': wholeDays((s) => s.maxDrawdownDays),
  'Avg. Drawdown Duration': wholeDays((s) => s.averageDrawdownDays),
  'Exposure Time [%]': percent((s) => s.exposureTime),
  'Win Rate [%]': percent((s) => s.trades.winRate),
  'Best Trade [%]': percent((s) => s.trades.bestReturn),
  'Worst Trade [%]': percent((s) => s.trades.worstReturn),
  'Avg. Trade [%]': percent((s) => s.trades.averageReturn),
  'Max. Trade Duration': wholeDays((s) => s.trades.longestDurationDays),
  'Avg. Trade Duration': wholeDays((s) => s.trades.averageDurationDays),
  'Profit Factor': (s) => s.trades.profitFactorOfReturns,
  'Expectancy [%]': percent((s) => s.trades.expectancyReturn),
  SQN: (s) => s.trades.systemQualityNumber,
  'Kelly Criterion': (s) => s.trades.kellyCriterion,
  'Alpha [%]': percent((s) => s.benchmark!.alpha),
  Beta: (s) => s.benchmark!.beta,
}

/** One case a statistic. */
export function backtestingPyCases(): readonly PublishedCase[] {
  if (file === undefined || prices === undefined) return []
  const { expect } = (JSON.parse(readFileSync(file, 'utf8')) as { case: { expect: Record<string, number | string> } }).case
  const { statistics } = runStatistics(smaCross(googBars(), { symbol: 'GOOG' }), { conventions: conventions.backtestingPy })
  return Object.entries(expect).map(([name, published]) => ({
    source: 'backtesting.py',
    name,
    published,
    ours: () => ours[name](statistics),
    relative: 1e-8,
  }))
}
