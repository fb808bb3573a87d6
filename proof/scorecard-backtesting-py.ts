import { existsSync, readFileSync } from 'node:fs'
import {
  barOpens,
  conventions,
  csvBars,
  equity,
  priceCurve,
  run,
  runStatistics,
  simulatedBroker,
  standardFills,
  type RunStatistics,
  type Strategy,
  type TimeNs,
} from '@gatehouse/core'
import type { ScoredFigure } from './scorecard-figure.js'

/**
 * backtesting.py's SMA 10/30 cross on GOOG through this engine. Its conventions as options: a bar bears its date and is known at it, orders are sized on the
 * open they fill at (`barOpens`, `market: 'current'`), what is held is closed at the open of the last bar.
 */
function average(length: number): (value: number) => number {
  const values: number[] = []
  return (value) => {
    values.push(value)
    if (values.length > length) values.shift()
    return values.length < length ? NaN : values.reduce((sum, one) => sum + one, 0) / length
  }
}

const smaCross = (last: TimeNs) => (): Strategy => {
  const [fast, slow] = [average(10), average(30)]
  let [quick, steady, wanted] = [NaN, NaN, 0]
  return {
    name: 'sma-cross',
    onTrade({ instrument }, { orders, now }) {
      if (now >= last) orders.target(instrument, 0)
      else if (wanted !== 0) orders.targetWeight(instrument, wanted)
      wanted = 0
    },
    onBar({ close }) {
      const before = quick - steady
      quick = fast(close)
      steady = slow(close)
      if (before < 0 && quick > steady) wanted = 1
      if (before > 0 && quick < steady) wanted = -1
    },
  }
}

const wholeDays = (days: number): string => `${Math.ceil(days - 1e-9)} days`

const ours: Readonly<Record<string, (s: RunStatistics) => number | string>> = {
  '# Trades': (s) => s.trades.trades,
  'Equity Final [$]': (s) => s.finalEquity,
  'Equity Peak [$]': (s) => s.peakEquity,
  'Return [%]': (s) => s.totalReturn * 100,
  'Buy & Hold Return [%]': (s) => (s.benchmark?.totalReturn ?? NaN) * 100,
  'Return (Ann.) [%]': (s) => s.annualReturn * 100,
  'Volatility (Ann.) [%]': (s) => s.volatility * 100,
  'CAGR [%]': (s) => s.cagr * 100,
  'Sharpe Ratio': (s) => s.sharpeRatio,
  'Sortino Ratio': (s) => s.sortinoRatio,
  'Calmar Ratio': (s) => s.calmarRatio,
  'Max. Drawdown [%]': (s) => s.maxDrawdown * 100,
  'Avg. Drawdown [%]': (s) => s.averageDrawdown * 100,
  'Max. Drawdown Duration': (s) => wholeDays(s.maxDrawdownDays),
  'Avg. Drawdown Duration': (s) => wholeDays(s.averageDrawdownDays),
  'Exposure Time [%]': (s) => s.exposureTime * 100,
  'Win Rate [%]': (s) => s.trades.winRate * 100,
  'Best Trade [%]': (s) => s.trades.bestReturn * 100,
  'Worst Trade [%]': (s) => s.trades.worstReturn * 100,
  'Avg. Trade [%]': (s) => s.trades.averageReturn * 100,
  'Max. Trade Duration': (s) => wholeDays(s.trades.longestDurationDays),
  'Avg. Trade Duration': (s) => wholeDays(s.trades.averageDurationDays),
  'Profit Factor': (s) => s.trades.profitFactorOfReturns,
  'Expectancy [%]': (s) => s.trades.expectancyReturn * 100,
  SQN: (s) => s.trades.systemQualityNumber,
  'Kelly Criterion': (s) => s.trades.kellyCriterion,
  'Alpha [%]': (s) => (s.benchmark?.alpha ?? NaN) * 100,
  Beta: (s) => s.benchmark?.beta ?? NaN,
}

/** Every statistic that backtesting.py prints for the case, ours beside it. */
export async function backtestingPyFigures(shared: { readonly published: string; readonly data: string }): Promise<ScoredFigure[]> {
  const [file, path] = [`${shared.published}/backtesting-py.json`, `${shared.data}/reference/GOOG.csv`]
  if (!existsSync(file) || !existsSync(path)) return []
  const { expect } = (JSON.parse(readFileSync(file, 'utf8')) as { case: { expect: Record<string, number | string> } }).case
  const goog = equity('GOOG', { calendar: '24x7' })
  const bars = (): ReturnType<typeof csvBars> => csvBars({ path, instrument: goog, schema: 'ohlcv-1d', timeZone: 'UTC', knownAt: '00:00' })
  const closes = await priceCurve(bars())
  const { report } = await run({
    time: 'backtest',
    strategy: smaCross(closes.times[closes.times.length - 1]),
    // The open of a day comes before its bar.
    feeds: [barOpens(bars()), bars()],
    benchmark: { ...closes, heldFrom: closes.times[29] },
    broker: simulatedBroker({
      cash: 10_000,
      margin: 'unlimited',
      participation: Infinity,
      matchOn: 'bars',
      fill: standardFills({ market: 'current' }),
    }),
  })
  const { statistics } = runStatistics(report.record, { conventions: conventions.backtestingPy })
  return Object.entries(expect).map(([name, published]) => ({
    source: 'backtesting.py',
    name,
    ours: ours[name]?.(statistics) ?? 'not computed',
    published,
    relative: 1e-8,
  }))
}
