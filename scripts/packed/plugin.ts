// A plugin by someone else: a feed of three bars and a notifier that keeps what it was told, against the published types only.
import { createBatch, equity, type Batch, type Feed, type Health, type Notice, type Notifier, type TimeRange } from '@gatehouse/core'

const toy = equity('TOY')

export function threeBars(): Feed {
  return {
    name: 'three-bars',
    schemas: ['ohlcv-1h'],
    instruments: async () => [toy],
    subscribe() {},
    async *batches({ from, to }: TimeRange): AsyncIterable<Batch> {
      const start = 1_700_000_000_000_000_000n
      const hour = 3_600_000_000_000n
      const batch = createBatch({
        schema: 'ohlcv-1h',
        source: 'toy',
        instruments: [toy],
        columns: {
          tsEvent: BigInt64Array.of(start, start + hour, start + 2n * hour),
          open: Float64Array.of(10, 11, 12),
          high: Float64Array.of(11, 12, 13),
          low: Float64Array.of(9, 10, 11),
          close: Float64Array.of(11, 12, 13),
          volume: Float64Array.of(100, 100, 100),
        },
      })
      if (batch.availableAt[0] >= from && batch.availableAt[2] < to) yield batch
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
}

export function keepingNotifier(): Notifier & { readonly kept: readonly Notice[] } {
  const kept: Notice[] = []
  return {
    kept,
    notify: (notice) => void kept.push(notice),
    health: async (): Promise<Health> => ({ status: 'healthy', message: 'keeps everything', pending: 0 }),
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
}
