import type { Batch } from '../interfaces/batch.js'
import type { Feed, FeedStatus } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import { recordedFeed } from './recorded-feed.js'

export interface InMemoryOptions {
  readonly name?: string | undefined
  /** Most symbols that may be subscribed at once. */
  readonly lineLimit?: number | undefined
}

/**
 * A feed of batches (and in-band statuses) that are in memory, in `availableAt` order. They are retained, not copied.
 * @throws {TradingError} `FEED_OUT_OF_ORDER` when a batch begins before the one ahead of it ends
 */
export function inMemory(items: readonly (Batch | FeedStatus)[], { name = 'in-memory', lineLimit }: InMemoryOptions = {}): Feed {
  const batches = items.map((item) => (item.type === 'batch' ? item.retain() : item))
  const instruments = new Map<string, Instrument>()
  for (const item of batches) {
    if (item.type === 'batch') for (const instrument of item.instruments) instruments.set(instrument.id, instrument)
  }
  return recordedFeed({
    name,
    schemas: [...new Set(batches.flatMap((item) => (item.type === 'batch' ? [item.schema] : [])))],
    lineLimit,
    instruments: async () => [...instruments.values()],
    async *open() {
      yield* batches
    },
  })
}
