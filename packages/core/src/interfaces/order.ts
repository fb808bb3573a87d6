import type { Instrument } from './instrument.js'
import type { Money } from './money.js'
import type { TimeNs } from './time.js'

export type Side = 'buy' | 'sell'
/**
 * An `…IfTouched` order waits on the better side: one to buy becomes a market or limit order when the price falls to its `stopPrice`, one to sell when it
 * rises to it.
 */
export type OrderType =
  | 'market'
  | 'limit'
  | 'stop'
  | 'stopLimit'
  | 'trailingStop'
  | 'marketOnOpen'
  | 'marketOnClose'
  | 'limitOnOpen'
  | 'limitOnClose'
  | 'marketIfTouched'
  | 'limitIfTouched'
/** How long it works: the session, until canceled, until `expiresAt`, immediate or cancel, fill or kill, opening auction only. */
export type TimeInForce = 'day' | 'gtc' | 'gtd' | 'ioc' | 'fok' | 'opg'

/** What a strategy asks for. Quantities are positive; `side` gives the direction. */
export interface OrderRequest {
  readonly instrument: Instrument
  readonly side: Side
  readonly quantity: number
  readonly type?: OrderType | undefined
  readonly limitPrice?: number | undefined
  /** Where a stop goes off; the trigger of an order that waits to be touched. */
  readonly stopPrice?: number | undefined
  /** Distance of a trailing stop, in price units; or `trailFraction` of the price. */
  readonly trailAmount?: number | undefined
  readonly trailFraction?: number | undefined
  readonly timeInForce?: TimeInForce | undefined
  readonly expiresAt?: TimeNs | undefined
  readonly outsideRegularHours?: boolean | undefined
  /** Never increases the position: what would is refused. */
  readonly reduceOnly?: boolean | undefined
  readonly account?: string | undefined
  /** Why, in the strategy's words; kept in the journal and in `explain`. */
  readonly reason?: string | undefined
}

/** What links orders that live and die together. */
export interface OrderLink {
  /** Shared by the group. */
  readonly groupId: string
  readonly role: 'entry' | 'takeProfit' | 'stopLoss' | 'oneCancelsOther'
  /** The entry that must fill before this order works. */
  readonly parentClientOrderId?: string | undefined
}

/** An order as it goes to a broker: complete, with our id. Immutable; its life is the order log's. */
export interface Order extends OrderRequest {
  /** Ours, unique for ever (run id and a durable counter); every broker carries it. */
  readonly clientOrderId: string
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly createdAt: TimeNs
  readonly link?: OrderLink | undefined
  /** Index of the journal's decision entry that made it. */
  readonly decision: number
}

/** What may change on a working order. */
export interface OrderChange {
  readonly quantity?: number | undefined
  readonly limitPrice?: number | undefined
  readonly stopPrice?: number | undefined
}

/**
 * Only the broker's word ends an order (`filled canceled rejected expired`). `unknown`: sent, no answer, connection lost; it counts
 * as working in every limit until a complete snapshot says otherwise.
 */
export type OrderStatus =
  | 'created'
  | 'submitted'
  | 'accepted'
  | 'partiallyFilled'
  | 'pendingReplace'
  | 'pendingCancel'
  | 'unknown'
  | 'filled'
  | 'canceled'
  | 'rejected'
  | 'expired'

/** An order and how far it has come. */
export interface OrderState {
  readonly order: Order
  readonly status: OrderStatus
  /** The broker's id, once it gave one. */
  readonly brokerOrderId?: string | undefined
  readonly filledQuantity: number
  readonly averagePrice: number
  readonly updatedAt: TimeNs
  /** The broker's or our own reason for the last change. */
  readonly message?: string | undefined
}

/** A change of an order's state, as strategies see it. */
export interface OrderUpdate extends OrderState {
  readonly type: 'order-update'
  readonly previousStatus: OrderStatus
}

/** One execution. Keyed by `executionId`: told twice, it counts once; a correction carries the id it replaces. */
export interface Fill {
  readonly type: 'fill'
  readonly executionId: string
  readonly clientOrderId: string
  readonly instrument: Instrument
  readonly side: Side
  readonly quantity: number
  readonly price: number
  readonly fee: Money
  readonly at: TimeNs
  readonly liquidity: 'added' | 'removed' | 'unknown'
  readonly account: string
  /** Execution that this one corrects; the older stops counting. */
  readonly corrects?: string | undefined
}
