import { createBatch, syntheticMarket, type Batch, type BarView, type Dataset, type Instrument } from '@gatehouse/core'
import { feedDataset } from '@gatehouse/model-kit/testing'

/** Three years of hourly bars of two synthetic names. */
export const market = syntheticMarket({ seed: 11, symbols: ['ALFA', 'BRAV'], from: '2018-01-01', to: '2021-01-01' })

export const day = (date: string): bigint => BigInt(Date.parse(date)) * 1_000_000n

/** A market up to a date, pinned or not. */
export function datasetUntil(date: string, { pinned = true, of = market } = {}): Dataset {
  return feedDataset({
    name: `synthetic-${of.seed}`,
    source: 'synthetic',
    instruments: of.instruments,
    range: { from: 0n, to: day(date) },
    feeds: { 'ohlcv-1h': of.bars('ohlcv-1h') },
    pinned,
  })
}

export async function barsUntil(date: string): Promise<readonly Batch<'ohlcv-1h'>[]> {
  const batches: Batch<'ohlcv-1h'>[] = []
  for await (const batch of datasetUntil(date).batches('ohlcv-1h')) batches.push(batch.retain() as Batch<'ohlcv-1h'>)
  return batches
}

export type PlainBar = Pick<BarView, 'open' | 'high' | 'low' | 'close' | 'volume' | 'availableAt'> & {
  readonly tsEvent: bigint
  readonly instrument: Instrument
}

/** Bars of a data set as plain objects, perhaps changed on the way. */
export async function plainBars(dataset: Dataset): Promise<PlainBar[]> {
  const bars: PlainBar[] = []
  for await (const batch of dataset.batches('ohlcv-1h')) {
    const view = (batch as Batch<'ohlcv-1h'>).view()
    for (view.row = 0; view.row < batch.length; view.row++) {
      const { open, high, low, close, volume, availableAt, tsEvent, instrument } = view
      bars.push({ open, high, low, close, volume, availableAt, tsEvent, instrument })
    }
  }
  return bars
}

/** Plain bars as one batch. */
export function batchOf(bars: readonly PlainBar[], source = 'synthetic'): Batch<'ohlcv-1h'> {
  const instruments = [...new Set(bars.map(({ instrument }) => instrument))]
  const numbers = (name: 'open' | 'high' | 'low' | 'close' | 'volume') => Float64Array.from(bars, (bar) => bar[name])
  return createBatch({
    schema: 'ohlcv-1h',
    source,
    instruments,
    instrumentIndex: Uint32Array.from(bars, ({ instrument }) => instruments.indexOf(instrument)),
    availableAt: BigInt64Array.from(bars, ({ availableAt }) => availableAt),
    columns: {
      tsEvent: BigInt64Array.from(bars, ({ tsEvent }) => tsEvent),
      open: numbers('open'),
      high: numbers('high'),
      low: numbers('low'),
      close: numbers('close'),
      volume: numbers('volume'),
    },
  })
}

/** A data set of plain bars. */
export function datasetOf(bars: readonly PlainBar[], { source = 'synthetic' } = {}): Dataset {
  const shape = datasetUntil('2021-01-01')
  return {
    ...shape,
    source,
    instruments: [...new Set(bars.map(({ instrument }) => instrument))],
    async *batches(schema) {
      if (schema === 'ohlcv-1h') yield batchOf(bars, source)
    },
  }
}
