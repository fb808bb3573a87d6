import { type CallOptions } from '@gatehouse/contracts'
import { type Batch, batchDigest, ColumnarBatch, type Feed, type FeedStatus, type TimeRange } from '@gatehouse/core'
import { record, type RecordedRows, type RecordOptions, type RecordTarget } from './recorder.js'

/** {@link RecordOptions} without what a run decides. */
export type RecordingOptions = Omit<RecordOptions, 'range' | 'signal' | 'onRows'>

/**
 * A feed that is recorded on its way to a run: what {@link record} takes is handed on, and each batch carries the reference by which a journal
 * names its rows. Recording never waits for the run longer than one item, and the run never for the disk; rows that were recorded before a
 * restart are not handed on again. What goes wrong with the recording ends the feed.
 */
export function recording(feed: Feed, target: RecordTarget, options: RecordingOptions = {}): Feed {
  return {
    name: feed.name,
    schemas: feed.schemas,
    instruments: (call) => feed.instruments(call),
    subscribe: (wanted) => feed.subscribe(wanted),
    batches: (range, call) => recorded(feed, target, options, range, call),
    close: () => feed.close(),
    [Symbol.asyncDispose]: () => feed.close(),
  }
}

async function* recorded(
  feed: Feed,
  target: RecordTarget,
  options: RecordingOptions,
  range: TimeRange,
  { signal }: CallOptions = {},
): AsyncGenerator<Batch | FeedStatus> {
  const stop = new AbortController()
  const handed = new Handover<Batch | FeedStatus>()
  let rows: RecordedRows | undefined
  /** The feed as the recorder sees it: it takes an item, then that is handed on. */
  const tapped: Pick<Feed, 'name' | 'batches'> = {
    name: feed.name,
    async *batches(wanted, call) {
      for await (const item of feed.batches(wanted, call)) {
        rows = undefined
        yield item
        if (item.type === 'feed-status') await handed.give(item)
        else if (rows !== undefined) await handed.give(withReference(rows))
      }
    },
  }
  const onRows = (taken: RecordedRows): void => void (rows = taken)
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const running = record(tapped, target, { ...options, range, signal: both, onRows })
  const ended = running.then(
    () => handed.end(),
    () => handed.end(),
  )
  try {
    for (let item = await handed.take(); item !== undefined; item = await handed.take()) yield item
    await running
  } finally {
    // A run that leaves early still gets its rows committed.
    stop.abort(new Error('the run has ended'))
    handed.end()
    await ended
  }
}

/** The rows with their reference; the digest is made when a journal asks for it. */
function withReference({ batch, transaction, row }: RecordedRows): Batch {
  const { schema, source, instruments, instrumentIndex, availableAt, priceDivisor, columns, length } = batch
  const segment = `${source}/${schema}/${transaction.appId}/${transaction.sequence}`
  const reference = {
    segment,
    row,
    count: length,
    get sha256() {
      return batchDigest(batch)
    },
  }
  return new ColumnarBatch({ schema, source, instruments, instrumentIndex, availableAt, priceDivisor, columns, reference })
}

/** Passes items on one at a time: giving waits until the one before is taken. */
class Handover<T> {
  #item: T | undefined
  #isEnded = false
  #wake: () => void = () => undefined

  async give(item: T): Promise<void> {
    await this.#until(() => this.#item === undefined || this.#isEnded)
    this.#item = item
    this.#changed()
  }

  /** The next item; `undefined` once there is none and none will come. */
  async take(): Promise<T | undefined> {
    await this.#until(() => this.#item !== undefined || this.#isEnded)
    const item = this.#item
    this.#item = undefined
    this.#changed()
    return item
  }

  end(): void {
    this.#isEnded = true
    this.#changed()
  }

  #changes = new Promise<void>((resolve) => (this.#wake = resolve))

  #changed(): void {
    this.#wake()
    this.#changes = new Promise((resolve) => (this.#wake = resolve))
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#changes
  }
}
