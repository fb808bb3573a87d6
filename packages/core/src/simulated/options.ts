import type { Instrument } from '../interfaces/instrument.js'
import type { FeeModel } from './fees.js'
import type { FillModel } from './fill-model.js'
import type { SlippageModel } from './slippage.js'

/** How long messages take. Fixed, or drawn by a function of a seeded random number in [0, 1). Nanoseconds. */
export interface LatencyOptions {
  /** From us to the venue. Default 0. */
  readonly orderNs?: number | ((random: number) => number) | undefined
  /** From the venue back to us. Default 0. */
  readonly responseNs?: number | ((random: number) => number) | undefined
}

/** What a position ties up. */
export interface MarginModel {
  readonly name: string
  /** Equity needed to open a position of this absolute quantity at this price, in the instrument's currency. */
  initial(instrument: Instrument, quantity: number, price: number): number
  /** Equity needed to keep it. */
  maintenance(instrument: Instrument, quantity: number, price: number): number
}

/** Equity must cover `1 / leverage` of every position's value; maintenance is `maintenance` of it. */
export function leverageMargin(leverage: number, maintenance = 0.25): MarginModel {
  const kept = Math.min(1 / leverage, maintenance)
  return {
    name: `leverage ${leverage}`,
    initial: ({ multiplier }, quantity, price) => (quantity * price * multiplier) / leverage,
    maintenance: ({ multiplier }, quantity, price) => quantity * price * multiplier * kept,
  }
}

/** An amount a contract, by instrument id or symbol: futures. */
export function contractMargin(
  perContract: Readonly<Record<string, { readonly initial: number; readonly maintenance: number }>>,
): MarginModel {
  const of = ({ id, symbol }: Instrument): { initial: number; maintenance: number } | undefined => perContract[id] ?? perContract[symbol]
  return {
    name: 'margin per contract',
    initial: (instrument, quantity) => quantity * (of(instrument)?.initial ?? NaN),
    maintenance: (instrument, quantity) => quantity * (of(instrument)?.maintenance ?? NaN),
  }
}

/** Borrowing shares to sell them short. */
export interface BorrowOptions {
  /** Yearly cost, a fraction of the short value, for an instrument. `undefined`: it cannot be borrowed, and selling it short is refused. */
  readonly rateAnnual: number | ((instrument: Instrument) => number | undefined)
}

/** Data that orders can meet. */
export type MatchSource = 'finest' | 'book' | 'quotes' | 'trades' | 'bars'

/** Options of `simulatedBroker`. */
export interface SimulatedBrokerOptions {
  /** Cash at the start, in `currency`. */
  readonly cash: number
  /** ISO 4217; default `'USD'`. */
  readonly currency?: string | undefined
  readonly name?: string | undefined
  readonly account?: string | undefined
  /** Default {@link noFees}, which reports say. */
  readonly fees?: FeeModel | undefined
  /** Default {@link noSlippage}. */
  readonly slippage?: SlippageModel | undefined
  readonly latency?: LatencyOptions | undefined
  /** Default {@link standardFills}`()`. */
  readonly fill?: FillModel | undefined
  /**
   * Share of an event's volume or displayed size that own orders may take together; the rest of an order waits for later events.
   * Default 1. `Infinity`: size never limits a fill, which reports say.
   */
  readonly participation?: number | undefined
  /**
   * Which data orders meet, where an instrument has several: the `'finest'` (default: book, quotes, trades, then the shortest bars), or one kind
   * alone. With `'bars'`, quotes beside bars still price `market: 'current'` fills, as LEAN does.
   */
  readonly matchOn?: MatchSource | undefined
  /** Default `leverageMargin(1)`: what is bought must be paid for, and shorts covered by as much equity. `'unlimited'` checks nothing. */
  readonly margin?: MarginModel | 'unlimited' | undefined
  /** Default: free, and always to be had. */
  readonly borrow?: BorrowOptions | undefined
  /** Seed of the random latencies; default 1. */
  readonly seed?: number | undefined
}
