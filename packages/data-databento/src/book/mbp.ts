import { RType } from '../layout/enums.js'
import { layoutNamed } from '../layout/layout.js'
import { createRun, type RecordRun } from '../codec/run.js'
import { createWindow, type Window } from '../codec/window.js'
import { OrderBooks } from './books.js'
import { OrderBook, type BookChange } from './order-book.js'
import type { BookSide } from './order-index.js'

/** How MBO becomes MBP. */
export interface MbpOptions {
  /** Levels a side: 10 gives MBP-10, 1 gives MBP-1. */
  readonly levels?: 1 | 10 | undefined
  /** `side` of a trade row: the aggressor, as in Databento's schemas (the default), or the side of the book that was hit. */
  readonly tradeSide?: 'aggressor' | 'book' | undefined
}

const [C_CODE, F_CODE, R_CODE, T_CODE] = [0x43, 0x46, 0x52, 0x54]
const ROWS = 4096
const UNDEF_HIGH = 0x7fffffff
const UNDEF_LOW = 0xffffffff

/**
 * Makes MBP-10 or MBP-1 records out of MBO, an event at a time, for any number of instruments.
 *
 * A row is written for every add, cancel, modify and clear that touches the published levels, with the book after it, and for every trade. A
 * trade that is followed at once by its fill and the cancel of that fill (as ITCH venues send it) is one row, with the book after the fill.
 * The rows are those of the published MBP-10 file that goes with an MBO file of XNAS.ITCH, row for row (see the oracle test).
 */
export class MbpBuilder {
  readonly books: OrderBooks<PublishedBook>
  readonly #levels: number
  readonly #tradeSide: 'aggressor' | 'book'
  readonly #strideWords: number
  readonly #window: Window
  #rows = 0
  /** A trade waits for the record after it: 0 none, 1 the trade alone, 2 trade and fill. */
  #pending = 0
  readonly #trade: Window = createWindow(56)
  readonly #fill: Window = createWindow(56)

  constructor({ levels = 10, tradeSide = 'aggressor' }: MbpOptions = {}) {
    this.#levels = levels
    this.books = new OrderBooks(() => new PublishedBook(levels))
    this.#tradeSide = tradeSide
    this.#strideWords = (48 + 32 * levels) / 4
    this.#window = createWindow(ROWS * this.#strideWords * 4)
  }

  /**
   * Applies a run of MBO records and gives the rows made from them in runs of at most 4,096, each valid until the next.
   * @returns messages applied
   */
  apply(run: RecordRun, handle: (rows: RecordRun) => void): number {
    for (let row = 0; row < run.length; row += 1) {
      // One message writes at most two rows: a trade that waited, and its own.
      if (this.#rows > ROWS - 2) this.#emit(handle)
      this.#message(run, row)
    }
    if (this.#rows > 0) this.#emit(handle)
    return run.length
  }

  /** Writes a trade that still waits for the record after it: call it at the end, or when nothing has come for a while. */
  flush(handle: (rows: RecordRun) => void): void {
    this.#releaseTrade()
    if (this.#rows > 0) this.#emit(handle)
  }

  #emit(handle: (rows: RecordRun) => void): void {
    const rows = createRun(this.#window, {
      rtype: this.#levels === 1 ? RType.mbp1 : RType.mbp10,
      layout: this.#levels === 1 ? mbp1 : mbp10,
      wordOffset: 0,
      stride: this.#strideWords,
      length: this.#rows,
      tsOutWord: -1,
    })
    this.#rows = 0
    handle(rows)
  }

  #message(run: RecordRun, row: number): void {
    const word = run.wordOffset + row * run.stride
    const action = run.bytes[(word << 2) + 38]
    if (this.#pending > 0 && this.#joinTrade(run, word, row, action)) return
    if (action === T_CODE) {
      keep(this.#trade, run, word)
      this.#pending = 1
      // A trade with no side has no resting order in the book, so nothing can follow it.
      if (run.bytes[(word << 2) + 39] === 0x4e) this.#releaseTrade()
      return
    }
    const book = this.books.of(run, row)
    const change = book.apply(run, row)
    book.publish(change)
    if (action === R_CODE) this.#write(run, word, book, 0, run.bytes[(word << 2) + 39])
    else if (this.#isPublished(change)) this.#write(run, word, book, change.depth, run.bytes[(word << 2) + 39])
  }

  /** Follows a waiting trade: its fill, then the cancel of that fill. Anything else releases the trade first. */
  #joinTrade(run: RecordRun, word: number, row: number, action: number): boolean {
    const before = this.#pending === 1 ? this.#trade : this.#fill
    const { uint32 } = run
    const isSameMessage =
      uint32[word + 13] === before.uint32[13] &&
      uint32[word + 2] === before.uint32[2] &&
      uint32[word + 3] === before.uint32[3] &&
      uint32[word + 1] === before.uint32[1]
    if (isSameMessage && this.#pending === 1 && action === F_CODE) {
      keep(this.#fill, run, word)
      this.#pending = 2
      return true
    }
    const isSameOrder =
      uint32[word + 4] === before.uint32[4] && uint32[word + 5] === before.uint32[5] && uint32[word + 8] === before.uint32[8]
    if (isSameMessage && this.#pending === 2 && action === C_CODE && isSameOrder) {
      const book = this.books.of(run, row)
      const change = book.apply(run, row)
      book.publish(change)
      this.#writeTrade(book, run.bytes[(word << 2) + 39], Math.max(change.depth, 0))
      return true
    }
    this.#releaseTrade()
    return false
  }

  #releaseTrade(): void {
    if (this.#pending === 0) return
    const hit = this.#pending === 2 ? this.#fill.bytes[39] : 0
    const book = this.books.of(overlay(this.#trade), 0)
    this.#writeTrade(book, hit, 0)
  }

  /** @param hit code of the side of the book that traded; 0 when not known */
  #writeTrade(book: PublishedBook, hit: number, depth: number): void {
    this.#pending = 0
    const aggressor = this.#trade.bytes[39]
    this.#write(overlay(this.#trade), 0, book, depth, this.#tradeSide === 'book' && hit !== 0 ? hit : aggressor)
  }

  #isPublished(change: BookChange): boolean {
    if (change.depth < 0) return false
    if (this.#levels === 1) return change.depth === 0
    // One more than is shown: the reference publishes changes of the eleventh level too, and the removal of a twelfth bid.
    return change.depth <= 10 || (change.depth === 11 && change.levelRemoved && change.side === 'B')
  }

  #write(run: RecordRun, word: number, book: PublishedBook, depth: number, side: number): void {
    const out = this.#rows * this.#strideWords
    this.#rows += 1
    const { bytes, uint32 } = this.#window
    const byte = out << 2
    const source = run.uint32
    const from = word << 2
    uint32[out] = (source[word] & 0xffff0000) | (this.#strideWords | ((this.#levels === 1 ? RType.mbp1 : RType.mbp10) << 8))
    uint32[out + 1] = source[word + 1]
    uint32[out + 2] = source[word + 2]
    uint32[out + 3] = source[word + 3]
    uint32[out + 4] = source[word + 6]
    uint32[out + 5] = source[word + 7]
    uint32[out + 6] = source[word + 8]
    bytes[byte + 28] = run.bytes[from + 38]
    bytes[byte + 29] = side
    bytes[byte + 30] = run.bytes[from + 36]
    bytes[byte + 31] = depth
    uint32[out + 8] = source[word + 10]
    uint32[out + 9] = source[word + 11]
    uint32[out + 10] = source[word + 12]
    uint32[out + 11] = source[word + 13]
    const { words } = book
    for (let index = 0, to = out + 12; index < words.length; index += 1, to += 1) uint32[to] = words[index]
  }
}

/** A book with its best levels in the words of an MBP record, of which only what changed is written again. */
class PublishedBook extends OrderBook {
  readonly words: Uint32Array
  readonly #signed: Int32Array
  readonly #levels: number

  constructor(levels: number) {
    super()
    this.#levels = levels
    this.words = new Uint32Array(levels * 8)
    this.#signed = new Int32Array(this.words.buffer)
    this.#writeAll()
  }

  /** Brings the words up to date with what the last message did. */
  publish({ side, depth, isShift }: BookChange): void {
    if (depth < 0 || depth >= this.#levels) return
    const to = isShift ? this.#levels : depth + 1
    writeSide(this.#signed, this.words, side === 'B' ? 0 : 2, side === 'B' ? this.bids : this.asks, depth, to)
  }

  override clear(): void {
    super.clear()
    this.#writeAll()
  }

  #writeAll(): void {
    writeSide(this.#signed, this.words, 0, this.bids, 0, this.#levels)
    writeSide(this.#signed, this.words, 2, this.asks, 0, this.#levels)
  }
}

/** Prices at `word`, sizes and counts at fixed places behind: +0/+2 price, +4/+5 size, +6/+7 count; asks begin two words (one for sizes) later. */
function writeSide(int32: Int32Array, uint32: Uint32Array, word: number, side: BookSide, from: number, to: number): void {
  const { levels, direction } = side
  const sizeAt = direction === 1 ? 4 : 3
  let at = levels.length - 1 - from
  for (let level = from, w = word + from * 8; level < to; level += 1, w += 8, at -= 1) {
    if (at >= 0) {
      const { high, low, size, count: orders } = levels[at]
      int32[w + 1] = high
      uint32[w] = low
      uint32[w + sizeAt] = size
      uint32[w + sizeAt + 2] = orders
    } else {
      int32[w + 1] = UNDEF_HIGH
      uint32[w] = UNDEF_LOW
      uint32[w + sizeAt] = 0
      uint32[w + sizeAt + 2] = 0
    }
  }
}

const mbp1 = layoutNamed('Mbp1')
const mbp10 = layoutNamed('Mbp10')
const mbo = layoutNamed('Mbo')

function keep(target: Window, run: RecordRun, word: number): void {
  for (let index = 0; index < 14; index += 1) target.uint32[index] = run.uint32[word + index]
}

const overlays = new WeakMap<Window, RecordRun>()

function overlay(window: Window): RecordRun {
  let run = overlays.get(window)
  if (run === undefined) {
    run = createRun(window, { rtype: RType.mbo, layout: mbo, wordOffset: 0, stride: 14, length: 1, tsOutWord: -1 })
    overlays.set(window, run)
  }
  return run
}
