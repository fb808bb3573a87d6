import type { Instrument } from '../interfaces/instrument.js'
import type { TimeNs } from '../interfaces/time.js'
import type { BarView, BookView, CorporateActionView, QuoteView, TradeView, TradingStatusView } from '../interfaces/view.js'
import type { TimeKey } from '../engine/time-key.js'

/** What the engine tells a venue that lives inside it. */
export interface SimulationWorld {
  now(): TimeNs
  /** {@link now} as a key: hot code builds no bigint. */
  nowKey(): TimeKey
  /** The instrument's number in the run. */
  indexOf(instrument: Instrument): number
  instrument(index: number): Instrument
  /** Last price seen; `NaN` before one was. */
  lastPrice(index: number): number
  /** Units of the account's currency for one of another; `NaN` when not known. */
  rateOf(currency: string): number
  /** Session that holds or follows a time, by the instrument's calendar; `undefined` when it trades around the clock. */
  session(index: number, at: TimeNs): { readonly opensAt: TimeNs; readonly closesAt: TimeNs } | undefined
}

/** A venue that makes its fills from the run's own market data. It sees every row before predictors and strategy do. */
export interface MarketSimulation {
  attach(world: SimulationWorld): void
  /** When it next has something to do without market data. */
  readonly nextKey: TimeKey
  /** Does what is due up to a time, this included. */
  advance(to: TimeKey): void
  onBar(bar: BarView, index: number): void
  onQuote(quote: QuoteView, index: number): void
  onTrade(trade: TradeView, index: number): void
  onBook(book: BookView, index: number): void
  onCorporateAction(action: CorporateActionView, index: number): void
  onTradingStatus(status: TradingStatusView, index: number): void
  /** What of it must be known to read its results, one line each: fees, slippage, latency, fill model. */
  readonly conventions: readonly string[]
  /** What else decides its results, in words that a journal keeps: cash, margin, borrowing, latency, what orders meet. */
  readonly settings: readonly string[]
  /** What it met that a reader must know, in words: bars without volume, on which nothing could fill. */
  readonly remarks: readonly string[]
  /** Why results are rosier than a market's; `undefined` when they are not. */
  readonly optimism: string | undefined
}
