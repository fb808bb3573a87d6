import type { Batch } from '../interfaces/batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import { BookRows } from './book-rows.js'
import { regimeDepth, type BookPlanner, type SecondPlan } from './book-plan.js'
import { exactExp } from './exact-math.js'
import { syntheticSource } from './market-options.js'
import { RandomStream } from './random.js'

export const bookLevels = 10
/** Mean resting shares by level in a normal book: less at the touch, most a few ticks away. */
const depthShape: readonly number[] = [300, 480, 600, 660, 660, 640, 600, 570, 540, 510]
/** How far the shown imbalance reaches into the book. */
const imbalanceShape: readonly number[] = [1, 0.8, 0.6, 0.4, 0.2, 0, 0, 0, 0, 0]
const quietEvents = 5
const burstEvents = 16
const nanosPerSecond = 1_000_000_000
/** Mean time in which a second's new picture is put up on one side. */
const openingTime = 30_000_000

const add = 65
const cancel = 67
const trade = 84
const buyer = 66
const seller = 65

/** Rows that one second cannot exceed but for a price that jumps by hundreds of ticks; a batch with less room left is handed over first. */
export const roomForSecond = 1024

/** Turns planned seconds into MBP-10 rows: every row is the book after one event, as Databento has it (a trade row shows the book before it takes). */
export class BookEvents {
  readonly #random: RandomStream
  readonly #rows: BookRows
  readonly #bid = new Float64Array(bookLevels)
  readonly #ask = new Float64Array(bookLevels)
  #bestBid: number
  #bestAsk: number
  #regime: number
  // Position within the second, as a part of it, and the last event's time.
  #second = 0
  #nanos = 0
  #plan: SecondPlan

  constructor(seed: number, instrument: Instrument, planner: BookPlanner, capacity: number) {
    this.#plan = planner.plan
    this.#random = new RandomStream(seed, 'book', instrument.symbol, planner.plan.second)
    this.#rows = new BookRows(syntheticSource, instrument, capacity)
    this.#bestBid = planner.plan.bid
    this.#regime = planner.plan.regime
    this.#bestAsk = planner.plan.bid + planner.plan.spread
    for (let level = 0; level < bookLevels; level++) {
      this.#bid[level] = this.#size(level, 1)
      this.#ask[level] = this.#size(level, -1)
    }
  }

  get length(): number {
    return this.#rows.length
  }

  take(): Batch<'mbp-10'> {
    return this.#rows.take()
  }

  /** Makes the events of the planned second. */
  play(): void {
    const plan = this.#plan
    const random = this.#random
    this.#second = plan.second
    this.#nanos = random.below(5_000_000)
    const events = (plan.burst === 1 ? burstEvents : quietEvents) + random.below(6)
    const early = Math.round(events * plan.moveAt)
    const moveNanos = Math.floor(plan.moveAt * nanosPerSecond)

    // The second's imbalance is shown at once near the touch, then kept up by what comes and goes.
    // A change of regime changes the whole book.
    const shown = plan.regime === this.#regime ? 3 : bookLevels
    this.#regime = plan.regime
    for (let level = 0; level < shown; level++) {
      this.#revise(1, level, openingTime / shown)
      this.#revise(-1, level, openingTime / shown)
    }
    this.#trade(plan.open, plan.earlySide, plan.earlySize, 50_000_000)
    const pace = Math.max(1, Math.floor((moveNanos - this.#nanos - 1_000_000) / Math.max(1, early)))
    for (let event = 0; event < early; event++) this.#reviseAny(pace)

    this.#nanos = Math.max(this.#nanos, moveNanos)
    this.#tradeExtremes(plan)
    this.#moveTo(plan.bid, plan.bid + plan.spread)

    const rest = events - early
    const late = Math.max(1, Math.floor((nanosPerSecond - 10_000_000 - this.#nanos) / (rest + 2)))
    const left = plan.volume - plan.earlySize - this.#extremeVolume(plan)
    for (let event = 0; event < rest; event++) this.#reviseAny(late)
    if (left > 0) this.#trade(plan.close, plan.close > plan.bid + (plan.spread - 1) / 2 ? 1 : -1, left, late)
  }

  /** Trades at the bar's high and low where neither its open nor its close is one. */
  #tradeExtremes(plan: SecondPlan): void {
    if (this.#isExtreme(plan, plan.high)) this.#trade(plan.high, 1, 1, 1_000_000)
    if (this.#isExtreme(plan, plan.low)) this.#trade(plan.low, -1, 1, 1_000_000)
  }

  #extremeVolume(plan: SecondPlan): number {
    return Number(this.#isExtreme(plan, plan.high)) + Number(this.#isExtreme(plan, plan.low))
  }

  #isExtreme({ open, close }: SecondPlan, price: number): boolean {
    return price !== open && price !== close
  }

  /** An order comes or goes at a level drawn with more weight near the touch. */
  #reviseAny(pace: number): void {
    const bits = this.#random.word()
    const u = (bits >>> 8) / 0x100_0000
    this.#revise((bits & 1) * 2 - 1, Math.floor(bookLevels * u * u), pace)
  }

  /** Sets a level to a new draw of its size. */
  #revise(side: number, level: number, pace: number): void {
    const sizes = side > 0 ? this.#bid : this.#ask
    const before = sizes[level]
    const after = this.#size(level, side)
    if (after === before) return
    sizes[level] = after
    this.#advance(pace)
    const price = side > 0 ? this.#bestBid - level : this.#bestAsk + level
    this.#emit(after > before ? add : cancel, side > 0 ? buyer : seller, price, Math.abs(after - before), level)
  }

  /** Prints a trade, then what it took off the book. Within the spread it met hidden orders, and takes nothing that was shown. */
  #trade(price: number, side: number, size: number, pace: number): void {
    this.#advance(pace)
    const isHidden = price > this.#bestBid && price < this.#bestAsk
    this.#emit(trade, side > 0 ? buyer : seller, price, size, 0)
    if (isHidden) return
    const sizes = side > 0 ? this.#ask : this.#bid
    const before = sizes[0]
    const after = Math.max(1, before - size)
    if (after === before) return
    sizes[0] = after
    this.#advance(1000)
    this.#emit(cancel, side > 0 ? seller : buyer, side > 0 ? this.#bestAsk : this.#bestBid, before - after, 0)
  }

  /** Walks both sides to new best prices a tick at a time, the side ahead first, so that the book never crosses. */
  #moveTo(bid: number, ask: number): void {
    while (this.#bestBid !== bid || this.#bestAsk !== ask) {
      if (this.#bestAsk < ask) this.#worsen(-1)
      if (this.#bestBid > bid) this.#worsen(1)
      if (this.#bestBid < bid) this.#improve(1)
      if (this.#bestAsk > ask) this.#improve(-1)
    }
  }

  /** The best level of a side goes; a new last one comes into sight. */
  #worsen(side: number): void {
    const sizes = side > 0 ? this.#bid : this.#ask
    const price = side > 0 ? this.#bestBid-- : this.#bestAsk++
    const gone = sizes[0]
    sizes.copyWithin(0, 1)
    sizes[bookLevels - 1] = this.#size(bookLevels - 1, side)
    this.#advance(20_000)
    this.#emit(cancel, side > 0 ? buyer : seller, price, gone, 0)
  }

  /** A new best level of a side comes. */
  #improve(side: number): void {
    const sizes = side > 0 ? this.#bid : this.#ask
    const price = side > 0 ? ++this.#bestBid : --this.#bestAsk
    sizes.copyWithin(1, 0)
    sizes[0] = this.#size(0, side)
    this.#advance(20_000)
    this.#emit(add, side > 0 ? buyer : seller, price, sizes[0], 0)
  }

  /** A draw of a level's size as regime and imbalance have it. */
  #size(level: number, side: number): number {
    const lean = 0.5 * side * imbalanceShape[level] * this.#plan.imbalance
    const noise = (this.#random.word() / 0x1_0000_0000 - 0.5) * 0.5
    return Math.max(1, Math.round(depthShape[level] * regimeDepth[this.#plan.regime] * exactExp(lean + noise)))
  }

  #advance(nanos: number): void {
    const next = this.#nanos + 1 + this.#random.below(2 * nanos)
    this.#nanos = next < nanosPerSecond ? next : Math.max(this.#nanos, nanosPerSecond - 1)
  }

  #emit(action: number, side: number, price: number, size: number, depth: number): void {
    this.#rows.append(this.#second, this.#nanos, action, side, price, size, depth)
    this.#rows.book(this.#bestBid, this.#bestAsk, this.#bid, this.#ask)
  }
}
