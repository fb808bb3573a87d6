import type { Side } from '@gatehouse/core'
import { second } from '../lane.js'
import type { Sleeve } from './four-models.js'
import { placement } from './placement.js'

/** An order is due this often. */
const everyNs = 20n * second

/**
 * Execution alone: somebody else decided to buy one unit and, next time, to sell it again; the book model says how. An order that rested in vain crosses the
 * spread.
 */
export function bookSleeve(): Sleeve {
  const place = placement()
  let due = 0n
  let side: Side = 'buy'
  return {
    onBook(book, context) {
      place.onBook(book, context)
      const { instrument } = book
      const { now, orders } = context
      if (context.isWarmingUp || context.exitOnly || now < due || orders.working(instrument).length > 0) return
      if (context.prediction('order-book', instrument) === undefined) return
      if (!orders.submit({ instrument, side, quantity: 1, ...place.entry(instrument, side, context), reason: `a ${side} is due` }).approved)
        return
      due = now + everyNs
      side = side === 'buy' ? 'sell' : 'buy'
    },
    onOrder({ order, status, filledQuantity }, { orders }) {
      if (order.type !== 'limit' || (status !== 'expired' && status !== 'canceled') || filledQuantity > 0) return
      orders.submit({ instrument: order.instrument, side: order.side, quantity: order.quantity, reason: 'rested in vain' })
    },
  }
}
