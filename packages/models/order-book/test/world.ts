import { createBatch, equity, syntheticMarket, type Batch, type ColumnsOf, type Cursor, type Dataset, type Instrument, type SyntheticMarket } from '@gatehouse/core' // prettier-ignore
import { feedDataset } from '@gatehouse/model-kit/testing'

export const time = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

/** Books of one synthetic name, from the open of 2020-01-02 on. */
export function bookMarket(options: { readonly seed?: number; readonly noSignal?: boolean } = {}): SyntheticMarket {
  return syntheticMarket({ seed: 5, symbols: ['BRAV'], from: '2020-01-02', to: '2020-01-03', ...options })
}

/** The first minutes of that day as a data set. */
export function minutesOf(market: SyntheticMarket, minutes: number, { pinned = true } = {}): Dataset {
  const from = time('2020-01-02T14:30:00Z')
  return feedDataset({
    name: 'synthetic-books',
    source: 'synthetic',
    instruments: [market.instruments[0]],
    range: { from, to: from + BigInt(minutes) * 60_000_000_000n },
    feeds: { 'mbp-10': market.book() },
    pinned,
  })
}

export async function batchesOf(dataset: Dataset): Promise<readonly Batch<'mbp-10'>[]> {
  const batches: Batch<'mbp-10'>[] = []
  for await (const batch of dataset.batches('mbp-10')) batches.push(batch.retain() as Batch<'mbp-10'>)
  return batches
}

/** A level a test writes: price and size. */
export type TestLevel = readonly [price: number, size: number]
export interface TestBook {
  /** Milliseconds since the start. */
  readonly ms: number
  readonly bids: readonly TestLevel[]
  readonly asks: readonly TestLevel[]
  readonly trade?: { readonly side: 'A' | 'B' | 'N'; readonly size: number } | undefined
}

export const instrument = equity('TEST')
export const start = time('2024-03-01T15:00:00Z')

/** Books as a batch; levels that are not written are empty. */
export function booksOf(books: readonly TestBook[], one: Instrument = instrument, source = 'TEST'): Batch<'mbp-10'> {
  const count = books.length
  const times = BigInt64Array.from(books, ({ ms }) => start + BigInt(Math.round(ms * 1000)) * 1000n)
  const level = (side: 'bids' | 'asks', i: number, k: 0 | 1): Float64Array =>
    Float64Array.from(books, (book) => book[side][i]?.[k] ?? (k === 0 ? NaN : 0))
  const levels = Array.from({ length: 10 }, (_, i): [string, unknown][] => [
    [`bidPx0${i}`, level('bids', i, 0)],
    [`bidSz0${i}`, level('bids', i, 1)],
    [`askPx0${i}`, level('asks', i, 0)],
    [`askSz0${i}`, level('asks', i, 1)],
    [`bidCt0${i}`, new Uint32Array(count)],
    [`askCt0${i}`, new Uint32Array(count)],
  ])
  return createBatch({
    schema: 'mbp-10',
    source,
    instruments: [one],
    columns: {
      tsEvent: times,
      tsRecv: times,
      action: Uint8Array.from(books, ({ trade }) => (trade ? 84 : 77)),
      side: Uint8Array.from(books, ({ trade }) => (trade?.side ?? 'N').charCodeAt(0)),
      price: new Float64Array(count).fill(NaN),
      size: Float64Array.from(books, ({ trade }) => trade?.size ?? 0),
      flags: new Uint8Array(count).fill(128),
      sequence: Uint32Array.from(books, (_, i) => i),
      depth: new Uint32Array(count),
      ...Object.fromEntries(levels.flat()),
    } as unknown as ColumnsOf<'mbp-10'>,
  })
}

/** A whole book around a middle, sizes by a rule. */
export function bookAround(
  mid: number,
  size: (side: 'bid' | 'ask', level: number) => number,
  halfSpread = 0.01,
): Pick<TestBook, 'bids' | 'asks'> {
  return {
    bids: Array.from({ length: 10 }, (_, i) => [mid - halfSpread - i * 0.01, size('bid', i)] as const),
    asks: Array.from({ length: 10 }, (_, i) => [mid + halfSpread + i * 0.01, size('ask', i)] as const),
  }
}

/** Every row of a batch, as a view. */
export function each(batch: Batch<'mbp-10'>, use: (book: Cursor<'mbp-10'>, row: number) => void): void {
  const view = batch.view()
  for (view.row = 0; view.row < batch.length; view.row++) use(view, view.row)
}
