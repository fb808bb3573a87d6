import type { Side } from '../interfaces/order.js'
import type { BarSchema } from '../interfaces/schema.js'
import type { BookView, QuoteView } from '../interfaces/view.js'
import type { MarketState } from './fill-model.js'
import type { MatchSource } from './options.js'
import type { VenueOrder } from './resting-order.js'

/** Finest data first: orders meet the finest that an instrument has. */
const ranks = { book: 0, quote: 1, trade: 2, 'ohlcv-1s': 3, 'ohlcv-1m': 4, 'ohlcv-1h': 5, 'ohlcv-1d': 6 } as const
type Source = keyof typeof ranks
const kinds: Readonly<Record<Source, MatchSource>> = {
  book: 'book',
  quote: 'quotes',
  trade: 'trades',
  'ohlcv-1s': 'bars',
  'ohlcv-1m': 'bars',
  'ohlcv-1h': 'bars',
  'ohlcv-1d': 'bars',
}

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
  #finest = 99
  #finestBar = 99
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

  barRank(schema: BarSchema): Source {
    return schema
  }

  /** Notes that a source is there. @returns whether the instrument has a finer one, whose events decide */
  hasFiner(source: Source): boolean {
    if (this.matchOn !== 'finest' && kinds[source] !== this.matchOn) return true
    const rank = ranks[source]
    if (this.matchOn !== 'finest' && this.matchOn !== 'bars') return false
    // Bars alone: the shortest of them, whatever quotes and trades there are beside.
    if (this.matchOn === 'bars') {
      if (rank < this.#finestBar) this.#finestBar = rank
      return this.#finestBar < rank
    }
    if (rank < this.#finest) this.#finest = rank
    return this.#finest < rank
  }

  seeQuote(quote: QuoteView): void {
    const { bidPrice, askPrice, bidSize, askSize } = quote
    // A new quote is new liquidity; the same one told again is not.
    if (bidPrice !== this.bidPrice || bidSize !== this.bidSize) this.#takenBid = 0
    if (askPrice !== this.askPrice || askSize !== this.askSize) this.#takenAsk = 0
    this.bidPrice = bidPrice
    this.askPrice = askPrice
    this.bidSize = bidSize
    this.askSize = askSize
    if (this.#finest > ranks.quote) this.#finest = ranks.quote
  }

  seeTrade(): void {
    if (this.#finest > ranks.trade) this.#finest = ranks.trade
  }

  seeBook(): void {
    this.#finest = ranks.book
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
