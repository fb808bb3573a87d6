import type { BarView, BookView, QuoteView, TradeView } from '../interfaces/view.js'
import { decimalPrice } from './decimal-price.js'
import type { BookMatch, FillModel, MarketState, Match } from './fill-model.js'
import type { RestingOrder } from './resting-order.js'

export interface StandardFillOptions {
  /**
   * `'next'` (default): a market order meets the next event: the open of the next bar, the next quote or book. `'current'`: it fills at once at
   * the quote or close it was decided on, as LEAN and others do; optimistic, and marked in every report.
   */
  readonly market?: 'next' | 'current' | undefined
  /** A resting limit fills when a bar trades `'through'` it (default), or already when it `'touch'`es. */
  readonly limit?: 'through' | 'touch' | undefined
  /** A stop is set off when a bar `'touch'`es it (default) or trades `'through'` it. */
  readonly stop?: 'touch' | 'through' | undefined
  /**
   * A stop-limit that is set off inside a bar fills `'atStop'` when its limit allows it (default), or, `'closeInside'`, is set off only when a bar trades through
   * its stop, and fills only when the bar closes strictly inside the limit, at the nearer of limit and the bar's extreme (LEAN).
   */
  readonly stopLimit?: 'atStop' | 'closeInside' | undefined
  /**
   * An order that a bar touches fills `'atTrigger'` (default), or, `'atQuote'`, at the quote that stands when the bar ends (its close where there are no
   * quotes) once that lies within the limit (LEAN).
   */
  readonly ifTouched?: 'atTrigger' | 'atQuote' | undefined
}

/**
 * The fill model that ships. Bars: market orders and gapped stops and limits fill at the open, others at their price when the range
 * reaches it; an order that arrived inside the bar sees its close only. Quotes and books: takers pay the other side, resting limits
 * fill when the other side crosses them. Trades: resting limits fill when one prints through them.
 */
export function standardFills(options: StandardFillOptions = {}): FillModel {
  const { market = 'next', limit = 'through', stop = 'touch', stopLimit = 'atStop', ifTouched = 'atTrigger' } = options
  const isCurrent = market === 'current'
  const rules: BarRules = {
    touchesLimit: limit === 'touch',
    throughStop: stop === 'through',
    closeInside: stopLimit === 'closeInside',
    atQuote: ifTouched === 'atQuote',
  }
  const optimism = [
    ...(isCurrent ? ['market orders fill at the price they were decided on'] : []),
    ...(rules.touchesLimit ? ['limits fill on a touch'] : []),
  ]
  const model: FillModel = {
    name: `standard (market ${market}, limit ${limit}, stop ${stop}, stop-limit ${stopLimit}, if-touched ${ifTouched})`,
    optimism: optimism.length === 0 ? undefined : optimism.join('; '),
    onBar: (order, bar, match) => onBar(order, bar, match, rules),
    onQuote,
    onTrade: (order, trade, match) => onTrade(order, trade, match, rules),
    onBook,
  }
  return isCurrent ? { ...model, onArrival } : model
}

interface BarRules {
  readonly touchesLimit: boolean
  readonly throughStop: boolean
  readonly closeInside: boolean
  readonly atQuote: boolean
}

/** Positive when `a` is worse for the order than `b`: dearer for a buyer, cheaper for a seller. */
function beyond(order: RestingOrder, a: number, b: number): number {
  return order.side === 'buy' ? a - b : b - a
}

function onBar(order: RestingOrder, bar: BarView, match: Match, rules: BarRules): void {
  switch (order.type) {
    case 'market':
      match.fill(match.isWhole ? bar.open : bar.close, 'removed')
      return
    case 'marketOnOpen':
      if (match.isWhole && match.isSessionOpen) match.fill(bar.open, 'removed')
      return
    case 'marketOnClose':
      if (match.isSessionClose) match.fill(bar.close, 'removed')
      return
    case 'limitOnOpen':
      if (match.isWhole && match.isSessionOpen && beyond(order, bar.open, order.limitPrice) <= 0) match.fill(bar.open, 'removed')
      return
    case 'limitOnClose':
      if (match.isSessionClose && beyond(order, bar.close, order.limitPrice) <= 0) match.fill(bar.close, 'removed')
      return
    case 'limit':
      limitOnBar(order, bar, match, rules)
      return
    case 'trailingStop':
      trailOnBar(order, bar, match, rules)
      return
    case 'stop':
    case 'stopLimit':
      stopOnBar(order, bar, match, rules, order.stopPrice)
      return
    case 'marketIfTouched':
    case 'limitIfTouched':
      touchOnBar(order, bar, match, rules)
  }
}

/** The mirror of a stop: it waits for a better price, and is then a market or limit order. */
function touchOnBar(order: RestingOrder, bar: BarView, match: Match, rules: BarRules): void {
  const { stopPrice } = order
  const wasTouched = order.isTriggered
  if (!wasTouched) {
    const reach = match.isWhole ? (order.side === 'buy' ? bar.low : bar.high) : bar.close
    if (beyond(order, reach, stopPrice) > 0) return
    order.isTriggered = true
  }
  if (rules.atQuote) {
    const quoted = order.side === 'buy' ? match.askPrice : match.bidPrice
    const price = Number.isNaN(quoted) ? bar.close : quoted
    if (beyond(order, price, bound(order)) <= 0) match.fill(price, 'removed')
    return
  }
  if (wasTouched && order.type === 'limitIfTouched') {
    limitOnBar(order, bar, match, rules)
    return
  }
  // Touched inside the bar, the price was the trigger, or the open that lay beyond it.
  const touchedAt = !match.isWhole ? bar.close : wasTouched || beyond(order, bar.open, stopPrice) <= 0 ? bar.open : stopPrice
  if (beyond(order, touchedAt, bound(order)) <= 0) match.fill(touchedAt, 'removed')
  // Its limit lies beyond the trigger: only the close is known to come after.
  else if (beyond(order, bar.close, order.limitPrice) < 0) match.fill(order.limitPrice, 'added')
}

function limitOnBar(order: RestingOrder, bar: BarView, match: Match, rules: BarRules): void {
  const { limitPrice } = order
  if (!match.isWhole) {
    // Only the close is known to come after its arrival. A limit beyond all that traded was marketable when it came, and takes the close.
    const isMarketable = beyond(order, order.side === 'buy' ? bar.high : bar.low, limitPrice) <= 0
    if (isMarketable) match.fill(bar.close, 'removed')
    else if (beyond(order, bar.close, limitPrice) < 0) match.fill(limitPrice, 'added')
    return
  }
  if (beyond(order, bar.open, limitPrice) <= 0) {
    match.fill(bar.open, 'removed')
    return
  }
  const reach = beyond(order, order.side === 'buy' ? bar.low : bar.high, limitPrice)
  if (reach < 0 || (reach === 0 && rules.touchesLimit)) match.fill(limitPrice, 'added')
}

function stopOnBar(order: RestingOrder, bar: BarView, match: Match, rules: BarRules, stopPrice: number): void {
  const isLimited = order.type === 'stopLimit'
  if (order.isTriggered) {
    if (!isLimited) match.fill(match.isWhole ? bar.open : bar.close, 'removed')
    else if (rules.closeInside) closeInside(order, bar, match)
    else limitOnBar(order, bar, match, rules)
    return
  }
  if (!match.isWhole) {
    if (beyond(order, bar.close, stopPrice) < 0) return
    order.isTriggered = true
    if (!isLimited || beyond(order, bar.close, order.limitPrice) <= 0) match.fill(bar.close, 'removed')
    return
  }
  const reach = beyond(order, order.side === 'buy' ? bar.high : bar.low, stopPrice)
  const isStrict = rules.throughStop || (isLimited && rules.closeInside)
  if (!(isStrict ? reach > 0 : reach >= 0)) return
  order.isTriggered = true
  if (isLimited && rules.closeInside) {
    closeInside(order, bar, match)
    return
  }
  const price = beyond(order, bar.open, stopPrice) >= 0 ? bar.open : stopPrice
  if (!isLimited || beyond(order, price, order.limitPrice) <= 0) match.fill(price, 'removed')
  // The limit lies behind the stop: the price must have come back to it, which only the close proves.
  else if (beyond(order, bar.close, order.limitPrice) < 0) match.fill(order.limitPrice, 'added')
}

/** LEAN's rule: the close decides, the price is the nearer of limit and extreme. */
function closeInside(order: RestingOrder, bar: BarView, match: Match): void {
  if (beyond(order, bar.close, order.limitPrice) >= 0) return
  const price = order.side === 'buy' ? Math.min(bar.high, order.limitPrice) : Math.max(bar.low, order.limitPrice)
  match.fill(price, 'removed')
}

/** The stop price of a trailing stop from the best price so far. */
export function trailedStop(order: RestingOrder): number {
  const distance = order.trailAmount ?? order.extreme * (order.order.trailFraction ?? NaN)
  return decimalPrice(order.side === 'buy' ? order.extreme + distance : order.extreme - distance)
}

function trail(order: RestingOrder, price: number): void {
  if (Number.isNaN(order.extreme) || beyond(order, price, order.extreme) < 0) order.extreme = price
}

function trailOnBar(order: RestingOrder, bar: BarView, match: Match, rules: BarRules): void {
  // The path within a bar is not known: the stop of before is tested first, then it follows the bar.
  if (!order.isTriggered && Number.isNaN(order.extreme)) trail(order, match.isWhole ? bar.open : bar.close)
  stopOnBar(order, bar, match, rules, trailedStop(order))
  if (order.isTriggered) return
  trail(order, match.isWhole ? (order.side === 'buy' ? bar.low : bar.high) : bar.close)
}

/** Sets off stops at a price seen. @returns whether the order may now trade */
function isWorking(order: RestingOrder, price: number): boolean {
  const isTouch = order.type === 'marketIfTouched' || order.type === 'limitIfTouched'
  if (!isTouch && order.type !== 'stop' && order.type !== 'stopLimit' && order.type !== 'trailingStop') return true
  if (order.isTriggered) return true
  if (Number.isNaN(price)) return false
  if (isTouch) return (order.isTriggered = beyond(order, price, order.stopPrice) <= 0)
  if (order.type === 'trailingStop') trail(order, price)
  const stopPrice = order.type === 'trailingStop' ? trailedStop(order) : order.stopPrice
  if (beyond(order, price, stopPrice) >= 0) order.isTriggered = true
  return order.isTriggered
}

/** Worst price an order takes: its limit, or any. */
function bound(order: RestingOrder): number {
  switch (order.type) {
    case 'limit':
    case 'stopLimit':
    case 'limitOnOpen':
    case 'limitOnClose':
    case 'limitIfTouched':
      return order.limitPrice
    default:
  }
  return order.side === 'buy' ? Infinity : -Infinity
}

function waitsForAuction(order: RestingOrder, match: Match): boolean {
  switch (order.type) {
    case 'marketOnOpen':
    case 'limitOnOpen':
      return !match.isSessionOpen
    case 'marketOnClose':
    case 'limitOnClose':
      return !match.isSessionClose
    default:
      return false
  }
}

function onQuote(order: RestingOrder, quote: QuoteView, match: Match): void {
  const price = order.side === 'buy' ? quote.askPrice : quote.bidPrice
  if (waitsForAuction(order, match) || !isWorking(order, price)) return
  if (beyond(order, price, bound(order)) > 0 || Number.isNaN(price)) return
  match.fill(price, 'removed')
}

function onBook(order: RestingOrder, book: BookView, match: BookMatch): void {
  const price = order.side === 'buy' ? book.askPrice(0) : book.bidPrice(0)
  if (waitsForAuction(order, match) || !isWorking(order, price)) return
  match.walk(bound(order))
}

function onTrade(order: RestingOrder, trade: TradeView, match: Match, rules: BarRules): void {
  const { price } = trade
  if (waitsForAuction(order, match) || !isWorking(order, price)) return
  const limitPrice = bound(order)
  const reach = beyond(order, price, limitPrice)
  if (reach > 0 || Number.isNaN(price)) return
  if (!Number.isFinite(limitPrice)) match.fill(price, 'removed')
  else if (reach < 0 || rules.touchesLimit) match.fill(limitPrice, 'added')
}

function onArrival(order: RestingOrder, state: MarketState, match: Match): void {
  if (order.type !== 'market') return
  const quoted = order.side === 'buy' ? state.askPrice : state.bidPrice
  const price = Number.isNaN(quoted) ? state.lastPrice : quoted
  if (!Number.isNaN(price)) match.fill(price, 'removed')
}
