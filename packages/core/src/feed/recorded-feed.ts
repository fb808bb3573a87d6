import { TradingError, type CallOptions } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import type { Feed, FeedStatus, Subscription } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Schema } from '../interfaces/schema.js'
import type { TimeRange } from '../interfaces/time.js'
import { firstRowAt, selectRows, sliceBatch } from '../market-data/select-rows.js'
import { SubscriptionBook } from './subscription-book.js'

/** What a source of recorded or generated rows provides; {@link recordedFeed} makes the feed of it. */
export interface RecordedSource {
  readonly name: string
  readonly schemas: readonly Schema[]
  /** Most symbols that may be subscribed at once; past it they are refused by name. */
  readonly lineLimit?: number | undefined
  instruments(options: CallOptions): Promise<readonly Instrument[]>
  /**
   * Batches in `availableAt` order. May give rows outside the range and instruments that are not wanted: the feed drops them.
   * `book` says what is wanted, for sources that can save the work.
   */
  open(range: TimeRange, book: SubscriptionBook, options: CallOptions): AsyncIterable<Batch | FeedStatus>
  close?(): Promise<void>
}

/**
 * A feed over rows that exist already. It keeps what the seam promises, so a source need not: rows within the range and the
 * subscriptions, order verified, refusals in-band, `signal` obeyed, `close()` safe to call twice. A change of subscription holds from
 * the next batch on. Every call of `batches` starts from the beginning of its range.
 * @throws {TradingError} from `batches`: `FEED_CLOSED`, `FEED_RANGE_INVALID`, `FEED_OUT_OF_ORDER`, and what the source throws
 */
export function recordedFeed(source: RecordedSource): Feed {
  const { name, schemas, lineLimit } = source
  const book = new SubscriptionBook({ schemas, lineLimit })
  let closed = false
  let instruments: Promise<readonly Instrument[]> | undefined

  const listInstruments = async (options: CallOptions): Promise<readonly Instrument[]> => {
    instruments ??= source.instruments(options)
    try {
      const listed = await instruments
      book.knowInstruments(listed)
      return listed
    } catch (error) {
      instruments = undefined
      throw error
    }
  }

  async function* batches(range: TimeRange, options: CallOptions = {}): AsyncGenerator<Batch | FeedStatus> {
    if (closed) throw new TradingError('FEED_CLOSED', `feed ${name} is closed: open it again`, { feed: name })
    if (range.to < range.from) {
      throw new TradingError('FEED_RANGE_INVALID', `feed ${name}: the range ends (${range.to}) before it begins (${range.from})`, {
        feed: name,
        ...range,
      })
    }
    options.signal?.throwIfAborted()
    await listInstruments(options)
    let position = range.from
    let previous = -1n
    yield* book.takeRefusals(name, position)
    for await (const item of source.open(range, book, options)) {
      options.signal?.throwIfAborted()
      if (closed) return
      yield* book.takeRefusals(name, position)
      if (item.type === 'feed-status') {
        yield item
        continue
      }
      if (item.length === 0) continue
      const first = item.availableAt[0]
      if (first < previous) throw outOfOrder(name, item, 0, previous)
      const fallen = firstFallingRow(item.availableAt)
      if (fallen > 0) throw outOfOrder(name, item, fallen, item.availableAt[fallen - 1])
      previous = item.availableAt[item.length - 1]
      if (first >= range.to) return
      const wanted = within(item, range, book)
      if (wanted !== undefined) {
        position = wanted.availableAt[wanted.length - 1]
        yield wanted
        options.signal?.throwIfAborted()
      }
    }
    yield* book.takeRefusals(name, position)
  }

  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    await source.close?.()
  }
  return {
    name,
    schemas,
    instruments: (options = {}) => listInstruments(options),
    subscribe: (wanted: readonly Subscription[]) => book.apply(wanted),
    batches,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The rows of a batch that are in the range and wanted; `undefined` when there is none. */
function within(batch: Batch, range: TimeRange, book: SubscriptionBook): Batch | undefined {
  const from = batch.availableAt[0] >= range.from ? 0 : firstRowAt(batch, range.from)
  const to = batch.availableAt[batch.length - 1] < range.to ? batch.length : firstRowAt(batch, range.to)
  if (from >= to) return undefined
  const wanted = batch.instruments.map((instrument) => book.wants(batch.schema, instrument))
  if (wanted.every(Boolean)) return sliceBatch(batch, from, to)
  const rows: number[] = []
  for (let row = from; row < to; row++) if (wanted[batch.instrumentIndex[row]]) rows.push(row)
  return rows.length === 0 ? undefined : rows.length === to - from ? sliceBatch(batch, from, to) : selectRows(batch, Uint32Array.from(rows))
}

/** First row that is known before the one ahead of it; 0 when there is none. Times are not negative, so their bits order as floats do. */
function firstFallingRow(availableAt: BigInt64Array): number {
  const times = new Float64Array(availableAt.buffer, availableAt.byteOffset, availableAt.length)
  for (let row = 1; row < times.length; row++) if (times[row] < times[row - 1]) return row
  return 0
}

function outOfOrder(feed: string, batch: Batch, row: number, previous: bigint): TradingError {
  const time = batch.availableAt[row]
  return new TradingError(
    'FEED_OUT_OF_ORDER',
    `feed ${feed}: row ${row} of a ${batch.schema} batch was known at ${time}, before rows of ${previous}: sort rows by availableAt`,
    { feed, schema: batch.schema, row, time, previous },
  )
}
