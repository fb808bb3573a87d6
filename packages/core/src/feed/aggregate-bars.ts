import { TradingError } from '@gatehouse/contracts'
import { never, timeKey, timeKeys, type TimeKey } from '../engine/time-key.js'
import type { Batch } from '../interfaces/batch.js'
import type { Calendar, SessionWindow } from '../interfaces/calendar.js'
import type { Feed, FeedStatus } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import { barNs, isBarSchema, type BarSchema } from '../interfaces/schema.js'
import type { TimeNs } from '../interfaces/time.js'
import type { BarView } from '../interfaces/view.js'
import { anyBatch } from '../market-data/any-batch.js'
import { BarBuilder } from '../market-data/bar-builder.js'
import { recordedFeed } from './recorded-feed.js'

export interface AggregateOptions {
  /** Length of the bars to make; longer than those of the feed. */
  readonly to: BarSchema
  /**
   * Whose sessions bars keep to: rows outside them are left out and counted in `report`, an hour ends where its session does, a day is a session. Without
   * one, bars are clock hours and UTC days.
   */
  readonly calendar?: Calendar | undefined
}

/** A feed of longer bars, which also says how many rows were left out. */
export interface AggregateFeed extends Feed {
  /** Rows since the last call of `batches`: used, and left out because the market was closed. */
  readonly report: { readonly rows: number; readonly outsideSession: number }
}

/** Bar being made of one instrument. */
interface Bucket {
  readonly instrument: number
  readonly begins: TimeNs
  readonly known: TimeNs
  readonly open: number
  high: number
  low: number
  close: number
  volume: number
}

/**
 * Longer bars out of shorter ones: open of the first, highest high, lowest low, close of the last, sum of volumes. A bar is given once the feed moves past its
 * end, and was known at its end; times without a row make no bar.
 * @throws {TradingError} `FEED_OPTIONS_INVALID` when the feed has no shorter bars
 */
export function aggregateBars(feed: Feed, { to, calendar }: AggregateOptions): AggregateFeed {
  const from = feed.schemas.filter((schema) => isBarSchema(schema)).find((schema) => barNs[schema] < barNs[to])
  if (from === undefined) {
    throw new TradingError('FEED_OPTIONS_INVALID', `feed ${feed.name} has no bars shorter than ${to}, only ${feed.schemas.join(', ')}`, {
      to,
    })
  }
  const report = { rows: 0, outsideSession: 0 }
  const made = recordedFeed({
    name: `${feed.name}-${to}`,
    schemas: [to],
    instruments: (options) => feed.instruments(options),
    async *open(range, _book, options) {
      report.rows = 0
      report.outsideSession = 0
      const instruments = await feed.instruments(options)
      const maker = new BarMaker(to, calendar, instruments, report)
      // A bar that ends within the range may begin before it.
      const begins = range.from > barNs[to] ? range.from - barNs[to] : 0n
      for await (const item of feed.batches({ from: begins, to: range.to }, options)) {
        if (item.type === 'feed-status') yield item
        else if (isBarSchema(item.schema) && barNs[item.schema] < barNs[to]) yield* maker.take(item as Batch<BarSchema>)
      }
      yield* maker.finish(range.to)
    },
    close: () => feed.close(),
  })
  return Object.defineProperty(made, 'report', { value: report, enumerable: true }) as AggregateFeed
}

const batchRows = 1024

class BarMaker {
  readonly #to: BarSchema
  readonly #calendar: Calendar | undefined
  readonly #instruments: readonly Instrument[]
  readonly #places: ReadonlyMap<string, number>
  readonly #report: { rows: number; outsideSession: number }
  readonly #open = new Map<number, Bucket>()
  /** When the first of the open bars was known. Times of rows are compared as keys: a bigint a row would be all that is allocated. */
  #nextEnd: TimeKey = never
  /** Bars that are closed and not yet given, and how many more there is room for. */
  #made: BarBuilder | undefined
  #room = 0
  #source = ''
  // The window that the last row fell into; rows come in order, so it mostly holds the next one too.
  #window: BarSpan | undefined
  readonly #length: bigint

  constructor(
    to: BarSchema,
    calendar: Calendar | undefined,
    instruments: readonly Instrument[],
    report: { rows: number; outsideSession: number },
  ) {
    this.#to = to
    this.#calendar = calendar
    this.#instruments = instruments
    this.#places = new Map(instruments.map(({ id }, place) => [id, place]))
    this.#report = report
    this.#length = barNs[to]
  }

  *take(batch: Batch<BarSchema>): Generator<Batch | FeedStatus> {
    if (batch.source !== this.#source) {
      yield* this.#close((bucket) => bucket !== undefined, 0)
      yield* this.#give()
      this.#source = batch.source
    }
    const bar: BarView & { row: number } = batch.view()
    const [starts, ends] = [timeKeys(batch.columns.tsEvent), timeKeys(batch.availableAt)]
    for (let row = 0; row < batch.length; row++) {
      bar.row = row
      const known = ends[row]
      if (this.#nextEnd < known) yield* this.#close((bucket) => timeKey(bucket.known) < known, batch.length - row)
      const span = this.#holds(starts[row]) ? this.#window : this.#spanOfBar(bar, barNs[batch.schema])
      if (span === undefined) {
        this.#report.outsideSession++
        continue
      }
      this.#report.rows++
      this.#add(bar, span.begins, span.knownKey >= known ? span.known : bar.availableAt)
    }
    yield* this.#give()
  }

  /** What is open at the end of the rows, if it ended within the range. */
  *finish(to: TimeNs): Generator<Batch> {
    yield* this.#close((bucket) => bucket.known < to, 0)
    yield* this.#give()
  }

  /** Whether a time falls into the window that the last row fell into. */
  #holds(key: TimeKey): boolean {
    const last = this.#window
    return last !== undefined && key >= last.opensKey && key < last.closesKey
  }

  /** The first hour of a session is stamped before it opens: its end says where it belongs. */
  #spanOfBar({ tsEvent }: BarView, length: bigint): BarSpan | undefined {
    return this.#spanOf(tsEvent) ?? this.#spanOf(tsEvent + length - 1n)
  }

  #add(bar: BarView, begins: TimeNs, known: TimeNs): void {
    const instrument = this.#places.get(bar.instrument.id)
    if (instrument === undefined) return
    const open = this.#open.get(instrument)
    const { high, low, close, volume } = bar
    if (open !== undefined && open.begins === begins) {
      if (high > open.high) open.high = high
      if (low < open.low) open.low = low
      open.close = close
      open.volume += volume
      return
    }
    this.#open.set(instrument, { instrument, begins, known, open: bar.open, high, low, close, volume })
    this.#noteEnd(known)
  }

  #noteEnd(known: TimeNs): void {
    const key = timeKey(known)
    if (key < this.#nextEnd) this.#nextEnd = key
  }

  /** Closes the open bars that are due, by the time they were known, then by instrument. @param more rows that may still close others */
  *#close(isDue: (bucket: Bucket) => boolean, more: number): Generator<Batch> {
    const due = [...this.#open.values()]
      .filter(isDue)
      .sort((a, b) => (a.known < b.known ? -1 : a.known > b.known ? 1 : a.instrument - b.instrument))
    if (due.length === 0) return
    if (this.#made !== undefined && this.#room < due.length) yield* this.#give()
    if (this.#made === undefined) {
      this.#room = due.length + Math.min(more, batchRows)
      this.#made = new BarBuilder({ schema: this.#to, source: this.#source, instruments: this.#instruments, capacity: this.#room })
    }
    this.#room -= due.length
    for (const { instrument, begins, known, open, high, low, close, volume } of due) {
      this.#open.delete(instrument)
      this.#made.times(instrument, Number(begins / second), Number(begins % second), Number(known / second), Number(known % second))
      this.#made.values(open, high, low, close, volume)
    }
    this.#nextEnd = never
    for (const { known } of this.#open.values()) this.#noteEnd(known)
  }

  /** Gives the bars that were closed: one batch for each that came in, not one a bar. */
  *#give(): Generator<Batch> {
    if (this.#made !== undefined) yield anyBatch(this.#made.take())
    this.#made = undefined
  }

  /** The bar that a time belongs to: its stamp and when it is known. `undefined` while the market is closed. */
  #spanOf(time: TimeNs): BarSpan | undefined {
    if (this.#holds(timeKey(time))) return this.#window
    const clock = time - (time % this.#length)
    if (this.#calendar === undefined) {
      return (this.#window = spanOf(clock, clock + this.#length, clock, clock + this.#length))
    }
    const window = windowAt(this.#calendar, time)
    if (window === undefined) return undefined
    if (this.#to === 'ohlcv-1d') {
      const session = this.#calendar.sessionContaining(time)!
      return (this.#window = spanOf(window.opens, window.closes, session.opens, session.closes))
    }
    const end = clock + this.#length < window.closes ? clock + this.#length : window.closes
    return (this.#window = spanOf(clock > window.opens ? clock : window.opens, end, clock, end))
  }
}

/** Times that make up a bar, its stamp, and when it is known. */
interface BarSpan {
  readonly opensKey: TimeKey
  readonly closesKey: TimeKey
  readonly begins: TimeNs
  readonly known: TimeNs
  readonly knownKey: TimeKey
}

function spanOf(opens: TimeNs, closes: TimeNs, begins: TimeNs, known: TimeNs): BarSpan {
  return { opensKey: timeKey(opens), closesKey: timeKey(closes), begins, known, knownKey: timeKey(known) }
}

function windowAt(calendar: Calendar, time: TimeNs): SessionWindow | undefined {
  return calendar.sessionContaining(time)?.windows.find(({ opens, closes }) => time >= opens && time < closes)
}

const second = 1_000_000_000n
