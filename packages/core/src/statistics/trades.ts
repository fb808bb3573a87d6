import { TradingError } from '@gatehouse/contracts'
import { countValid, mean, median, standardDeviation, sum } from './moments.js'
import { geometricMean } from './returns.js'
import { type TradeColumns } from './trade-matcher.js'
import {
  averageLoss,
  averageWin,
  best,
  consecutiveLosses,
  consecutiveWins,
  expectancy,
  expectancyRatio,
  kellyCriterion,
  payoffRatio,
  profitFactor,
  systemQualityNumber,
  winRate,
  worst,
} from './wins.js'

export { type FillColumns, type MatchOptions, matchTrades, type TradeColumns } from './trade-matcher.js'

/** Return of each trade on its entry price, signed by direction and before fees: `exit / entry - 1` for a long one. */
export function tradeReturns(trades: TradeColumns): Float64Array {
  return trades.quantities.map((quantity, i) => (trades.exitPrices[i] / trades.entryPrices[i] - 1) * Math.sign(quantity))
}

/**
 * Profit of each trade over the capital before it: the starting capital and the profits of the trades closed earlier.
 * The base of LEAN's average win, average loss and expectancy.
 */
export function returnsOnCapital(profits: Float64Array, startingCapital: number): Float64Array {
  let capital = startingCapital
  return profits.map((profit) => {
    const share = profit / capital
    capital += profit
    return share
  })
}

/** How long each trade was held, in days. */
export function tradeDurationsDays(trades: TradeColumns): Float64Array {
  return Float64Array.from(trades.quantities, (_, i) => Number(trades.exitTimes[i] - trades.entryTimes[i]) / 86_400e9)
}

/** Statistics of closed trades. Money in the account's currency, returns as fractions, `NaN` where there is nothing to say. */
export interface TradeStatistics {
  readonly trades: number
  readonly longTrades: number
  readonly shortTrades: number
  /** Gains over all trades, those that made nothing included. */
  readonly winRate: number
  readonly grossProfit: number
  /** Negative. */
  readonly grossLoss: number
  readonly netProfit: number
  /** Of money. {@link TradeStatistics.profitFactorOfReturns} is of fractions, as backtesting.py prints it. */
  readonly profitFactor: number
  readonly profitFactorOfReturns: number
  /** Mean profit, money a trade. */
  readonly expectancy: number
  /** Mean return of a trade on its entry price. */
  readonly expectancyReturn: number
  /** Geometric mean return of a trade; 0 when one lost everything. */
  readonly averageReturn: number
  readonly averageWin: number
  readonly averageLoss: number
  readonly payoffRatio: number
  /** Mean gain and loss over the capital before each trade; payoff and expectancy of those: `winRate * payoff - lossRate`. */
  readonly averageWinOnCapital: number
  readonly averageLossOnCapital: number
  readonly payoffRatioOnCapital: number
  readonly expectancyOnCapital: number
  readonly bestReturn: number
  readonly worstReturn: number
  readonly bestProfit: number
  readonly worstProfit: number
  readonly standardDeviation: number
  readonly systemQualityNumber: number
  readonly kellyCriterion: number
  readonly longestWinStreak: number
  readonly longestLossStreak: number
  readonly averageDurationDays: number
  readonly medianDurationDays: number
  readonly longestDurationDays: number
  readonly fees: number
  /** Largest fall of the running sum of profits from its peak, money, negative or 0. */
  readonly maxClosedDrawdown: number
}

/**
 * Computes {@link TradeStatistics}.
 * @param startingCapital for the figures on capital, in the account's currency; `NaN` (default) leaves them undefined
 */
export function tradeStatistics(trades: TradeColumns, startingCapital = NaN): TradeStatistics {
  requireColumns(trades)
  const onCapital = returnsOnCapital(trades.profits, startingCapital)
  const { profits, quantities } = trades
  const returns = tradeReturns(trades)
  const durations = tradeDurationsDays(trades)
  const geometric = geometricMean(returns)
  return {
    trades: profits.length,
    longTrades: countValid(quantities.filter((quantity) => quantity > 0)),
    shortTrades: countValid(quantities.filter((quantity) => quantity < 0)),
    winRate: winRate(profits, { ignoresZeros: false }),
    grossProfit: sum(profits.filter((profit) => profit > 0)),
    grossLoss: sum(profits.filter((profit) => profit < 0)),
    netProfit: sum(profits),
    profitFactor: profitFactor(profits),
    profitFactorOfReturns: profitFactor(returns),
    expectancy: expectancy(profits),
    expectancyReturn: expectancy(returns),
    averageReturn: returns.some((value) => value <= -1) ? 0 : geometric,
    averageWin: averageWin(profits),
    averageLoss: averageLoss(profits),
    payoffRatio: payoffRatio(profits),
    averageWinOnCapital: averageWin(onCapital),
    averageLossOnCapital: averageLoss(onCapital),
    payoffRatioOnCapital: payoffRatio(onCapital),
    expectancyOnCapital: expectancyRatio(onCapital),
    bestReturn: best(returns),
    worstReturn: worst(returns),
    bestProfit: best(profits),
    worstProfit: worst(profits),
    standardDeviation: standardDeviation(profits),
    systemQualityNumber: systemQualityNumber(profits),
    kellyCriterion: kellyCriterion(profits, { ignoresZeros: false }),
    longestWinStreak: consecutiveWins(profits),
    longestLossStreak: consecutiveLosses(profits),
    averageDurationDays: mean(durations),
    medianDurationDays: median(durations),
    longestDurationDays: best(durations),
    fees: sum(trades.fees),
    maxClosedDrawdown: closedDrawdown(profits),
  }
}

function closedDrawdown(profits: Float64Array): number {
  let total = 0
  let peak = 0
  let deepest = 0
  for (const profit of profits) {
    total += profit
    peak = Math.max(peak, total)
    deepest = Math.min(deepest, total - peak)
  }
  return deepest
}

function requireColumns(trades: TradeColumns): void {
  for (const [name, column] of Object.entries(trades) as [string, ArrayLike<unknown>][]) {
    if (column.length === trades.profits.length) continue
    throw new TradingError('STATISTICS_INPUT', `trade column ${name} has ${column.length} rows, profits has ${trades.profits.length}`, {
      column: name,
    })
  }
}
