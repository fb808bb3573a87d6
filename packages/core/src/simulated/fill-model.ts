import type { BarView, BookView, QuoteView, TradeView } from '../interfaces/view.js'
import type { RestingOrder } from './resting-order.js'

/** What the venue offers one order on one event. */
export interface Match {
  /** Quantity that is still to be had on this event, own orders of before taken off. `Infinity` where the data does not limit it. */
  readonly available: number
  /** The order reached the venue before the event began (before a bar opened): its whole range counts, not only its end. */
  readonly isWhole: boolean
  /** The event stands for the opening auction of the first session after the order arrived. Always true around the clock. */
  readonly isSessionOpen: boolean
  /** The event stands for the closing auction of the session the order arrived in or before. */
  readonly isSessionClose: boolean
  /** Last quote seen of the instrument, beside what the order meets; `NaN` when none was. */
  readonly bidPrice: number
  readonly askPrice: number
  /** Fills as much of the order as is available, at most `quantity`. @returns what was filled */
  fill(price: number, liquidity: 'added' | 'removed', quantity?: number): number
}

/** What is known of a market when an order arrives. `NaN` where nothing was seen. */
export interface MarketState {
  readonly bidPrice: number
  readonly askPrice: number
  readonly bidSize: number
  readonly askSize: number
  readonly lastPrice: number
}

/**
 * Decides what fills, on each event that an order meets at the venue. Orders are offered in the order of their arrival, and only events later than
 * the one they were sent on. Supply your own to {@link SimulatedBrokerOptions.fill}; passive queue positions belong here.
 */
export interface FillModel {
  readonly name: string
  /** Why its results are rosier than a market would be, or `undefined`. Every report says it. */
  readonly optimism: string | undefined
  onBar(order: RestingOrder, bar: BarView, match: Match): void
  onQuote(order: RestingOrder, quote: QuoteView, match: Match): void
  onTrade(order: RestingOrder, trade: TradeView, match: Match): void
  onBook(order: RestingOrder, book: BookView, match: BookMatch): void
  /** Fills against what is already known, in the turn the order was sent: optimistic. */
  onArrival?(order: RestingOrder, state: MarketState, match: Match): void
}

/** A match against a book. */
export interface BookMatch extends Match {
  /** Takes level by level up to a limit price, minus what own orders took there before. @returns what was filled */
  walk(limitPrice: number): number
}
