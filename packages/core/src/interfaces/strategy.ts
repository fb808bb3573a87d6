import type { Environment, Notice, Refusal } from '@gatehouse/contracts'
import type { BrokerStatus } from './broker.js'
import type { Feed, FeedStatus, Subscription } from './feed.js'
import type { Instrument } from './instrument.js'
import type { Fill, Order, OrderChange, OrderRequest, OrderState, OrderUpdate } from './order.js'
import type { Portfolio } from './portfolio.js'
import type { Prediction } from './prediction.js'
import type { FeeModel } from '../simulated/fees.js'
import type { TimeNs } from './time.js'
import type {
  BarView,
  BookView,
  CorporateActionView,
  FundamentalsView,
  NewsView,
  OrderEventView,
  QuoteView,
  TradeView,
  TradingStatusView,
} from './view.js'

/** A timer that rang. */
export interface Timer {
  readonly type: 'timer'
  readonly name: string
  readonly at: TimeNs
}

/** What became of a request: the orders that were sent, or who refused and why. */
export type OrderResult = { readonly approved: true; readonly orders: readonly Order[] } | Refusal

/** Options of a single-instrument order. */
export type OrderOptions = Omit<OrderRequest, 'instrument' | 'side' | 'quantity'>

/** How a share of equity becomes a quantity. */
export interface WeightOptions extends OrderOptions {
  /** Share of equity that stays in cash; default 0. LEAN keeps 0.0025. */
  readonly cashBuffer?: number | undefined
  /** The order must be affordable after its fee, too. */
  readonly fees?: FeeModel | undefined
}

export interface BracketRequest extends OrderRequest {
  readonly takeProfitPrice?: number | undefined
  readonly stopLossPrice?: number | undefined
}

/** How a strategy trades. Every call passes risk and reaches the broker in the same turn; a refusal is data. */
export interface Orders {
  /**
   * Trades towards a signed position. Counts pending, partial and unknown orders, so calling it again never overshoots;
   * cancels what works against the target first.
   */
  target(instrument: Instrument, quantity: number, options?: OrderOptions): OrderResult
  /**
   * Trades towards a share of equity at the last price, in whole lots: {@link target} with the quantity that `sizeByWeight` gives.
   * Without a price or equity it refuses.
   */
  targetWeight(instrument: Instrument, weight: number, options?: WeightOptions): OrderResult
  buy(instrument: Instrument, quantity: number, options?: OrderOptions): OrderResult
  sell(instrument: Instrument, quantity: number, options?: OrderOptions): OrderResult
  submit(request: OrderRequest): OrderResult
  /** Entry with take-profit and stop-loss, one unit. */
  bracket(request: BracketRequest): OrderResult
  /** Several orders of which one fill cancels the rest. */
  oneCancelsOther(requests: readonly OrderRequest[]): OrderResult
  replace(clientOrderId: string, change: OrderChange): Refusal | undefined
  cancel(clientOrderId: string): Refusal | undefined
  cancelAll(instrument?: Instrument): void
  /** Orders that may still trade. */
  working(instrument?: Instrument): readonly OrderState[]
}

/** What a strategy may see and do. The same object for the whole run; its functions may be taken out of it. */
export interface Context {
  readonly now: TimeNs
  readonly environment: Environment
  readonly orders: Orders
  readonly portfolio: Portfolio
  readonly instruments: readonly Instrument[]
  /** Latest prediction of a model (by its name) on an instrument, if any. */
  readonly prediction: (model: string, instrument: Instrument) => Prediction | undefined
  /** Rings once at `at`; setting the same name again moves it. */
  readonly setTimer: (name: string, at: TimeNs) => void
  readonly clearTimer: (name: string) => void
  readonly subscribe: (feed: Feed['name'], wanted: readonly Subscription[]) => void
  /** Kept in the journal; JSON values only. */
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void
  readonly notify: (notice: Notice) => void
  /** Why the instrument was not traded: the last refusal or missing input, in words. `undefined` when nothing stood in the way. */
  readonly whyNot: (instrument: Instrument) => string | undefined
  /** History is warming up the run: orders are refused. */
  readonly isWarmingUp: boolean
  /** No entries are accepted: an admission ended, a latch is set, or a person paused. Exits still work. */
  readonly exitOnly: boolean
}

/** A user's strategy, made by a factory per run: plain methods, all optional, called one at a time in event order. */
export interface Strategy {
  readonly name: string
  onStart?(context: Context): void
  onBar?(bar: BarView, context: Context): void
  onQuote?(quote: QuoteView, context: Context): void
  onTrade?(trade: TradeView, context: Context): void
  onBook?(book: BookView, context: Context): void
  onOrderEvent?(event: OrderEventView, context: Context): void
  onNews?(news: NewsView, context: Context): void
  onFundamentals?(figure: FundamentalsView, context: Context): void
  onPrediction?(prediction: Prediction, context: Context): void
  onOrder?(update: OrderUpdate, context: Context): void
  onFill?(fill: Fill, context: Context): void
  onStatus?(status: FeedStatus | BrokerStatus | CorporateActionView | TradingStatusView, context: Context): void
  onTimer?(timer: Timer, context: Context): void
  onStop?(context: Context): void
  save?(): Uint8Array
  restore?(state: Uint8Array): void
}
