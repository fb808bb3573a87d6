import { TradingError } from '@gatehouse/contracts'
import { countValid, mean, median, standardDeviation, sum } from './moments.js'
import { geometricMean } from './returns.js'
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

/** Executions as columns, shape `[fills]`, in the order they happened. */
export interface FillColumns {
  /** ns since the Unix epoch, UTC. */
  readonly times: BigInt64Array
  /** Row of the instrument in a list that goes with the columns. */
  readonly instruments: Uint32Array
  /** Signed: a buy is positive. */
  readonly quantities: Float64Array
  /** In the instrument's currency, per unit. */
  readonly prices: Float64Array
  /** Paid in the account's currency; negative is a rebate. */
  readonly fees: Float64Array
}

/** Closed trades as columns, shape `[trades]`, in the order they closed. */
export interface TradeColumns {
  /** Row of the instrument in a list that goes with the columns. */
  readonly instruments: Uint32Array
  /** Signed: a long trade is positive. */
  readonly quantities: Float64Array
  /** ns since the Unix epoch, UTC. */
  readonly entryTimes: BigInt64Array
  readonly exitTimes: BigInt64Array
  /** Average prices, in the instrument's currency. */
  readonly entryPrices: Float64Array
  readonly exitPrices: Float64Array
  /** After fees, in the account's currency. */
  readonly profits: Float64Array
  /** Fees of both sides, in the account's currency. */
  readonly fees: Float64Array
}

/** Options of {@link matchTrades}. */
export interface MatchOptions {
  /**
   * - `'fifo'` (default): each exit closes the oldest open fills first; a trade is one entry matched with one exit
   * - `'flat-to-flat'`: a trade runs from flat until flat again or reversed, at average prices
   */
  readonly method?: 'fifo' | 'flat-to-flat' | undefined
  /** Money per unit of price and quantity, by instrument row: 50 for an E-mini. Default 1. */
  readonly multipliers?: Float64Array | undefined
}

interface OpenLot {
  quantity: number
  readonly price: number
  readonly at: bigint
  /** Fee per unit of quantity. */
  readonly feePerUnit: number
}

interface TradeRow {
  readonly instrument: number
  readonly quantity: number
  readonly entryTime: bigint
  readonly exitTime: bigint
  readonly entryPrice: number
  readonly exitPrice: number
  readonly profit: number
  readonly fees: number
}

/**
 * Matches fills into closed trades. What is still open at the end is not a trade.
 * @throws {TradingError} `STATISTICS_INPUT` for a quantity that is not finite
 */
export function matchTrades(fills: FillColumns, { method = 'fifo', multipliers }: MatchOptions = {}): TradeColumns {
  const rows: TradeRow[] = []
  const lots = new Map<number, OpenLot[]>()
  const rounds = new Map<number, TradeRow[]>()
  for (let i = 0; i < fills.times.length; i++) {
    const instrument = fills.instruments[i]
    const open = lots.get(instrument) ?? []
    lots.set(instrument, open)
    const round = rounds.get(instrument) ?? []
    rounds.set(instrument, round)
    const feePerUnit = fills.fees[i] / Math.abs(fills.quantities[i])
    let remaining = fills.quantities[i]
    if (!Number.isFinite(remaining)) {
      throw new TradingError('STATISTICS_INPUT', `fill ${i} has a quantity of ${remaining}; a quantity is a number`, {
        row: i,
        quantity: remaining,
      })
    }
    const multiplier = multipliers?.[instrument] ?? 1
    while (remaining !== 0 && open.length > 0 && Math.sign(open[0].quantity) !== Math.sign(remaining)) {
      const lot = open[0]
      const size = Math.min(Math.abs(lot.quantity), Math.abs(remaining))
      const quantity = size * Math.sign(lot.quantity)
      const fees = size * (lot.feePerUnit + feePerUnit)
      const profit = (fills.prices[i] - lot.price) * quantity * multiplier - fees
      const closed = {
        instrument,
        quantity,
        entryTime: lot.at,
        exitTime: fills.times[i],
        entryPrice: lot.price,
        exitPrice: fills.prices[i],
        profit,
        fees,
      }
      if (method === 'fifo') rows.push(closed)
      else round.push(closed)
      remaining = withoutDust(remaining + quantity, size)
      lot.quantity = withoutDust(lot.quantity - quantity, size)
      if (lot.quantity === 0) open.shift()
    }
    if (round.length > 0 && open.length === 0) {
      rows.push(mergeRound(round))
      rounds.set(instrument, [])
    }
    if (remaining !== 0) open.push({ quantity: remaining, price: fills.prices[i], at: fills.times[i], feePerUnit })
  }
  return toColumns(rows)
}

// Fractional quantities leave a rest such as 2.8e-17 that no venue would call a position.
function withoutDust(quantity: number, traded: number): number {
  return Math.abs(quantity) <= 1e-12 * traded ? 0 : quantity
}

function mergeRound(parts: readonly TradeRow[]): TradeRow {
  const quantity = parts.reduce((total, part) => total + part.quantity, 0)
  const weighted = (of: (part: TradeRow) => number): number => parts.reduce((total, part) => total + of(part) * part.quantity, 0) / quantity
  return {
    instrument: parts[0].instrument,
    quantity,
    entryTime: parts[0].entryTime,
    exitTime: parts[parts.length - 1].exitTime,
    entryPrice: weighted((part) => part.entryPrice),
    exitPrice: weighted((part) => part.exitPrice),
    profit: parts.reduce((total, part) => total + part.profit, 0),
    fees: parts.reduce((total, part) => total + part.fees, 0),
  }
}

function toColumns(rows: readonly TradeRow[]): TradeColumns {
  return {
    instruments: Uint32Array.from(rows, (row) => row.instrument),
    quantities: Float64Array.from(rows, (row) => row.quantity),
    entryTimes: BigInt64Array.from(rows, (row) => row.entryTime),
    exitTimes: BigInt64Array.from(rows, (row) => row.exitTime),
    entryPrices: Float64Array.from(rows, (row) => row.entryPrice),
    exitPrices: Float64Array.from(rows, (row) => row.exitPrice),
    profits: Float64Array.from(rows, (row) => row.profit),
    fees: Float64Array.from(rows, (row) => row.fees),
  }
}

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
