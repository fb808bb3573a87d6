// A plugin by someone else: a feed of three bars and a notifier that keeps what it was told, against the published types only.
import {
  createBatch,
  equity,
  recordedFeed,
  TradingError,
  type Batch,
  type Feed,
  type Health,
  type Notice,
  type Notifier,
} from '@gatehouse/core'

const toy = equity('TOY')

const start = 1_700_000_000_000_000_000n
const hour = 3_600_000_000_000n

/** Three hourly bars; `recordedFeed` keeps what the seam promises: range, subscriptions, order, abort, close. */
export function threeBars({ isBroken = () => false } = {}): Feed {
  return recordedFeed({
    name: 'three-bars',
    schemas: ['ohlcv-1h'],
    instruments: async () => [toy],
    async *open(): AsyncIterable<Batch> {
      if (isBroken()) throw new TradingError('TOY_BROKEN', 'the toy source is broken; mend it', {})
      yield createBatch({
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
    },
  })
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
