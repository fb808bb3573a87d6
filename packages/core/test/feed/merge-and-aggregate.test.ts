import {
  aggregateBars,
  createBatch,
  equity,
  inMemory,
  mergeFeeds,
  syntheticMarket,
  xnys,
  type BarView,
  type Batch,
  type Feed,
  type FeedStatus,
} from '@gatehouse/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const everything = { from: 0n, to: 2n ** 62n }
const second = 1_000_000_000n

async function itemsOf(feed: Feed, range = everything): Promise<(Batch | FeedStatus)[]> {
  const items: (Batch | FeedStatus)[] = []
  for await (const item of feed.batches(range)) items.push(item.type === 'batch' ? item.retain() : item)
  return items
}

/** Trades of one name at the given seconds, `perBatch` to a batch; the price says which feed and row. */
function trades(name: string, seconds: readonly number[], perBatch: number): Feed {
  const batches: Batch[] = []
  for (let from = 0; from < seconds.length; from += perBatch) {
    const part = seconds.slice(from, from + perBatch)
    const times = BigInt64Array.from(part, (time) => BigInt(time) * second)
    const zeros = new Uint8Array(part.length)
    batches.push(
      createBatch({
        schema: 'trades',
        source: 'test',
        instruments: [equity(name)],
        columns: {
          tsEvent: times,
          tsRecv: times,
          action: zeros,
          side: zeros,
          price: Float64Array.from(part, (_, i) => from + i),
          size: Float64Array.from(part, () => 1),
          flags: zeros,
          sequence: new Uint32Array(part.length),
        },
      }),
    )
  }
  return inMemory(batches, { name })
}

function rowsOf(items: readonly (Batch | FeedStatus)[]): [time: number, name: string, row: number][] {
  return items.flatMap((item) => {
    if (item.type !== 'batch') return []
    const { price } = (item as Batch<'trades'>).columns
    return Array.from({ length: item.length }, (_, row): [number, string, number] => [
      Number(item.availableAt[row] / second),
      item.instruments[item.instrumentIndex[row]].symbol,
      Number(price[row]),
    ])
  })
}

describe('merged feeds', () => {
  test('hold every row once, by time, then by feed, then by row', async () => {
    const times = fc.array(fc.nat(30), { maxLength: 40 }).map((values) => [...values].sort((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(fc.array(times, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 9 }), async (feeds, perBatch) => {
        const merged = rowsOf(await itemsOf(mergeFeeds(feeds.map((seconds, i) => trades(`F${i}`, seconds, perBatch)))))
        const expected = feeds
          .flatMap((seconds, i) => seconds.map((time, row): [number, string, number] => [time, `F${i}`, row]))
          .sort((a, b) => a[0] - b[0] || a[1].localeCompare(b[1]) || a[2] - b[2])
        expect(merged).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  test('join neighbouring rows into batches', async () => {
    const market = ['A', 'B', 'C'].map((name) =>
      trades(
        name,
        Array.from({ length: 3000 }, (_, i) => i),
        1000,
      ),
    )
    expect((await itemsOf(mergeFeeds(market))).length).toBeLessThan(20)
  })

  test('keep kinds of rows apart', async () => {
    const market = syntheticMarket({ seed: 1, symbols: ['A'], from: '2020-03-02', to: '2020-03-03' })
    const items = await itemsOf(mergeFeeds([market.bars('ohlcv-1h'), market.bars('ohlcv-1d')]))
    expect(items.map((item) => item.type === 'batch' && item.schema)).toEqual(['ohlcv-1h', 'ohlcv-1d'])
  })

  test('a feed alone is itself', async () => {
    expect(rowsOf(await itemsOf(mergeFeeds([trades('A', [1, 2, 3], 2)])))).toEqual([
      [1, 'A', 0],
      [2, 'A', 1],
      [3, 'A', 2],
    ])
  })
})

interface Bar {
  readonly begins: bigint
  readonly known: bigint
  readonly symbol: string
  readonly values: readonly number[]
}
function barsOf(items: readonly (Batch | FeedStatus)[]): Bar[] {
  return items.flatMap((item) => {
    if (item.type !== 'batch') return []
    const bar = item.view() as BarView & { row: number }
    return Array.from({ length: item.length }, (_, row): Bar => {
      bar.row = row
      const { tsEvent, availableAt, instrument, open, high, low, close, volume } = bar
      return { begins: tsEvent, known: availableAt, symbol: instrument.symbol, values: [open, high, low, close, volume] }
    })
  })
}

describe('aggregated bars', () => {
  // A day that ends at 13:00 among them.
  const market = syntheticMarket({ seed: 2, symbols: ['A', 'B'], from: '2020-11-25', to: '2020-12-01' })

  test.each([
    ['ohlcv-1s', 'ohlcv-1m'],
    ['ohlcv-1m', 'ohlcv-1h'],
    ['ohlcv-1h', 'ohlcv-1d'],
    ['ohlcv-1m', 'ohlcv-1d'],
  ] as const)('%s make the %s of the same market, times and all', async (from, to) => {
    const made = barsOf(await itemsOf(aggregateBars(market.bars(from), { to, calendar: xnys() })))
    expect(made.length).toBeGreaterThan(0)
    expect(made).toEqual(barsOf(await itemsOf(market.bars(to))))
  })

  test('leave out what lies outside the session, and count it', async () => {
    const gaps = syntheticMarket({ seed: 2, gapNames: 30, from: '2020-11-25', to: '2020-11-28' }).gaps()
    gaps.subscribe([{ schema: 'ohlcv-1m', symbols: 'all' }])
    const hours = aggregateBars(gaps, { to: 'ohlcv-1h', calendar: xnys() })
    const bars = barsOf(await itemsOf(hours))
    expect(hours.report.outsideSession).toBeGreaterThan(0)
    const first = bars[0].known - BigInt(Date.parse('2020-11-25T15:00:00Z')) * 1_000_000n
    expect(first).toBe(0n)
  })

  test('without a calendar an hour is an hour of the clock', async () => {
    const made = barsOf(await itemsOf(aggregateBars(market.bars('ohlcv-1m'), { to: 'ohlcv-1h' })))
    expect(made.every(({ begins, known }) => known - begins === 3600n * second && begins % (3600n * second) === 0n)).toBe(true)
  })

  test('a bar is not given before it ended', async () => {
    const range = { from: 0n, to: BigInt(Date.parse('2020-11-25T15:30:00Z')) * 1_000_000n }
    const made = barsOf(await itemsOf(aggregateBars(market.bars('ohlcv-1m'), { to: 'ohlcv-1h', calendar: xnys() }), range))
    expect(made.map(({ known }) => Number(known / second)).every((known) => known <= Date.parse('2020-11-25T15:00:00Z') / 1000)).toBe(true)
    expect(made.length).toBe(2)
  })

  test('longer bars are not made of longer ones', () => {
    expect(() => aggregateBars(market.bars('ohlcv-1d'), { to: 'ohlcv-1h' })).toThrowError(
      expect.objectContaining({ code: 'FEED_OPTIONS_INVALID' }) as Error,
    )
  })
})
