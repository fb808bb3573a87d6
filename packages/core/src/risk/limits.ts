import { TradingError, type Refusal } from '@gatehouse/contracts'
import type { Instrument } from '../interfaces/instrument.js'
import type { Order } from '../interfaces/order.js'
import type { RiskLimit, RiskView } from '../interfaces/risk.js'
import { refuse } from '../order/validate-order.js'

/** Signed quantities by instrument that positions could reach if everything that works, and the group, filled on one side. */
function reachOf(group: readonly Order[], view: RiskView): Map<Instrument, { long: number; short: number; held: number }> {
  const reach = new Map<Instrument, { long: number; short: number; held: number }>()
  const of = (instrument: Instrument): { long: number; short: number; held: number } => {
    let found = reach.get(instrument)
    if (found === undefined) {
      const held = view.portfolio.position(instrument).quantity
      reach.set(instrument, (found = { long: held, short: held, held }))
    }
    return found
  }
  const add = (order: Order, quantity: number): void => {
    // Exits of a bracket only ever close what their entry opened.
    if (order.link?.parentClientOrderId !== undefined) return
    const found = of(order.instrument)
    if (order.side === 'buy') found.long += quantity
    else found.short -= quantity
  }
  const changed = new Set(group.map((order) => order.clientOrderId))
  for (const order of group) add(order, order.quantity)
  for (const { order, filledQuantity } of view.working) {
    // A change is judged in place of the order it changes.
    if (reach.has(order.instrument) && !changed.has(order.clientOrderId)) add(order, Math.max(0, order.quantity - filledQuantity))
  }
  return reach
}

function requirePositive(limit: string, value: number): void {
  if (value > 0) return
  throw new TradingError('OPTION_INVALID', `${limit}(${value}): the limit must be positive`, { limit, value })
}

/** True when the group cannot make any position larger: risk of the size of positions is not the question then. */
function isReducing({ long, short, held }: { long: number; short: number; held: number }): boolean {
  return Math.max(Math.abs(long), Math.abs(short)) <= Math.abs(held) + 5e-10
}

/** Largest absolute position of an instrument, counting everything that works. @param quantity in the instrument's quantity, or by symbol */
export function positionLimit(quantity: number | Readonly<Record<string, number>>): RiskLimit {
  if (typeof quantity === 'number') requirePositive('positionLimit', quantity)
  return {
    name: 'max-position',
    parameters: { quantity },
    check(group, view) {
      for (const [instrument, reach] of reachOf(group, view)) {
        if (isReducing(reach)) continue
        const limit = typeof quantity === 'number' ? quantity : (quantity[instrument.symbol] ?? quantity[instrument.id])
        const observed = Math.max(Math.abs(reach.long), Math.abs(reach.short))
        if (limit === undefined) return refuse('max-position', observed, undefined, `${instrument.symbol} has no position limit; set one`)
        if (!(observed <= limit))
          return refuse(
            'max-position',
            observed,
            limit,
            `${instrument.symbol}: the position could reach ${observed}, the limit is ${limit}`,
          )
      }
      return undefined
    },
  }
}

/** Largest value of one order, in the instrument's currency, at its limit or the last price. */
export function orderNotionalLimit(amount: number): RiskLimit {
  requirePositive('orderNotionalLimit', amount)
  return {
    name: 'max-order-notional',
    parameters: { amount },
    check(group, view) {
      for (const order of group) {
        const { instrument, quantity } = order
        const price = priceOf(order, view)
        if (price === undefined) return missingPrice('max-order-notional', instrument, amount)
        const notional = Math.abs(price) * quantity * instrument.multiplier
        if (!(notional <= amount)) {
          return refuse(
            'max-order-notional',
            notional,
            amount,
            `${instrument.symbol}: the order is worth ${notional.toFixed(2)}, the limit is ${amount}`,
          )
        }
      }
      return undefined
    },
  }
}

/** Largest sum of absolute position values, in the account's currency, counting what works. */
export function grossExposureLimit(amount: number): RiskLimit {
  requirePositive('grossExposureLimit', amount)
  return {
    name: 'max-gross-exposure',
    parameters: { amount },
    check(group, view) {
      let gross = 0
      const reach = reachOf(group, view)
      if ([...reach.values()].every(isReducing)) return undefined
      for (const [instrument, { long, short }] of reach) {
        const last = view.lastPrice(instrument)
        if (last === undefined) return missingPrice('max-gross-exposure', instrument, amount)
        gross += Math.max(Math.abs(long), Math.abs(short)) * Math.abs(last.price) * instrument.multiplier
      }
      for (const { instrument, quantity } of view.portfolio.positions) {
        if (reach.has(instrument)) continue
        const last = view.lastPrice(instrument)
        if (last === undefined) return missingPrice('max-gross-exposure', instrument, amount)
        gross += Math.abs(quantity * last.price * instrument.multiplier)
      }
      if (gross <= amount) return undefined
      return refuse('max-gross-exposure', gross, amount, `Gross exposure could reach ${gross.toFixed(2)}, the limit is ${amount}`)
    },
  }
}

/** Most orders within a stretch of time. */
export function orderRateLimit({ orders, perNs }: { readonly orders: number; readonly perNs: bigint }): RiskLimit {
  requirePositive('orderRateLimit', orders)
  return {
    name: 'max-order-rate',
    parameters: { orders, perNs },
    check(group, view) {
      const observed = view.ordersSince(view.now - perNs) + group.length
      return observed <= orders
        ? undefined
        : refuse('max-order-rate', observed, orders, `${observed} orders within ${perNs} ns, the limit is ${orders}`)
    },
  }
}

/** Most a limit price may lie beyond the last price, a fraction: a fat finger. Market orders need a last price too. */
export function priceCollar(fraction: number): RiskLimit {
  requirePositive('priceCollar', fraction)
  return {
    name: 'price-collar',
    parameters: { fraction },
    check(group, view) {
      for (const order of group) {
        const { instrument, limitPrice, side } = order
        const last = view.lastPrice(instrument)
        if (last === undefined) return missingPrice('price-collar', instrument, fraction)
        if (limitPrice === undefined) continue
        const beyond = (side === 'buy' ? limitPrice - last.price : last.price - limitPrice) / Math.abs(last.price)
        if (!(beyond <= fraction)) {
          return refuse(
            'price-collar',
            beyond,
            fraction,
            `${instrument.symbol}: ${side} limit ${limitPrice} lies ${(beyond * 100).toFixed(2)} % beyond the last price ${last.price}`,
          )
        }
      }
      return undefined
    },
  }
}

/** No entries on an instrument whose last price is older than this. Exits pass. */
export function freshData(maxAgeNs: bigint): RiskLimit {
  return {
    name: 'fresh-data',
    parameters: { maxAgeNs },
    check(group, view) {
      for (const [instrument, reach] of reachOf(group, view)) {
        if (isReducing(reach)) continue
        const last = view.lastPrice(instrument)
        if (last === undefined) return missingPrice('fresh-data', instrument, maxAgeNs)
        const age = view.now - last.at
        if (age > maxAgeNs)
          return refuse('fresh-data', age, maxAgeNs, `${instrument.symbol}: the last price is ${age} ns old, the limit is ${maxAgeNs}`)
      }
      return undefined
    },
  }
}

/** Orders only while the instrument's session is open; unless they wait for an auction or ask for trading outside regular hours. */
export function sessionOnly(): RiskLimit {
  return {
    name: 'session-only',
    parameters: {},
    check(group, view) {
      for (const { instrument, type, timeInForce, outsideRegularHours } of group) {
        if (outsideRegularHours === true || timeInForce === 'opg' || type.endsWith('OnOpen') || type.endsWith('OnClose')) continue
        const isOpen = view.isSessionOpen(instrument)
        if (isOpen === true) continue
        const observed = isOpen === undefined ? 'unknown' : 'closed'
        return refuse(
          'session-only',
          observed,
          'open',
          `${instrument.symbol}: its session is ${observed === 'unknown' ? 'not known' : 'closed'}`,
        )
      }
      return undefined
    },
  }
}

/** No entries while more orders than this are in doubt. Default: none may be. */
export function unknownOrderLimit(limit = 0): RiskLimit {
  return {
    name: 'max-unknown-orders',
    parameters: { limit },
    check(group, view) {
      const observed = view.working.filter(({ status }) => status === 'unknown').length
      if (observed <= limit || [...reachOf(group, view).values()].every(isReducing)) return undefined
      return refuse('max-unknown-orders', observed, limit, `${observed} orders are unknown until the broker answers; the limit is ${limit}`)
    },
  }
}

/** What {@link dailyLossLimit} and {@link drawdownLimit} share: they remember equity, so one belongs to one run. */
function equityLimit(
  name: string,
  limit: number,
  observe: (equity: number, view: RiskView) => { readonly loss: number; readonly words: string },
): RiskLimit {
  requirePositive(name, limit)
  const check = (group: readonly Order[], view: RiskView): Refusal | undefined => {
    const { equity } = view.portfolio
    if (equity === undefined) return refuse(name, undefined, limit, 'Equity is not known: something held has no price')
    const { loss, words } = observe(equity, view)
    if (loss <= limit || [...reachOf(group, view).values()].every(isReducing)) return undefined
    return refuse(name, loss, limit, words)
  }
  return {
    name,
    parameters: { limit },
    check,
    observe: (view) => void (view.portfolio.equity === undefined ? undefined : observe(view.portfolio.equity, view)),
  }
}

/** No entries once equity has fallen by more than this amount since the start of the UTC day. Exits pass. One limit belongs to one run. */
export function dailyLossLimit(amount: number): RiskLimit {
  let day = -1n
  let opening = NaN
  return equityLimit('max-daily-loss', amount, (equity, { now }) => {
    const today = now / 86_400_000_000_000n
    if (today !== day) {
      day = today
      opening = equity
    }
    const loss = opening - equity
    return { loss, words: `Equity fell by ${loss.toFixed(2)} today, the limit is ${amount}` }
  })
}

/** No entries once equity lies further than this fraction below its peak. Exits pass. One limit belongs to one run. */
export function drawdownLimit(fraction: number): RiskLimit {
  let peak = -Infinity
  return equityLimit('max-drawdown', fraction, (equity) => {
    peak = Math.max(peak, equity)
    const loss = (peak - equity) / peak
    return { loss, words: `Equity is ${(loss * 100).toFixed(2)} % below its peak of ${peak.toFixed(2)}, the limit is ${fraction * 100} %` }
  })
}

function priceOf({ limitPrice, stopPrice, instrument }: Order, view: RiskView): number | undefined {
  return limitPrice ?? stopPrice ?? view.lastPrice(instrument)?.price
}

function missingPrice(rule: string, { symbol }: Instrument, limit: unknown): Refusal {
  return refuse(rule, undefined, limit, `${symbol}: no price has been seen, so the limit cannot be checked`)
}
