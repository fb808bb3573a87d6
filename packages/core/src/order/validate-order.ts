import type { Refusal } from '@gatehouse/contracts'
import type { BrokerAbilities } from '../interfaces/broker.js'
import type { OrderChange, OrderRequest, OrderType } from '../interfaces/order.js'
import type { TimeNs } from '../interfaces/time.js'

const needsLimit: Readonly<Record<OrderType, boolean>> = {
  market: false,
  limit: true,
  stop: false,
  stopLimit: true,
  trailingStop: false,
  marketOnOpen: false,
  marketOnClose: false,
  limitOnOpen: true,
  limitOnClose: true,
  marketIfTouched: false,
  limitIfTouched: true,
}

/** A refusal in one line. */
export function refuse(rule: string, observed: unknown, limit: unknown, message: string): Refusal {
  return { approved: false, rule, observed, limit, message }
}

/**
 * What is wrong with a request, before anything is sent: quantity and prices that are missing, not finite or not positive, a stop on the wrong
 * side of the last price, a time in force without its time, what the broker cannot do.
 */
export function requestRefusal(
  request: OrderRequest,
  { supports, now }: { readonly supports: BrokerAbilities; readonly now: TimeNs },
): Refusal | undefined {
  const { instrument, side, quantity, type = 'market', timeInForce = 'gtc' } = request
  const { symbol, lotSize } = instrument
  if (!(quantity > 0 && Number.isFinite(quantity)))
    return refuse('quantity', quantity, '> 0', `${symbol}: a quantity of ${quantity} cannot be ${side === 'buy' ? 'bought' : 'sold'}`)
  const lots = quantity / lotSize
  if (lotSize > 0 && Math.abs(lots - Math.round(lots)) > 1e-6)
    return refuse('lot-size', quantity, `multiple of ${lotSize}`, `${symbol} trades in steps of ${lotSize}`)
  if (!supports.orderTypes.includes(type)) return refuse('order-type', type, supports.orderTypes, `The broker takes no ${type} orders`)
  if (!supports.timesInForce.includes(timeInForce))
    return refuse('time-in-force', timeInForce, supports.timesInForce, `The broker has no ${timeInForce}`)
  if (timeInForce === 'gtd' && !(request.expiresAt !== undefined && request.expiresAt > now)) {
    return refuse('expires-at', request.expiresAt, 'later than now', 'A gtd order needs expiresAt in the future')
  }
  if (type === 'market') return undefined
  if (needsLimit[type] && !isPrice(request.limitPrice))
    return refuse('limit-price', request.limitPrice, 'a finite price', `${symbol}: a ${type} order needs a limitPrice`)
  if (type === 'stop' || type === 'stopLimit' || type === 'marketIfTouched' || type === 'limitIfTouched') {
    const { stopPrice } = request
    if (!isPrice(stopPrice)) return refuse('stop-price', stopPrice, 'a finite price', `${symbol}: a ${type} order needs a stopPrice`)
  }
  if (type === 'trailingStop' && !((request.trailAmount ?? NaN) > 0 || (request.trailFraction ?? NaN) > 0)) {
    return refuse(
      'trail',
      request.trailAmount ?? request.trailFraction,
      '> 0',
      `${symbol}: a trailing stop needs trailAmount or trailFraction`,
    )
  }
  return undefined
}

/** A stop that would go off at once, or a trigger that is touched already: on the wrong side of the last price. */
export function stopSideRefusal(request: OrderRequest, lastPrice: number): Refusal | undefined {
  const { type, side, stopPrice, instrument } = request
  const isStop = type === 'stop' || type === 'stopLimit'
  const isTouch = type === 'marketIfTouched' || type === 'limitIfTouched'
  if (!(isStop || isTouch) || stopPrice === undefined || Number.isNaN(lastPrice)) return undefined
  const isWrong = (side === 'buy') === isStop ? stopPrice < lastPrice : stopPrice > lastPrice
  if (!isWrong) return undefined
  return refuse(
    'stop-side',
    stopPrice,
    lastPrice,
    `${instrument.symbol}: a ${side} ${isStop ? 'stop' : 'trigger'} at ${stopPrice} is on the wrong side of the last price ${lastPrice} and would go off at once`,
  )
}

/** What is wrong with a change. */
export function changeRefusal(change: OrderChange): Refusal | undefined {
  const { quantity, limitPrice, stopPrice } = change
  if (quantity === undefined && limitPrice === undefined && stopPrice === undefined)
    return refuse('change', change, 'at least one value', 'The change is empty')
  if (quantity !== undefined && !(quantity > 0 && Number.isFinite(quantity)))
    return refuse('quantity', quantity, '> 0', `A quantity of ${quantity} is not possible`)
  if (limitPrice !== undefined && !isPrice(limitPrice))
    return refuse('limit-price', limitPrice, 'a finite price', 'limitPrice must be a price')
  if (stopPrice !== undefined && !isPrice(stopPrice)) return refuse('stop-price', stopPrice, 'a finite price', 'stopPrice must be a price')
  return undefined
}

function isPrice(price: number | undefined): boolean {
  return price !== undefined && Number.isFinite(price)
}
