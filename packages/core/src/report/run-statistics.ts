import { periodsPerYearOf, ratePerPeriod } from '../statistics/annualisation.js'
import {
  alpha,
  beta,
  jensenAlpha,
  downCapture,
  informationRatio,
  rSquared,
  trackingError,
  treynorRatio,
  upCapture,
} from '../statistics/benchmark.js'
import { conventions, type StatisticsConventions } from '../statistics/conventions.js'
import { forEachDrawdown, maxDrawdownOfEquity, painIndex, ulcerIndex } from '../statistics/drawdown.js'
import { kurtosis, mean, skewness } from '../statistics/moments.js'
import { deflatedSharpeRatio, probabilisticSharpeRatio } from '../statistics/probabilistic.js'
import { annualMean, growthRate, simpleReturns, toLogReturns } from '../statistics/returns.js'
import { omegaRatio } from '../statistics/ratios.js'
import { type Curve, inferPeriodsPerYear, sampleEquity } from '../statistics/sampling.js'
import { secondsReader } from '../statistics/time-columns.js'
import { conditionalValueAtRisk, tailRatio, valueAtRisk } from '../statistics/tail.js'
import { matchTrades, type TradeColumns, type TradeStatistics, tradeStatistics } from '../statistics/trades.js'
import { annualVolatility, downsideRisk } from '../statistics/volatility.js'
import { best, turnover, winRate, worst } from '../statistics/wins.js'
import { type BenchmarkCurve, type RunRecord } from './run-record.js'

/** Options of {@link runStatistics}. */
export interface RunStatisticsOptions {
  /** Default `conventions.gatehouse`. */
  readonly conventions?: StatisticsConventions | undefined
  /** Risk-free rate per year, a fraction; or rates through time, each from its time on: the mean of those that held at the times equity was sampled at. Default 0. */
  readonly riskFreeAnnual?: number | Curve | undefined
  /** How many strategies were tried before this one was chosen, this one included, and the variance of their Sharpe ratios per period. */
  readonly trials?: { readonly count: number; readonly varianceOfSharpes: number } | undefined
}

/** Against the benchmark; fractions a year unless the convention says otherwise. */
export interface BenchmarkStatistics {
  readonly name: string
  readonly totalReturn: number
  readonly alpha: number
  readonly beta: number
  readonly rSquared: number
  readonly informationRatio: number
  readonly trackingError: number
  readonly treynorRatio: number
  readonly upCapture: number
  readonly downCapture: number
}

/** The figures of a run. Fractions unless named otherwise (0.01 is 1 %), money in the record's currency, durations in days. */
export interface RunStatistics {
  readonly from: bigint | undefined
  readonly to: bigint | undefined
  readonly days: number
  /** Returns per period that the ratios are made of. */
  readonly periods: number
  readonly periodsPerYear: number
  readonly initialEquity: number
  readonly finalEquity: number
  readonly peakEquity: number
  readonly netProfit: number
  readonly totalReturn: number
  /** Growth over calendar time. */
  readonly cagr: number
  /** Mean return a year under the convention. */
  readonly annualReturn: number
  readonly volatility: number
  readonly downsideRisk: number
  readonly sharpeRatio: number
  readonly sortinoRatio: number
  readonly calmarRatio: number
  readonly omegaRatio: number
  readonly maxDrawdown: number
  readonly averageDrawdown: number
  readonly maxDrawdownDays: number
  readonly averageDrawdownDays: number
  /** Longest time from the first sample below a peak until the peak was regained; 0 when no fall was recovered. */
  readonly longestRecoveryDays: number
  readonly ulcerIndex: number
  readonly painIndex: number
  readonly skewness: number
  readonly kurtosis: number
  readonly tailRatio: number
  readonly valueAtRisk: number
  readonly conditionalValueAtRisk: number
  readonly bestPeriod: number
  readonly worstPeriod: number
  /** Share of periods with a gain among those with any return. */
  readonly winningPeriods: number
  readonly probabilisticSharpeRatio: number
  /** `undefined` when it was not said how many strategies were tried. */
  readonly deflatedSharpeRatio: number | undefined
  readonly fills: number
  readonly tradedNotional: number
  readonly fees: number
  /** Traded notional over mean equity, a year. */
  readonly turnover: number
  /** Traded notional over equity, the mean of all sampling periods. */
  readonly turnoverPerPeriod: number
  /** Share of samples with a position. */
  readonly exposureTime: number
  readonly trades: TradeStatistics
  readonly benchmark: BenchmarkStatistics | undefined
}

/** What the figures were computed from, for charts and for checks. */
export interface RunSeries {
  /** Equity at the sampling times, the start included. */
  readonly sampled: Curve
  /** Returns per period and when each was complete. */
  readonly returns: Float64Array
  readonly returnTimes: BigInt64Array
  /** Of the benchmark, in the same rows; empty without one. */
  readonly benchmarkReturns: Float64Array
  readonly trades: TradeColumns
}

/** Statistics of a run, and the series behind them. */
export interface RunAnalysis {
  readonly statistics: RunStatistics
  readonly series: RunSeries
}

/**
 * Computes every statistic of a run. Pure: the same record gives the same figures everywhere.
 * Undefined figures are `NaN` (or the convention's stand-in); `describeFindings` says in words why.
 */
export function runStatistics(record: RunRecord, options: RunStatisticsOptions = {}): RunAnalysis {
  const { conventions: chosen = conventions.gatehouse, trials } = options
  const equity = fromStart(withoutGaps(record.equity), record, chosen)
  const hasRisk = (risk: number): number => (risk === 0 && chosen.withoutRisk === 'undefined' ? NaN : risk)
  const sampled = sampleWithStart(equity, chosen)
  const riskFreeAnnual = meanRate(options.riskFreeAnnual ?? 0, sampled.times)
  const returns = roundTo(simpleReturns(sampled.values).subarray(chosen.skippedReturns), chosen.returnDecimals)
  const returnTimes = sampled.times.subarray(1 + chosen.skippedReturns)
  const periodsPerYear =
    chosen.periodsPerYear === 'infer' ? inferPeriodsPerYear(sampled.times, chosen.timeZone) : periodsPerYearOf(chosen.periodsPerYear)
  const benchmarkReturns =
    record.benchmark === undefined
      ? new Float64Array(0)
      : simpleReturns(keepDigits(valuesAt(record.benchmark, sampled.times), chosen.benchmarkDigits)).subarray(chosen.skippedReturns)
  const trades = record.trades ?? matchTrades(record.fills, { multipliers: multipliersOf(record) })

  const last = equity.values.length - 1
  const days = last < 0 ? 0 : Number(equity.times[last] - equity.times[0]) / 86_400e9
  const finalEquity = last < 0 ? record.initialEquity : equity.values[last]
  const cagr = growthRate(record.initialEquity, finalEquity, days / chosen.daysPerYear)
  const earned = annualMean(returns, chosen.meanConvention, periodsPerYear)
  const volatility = annualVolatility(returns, { periodsPerYear, convention: chosen.volatilityConvention })
  const downside = downsideRisk(returns, {
    periodsPerYear,
    convention: chosen.downsideConvention,
    requiredReturn: chosen.meanConvention === 'arithmetic' ? riskFreeAnnual / periodsPerYear : 0,
  })
  const fallen = forDrawdowns(equity, sampled, chosen)
  const maxDrawdown = maxDrawdownOfEquity(fallen.values)
  const falls = summarizeFalls(fallen)
  const perPeriod = riskFreeAnnual / periodsPerYear
  const tradedNotional = notionalOf(record)
  const statistics: RunStatistics = {
    from: last < 0 ? undefined : equity.times[0],
    to: last < 0 ? undefined : equity.times[last],
    days,
    periods: returns.length,
    periodsPerYear,
    initialEquity: record.initialEquity,
    finalEquity,
    peakEquity: best(equity.values),
    netProfit: finalEquity - record.initialEquity,
    totalReturn: finalEquity / record.initialEquity - 1,
    cagr,
    annualReturn: earned,
    volatility,
    downsideRisk: downside,
    sharpeRatio: (earned - riskFreeAnnual) / hasRisk(volatility),
    sortinoRatio: (earned - riskFreeAnnual) / hasRisk(downside),
    calmarRatio: (chosen.meanConvention === 'geometric' ? earned : cagr) / (maxDrawdown < 0 ? -maxDrawdown : NaN),
    omegaRatio: omegaRatio(returns, { periodsPerYear, riskFree: ratePerPeriod(riskFreeAnnual, periodsPerYear) }),
    maxDrawdown,
    averageDrawdown: falls.averageDepth,
    maxDrawdownDays: falls.longestDays,
    averageDrawdownDays: falls.averageDays,
    longestRecoveryDays: falls.longestRecoveryDays,
    ulcerIndex: ulcerIndex(returns),
    painIndex: painIndex(returns),
    skewness: skewness(returns),
    kurtosis: kurtosis(returns),
    tailRatio: tailRatio(returns),
    valueAtRisk: valueAtRisk(returns),
    conditionalValueAtRisk: conditionalValueAtRisk(returns),
    bestPeriod: best(returns),
    worstPeriod: worst(returns),
    winningPeriods: winRate(returns),
    probabilisticSharpeRatio: probabilisticSharpeRatio(returns, {
      riskFree: perPeriod,
      benchmarkSharpe: chosen.benchmarkSharpeAnnual / Math.sqrt(periodsPerYear),
      kurtosisTerm: chosen.kurtosisTerm,
    }),
    deflatedSharpeRatio:
      trials && deflatedSharpeRatio(returns, { trials: trials.count, varianceOfSharpes: trials.varianceOfSharpes, riskFree: perPeriod }),
    fills: record.fills.times.length,
    tradedNotional,
    fees: record.fills.fees.reduce((total, fee) => total + fee, 0),
    turnover: turnover(tradedNotional, equity.values, days / chosen.daysPerYear),
    turnoverPerPeriod: turnoverPerPeriod(record, sampled),
    exposureTime: exposureOf(record, trades, chosen.exposure),
    trades: tradeStatistics(trades, record.initialEquity),
    benchmark: record.benchmark && benchmarkStatistics(record.benchmark, returns, benchmarkReturns, chosen, periodsPerYear, riskFreeAnnual),
  }
  return { statistics: standIn(statistics, chosen.whenUndefined), series: { sampled, returns, returnTimes, benchmarkReturns, trades } }
}

function benchmarkStatistics(
  benchmark: BenchmarkCurve,
  returns: Float64Array,
  benchmarkReturns: Float64Array,
  chosen: StatisticsConventions,
  periodsPerYear: number,
  riskFreeAnnual: number,
): BenchmarkStatistics {
  const isLog = chosen.betaReturns === 'log'
  const slope = isLog ? beta(toLogReturns(returns), toLogReturns(benchmarkReturns)) : beta(returns, benchmarkReturns)
  const { meanConvention } = chosen
  const perPeriod = riskFreeAnnual / periodsPerYear
  const isPerPeriod = chosen.alphaConvention === 'compounded' || chosen.alphaConvention === 'scaled'
  const held = heldReturn(benchmark)
  const own = returns.reduce((growth, value) => growth * (1 + value), 1) - 1
  return {
    name: benchmark.name,
    totalReturn: held,
    alpha:
      slope === 0 && chosen.withoutRisk === 'undefined'
        ? NaN
        : chosen.alphaConvention === 'total'
          ? jensenAlpha(own, held, slope, riskFreeAnnual)
          : alpha(returns, benchmarkReturns, {
              beta: slope,
              periodsPerYear,
              convention: chosen.alphaConvention,
              meanConvention,
              riskFree: isPerPeriod ? perPeriod : 0,
              riskFreeAnnual,
            }),
    beta: slope,
    rSquared: rSquared(returns, benchmarkReturns),
    informationRatio: informationRatio(returns, benchmarkReturns, { periodsPerYear, meanConvention }),
    trackingError: trackingError(returns, benchmarkReturns, { periodsPerYear }),
    treynorRatio: treynorRatio(returns, benchmarkReturns, { periodsPerYear, meanConvention, riskFreeAnnual }),
    upCapture: upCapture(returns, benchmarkReturns, { periodsPerYear }),
    downCapture: downCapture(returns, benchmarkReturns, { periodsPerYear }),
  }
}

interface Falls {
  readonly averageDepth: number
  readonly averageDays: number
  readonly longestDays: number
  readonly longestRecoveryDays: number
}

function summarizeFalls({ times, values }: Curve): Falls {
  const secondsAt = secondsReader(times)
  let [count, depths, days, longestDays, longestRecoveryDays] = [0, 0, 0, 0, 0]
  forEachDrawdown(values, ({ peak, end, depth, isRecovered }) => {
    count++
    depths += depth
    const length = (secondsAt(end) - secondsAt(peak)) / 86_400
    days += length
    longestDays = Math.max(longestDays, length)
    if (isRecovered) longestRecoveryDays = Math.max(longestRecoveryDays, (secondsAt(end) - secondsAt(peak + 1)) / 86_400)
  })
  return { averageDepth: depths / (count || NaN), averageDays: days / (count || NaN), longestDays, longestRecoveryDays }
}

/** What buying the benchmark and holding it to the end would have made. */
function heldReturn({ times, values, heldFrom }: BenchmarkCurve): number {
  const first = heldFrom === undefined ? 0 : times.findIndex((at) => at >= heldFrom)
  return first === -1 || values.length === 0 ? NaN : values[values.length - 1] / values[first] - 1
}

/** The sampled curve, with the first recorded sample in front when its period has more: otherwise the first day's result is lost. */
function sampleWithStart(equity: Curve, chosen: StatisticsConventions): Curve {
  const sampled = sampleEquity(equity, chosen)
  if (sampled.times.length === 0 || sampled.times[0] === equity.times[0]) return sampled
  const times = new BigInt64Array(sampled.times.length + 1)
  const values = new Float64Array(sampled.values.length + 1)
  times[0] = equity.times[0]
  values[0] = equity.values[0]
  times.set(sampled.times, 1)
  values.set(sampled.values, 1)
  return { times, values }
}

/** The curve from when the run began, where the convention counts from there. */
function fromStart(equity: Curve, { startedAt, initialEquity }: RunRecord, { startsAt }: StatisticsConventions): Curve {
  if (startsAt !== 'run' || startedAt === undefined || equity.times.length === 0 || equity.times[0] <= startedAt) return equity
  const times = new BigInt64Array(equity.times.length + 1)
  const values = new Float64Array(times.length)
  times[0] = startedAt
  values[0] = initialEquity
  times.set(equity.times, 1)
  values.set(equity.values, 1)
  return { times, values }
}

/** Equity as the convention reads drawdowns of it. */
function forDrawdowns(equity: Curve, sampled: Curve, { drawdownSampling }: StatisticsConventions): Curve {
  if (drawdownSampling === undefined || equity.times.length === 0) return equity
  const { times, values } = equity
  const last = times.length - 1
  const span = Number(times[last] - times[0])
  const apart = BigInt(Math.round(Math.max(drawdownSampling.apartNs, span / drawdownSampling.samples)))
  const kept: { readonly at: bigint; readonly value: number }[] = []
  let next = times[0]
  let row = 0
  const keep = (at: bigint, value: number): void => {
    kept.push({ at, value })
    next = at + apart
  }
  for (let i = 0; i <= last; i++) {
    for (; row < sampled.times.length && sampled.times[row] < times[i]; row++) keep(sampled.times[row], sampled.values[row])
    if (i === 0 || i === last || times[i] > next) keep(times[i], values[i])
  }
  return { times: BigInt64Array.from(kept, ({ at }) => at), values: Float64Array.from(kept, ({ value }) => value) }
}

/** A rate as it is, or the mean of the steps that held at the times; the first step holds before it, too. */
function meanRate(rate: number | Curve, times: BigInt64Array): number {
  if (typeof rate === 'number') return rate
  return mean(valuesAt(rate, times))
}

/** The samples that could be valued. */
export function withoutGaps({ times, values }: Curve): Curve {
  if (values.every(Number.isFinite)) return { times, values }
  return { times: times.filter((_, i) => Number.isFinite(values[i])), values: values.filter(Number.isFinite) }
}

/** The curve's last value at or before each time; its first value before that. */
function valuesAt({ times, values }: Curve, at: BigInt64Array): Float64Array {
  let row = 0
  return Float64Array.from(at, (time) => {
    while (row + 1 < times.length && times[row + 1] <= time) row++
    return values.length === 0 ? NaN : values[row]
  })
}

function roundTo(values: Float64Array, decimals: number | undefined): Float64Array {
  if (decimals === undefined) return values
  const scale = 10 ** decimals
  return values.map((value) => Math.round(value * scale) / scale)
}

function keepDigits(values: Float64Array, digits: number | undefined): Float64Array {
  if (digits === undefined) return values
  return values.map((value) => {
    const decimals = Math.max(4, digits - 1 - Math.floor(Math.log10(Math.abs(value) || 1)))
    return Number(value.toFixed(Math.min(100, decimals)))
  })
}

function multipliersOf(record: RunRecord): Float64Array {
  return Float64Array.from(record.instruments, (instrument) => instrument.multiplier ?? 1)
}

function notionalOf(record: RunRecord): number {
  const multipliers = multipliersOf(record)
  const { instruments, quantities, prices } = record.fills
  return quantities.reduce((total, quantity, i) => total + Math.abs(quantity * prices[i]) * multipliers[instruments[i]], 0)
}

/** Mean over the sampling periods of what was traded in each over the equity at its end. */
function turnoverPerPeriod(record: RunRecord, sampled: Curve): number {
  const multipliers = multipliersOf(record)
  const { times, instruments, quantities, prices } = record.fills
  let fill = 0
  let total = 0
  for (let i = 1; i < sampled.times.length; i++) {
    for (; fill < times.length && times[fill] <= sampled.times[i]; fill++) {
      total += Math.abs((quantities[fill] * prices[fill] * multipliers[instruments[fill]]) / sampled.values[i])
    }
  }
  return total / (sampled.times.length - 1 || NaN)
}

/** Share of equity samples with a position: from the exposure curve, else from the trades and what is still open. */
function exposureOf(record: RunRecord, trades: TradeColumns, by: StatisticsConventions['exposure']): number {
  const { times } = record.equity
  if (times.length === 0) return NaN
  if (record.grossExposure !== undefined && by === 'samples')
    return record.grossExposure.filter((value) => value !== 0).length / times.length
  const at = secondsReader(times)
  const [entries, exits] = [secondsReader(trades.entryTimes), secondsReader(trades.exitTimes)]
  const held: [number, number][] = Array.from(trades.profits, (_, i) => [entries(i), exits(i)])
  for (const { instrument } of record.openPositions ?? []) {
    const opened = lastFlat(record, instrument)
    if (opened !== undefined) held.push([Number(opened) / 1e9, Infinity])
  }
  held.sort((a, b) => a[0] - b[0])
  let samples = 0
  let span = 0
  let until = -Infinity
  for (let i = 0; i < times.length; i++) {
    const now = at(i)
    for (; span < held.length && held[span][0] <= now; span++) until = Math.max(until, held[span][1])
    if (now <= until) samples++
  }
  return samples / times.length
}

/** When the position in an instrument was last opened from flat. */
function lastFlat({ fills }: RunRecord, instrument: number): bigint | undefined {
  let quantity = 0
  let opened: bigint | undefined
  for (let i = 0; i < fills.times.length; i++) {
    if (fills.instruments[i] !== instrument) continue
    if (Math.abs(quantity) < 1e-12) opened = fills.times[i]
    quantity += fills.quantities[i]
  }
  return opened
}

/** Puts a convention's value for undefined figures in place of `NaN`. */
function standIn<T extends object>(statistics: T, value: number): T {
  if (value !== value) return statistics
  const replace = (field: unknown): unknown =>
    typeof field === 'number' && field !== field ? value : typeof field === 'object' && field !== null ? standIn(field, value) : field
  return Object.fromEntries(Object.entries(statistics).map(([key, field]) => [key, replace(field)])) as T
}
