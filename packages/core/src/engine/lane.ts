import { TradingError } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import type { Feed, FeedStatus } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Cursor } from '../interfaces/view.js'
import { keepRows } from './conflated-rows.js'
import type { InstrumentTable } from './instrument-table.js'
import { never, timeKey, timeKeys, timeOfKey, type TimeKey } from './time-key.js'

/** One feed of a run: the batch it stands in, and the row. */
export class Lane {
  batch: Batch | undefined = undefined
  status: FeedStatus | undefined = undefined
  cursor: Cursor | undefined = undefined
  keys: Float64Array = new Float64Array(0)
  row = 0
  end = 0
  /** Rows are handled up to here before the loop comes back: `end`, or fewer while written entries are compared. */
  stop = 0
  /** Numbers in the run of the batch's instruments. */
  indexes = new Uint32Array(0)
  isEnded = false
  /** Batches so far. */
  batches = 0
  #instruments: readonly Instrument[] | undefined = undefined
  #known: readonly Instrument[] = []
  #lastKey: TimeKey = 0
  /** First row of the batch that the run handles. */
  from = 0
  /** Rows that the feed gave before it. */
  rowsBefore = 0
  #rowsSeen = 0

  constructor(
    readonly number: number,
    readonly feed: Feed,
    readonly iterator: AsyncIterator<Batch | FeedStatus>,
    readonly table: InstrumentTable,
  ) {}

  /** When its next row or status could be known; `never` once it has ended. */
  get key(): TimeKey {
    if (this.batch !== undefined) return this.keys[this.row]
    if (this.status !== undefined) return timeKey(this.status.at)
    return never
  }

  /**
   * Takes the next batch or status.
   * @returns false at the end
   * @throws {TradingError} `FEED_OUT_OF_ORDER` when a batch starts before the one ahead of it ended
   */
  async advance(fromKey: TimeKey, toKey: TimeKey): Promise<boolean> {
    for (;;) {
      this.batch = undefined
      this.status = undefined
      const next = await this.iterator.next()
      if (next.done === true) {
        this.isEnded = true
        return false
      }
      const item = next.value
      if (item.type === 'feed-status') {
        this.status = item
        return true
      }
      if (this.enter(item, fromKey, toKey)) return true
    }
  }

  /** Goes on with some rows of the batch that it has just taken: those that a journal says were kept. */
  keep(rows: Uint32Array): void {
    const { batch } = this
    if (batch === undefined) return
    this.#rowsSeen -= batch.length
    this.#lastKey = 0
    this.enter(keepRows(batch, rows, this.feed.name), 0, never)
  }

  /** Stands on the first row of a batch that lies in the range. @returns false when none does */
  enter(batch: Batch, fromKey: TimeKey, toKey: TimeKey): boolean {
    const keys = timeKeys(batch.availableAt)
    const { length } = batch
    if (length === 0) return false
    if (keys[0] < this.#lastKey) {
      throw new TradingError(
        'FEED_OUT_OF_ORDER',
        `${this.feed.name} gave a ${batch.schema} batch that starts at ${timeOfKey(keys[0])}, after one that ended at ${timeOfKey(this.#lastKey)}; sort by the time a row could be known`,
        { feed: this.feed.name, schema: batch.schema, batch: this.batches },
      )
    }
    this.#lastKey = keys[length - 1]
    this.batches++
    let row = 0
    let end = length
    while (row < end && keys[row] < fromKey) row++
    while (end > row && keys[end - 1] >= toKey) end--
    if (row === end) return false
    this.batch = batch
    this.keys = keys
    this.row = row
    this.from = row
    this.rowsBefore = this.#rowsSeen + row
    this.#rowsSeen += length
    this.end = end
    this.stop = end
    if (batch.instruments !== this.#instruments) {
      this.#instruments = batch.instruments
      this.indexes = Uint32Array.from(batch.instruments, (instrument) => this.table.indexOf(instrument))
      this.#known = Array.from(this.indexes, (index) => this.table.instruments[index])
    }
    // Views name the run's instruments, whatever objects a feed has for them: predictors and strategies compare by identity.
    this.cursor = batch.view(this.#known)
    return true
  }
}
