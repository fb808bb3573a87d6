import { requireRange } from './input.js'
import { countValid, mean, standardDeviation, sum } from './moments.js'
import { tailRatio } from './tail.js'

/**
 * Statistics of gains and losses. They read returns per period as well as results per trade (money or fractions): shape `[n]`,
 * one value each; positive is a gain. `NaN` is skipped.
 */
export interface WinOptions {
  /** Leaves zeros out of the count (a day out of the market is neither won nor lost). Default `true`; `false` for trades. */
  readonly ignoresZeros?: boolean | undefined
}

function counted(values: Float64Array, ignoresZeros: boolean): number {
  let count = countValid(values)
  if (ignoresZeros) for (let i = 0; i < values.length; i++) if (values[i] === 0) count--
  return count
}

/** Share of gains, a fraction in [0, 1]; `NaN` when there is nothing to count. */
export function winRate(values: Float64Array, { ignoresZeros = true }: WinOptions = {}): number {
  let wins = 0
  for (let i = 0; i < values.length; i++) if (values[i] > 0) wins++
  return wins / (counted(values, ignoresZeros) || NaN)
}

/** Share of losses, a fraction in [0, 1]; `NaN` when there is nothing to count. */
export function lossRate(values: Float64Array, { ignoresZeros = true }: WinOptions = {}): number {
  let losses = 0
  for (let i = 0; i < values.length; i++) if (values[i] < 0) losses++
  return losses / (counted(values, ignoresZeros) || NaN)
}

/** Mean of the values that are not zero; `NaN` for none. */
export function averageReturn(values: Float64Array): number {
  return mean(values.filter((value) => value !== 0))
}

/** Mean gain; `NaN` for no gains. */
export function averageWin(values: Float64Array): number {
  return mean(values.filter((value) => value > 0))
}

/** Mean loss, negative; `NaN` for no losses. */
export function averageLoss(values: Float64Array): number {
  return mean(values.filter((value) => value < 0))
}

/** Largest value; `NaN` for none. */
export function best(values: Float64Array): number {
  return values.reduce((most, value) => (value > most || most !== most ? value : most), NaN)
}

/** Smallest value; `NaN` for none. */
export function worst(values: Float64Array): number {
  return values.reduce((least, value) => (value < least || least !== least ? value : least), NaN)
}

/** Mean gain over mean loss, both as positive numbers; `NaN` without one of them. Also called win-loss ratio. */
export function payoffRatio(values: Float64Array): number {
  return averageWin(values) / -averageLoss(values)
}

/** Sum of gains over the sum of losses; infinite without a loss, `NaN` without either. */
export function profitFactor(values: Float64Array): number {
  let gains = 0
  let losses = 0
  for (let i = 0; i < values.length; i++) {
    if (values[i] > 0) gains += values[i]
    else if (values[i] < 0) losses -= values[i]
  }
  return gains / losses
}

/** Mean gain per gain over mean loss per loss: quantstats' profit ratio, zeros counted as gains; `NaN` without a loss. */
export function profitRatio(values: Float64Array): number {
  const gains = values.filter((value) => value >= 0)
  const losses = values.filter((value) => value < 0)
  if (gains.length === 0) return values.length === 0 ? NaN : 0
  return losses.length === 0 ? NaN : Math.abs(mean(gains) / gains.length) / Math.abs(mean(losses) / losses.length)
}

/** What a trade is expected to make, in the unit of the values: their mean; `NaN` for none. */
export function expectancy(values: Float64Array): number {
  return mean(values)
}

/** Expected gain in units of the average loss: `winRate * payoff - lossRate`. A trade that made nothing counts as lost (LEAN). */
export function expectancyRatio(values: Float64Array): number {
  const wins = winRate(values, { ignoresZeros: false })
  // Where nothing was won, what a win would pay does not matter.
  return (wins === 0 ? 0 : wins * payoffRatio(values)) - (1 - wins)
}

/**
 * System quality number: `sqrt(n) * mean / sample standard deviation` of trade results.
 * @see Tharp (2008), "Definitive Guide to Position Sizing"
 */
export function systemQualityNumber(results: Float64Array): number {
  const deviation = standardDeviation(results)
  return deviation > 0 ? (Math.sqrt(countValid(results)) * mean(results)) / deviation : NaN
}

/**
 * Kelly criterion: the share of capital `p - (1 - p) / payoff` that maximises growth; negative says do not bet.
 * @see Kelly (1956), "A New Interpretation of Information Rate", Bell System Technical Journal 35(4)
 */
export function kellyCriterion(values: Float64Array, { ignoresZeros = true }: WinOptions = {}): number {
  const wins = winRate(values, { ignoresZeros })
  return wins - (1 - wins) / payoffRatio(values)
}

/** Longest run of gains. */
export function consecutiveWins(values: Float64Array): number {
  return longestRun(values, (value) => value > 0)
}

/** Longest run of losses. */
export function consecutiveLosses(values: Float64Array): number {
  return longestRun(values, (value) => value < 0)
}

function longestRun(values: Float64Array, belongs: (value: number) => boolean): number {
  let longest = 0
  let run = 0
  for (let i = 0; i < values.length; i++) {
    run = belongs(values[i]) ? run + 1 : 0
    if (run > longest) longest = run
  }
  return longest
}

/** Profit factor times win rate times payoff ratio: the CPC index; above 1.2 is held to be good. */
export function cpcIndex(values: Float64Array): number {
  return profitFactor(values) * winRate(values) * payoffRatio(values)
}

/** Profit factor times {@link tailRatio}: the common sense ratio. */
export function commonSenseRatio(values: Float64Array): number {
  return profitFactor(values) * tailRatio(values)
}

/** Probability of losing everything after n equal bets with this win rate: `((1 - p) / (1 + p))^n`. */
export function riskOfRuin(values: Float64Array): number {
  const wins = winRate(values)
  return wins === wins ? Math.pow((1 - wins) / (1 + wins), values.length) : NaN
}

/** Options of {@link exposure}. */
export interface ExposureOptions {
  /** Rounds up to a multiple: 0.01 rounds up to whole percents as quantstats does. Default: none. */
  readonly roundUpTo?: number | undefined
}

/** Share of periods with a value other than zero: time in the market, a fraction; `NaN` for no periods. */
export function exposure(values: Float64Array, { roundUpTo }: ExposureOptions = {}): number {
  const share = counted(values, true) / (values.length || NaN)
  if (roundUpTo === undefined) return share
  requireRange('exposure', 'roundUpTo', roundUpTo, 1e-12, 1)
  const steps = Math.round(1 / roundUpTo)
  return Math.ceil(share * steps) / steps
}

/** Traded notional over the mean equity, per year: 1 is one full round of buying or of selling the portfolio, both sides counted. */
export function turnover(tradedNotional: number, equity: Float64Array, years: number): number {
  const average = sum(equity) / (countValid(equity) || NaN)
  return years > 0 && average > 0 ? tradedNotional / average / years : NaN
}
