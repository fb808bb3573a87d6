import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { openTimeZone } from '../../../src/calendar/time-zone.js'
import { dayOfCivil } from '../../../src/calendar/civil.js'
import { type RunRecord, runStatistics, type RunStatistics } from '../../../src/report/index.js'
import { conventions } from '../../../src/statistics/index.js'
import { type PublishedCase } from './published-case.js'
import { sharedFile } from './shared.js'

/**
 * LEAN's printed statistics of three of its regression algorithms on SPY. The equity is computed here by a short script from LEAN's
 * price files (its own fill and sizing rules), so that the statistics are tested without an engine.
 */
const published = sharedFile('published/lean.json')
const daily = sharedFile('data/equities-daily/spy.csv.gz')
const hourly = sharedFile('data/equities-hour/spy.csv.gz')
const factors = sharedFile('data/equities-hour/factor_files/spy.csv')
const rates = sharedFile('data/equities-hour/interest-rate.csv')
const isMissing = [published, daily, hourly, factors, rates].includes(undefined)

const zone = openTimeZone('America/New_York')

interface Bar {
  /** Local day and the seconds since local midnight at which the bar ends. */
  readonly day: number
  readonly at: bigint
  readonly open: number
  readonly close: number
}

const dayOf = (text: string): number => dayOfCivil(Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6, 8)))
const midnight = (text: string): bigint => zone.timeOfLocal(dayOf(text), 0)

/** Adjusted bars of one of LEAN's files. Hour bars end on the hour; daily ones at the close of 16:00. */
function leanBars(file: string, isDaily: boolean): Bar[] {
  const scales = readFileSync(factors!, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','))
    .map(([date, price, split]) => ({ day: dayOf(date), scale: Number(price) * Number(split) }))
  return gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split(/\r?\n/)
    .map((line) => {
      const [stamp, open, , , close] = line.split(',')
      const day = dayOf(stamp)
      const { scale } = scales.find((factor) => factor.day >= day)!
      const ends = isDaily ? 16 * 3600 : (Number(stamp.slice(9, 11)) + 1) * 3600
      return { day, at: zone.timeOfLocal(day, ends), open: (Number(open) / 10_000) * scale, close: (Number(close) / 10_000) * scale }
    })
}

/** Average primary credit rate over the samples, as LEAN takes it. */
function riskFreeRate(times: BigInt64Array): number {
  const steps = readFileSync(rates!, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','))
    .map(([date, rate]) => ({ at: midnight(date.replaceAll('-', '')), rate: Number(rate) / 100 }))
  let total = 0
  for (const at of times) {
    let rate = steps[0].rate
    for (const step of steps) if (step.at <= at) rate = step.rate
    total += rate
  }
  return total / times.length
}

/** Whole shares that a share of the portfolio buys, with LEAN's buffer of 0.25 % and the fee. */
function sizeOf(value: number, price: number): number {
  const fee = (shares: number): number => Math.max(1, 0.005 * shares)
  let shares = Math.floor((value * 0.9975) / price)
  while (shares > 0 && shares * price > value - fee(shares) - 0.0025 * value) shares--
  return shares
}

/** One decision a bar, market on open of the next bar when `fillsNext`, else at the close of the bar itself. */
function simulate(
  bars: readonly Bar[],
  from: string,
  to: string,
  fillsNext: boolean,
  decide: (bar: Bar, shares: number) => 'buy' | 'sell' | undefined,
): RunRecord {
  const start = midnight(from)
  const end = midnight(to)
  const span = bars.filter((bar) => bar.at > start && bar.at <= end)
  const before = bars.filter((bar) => bar.at <= start).pop()!
  const times: bigint[] = [start]
  const values: number[] = [100_000]
  const fills: { at: bigint; quantity: number; price: number; fee: number }[] = []
  let cash = 100_000
  let shares = 0
  let pending = 0
  const fill = (at: bigint, quantity: number, price: number): void => {
    const fee = Math.max(1, 0.005 * Math.abs(quantity))
    cash -= quantity * price + fee
    shares += quantity
    fills.push({ at, quantity, price, fee })
  }
  for (const bar of span) {
    if (pending !== 0) fill(bar.at, pending, bar.open)
    pending = 0
    const wanted = decide(bar, shares)
    const quantity = wanted === 'buy' ? sizeOf(cash + shares * bar.close, bar.close) - shares : wanted === 'sell' ? -shares : 0
    if (fillsNext) pending = quantity
    else if (quantity !== 0) fill(bar.at, quantity, bar.close)
    times.push(bar.at)
    values.push(cash + shares * bar.close)
  }
  return {
    name: 'lean',
    environment: 'simulated',
    currency: 'USD',
    initialEquity: 100_000,
    equity: { times: BigInt64Array.from(times), values: Float64Array.from(values) },
    instruments: [{ symbol: 'SPY' }],
    fills: {
      times: BigInt64Array.from(fills, ({ at }) => at),
      instruments: new Uint32Array(fills.length),
      quantities: Float64Array.from(fills, ({ quantity }) => quantity),
      prices: Float64Array.from(fills, ({ price }) => price),
      fees: Float64Array.from(fills, ({ fee }) => fee),
    },
    benchmark: {
      name: 'SPY',
      times: BigInt64Array.from([before.at, ...span.map(({ at }) => at)]),
      values: Float64Array.from([before.close, ...span.map(({ close }) => close)]),
    },
    orders: { submitted: fills.length, filled: fills.length, canceled: 0, rejected: 0, expired: 0, working: 0 },
  }
}

const fixed =
  (decimals: number, suffix = '') =>
  (value: number): string =>
    `${String(Number(value.toFixed(decimals)))}${suffix}`
const percent =
  (decimals: number) =>
  (value: number): string =>
    `${(Math.abs(value) < 5e-13 ? 0 : value * 100).toFixed(decimals)}%`

const printed: Readonly<Record<string, (s: RunStatistics) => string>> = {
  'End Equity': (s) => s.finalEquity.toFixed(2),
  'Net Profit': (s) => percent(3)(s.totalReturn),
  'Compounding Annual Return': (s) => percent(3)(s.cagr),
  Drawdown: (s) => percent(3)(Number(Math.abs(s.maxDrawdown).toFixed(3))),
  'Sharpe Ratio': (s) => fixed(3)(s.sharpeRatio),
  'Sortino Ratio': (s) => fixed(3)(s.sortinoRatio),
  'Probabilistic Sharpe Ratio': (s) => percent(3)(s.probabilisticSharpeRatio),
  Alpha: (s) => fixed(3)(s.benchmark!.alpha),
  Beta: (s) => fixed(3)(s.benchmark!.beta),
  'Annual Standard Deviation': (s) => fixed(3)(s.volatility),
  'Information Ratio': (s) => fixed(3)(s.benchmark!.informationRatio),
  'Tracking Error': (s) => fixed(3)(s.benchmark!.trackingError),
  'Treynor Ratio': (s) => fixed(3)(s.benchmark!.treynorRatio),
  'Annual Variance': (s) => fixed(3)(s.volatility ** 2),
  'Average Win': (s) => percent(s.trades.averageWinOnCapital === 0 ? 0 : 2)(s.trades.averageWinOnCapital),
  'Average Loss': (s) => percent(s.trades.averageLossOnCapital === 0 ? 0 : 2)(s.trades.averageLossOnCapital),
  'Win Rate': (s) => percent(0)(s.trades.winRate),
  'Loss Rate': (s) => percent(0)(s.trades.trades === 0 ? 0 : 1 - s.trades.winRate),
  'Profit-Loss Ratio': (s) => fixed(2)(s.trades.payoffRatioOnCapital),
  Expectancy: (s) => fixed(3)(s.trades.expectancyOnCapital),
  'Portfolio Turnover': (s) => percent(2)(s.turnoverPerPeriod),
  'Drawdown Recovery': (s) => String(Math.trunc(s.longestRecoveryDays)),
  'Total Fees': (s) => `$${(Math.round(s.fees * 100 + 1e-7) / 100).toFixed(2)}`,
}

/** An exponential average that starts from the mean of its first values, as LEAN's does. */
function exponentialAverage(length: number): (value: number) => number {
  let count = 0
  let current = 0
  return (value) => {
    count++
    if (count <= length) current += (value - current) / count
    else current += (2 / (length + 1)) * (value - current)
    return count < length ? NaN : current
  }
}

function macdTrend(): (bar: Bar, shares: number) => 'buy' | 'sell' | undefined {
  const fast = exponentialAverage(12)
  const slow = exponentialAverage(26)
  const signal = exponentialAverage(9)
  return ({ close }, shares) => {
    const fastValue = fast(close)
    const macd = fastValue - slow(close)
    if (macd !== macd) return undefined
    const strength = (macd - signal(macd)) / fastValue
    if (shares <= 0 && strength > 0.0025) return 'buy'
    return shares > 0 && strength < -0.0025 ? 'sell' : undefined
  }
}

const cases: Readonly<Record<string, () => RunRecord>> = {
  BasicTemplateDailyAlgorithm: () =>
    simulate(leanBars(daily!, true), '20131008', '20131018', true, (_, shares) => (shares === 0 ? 'buy' : undefined)),
  BasicTemplateHourlyAlgorithm: () =>
    simulate(leanBars(hourly!, false), '20131007', '20131012', false, (_, shares) => (shares === 0 ? 'buy' : undefined)),
  MACDTrendAlgorithm: () => simulate(leanBars(daily!, true), '20040101', '20150102', true, macdTrend()),
}

/** One case a printed statistic. */
export function leanCases(): readonly PublishedCase[] {
  if (isMissing) return []
  const { algorithms } = JSON.parse(readFileSync(published!, 'utf8')) as {
    algorithms: Record<string, { expected: Record<string, string> }>
  }
  return Object.entries(cases).flatMap(([name, run]) => {
    const record = run()
    const { statistics } = runStatistics(record, { conventions: conventions.lean, riskFreeAnnual: riskFreeRate(record.equity.times) })
    return Object.entries(printed).map(([figure, print]) => ({
      source: 'LEAN',
      name: `${name}: ${figure}`,
      published: algorithms[name].expected[figure],
      ours: () => print(statistics),
    }))
  })
}
