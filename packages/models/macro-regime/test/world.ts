import { type ManifestPin } from '@gatehouse/contracts'
import { syntheticMarket, type Batch, type Dataset, type TimeRange } from '@gatehouse/core'

/** Three years of hourly bars of two synthetic names. */
export const market = syntheticMarket({ seed: 11, symbols: ['ALFA', 'BRAV'], from: '2018-01-01', to: '2021-01-01' })

/** A pin as a manifest would give it; nothing is stored. */
const pin: ManifestPin = {
  type: 'manifest-pin',
  contractVersion: '1.0',
  tableId: 'test-table',
  version: 1,
  chain: 'c'.repeat(64),
  holds: {
    columns: ['availableAt', 'high', 'low', 'close', 'volume'].map((name) => ({ name, type: 'int32' as const })),
    sources: [{ dataset: 'synthetic', schema: 'ohlcv-1h' }],
    rows: 10_000,
    from: '2018-01-01T00:00:00Z',
    to: '2021-01-01T00:00:00Z',
  },
}

export const day = (date: string): bigint => BigInt(Date.parse(date)) * 1_000_000n

/** The market up to a date, pinned or not. */
export function datasetUntil(date: string, { pinned = true } = {}): Dataset {
  const range: TimeRange = { from: 0n, to: day(date) }
  return {
    name: 'synthetic',
    source: 'synthetic',
    instruments: market.instruments,
    range,
    pins: pinned ? [pin] : [],
    async *batches(_schema, part = range) {
      for await (const item of market.bars('ohlcv-1h').batches(part)) if (item.type === 'batch') yield item
    },
  }
}

export async function barsUntil(date: string): Promise<readonly Batch<'ohlcv-1h'>[]> {
  const batches: Batch<'ohlcv-1h'>[] = []
  for await (const batch of datasetUntil(date).batches('ohlcv-1h')) batches.push(batch.retain() as Batch<'ohlcv-1h'>)
  return batches
}
