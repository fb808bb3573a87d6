import type { RecordRun } from '../codec/run.js'
import { OrderBook } from './order-book.js'

/** Order books by publisher and instrument: ids alone are reused across venues and days. */
export class OrderBooks<Book extends OrderBook = OrderBook> {
  readonly #books = new Map<number, Map<number, Book>>()
  readonly #make: () => Book
  #lastPublisher = -1
  #lastInstrument = -1
  #last: Book | undefined

  /** @param make how a book is made, for books that keep more */
  constructor(make: () => Book = () => new OrderBook() as Book) {
    this.#make = make
  }

  /** The book that a row of MBO records belongs to; made when it is met first. */
  of(run: RecordRun, row: number): Book {
    const word = run.wordOffset + row * run.stride
    const publisher = run.uint32[word] >>> 16
    const instrument = run.uint32[word + 1]
    if (this.#last !== undefined && publisher === this.#lastPublisher && instrument === this.#lastInstrument) return this.#last
    this.#lastPublisher = publisher
    this.#lastInstrument = instrument
    this.#last = this.get(publisher, instrument) ?? this.#create(publisher, instrument)
    return this.#last
  }

  /** The book of an instrument at a publisher, or `undefined` when no message of it came. */
  get(publisherId: number, instrumentId: number): Book | undefined {
    return this.#books.get(publisherId)?.get(instrumentId)
  }

  /** All books with their ids. */
  *entries(): Generator<{ readonly publisherId: number; readonly instrumentId: number; readonly book: Book }, void, undefined> {
    for (const [publisherId, books] of this.#books) for (const [instrumentId, book] of books) yield { publisherId, instrumentId, book }
  }

  #create(publisher: number, instrument: number): Book {
    let books = this.#books.get(publisher)
    if (books === undefined) {
      books = new Map()
      this.#books.set(publisher, books)
    }
    const book = this.#make()
    books.set(instrument, book)
    return book
  }
}
