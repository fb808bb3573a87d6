import { TradingError } from '@gatehouse/core'
import type { RecordRun } from '../codec/run.js'
import { Flag } from '../layout/enums.js'
import { chars, scaled } from '../records/cursor.js'
import { OrderIndex, type BookSide, type PriceLevel, type RestingOrder } from './order-index.js'

/** What one MBO message did to the book. */
export interface BookChange {
  /** Side that changed; `'N'` when none did. */
  side: 'A' | 'B' | 'N'
  /** Best level touched, 0 is the best: before the message for a cancel, after it for an add, the better of both for a modify; -1 when none was. */
  depth: number
  /** Whether a level disappeared. */
  levelRemoved: boolean
  /** Whether more than the level at `depth` changed: levels behind it moved, or two levels were touched. */
  isShift: boolean
}

/** Where an order stands in the queue of its level. */
export interface QueuePosition {
  readonly side: 'A' | 'B'
  readonly price: number
  readonly size: number
  /** Orders and quantity that trade before it. */
  readonly ordersAhead: number
  readonly sizeAhead: number
}

/** One level as plain numbers. */
export interface BookLevel {
  readonly price: number
  readonly size: number
  readonly count: number
}

const [A, C, F, M, N, R, T, B] = [0x41, 0x43, 0x46, 0x4d, 0x4e, 0x52, 0x54, 0x42]

/**
 * The order book of one instrument from one publisher, rebuilt from MBO messages, with every order's place in its queue.
 *
 * Rules: `A` adds at the back; `C` takes size away, and the order when nothing is left; `M` keeps the place in the queue unless the price
 * changes or the size grows; `R` clears; `T`, `F` and `N` change nothing (a `C` or `M` follows a fill). With the `tob` flag an `A` stands for
 * the whole side. Messages about orders that are not known are counted and change nothing, except that an `M` adds its order.
 */
export class OrderBook {
  readonly bids: BookSide = { direction: 1, levels: [] }
  readonly asks: BookSide = { direction: -1, levels: [] }
  readonly #orders = new OrderIndex()
  readonly #spare: RestingOrder[] = []
  readonly #change: BookChange = { side: 'N', depth: -1, levelRemoved: false, isShift: false }
  #unknownOrders = 0
  #isSettled = false

  /** Orders resting in the book. */
  get orderCount(): number {
    return this.#orders.size
  }
  /** Cancels and modifies of orders that were never added: above 0 the book began in the middle, or messages are missing. */
  get unknownOrders(): number {
    return this.#unknownOrders
  }
  /** True between events: the last message carried the `last` flag. Only then is the book one that existed at the venue. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  /**
   * Applies one row of a run of MBO records.
   * @returns what changed; the object is reused
   * @throws {TradingError} `DBN_BOOK_SIDE` when an add or modify names no side
   */
  apply(run: RecordRun, row: number): BookChange {
    const word = run.wordOffset + row * run.stride
    const { bytes, int32, uint32 } = run
    const byte = word << 2
    const flags = bytes[byte + 36]
    const change = this.#change
    change.side = 'N'
    change.depth = -1
    change.levelRemoved = false
    change.isShift = false
    this.#isSettled = (flags & Flag.last) !== 0
    switch (bytes[byte + 38]) {
      case A:
        this.#add(
          uint32[word + 5],
          uint32[word + 4],
          bytes[byte + 39],
          int32[word + 7],
          uint32[word + 6],
          uint32[word + 8],
          (flags & Flag.tob) !== 0,
        )
        break
      case C:
        this.#cancel(uint32[word + 5], uint32[word + 4], uint32[word + 8])
        break
      case M:
        this.#modify(uint32[word + 5], uint32[word + 4], bytes[byte + 39], int32[word + 7], uint32[word + 6], uint32[word + 8])
        break
      case R:
        this.clear()
        break
      case T:
      case F:
      case N:
      default:
        break
    }
    return change
  }

  /** Forgets everything. */
  clear(): void {
    this.#orders.clear()
    this.bids.levels.length = 0
    this.asks.levels.length = 0
  }

  /** A level of a side, 0 is the best; `undefined` beyond the last. */
  level(side: 'A' | 'B', index: number): BookLevel | undefined {
    const { levels } = this.#sideOf(side)
    const level = levels[levels.length - 1 - index]
    return level && { price: scaled(level.high, level.low), size: level.size, count: level.count }
  }

  /** Where an order stands, or `undefined` when it is not in the book. Walks the queue of its level. */
  queuePosition(orderId: bigint): QueuePosition | undefined {
    const order = this.#orders.get(Number(orderId >> 32n), Number(orderId & 0xffffffffn))
    if (order === undefined) return undefined
    let ordersAhead = 0
    let sizeAhead = 0
    for (let other = order.ahead; other !== undefined; other = other.ahead) {
      ordersAhead += 1
      sizeAhead += other.size
    }
    return {
      side: order.side === this.bids ? 'B' : 'A',
      price: scaled(order.level.high, order.level.low),
      size: order.size,
      ordersAhead,
      sizeAhead,
    }
  }

  /** Orders of a level from first to last in the queue. */
  *queue(side: 'A' | 'B', index: number): Generator<{ readonly orderId: bigint; readonly size: number }, void, undefined> {
    const { levels } = this.#sideOf(side)
    for (let order = levels[levels.length - 1 - index]?.first; order !== undefined; order = order.behind) {
      yield { orderId: (BigInt(order.idHigh) << 32n) | BigInt(order.idLow), size: order.size }
    }
  }

  #sideOf(side: 'A' | 'B'): BookSide {
    return side === 'B' ? this.bids : this.asks
  }

  #sideByCode(code: number): BookSide {
    if (code === B) return this.bids
    if (code === A) return this.asks
    throw new TradingError('DBN_BOOK_SIDE', `an order names side "${chars[code]}", expected "A" or "B": the message is damaged`, {
      side: chars[code],
    })
  }

  #touch(side: BookSide, depth: number): void {
    const change = this.#change
    change.side = side === this.bids ? 'B' : 'A'
    if (change.depth >= 0) change.isShift = true
    if (change.depth < 0 || depth < change.depth) change.depth = depth
  }

  #add(idHigh: number, idLow: number, sideCode: number, high: number, low: number, size: number, isTop: boolean): void {
    const side = this.#sideByCode(sideCode)
    if (isTop) {
      this.#clearSide(side)
      this.#touch(side, 0)
      this.#change.isShift = true
      // An undefined price says that the side is empty now.
      if (high === 0x7fffffff && low === 0xffffffff) return
    }
    const known = this.#orders.get(idHigh, idLow)
    if (known !== undefined) this.#remove(known)
    this.#insert(side, idHigh, idLow, high, low, size)
  }

  #insert(side: BookSide, idHigh: number, idLow: number, high: number, low: number, size: number): void {
    const { levels } = side
    let at = find(side, high, low)
    let level = levels[at]
    if (level === undefined || level.high !== high || level.low !== low) {
      at += 1
      level = { high, low, size: 0, count: 0, first: undefined, last: undefined }
      if (at === levels.length) levels.push(level)
      else levels.splice(at, 0, level)
      this.#change.isShift = true
    }
    const order = this.#take(idHigh, idLow, size, side, level)
    this.#orders.add(order)
    enqueue(level, order)
    this.#touch(side, levels.length - 1 - at)
  }

  /** Orders that left the book are used again: books turn over millions of them. */
  #take(idHigh: number, idLow: number, size: number, side: BookSide, level: PriceLevel): RestingOrder {
    const order = this.#spare.pop()
    if (order === undefined) return { idHigh, idLow, size, side, level, ahead: undefined, behind: undefined }
    order.idHigh = idHigh
    order.idLow = idLow
    order.size = size
    order.side = side
    order.level = level
    return order
  }

  #cancel(idHigh: number, idLow: number, size: number): void {
    const order = this.#orders.get(idHigh, idLow)
    if (order === undefined) {
      this.#unknownOrders += 1
      return
    }
    if (size >= order.size) this.#remove(order)
    else {
      order.size -= size
      order.level.size -= size
      this.#touch(order.side, depthOf(order.side, order.level))
    }
  }

  #modify(idHigh: number, idLow: number, sideCode: number, high: number, low: number, size: number): void {
    const order = this.#orders.get(idHigh, idLow)
    if (order === undefined) {
      this.#unknownOrders += 1
      this.#insert(this.#sideByCode(sideCode), idHigh, idLow, high, low, size)
      return
    }
    const { level } = order
    if (level.high !== high || level.low !== low) {
      const { side } = order
      this.#remove(order)
      this.#insert(side, idHigh, idLow, high, low, size)
      return
    }
    if (size > order.size) {
      // Growing gives up the place in the queue.
      dequeue(level, order)
      order.size = size
      enqueue(level, order)
    } else {
      level.size += size - order.size
      order.size = size
    }
    this.#touch(order.side, depthOf(order.side, level))
  }

  #remove(order: RestingOrder): void {
    const { side, level } = order
    const { levels } = side
    const at = find(side, level.high, level.low)
    this.#touch(side, levels.length - 1 - at)
    this.#orders.delete(order)
    dequeue(level, order)
    if (this.#spare.length < 4096) this.#spare.push(order)
    if (level.count > 0) return
    this.#change.levelRemoved = true
    this.#change.isShift = true
    if (at === levels.length - 1) levels.pop()
    else levels.splice(at, 1)
  }

  #clearSide(side: BookSide): void {
    for (const level of side.levels) for (let order = level.first; order !== undefined; order = order.behind) this.#orders.delete(order)
    side.levels.length = 0
  }
}

function enqueue(level: PriceLevel, order: RestingOrder): void {
  order.ahead = level.last
  order.behind = undefined
  if (level.last === undefined) level.first = order
  else level.last.behind = order
  level.last = order
  level.size += order.size
  level.count += 1
}

function dequeue(level: PriceLevel, order: RestingOrder): void {
  if (order.ahead === undefined) level.first = order.behind
  else order.ahead.behind = order.behind
  if (order.behind === undefined) level.last = order.ahead
  else order.behind.ahead = order.ahead
  level.size -= order.size
  level.count -= 1
}

/** Position of the level with this price, or of the next worse one (-1 when there is none). Most messages are near the best. */
function find({ levels, direction }: BookSide, high: number, low: number): number {
  let at = levels.length - 1
  for (let steps = 0; steps < 8; steps += 1, at -= 1) {
    if (at < 0 || !isBetter(levels[at], high, low, direction)) return at
  }
  let from = 0
  let to = at + 1
  while (from < to) {
    const middle = (from + to) >>> 1
    if (isBetter(levels[middle], high, low, direction)) to = middle
    else from = middle + 1
  }
  return from - 1
}

/** Whether a level is better than a price: higher for bids, lower for asks. */
function isBetter(level: PriceLevel, high: number, low: number, direction: 1 | -1): boolean {
  const difference = level.high !== high ? level.high - high : level.low - low
  return difference * direction > 0
}

function depthOf(side: BookSide, level: PriceLevel): number {
  return side.levels.length - 1 - find(side, level.high, level.low)
}
