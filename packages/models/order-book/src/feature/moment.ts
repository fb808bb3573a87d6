import { type BookView } from '@gatehouse/core'

/** Levels a side that features read. */
export const bookLevels = 10
/** Memories of the features, seconds: an event weighs `exp(-age / memory)`. The last one is the market's own usual, which the others are told against. */
export const memories = [0.1, 0.5, 2.5, 12.5, 300] as const
export const usual = memories.length - 1
/** A book that was silent for longer starts afresh: sessions do not flow into each other, seconds. */
export const pauseSeconds = 60

/** Slots of the shared memory, before those of the sections. */
const slot = { time: 0, events: 1, mid: 2, spread: 3, total: 4, totals: 5, isOpen: 6, weights: 7 } as const
export const momentSlots = slot.weights + memories.length

const asTime = new BigInt64Array(1)
const asHalves = new Uint32Array(asTime.buffer)

/** Whether the last event was longer ago. Times are told to 256 ns, as float64: enough to age events, no bigint is made, and no fraction is handed on, which could box it. */
export function isOlder(state: Float64Array, now: bigint, ms: number): boolean {
  asTime[0] = now
  return asHalves[1] * 0x1_0000_0000 + asHalves[0] - state[slot.time] > ms * 1e6
}

/**
 * To 1/1024 of a tick. Decimal prices are not exact in float64: the same middle of two spreads would differ in its last bits, and be called a move. What is
 * snapped also adds up exactly.
 */
const snapped = (ticks: number): number => Math.round(ticks * 1024) / 1024

/**
 * What one event shows, read once for all sections. One object a stream, filled again and again; fields begin as `NaN` so that the engine keeps them as doubles
 * from the first store on, and never boxes one afresh.
 */
export class Moment {
  /** Seconds since the event before; 0 for the first. */
  elapsed = NaN
  /** True for the first event after a start or a pause: differences to the one before mean nothing. */
  isFirst = true
  /** Middle and spread, ticks. */
  mid = NaN
  spread = NaN
  tick = NaN
  /** Resting size a level and side that is usual here. */
  reference = NaN
  /** All that rests now. */
  total = NaN
  readonly bidSize = new Float64Array(bookLevels)
  readonly askSize = new Float64Array(bookLevels)
  /** Distance of each level from the middle, ticks, rising; a missing level stands one tick behind the one before. */
  readonly bidDistance = new Float64Array(bookLevels)
  readonly askDistance = new Float64Array(bookLevels)
  /** `exp(-elapsed / memory)`. */
  readonly keep = new Float64Array(memories.length)
  /** How full each memory is, 0 to 1: sums over time are divided by it. */
  readonly weight = new Float64Array(memories.length)
  isTrade = false
  /** Aggressor's quantity, and his side: 1 bought, -1 sold, 0 unknown. */
  tradeSize = NaN
  tradeSide = NaN
  /** Middle, in the currency. */
  #middle = NaN

  /**
   * Reads a row and ages the shared memory.
   * @returns false when a best price is missing: nothing can be said then, and the next whole book is a first one
   */
  read(state: Float64Array, book: BookView): boolean {
    const bid = book.bidPrice(0)
    const ask = book.askPrice(0)
    if (!(bid < Infinity && ask < Infinity && bid > -Infinity && ask > -Infinity)) {
      state[slot.isOpen] = 0
      return false
    }
    this.tick = book.instrument.tickSize
    this.#middle = (bid + ask) / 2
    this.mid = snapped(this.#middle / this.tick)
    this.spread = snapped((ask - bid) / this.tick)
    this.#readTime(state, book)
    state[slot.mid] = this.mid
    state[slot.spread] = this.spread
    this.#readLevels(book)
    this.#readTrade(book)
    this.#readReference(state)
    return true
  }

  // Numbers are handed on in fields: a fraction that is an argument of a call that is not inlined is boxed.
  #readTime(state: Float64Array, book: BookView): void {
    asTime[0] = book.availableAt
    const now = asHalves[1] * 0x1_0000_0000 + asHalves[0]
    const before = state[slot.time]
    const elapsed = (now - before) / 1e9
    // A pause wipes everything, the sections' memory included; the first slots are written anew below.
    if (before !== 0 && elapsed > pauseSeconds) state.fill(0)
    this.isFirst = state[slot.isOpen] === 0
    // What a book was worth while it lacked a side is not known: that time does not count.
    this.elapsed = this.isFirst || elapsed < 0 ? 0 : elapsed
    state[slot.time] = now
    state[slot.isOpen] = 1
    state[slot.events]++
    for (let m = 0; m < memories.length; m++) {
      const keep = this.elapsed > 0 ? Math.exp(-this.elapsed / memories[m]) : 1
      this.keep[m] = keep
      this.weight[m] = state[slot.weights + m] = keep * state[slot.weights + m] + (1 - keep)
    }
  }

  #readLevels(book: BookView): void {
    const middle = this.#middle
    let bidBefore = 0
    let askBefore = 0
    let total = 0
    for (let level = 0; level < bookLevels; level++) {
      const bid = (middle - book.bidPrice(level)) / this.tick
      const ask = (book.askPrice(level) - middle) / this.tick
      this.bidDistance[level] = bidBefore = Number.isFinite(bid) ? bid : bidBefore + 1
      this.askDistance[level] = askBefore = Number.isFinite(ask) ? ask : askBefore + 1
      const bidSize = book.bidSize(level)
      const askSize = book.askSize(level)
      // A size that is none must not stay in a memory for ever.
      total += this.bidSize[level] = bidSize > 0 && bidSize < Infinity ? bidSize : 0
      total += this.askSize[level] = askSize > 0 && askSize < Infinity ? askSize : 0
    }
    this.total = total
  }

  #readTrade(book: BookView): void {
    const size = book.size
    this.isTrade = book.action === 'T' && size > 0 && size < Infinity
    this.tradeSize = this.isTrade ? size : 0
    const side = book.side
    this.tradeSide = !this.isTrade ? 0 : side === 'B' ? 1 : side === 'A' ? -1 : 0
  }

  /** The usual depth is a mean over time: what rested since the event before weighs as long as it did. */
  #readReference(state: Float64Array): void {
    const keep = this.keep[usual]
    const sum = (state[slot.totals] = keep * state[slot.totals] + (1 - keep) * state[slot.total])
    state[slot.total] = this.total
    const weight = this.weight[usual]
    const mean = weight > 1e-9 ? sum / weight : this.total
    this.reference = (mean > 0 ? mean : 1) / (2 * bookLevels)
  }
}

/** Events since the start or the last pause; when the last one was, ns as float64 (0 when there was none or it left a side empty). */
export const eventsOf = (state: Float64Array): number => state[slot.events]
export const lastEventOf = (state: Float64Array): number => (state[slot.isOpen] === 1 ? state[slot.time] : 0)
/** Middle and spread of the last whole book, ticks. */
export const midOf = (state: Float64Array): number => state[slot.mid]
export const spreadOf = (state: Float64Array): number => state[slot.spread]
/** How full the longest memory is. */
export const weightOf = (state: Float64Array): number => state[slot.weights + usual]
