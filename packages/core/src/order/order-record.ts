import type { Order, OrderState, OrderStatus } from '../interfaces/order.js'
import type { TimeNs } from '../interfaces/time.js'

/** How an order may end. */
export type TerminalStatus = 'filled' | 'canceled' | 'rejected' | 'expired'

/** True once the broker has ended the order. */
export function isTerminal(status: OrderStatus): status is TerminalStatus {
  return status === 'filled' || status === 'canceled' || status === 'rejected' || status === 'expired'
}

/** The life of one order; the order log alone changes it. */
export class OrderRecord implements OrderState {
  status: OrderStatus = 'created'
  brokerOrderId: string | undefined = undefined
  filledQuantity = 0
  averagePrice = NaN
  updatedAt: TimeNs
  message: string | undefined = undefined
  /** Status to go back to when a change or cancel is refused. */
  settledStatus: OrderStatus = 'created'
  /** Total filled that the broker has told of; above `filledQuantity` while executions are still on their way. */
  toldFilled = 0
  /** Largest quantity that may still be in force: a change counts from the moment it is asked for. */
  quantity: number
  /** Price that may be in force, after changes. */
  limitPrice: number | undefined
  stopPrice: number | undefined
  /** What an unanswered change asked for. */
  askedQuantity: number | undefined = undefined
  /** Made by `orders.target`, which may cancel or count it. */
  isTarget = false

  constructor(
    readonly order: Order,
    /** Number of the instrument in the run. */
    readonly index: number,
  ) {
    this.updatedAt = order.createdAt
    this.quantity = order.quantity
    this.limitPrice = order.limitPrice
    this.stopPrice = order.stopPrice
  }

  get isTerminal(): boolean {
    return isTerminal(this.status)
  }

  /** What may still be bought or sold: executions that the broker told of and that have not come count as well. */
  get outstanding(): number {
    const open = this.isTerminal ? this.toldFilled : Math.max(this.quantity, this.askedQuantity ?? 0)
    return Math.max(0, open - this.filledQuantity)
  }

  /** A copy that no later event changes. */
  snapshot(): OrderState {
    const { order, status, brokerOrderId, filledQuantity, averagePrice, updatedAt, message } = this
    return { order, status, brokerOrderId, filledQuantity, averagePrice, updatedAt, message }
  }
}
