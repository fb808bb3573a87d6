import { TradingError, type CallOptions } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import type { Feed, FeedStatus } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Schema } from '../interfaces/schema.js'
import type { TimeRange } from '../interfaces/time.js'
import { canConcat, concatBatches, type RowRun } from '../market-data/concat-batches.js'
import { firstRowAt } from '../market-data/select-rows.js'
import { recordedFeed } from './recorded-feed.js'
import type { SubscriptionBook } from './subscription-book.js'

const batchRows = 8192

/**
 * Several feeds as one, by `availableAt`; at equal times the earlier feed of the list goes first, then a feed's own order: the order is total, and the same on
 * every run. Neighbouring rows that can stand in one batch are joined. Statuses keep their place in their feed. `close()` closes the feeds.
 * @throws {TradingError} `FEED_OPTIONS_INVALID` without a feed; from `batches` what the feeds throw
 */
export function mergeFeeds(
  feeds: readonly Feed[],
  { name = feeds.map((feed) => feed.name).join('+') }: { readonly name?: string } = {},
): Feed {
  if (feeds.length === 0) throw new TradingError('FEED_OPTIONS_INVALID', 'mergeFeeds: name at least one feed', {})
  return recordedFeed({
    name,
    schemas: [...new Set(feeds.flatMap(({ schemas }) => schemas))],
    instruments: async (options) => uniqueById((await Promise.all(feeds.map((feed) => feed.instruments(options)))).flat()),
    open: (range, book, options) => merge(feeds, range, book, options),
    close: async () => {
      await Promise.all(feeds.map((feed) => feed.close()))
    },
  })
}

function uniqueById(instruments: readonly Instrument[]): readonly Instrument[] {
  return [...new Map(instruments.map((instrument) => [instrument.id, instrument])).values()]
}

/** Where one feed stands. */
interface Source {
  readonly items: AsyncIterator<Batch | FeedStatus>
  batch: Batch | undefined
  row: number
}

async function* merge(
  feeds: readonly Feed[],
  range: TimeRange,
  book: SubscriptionBook,
  options: CallOptions,
): AsyncGenerator<Batch | FeedStatus> {
  const subscribers = await Promise.all(feeds.map(async (feed) => new Subscriber(feed, await feed.instruments(options))))
  const follow = () => subscribers.forEach((subscriber) => subscriber.follow(book))
  follow()
  const sources: Source[] = feeds.map((feed) => ({ items: feed.batches(range, options)[Symbol.asyncIterator](), batch: undefined, row: 0 }))
  const runs: RowRun[] = []
  let rows = 0
  function* flush(): Generator<Batch> {
    if (runs.length > 0) yield concatBatches(runs)
    runs.length = 0
    rows = 0
  }
  try {
    for (const source of sources) yield* advance(source)
    for (;;) {
      const first = earliest(sources)
      if (first === undefined) break
      const { batch, row } = first as Source & { batch: Batch }
      const to = endOfRun(sources, sources.indexOf(first), batch)
      if (runs.length > 0 && !canConcat(runs[0].batch, batch)) yield* flush()
      runs.push({ batch, from: row, to })
      rows += to - row
      first.row = to
      if (to === batch.length) {
        // Asking a feed for more ends the life of its last batch, so its rows go out first.
        yield* flush()
        follow()
        yield* advance(first)
      } else if (rows >= batchRows) yield* flush()
    }
    yield* flush()
  } finally {
    for (const { items } of sources) await items.return?.(undefined)
  }
}

/** On to the next batch that has rows; statuses on the way are passed on. */
async function* advance(source: Source): AsyncGenerator<FeedStatus> {
  source.row = 0
  source.batch = undefined
  for (;;) {
    const next = await source.items.next()
    if (next.done === true) return
    if (next.value.type === 'feed-status') yield next.value
    else if (next.value.length > 0) {
      source.batch = next.value
      return
    }
  }
}

function earliest(sources: readonly Source[]): Source | undefined {
  let first: Source | undefined
  let time = 0n
  for (const source of sources) {
    if (source.batch === undefined) continue
    const own = source.batch.availableAt[source.row]
    if (first === undefined || own < time) {
      first = source
      time = own
    }
  }
  return first
}

/** One past the last row of the first source that goes before every other source's next row. */
function endOfRun(sources: readonly Source[], rank: number, batch: Batch): number {
  let to = batch.length
  sources.forEach((other, otherRank) => {
    if (otherRank === rank || other.batch === undefined) return
    const time = other.batch.availableAt[other.row]
    // At equal times the lower rank goes first, so a lower one may go on through `time`.
    to = Math.min(to, firstRowAt(batch, rank < otherRank ? time + 1n : time))
  })
  return to
}

/** Passes on to one feed what of it is wanted, as the book changes. */
class Subscriber {
  readonly #feed: Feed
  readonly #instruments: readonly Instrument[]
  readonly #wanted = new Map<Schema, Set<string>>()
  #version = 0

  constructor(feed: Feed, instruments: readonly Instrument[]) {
    this.#feed = feed
    this.#instruments = instruments
  }

  follow(book: SubscriptionBook): void {
    if (book.version === this.#version) return
    this.#version = book.version
    for (const schema of this.#feed.schemas) {
      const before = this.#wanted.get(schema) ?? new Set()
      const now = new Set(this.#instruments.filter((instrument) => book.wants(schema, instrument)).map(({ symbol }) => symbol))
      const added = [...now].filter((symbol) => !before.has(symbol))
      const removed = [...before].filter((symbol) => !now.has(symbol))
      // Also with nothing to add: a feed that was never asked for anything gives everything.
      this.#feed.subscribe([{ schema, symbols: added }])
      if (removed.length > 0) this.#feed.subscribe([{ schema, symbols: removed, change: 'remove' }])
      this.#wanted.set(schema, now)
    }
  }
}
