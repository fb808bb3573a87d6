import type { Order, OrderType, Side } from '../interfaces/order.js'
import type { TimeNs } from '../interfaces/time.js'

/** An order at the simulated venue; fill models read it. */
export interface RestingOrder {
  readonly order: Order
  readonly side: Side
  readonly type: OrderType
  /** Not yet filled. */
  readonly remaining: number
  /** Since when it stands as it is: it meets only liquidity from then on. */
  readonly arrivedAt: TimeNs
  /** `NaN` where the type has none. */
  readonly limitPrice: number
  readonly stopPrice: number
  /** Distance of a trailing stop in price units; it follows splits. */
  readonly trailAmount: number | undefined
  /** Its stop has been touched: a stop is now a market order, a stop-limit a limit order. */
  isTriggered: boolean
  /** Best price since a trailing stop works; `NaN` before one was seen. */
  extreme: number
}

/** What orders for the opening alone are. */
const onOpen: Readonly<Partial<Record<OrderType, OrderType>>> = { market: 'marketOnOpen', limit: 'limitOnOpen' }

/** The venue's own record of an order. */
export class VenueOrder implements RestingOrder {
  readonly side: Side
  readonly type: OrderType
  readonly brokerOrderId: string
  remaining: number
  filled = 0
  notional = 0
  fees = 0
  limitPrice: number
  stopPrice: number
  trailAmount: number | undefined
  isTriggered = false
  extreme = NaN
  /** When it reached the venue or, of an exit or a changed order, when what it now stands for did: it meets only liquidity from then on. */
  arrivedAt: TimeNs
  /** What an exit may close: filled of its entry and not yet closed by it or another exit. Boundless for all other orders. */
  closable = Infinity
  /** False while the entry it belongs to has not filled. */
  isActive = true
  /** Left the venue: filled, canceled, expired. */
  isDone = false
  /** First session that opens after it arrived, and the end of the one it arrived in or before; looked up once. */
  opensAt: TimeNs | undefined = undefined
  closesAt: TimeNs | undefined = undefined
  hasSession = false

  constructor(
    readonly order: Order,
    readonly index: number,
    /** When it reached the venue: sessions and time in force count from then. */
    readonly placedAt: TimeNs,
    number: number,
  ) {
    this.arrivedAt = placedAt
    this.side = order.side
    this.type = order.timeInForce === 'opg' ? (onOpen[order.type] ?? order.type) : order.type
    this.brokerOrderId = String(number)
    this.remaining = order.quantity
    this.limitPrice = order.limitPrice ?? NaN
    this.stopPrice = order.stopPrice ?? NaN
    this.trailAmount = order.trailAmount
  }

  /** What may trade now: an exit never closes more than its entry has opened. */
  get fillable(): number {
    return this.remaining < this.closable ? this.remaining : this.closable
  }
}
