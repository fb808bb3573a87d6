import type { Side } from '../interfaces/order.js'
import type { BarSchema } from '../interfaces/schema.js'
import type { TimeNs } from '../interfaces/time.js'
import type { BookView, QuoteView } from '../interfaces/view.js'
import { timeKey, type TimeKey } from '../engine/time-key.js'
import type { MarketState } from './fill-model.js'
import type { MatchSource } from './options.js'
import type { VenueOrder } from './resting-order.js'

/** Finest data first: orders meet the finest that an instrument has. */
const ranks = { book: 0, quote: 1, trade: 2, 'ohlcv-1s': 3, 'ohlcv-1m': 4, 'ohlcv-1h': 5, 'ohlcv-1d': 6 } as const
type EventSource = 'book' | 'quote' | 'trade'
const kinds: Readonly<Record<EventSource, MatchSource>> = { book: 'book', quote: 'quotes', trade: 'trades' }
/** A source of events that said nothing for so long before a bar began, and nothing within it, does not speak of the market of that bar. */
const silenceNs = 60_000_000_000n

/** One instrument at the venue: its orders in the order of arrival, and what own orders have already taken. */
export class VenueMarket implements MarketState {
  readonly orders: VenueOrder[] = []
  isHalted = false
  bidPrice = NaN
  askPrice = NaN
  bidSize = 0
  askSize = 0
  lastPrice = NaN
  /** Whether some order's time in force can end. */
  canExpire = false
  hasTaken = false
  /** When each source last spoke, by rank; 0 never. */
  readonly #spokeAt = new Float64Array(Object.keys(ranks).length)
  #hasDone = false
  /** Quantity that own orders took, by price: asks and bids apart. */
  readonly #takenAsks = new Map<number, number>()
  readonly #takenBids = new Map<number, number>()
  #takenBid = 0
  #takenAsk = 0

  constructor(
    readonly index: number,
    readonly matchOn: MatchSource,
  ) {}

  add(order: VenueOrder): void {
    this.orders.push(order)
    const { timeInForce } = order.order
    if (timeInForce === 'day' || timeInForce === 'gtd') this.canExpire = true
  }

  noteDone(): void {
    this.#hasDone = true
  }

  /** Drops orders that have left. */
  sweep(): void {
    if (!this.#hasDone) return
    this.#hasDone = false
    const { orders } = this
    let kept = 0
    for (let i = 0; i < orders.length; i++) if (!orders[i].isDone) orders[kept++] = orders[i]
    orders.length = kept
    if (kept > 0) return
    this.canExpire = false
  }

  /**
   * Notes a bar. @returns whether the instrument has a finer source, whose rows decide: one that spoke within the bar or in the minute before it. A book that
   * is recorded for an hour a day does not keep orders waiting for the rest of it.
   */
  hasFinerThanBar(schema: BarSchema, startsAt: TimeNs, now: TimeKey): boolean {
    const rank = ranks[schema]
    this.seeBar(schema, now)
    if (this.matchOn !== 'finest' && this.matchOn !== 'bars') return true
    // Bars alone: the shortest of them, whatever quotes and trades there are beside.
    const finest = this.matchOn === 'bars' ? ranks['ohlcv-1s'] : 0
    const since = timeKey(startsAt - silenceNs)
    for (let finer = finest; finer < rank; finer++) if (this.#spokeAt[finer] > since) return true
    return false
  }

  /** Whether the instrument has a finer source of events, whose rows decide. What was quoted stands until it changes, so silence ends nothing. */
  hasFiner(source: EventSource): boolean {
    if (this.matchOn !== 'finest') return kinds[source] !== this.matchOn
    for (let finer = 0; finer < ranks[source]; finer++) if (this.#spokeAt[finer] > 0) return true
    return false
  }

  seeQuote(quote: QuoteView, now: TimeKey): void {
    const { bidPrice, askPrice, bidSize, askSize } = quote
    // A new quote is new liquidity; the same one told again is not.
    if (bidPrice !== this.bidPrice || bidSize !== this.bidSize) this.#takenBid = 0
    if (askPrice !== this.askPrice || askSize !== this.askSize) this.#takenAsk = 0
    this.bidPrice = bidPrice
    this.askPrice = askPrice
    this.bidSize = bidSize
    this.askSize = askSize
    this.#spokeAt[ranks.quote] = now
  }

  seeBar(schema: BarSchema, now: TimeKey): void {
    this.#spokeAt[ranks[schema]] = now
  }

  seeTrade(now: TimeKey): void {
    this.#spokeAt[ranks.trade] = now
  }

  seeBook(now: TimeKey): void {
    this.#spokeAt[ranks.book] = now
  }

  /** Notes the best of a book as what is quoted. */
  seeTouch(book: BookView): void {
    this.bidPrice = book.bidPrice(0)
    this.askPrice = book.askPrice(0)
    this.bidSize = book.bidSize(0)
    this.askSize = book.askSize(0)
  }

  quoteAvailable(side: Side): number {
    return side === 'buy' ? this.askSize - this.#takenAsk : this.bidSize - this.#takenBid
  }

  takeQuote(side: Side, quantity: number): void {
    if (side === 'buy') this.#takenAsk += quantity
    else this.#takenBid += quantity
  }

  state(lastPrice: number): MarketState {
    this.lastPrice = lastPrice
    return this
  }

  /** What own orders took at a price of the book and the data does not know of. */
  takenAt(isAsk: boolean, price: number): number {
    return this.hasTaken ? ((isAsk ? this.#takenAsks : this.#takenBids).get(price) ?? 0) : 0
  }

  take(isAsk: boolean, price: number, quantity: number): void {
    this.hasTaken = true
    const taken = isAsk ? this.#takenAsks : this.#takenBids
    taken.set(price, (taken.get(price) ?? 0) + quantity)
  }

  /** Forgets what was taken at levels that have left the book, and never remembers more than is shown. */
  forgetTaken(book: BookView): void {
    forget(this.#takenAsks, book, true)
    forget(this.#takenBids, book, false)
    this.hasTaken = this.#takenAsks.size + this.#takenBids.size > 0
  }
}

function forget(taken: Map<number, number>, book: BookView, isAsk: boolean): void {
  if (taken.size === 0) return
  for (const [price, quantity] of taken) {
    const shown = sizeOf(book, isAsk, price)
    if (shown === 0) taken.delete(price)
    else if (shown < quantity) taken.set(price, shown)
  }
}

function sizeOf(book: BookView, isAsk: boolean, price: number): number {
  for (let level = 0; level < book.levels; level++) {
    const at = isAsk ? book.askPrice(level) : book.bidPrice(level)
    if (at === price) return isAsk ? book.askSize(level) : book.bidSize(level)
    if (Number.isNaN(at) || (isAsk ? at > price : at < price)) return 0
  }
  return 0
}
