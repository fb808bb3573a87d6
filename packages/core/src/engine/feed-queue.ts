import type { Batch } from '../interfaces/batch.js'
import type { FeedStatus } from '../interfaces/feed.js'
import { keepRows } from './conflated-rows.js'

/** Schemas of which only the latest row matters when there is no time for all. Trades and orders are never among them. */
const conflatable: ReadonlySet<string> = new Set(['bbo-1s', 'mbp-1', 'mbp-10'])

/** A live feed's rows on their way to the loop: bounded; quotes may be conflated, everything else makes the feed wait. */
export class FeedQueue implements AsyncIterator<Batch | FeedStatus> {
  readonly #items: (Batch | FeedStatus)[] = []
  #rows = 0
  #isEnded = false
  #isClosed = false
  #failure: Error | undefined
  #space: (() => void) | undefined
  /** Rows that were dropped because a later quote of the instrument had come. */
  conflated = 0

  constructor(
    readonly name: string,
    readonly capacity: number,
    readonly conflates: boolean,
    /** Called when something came. */
    readonly wake: () => void,
    /** Called when quotes were conflated. */
    readonly onConflated: (schema: Batch['schema'], rows: number) => void,
  ) {}

  /** Rows that wait. */
  get rows(): number {
    return this.#rows
  }
  get isEmpty(): boolean {
    return this.#items.length === 0
  }
  get isEnded(): boolean {
    return this.#isEnded && this.#items.length === 0
  }

  /** Reads a feed to its end into the queue. */
  async pump(source: AsyncIterable<Batch | FeedStatus>): Promise<void> {
    try {
      for await (const item of source) {
        if (this.#isClosed) break
        const kept = item.type === 'batch' ? item.retain() : item
        this.#items.push(kept)
        if (kept.type === 'batch') this.#rows += kept.length
        if (this.#rows > this.capacity && this.conflates) this.#conflate()
        this.wake()
        // The feed is not asked for more until there is room: memory stays bounded.
        while (this.#rows > this.capacity && !this.#isClosed) await new Promise<void>((resolve) => (this.#space = resolve))
      }
    } catch (error) {
      // A feed that is told to stop rejects with the reason it was given.
      if (!this.#isClosed) this.#failure = error instanceof Error ? error : new Error(String(error))
    }
    this.#isEnded = true
    this.wake()
  }

  /** Lets go of the feed: nothing more is taken. */
  close(): void {
    this.#isClosed = true
    this.#space?.()
    this.#space = undefined
  }

  #conflate(): void {
    for (let i = 0; i < this.#items.length; i++) {
      const batch = this.#items[i]
      if (batch.type !== 'batch' || !conflatable.has(batch.schema)) continue
      const rows = keptRows(batch)
      const dropped = batch.length - rows.length
      if (dropped === 0) continue
      this.#items[i] = keepRows(batch, rows, this.name)
      this.#rows -= dropped
      this.conflated += dropped
      this.onConflated(batch.schema, dropped)
    }
  }

  /** Gives the next item at once; the loop asks only when there is one. */
  async next(): Promise<IteratorResult<Batch | FeedStatus>> {
    const item = this.#items.shift()
    if (item === undefined) {
      if (this.#failure !== undefined) throw this.#failure
      return { done: true, value: undefined }
    }
    if (item.type === 'batch') this.#rows -= item.length
    if (this.#rows <= this.capacity) {
      this.#space?.()
      this.#space = undefined
    }
    return { done: false, value: item }
  }
}

const trade = 'T'.charCodeAt(0)

/** The latest row of each instrument, and every trade. */
function keptRows(batch: Batch): Uint32Array {
  const actions = (batch.columns as unknown as { readonly action?: Uint8Array }).action
  const latest = new Map<number, number>()
  const kept: number[] = []
  for (let row = 0; row < batch.length; row++) {
    if (actions?.[row] === trade) kept.push(row)
    else latest.set(batch.instrumentIndex[row], row)
  }
  return Uint32Array.from([...kept, ...latest.values()].sort((a, b) => a - b))
}
