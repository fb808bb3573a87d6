import { existsSync, readFileSync } from 'node:fs'
import {
  conventions,
  etf,
  ibkrFixed,
  leanBars,
  leanQuotes,
  noFees,
  openTimeZone,
  perInstrument,
  priceCurve,
  run,
  runStatistics,
  simulatedBroker,
  standardFills,
  type Feed,
  type FeeModel,
  type LeanResolution,
  type RunResult,
  type RunStatistics,
  type Strategy,
} from '@gatehouse/core'
import type { ScoredFigure } from './scorecard-figure.js'

/**
 * Regression algorithms of QuantConnect LEAN, written for this engine with the public interface alone; LEAN's rules are options of broker, sizing and
 * statistics. What differs for a cause is in `scorecard-differences.json`.
 */
const newYork = openTimeZone('America/New_York')
const day = (date: string): bigint =>
  newYork.timeOfLocal(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8))) / 86_400_000, 0)

const spy = etf('SPY')
const leanFees = ibkrFixed({ maximumRate: 0.005 })
const keepsAside = { cashBuffer: 0.0025, fees: leanFees }

/** Buys everything on the first bar. */
const buyOnce = (): Strategy => {
  let isDone = false
  return {
    name: 'buy-once',
    onBar(bar, { orders }) {
      if (isDone) return
      isDone = true
      orders.targetWeight(bar.instrument, 1, keepsAside)
    },
  }
}

/** Sells on the first bar, and on the fill buys with a stop that is through already. */
const stopOnFill = (): Strategy => {
  let isDone = false
  return {
    name: 'stop-on-fill',
    onBar(bar, { orders }) {
      if (!isDone) orders.sell(bar.instrument, 100)
      isDone = true
    },
    onFill(fill, { orders }) {
      if (fill.side === 'sell') orders.buy(fill.instrument, 100, { type: 'stop', stopPrice: fill.price - 2 })
    },
  }
}

/** In on the first bar, out on the second. */
const inAndOut = (): Strategy => {
  let bars = 0
  return {
    name: 'in-and-out',
    onBar(bar, { orders }) {
      bars++
      if (bars === 1) orders.targetWeight(bar.instrument, 1, { cashBuffer: 0.0025, fees: noFees() })
      if (bars === 2) orders.target(bar.instrument, 0)
    },
  }
}

/** An exponential average that starts from the mean of its first values; `NaN` until it has them. */
function exponentialAverage(length: number): (value: number) => number {
  let [count, current] = [0, 0]
  return (value) => {
    count++
    current += (value - current) * (count <= length ? 1 / count : 2 / (length + 1))
    return count < length ? NaN : current
  }
}

/** Long while MACD(12, 26) lies more than 0.25 % of price above its signal line, out once it lies as much below. */
const macdTrend = (): Strategy => {
  const averages = perInstrument(() => ({ fast: exponentialAverage(12), slow: exponentialAverage(26), signal: exponentialAverage(9) }))
  return {
    name: 'macd-trend',
    onBar({ instrument, close }, { orders, portfolio }) {
      const { fast, slow, signal } = averages(instrument)
      const quick = fast(close)
      const macd = quick - slow(close)
      if (Number.isNaN(macd)) return
      const strength = (macd - signal(macd)) / quick
      const { quantity } = portfolio.position(instrument)
      if (quantity <= 0 && strength > 0.0025) orders.targetWeight(instrument, 1, keepsAside)
      else if (quantity >= 0 && strength < -0.0025) orders.target(instrument, 0)
    },
  }
}

/** A stop-limit to buy once the fast average leads, and after its fill one to sell once it no longer does. */
const stopLimits = (): Strategy => {
  const [fast, slow] = [exponentialAverage(30), exponentialAverage(60)]
  let step: 'buy' | 'bought' | 'sell' | 'done' = 'buy'
  return {
    name: 'stop-limits',
    onBar(bar, { orders }) {
      const [quick, steady] = [fast(bar.close), slow(bar.close)]
      if (step === 'buy' && quick > steady * 1.001) {
        step = 'bought'
        orders.buy(bar.instrument, 100, { type: 'stopLimit', stopPrice: bar.high * 1.1, limitPrice: bar.high * 1.11 })
      } else if (step === 'sell' && quick < steady * 1.001) {
        step = 'done'
        orders.sell(bar.instrument, 100, { type: 'stopLimit', stopPrice: bar.low * 0.99, limitPrice: bar.low * 0.98 })
      }
    },
    onFill(fill) {
      if (fill.side === 'buy') step = 'sell'
    },
  }
}

interface LeanCase {
  readonly resolution: LeanResolution
  /** First and last date, both included. */
  readonly from: string
  readonly to: string
  readonly strategy: () => Strategy
  readonly fees?: FeeModel | undefined
}

const cases: Readonly<Record<string, LeanCase>> = {
  BasicTemplateAlgorithm: { resolution: 'minute', from: '20131007', to: '20131011', strategy: buyOnce },
  BasicTemplateHourlyAlgorithm: { resolution: 'hour', from: '20131007', to: '20131011', strategy: buyOnce },
  BasicTemplateDailyAlgorithm: { resolution: 'daily', from: '20131008', to: '20131017', strategy: buyOnce },
  MACDTrendAlgorithm: { resolution: 'daily', from: '20040101', to: '20150101', strategy: macdTrend },
  StopLimitOrderRegressionAlgorithm: { resolution: 'daily', from: '20130101', to: '20170101', strategy: stopLimits },
  StopLossOnOrderEventRegressionAlgorithm: { resolution: 'minute', from: '20131007', to: '20131011', strategy: stopOnFill },
  ZeroFeeRegressionAlgorithm: { resolution: 'minute', from: '20131007', to: '20131011', strategy: inAndOut, fees: noFees() },
}

/** LEAN's conventions, each a documented option. */
async function runLean(data: string, { resolution, from, to, strategy, fees = leanFees }: LeanCase): Promise<RunResult> {
  const factorFile = `${data}/equities-hour/factor_files/spy.csv`
  const common = { directory: `${data}/equities-${resolution}`, symbol: 'SPY', resolution, instrument: spy, factorFile } as const
  const adjusted = { ...common, hours: 'regular', adjust: 'total' } as const
  // The quote of a minute is known when its bar is handled: its feed goes first.
  const feeds: Feed[] = [...(resolution === 'minute' ? [leanQuotes(adjusted)] : []), leanBars(adjusted)]
  const daily = leanBars({ ...adjusted, directory: `${data}/equities-daily`, resolution: 'daily' })
  const range = { from: day(from), to: day(to) + 86_400_000_000_000n }
  return run({
    time: 'backtest',
    strategy,
    feeds,
    range,
    wrongSideStops: 'accept',
    benchmark: await priceCurve(resolution === 'daily' ? daily : leanBars(adjusted), { range: { from: 0n, to: range.to } }),
    broker: simulatedBroker({
      cash: 100_000,
      fees,
      margin: 'unlimited',
      participation: Infinity,
      matchOn: 'bars',
      fill: standardFills({ market: 'current', limit: 'through', stop: 'touch', stopLimit: 'closeInside' }),
    }),
  })
}

/** The primary credit rate of the Federal Reserve by day, which LEAN takes for the risk-free rate. */
function primaryCreditRate(data: string): { readonly times: BigInt64Array; readonly values: Float64Array } {
  const rows = readFileSync(`${data}/equities-hour/interest-rate.csv`, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','))
  return {
    times: BigInt64Array.from(rows, ([date]) => day(date.replaceAll('-', ''))),
    values: Float64Array.from(rows, ([, rate]) => Number(rate) / 100),
  }
}

const fixed = (decimals: number, value: number): string => String(Number(value.toFixed(decimals)))
const percent = (decimals: number, value: number): string => `${(Math.abs(value) < 5e-13 ? 0 : value * 100).toFixed(decimals)}%`
const onCapital = (value: number): string => (value === 0 ? '0%' : percent(2, value).replace(/^-(0\.00%)$/, '$1'))

/** How LEAN prints its figures. */
const printed: Readonly<Record<string, (s: RunStatistics, result: RunResult) => string>> = {
  'Total Orders': (_, { report }) => String(report.record.orders.submitted),
  'Average Win': (s) => onCapital(s.trades.averageWinOnCapital),
  'Average Loss': (s) => onCapital(s.trades.averageLossOnCapital),
  'Compounding Annual Return': (s) => percent(3, s.cagr),
  Drawdown: (s) => percent(3, Number(Math.abs(s.maxDrawdown).toFixed(3))),
  Expectancy: (s) => fixed(3, s.trades.expectancyOnCapital),
  'Start Equity': (s) => String(s.initialEquity),
  'End Equity': (s) => s.finalEquity.toFixed(2),
  'Net Profit': (s) => percent(3, s.totalReturn),
  'Sharpe Ratio': (s) => fixed(3, s.sharpeRatio),
  'Sortino Ratio': (s) => fixed(3, s.sortinoRatio),
  'Probabilistic Sharpe Ratio': (s) => (s.probabilisticSharpeRatio === 0 ? '0%' : percent(3, s.probabilisticSharpeRatio)),
  'Loss Rate': (s) => percent(0, s.trades.trades === 0 ? 0 : 1 - s.trades.winRate),
  'Win Rate': (s) => percent(0, s.trades.winRate),
  'Profit-Loss Ratio': (s) => fixed(2, s.trades.payoffRatioOnCapital),
  Alpha: (s) => fixed(3, s.benchmark?.alpha ?? NaN),
  Beta: (s) => fixed(3, s.benchmark?.beta ?? NaN),
  'Annual Standard Deviation': (s) => fixed(3, s.volatility),
  'Annual Variance': (s) => fixed(3, s.volatility ** 2),
  'Information Ratio': (s) => fixed(3, s.benchmark?.informationRatio ?? NaN),
  'Tracking Error': (s) => fixed(3, s.benchmark?.trackingError ?? NaN),
  'Treynor Ratio': (s) => fixed(3, s.benchmark?.treynorRatio ?? NaN),
  'Total Fees': (s) => `$${(Math.round(s.fees * 100 + 1e-7) / 100).toFixed(2)}`,
  'Portfolio Turnover': (s) => percent(2, s.turnoverPerPeriod),
  'Drawdown Recovery': (s) => String(Math.trunc(s.longestRecoveryDays)),
}

/** Every figure that LEAN prints for the algorithms above, ours beside it. */
export async function leanFigures(shared: { readonly published: string; readonly data: string }): Promise<ScoredFigure[]> {
  const { published, data } = shared
  if (!existsSync(`${published}/lean.json`) || !existsSync(`${data}/equities-minute/spy`)) return []
  const { algorithms } = JSON.parse(readFileSync(`${published}/lean.json`, 'utf8')) as {
    algorithms: Record<string, { expected: Record<string, string> }>
  }
  const figures: ScoredFigure[] = []
  for (const [name, { expected }] of Object.entries(algorithms)) {
    const known = cases[name]
    const result = known === undefined ? undefined : await runLean(data, known)
    const statistics =
      result === undefined
        ? undefined
        : runStatistics(result.report.record, { conventions: conventions.lean, riskFreeAnnual: primaryCreditRate(data) }).statistics
    for (const [figure, value] of Object.entries(expected)) {
      const print = printed[figure]
      const ours = result === undefined || statistics === undefined || print === undefined ? 'not computed' : print(statistics, result)
      figures.push({ source: 'LEAN', name: `${name}: ${figure}`, ours, published: value })
    }
  }
  return figures
}
