import {
  aggregateBars,
  createBatch,
  csvBars,
  equity,
  etf,
  inMemory,
  mergeFeeds,
  recordedFeed,
  syntheticMarket,
  TradingError,
  type Batch,
  type Feed,
  type FeedStatus,
  type TimeRange,
} from '@gatehouse/core'
import { feedCases, runCases, type FeedHarness } from '@gatehouse/core/testing'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-feeds-'))
afterAll(() => rmSync(directory, { recursive: true }))

const minute = 60_000_000_000n
const start = 1_700_000_040_000_000_000n
const instruments = [equity('AAA'), etf('BBB')]
const range: TimeRange = { from: start, to: start + 200n * minute }

/** Minutes of two names that share their times, in batches of 20 rows. */
function minuteBatches(): Batch<'ohlcv-1m'>[] {
  return Array.from({ length: 10 }, (_, part) => {
    const prices = (offset: number) => Float64Array.from({ length: 20 }, (_, row) => 100 + part + row / 10 + offset)
    return createBatch({
      schema: 'ohlcv-1m',
      source: 'test',
      instruments,
      instrumentIndex: Uint32Array.from({ length: 20 }, (_, row) => row % 2),
      columns: {
        tsEvent: BigInt64Array.from({ length: 20 }, (_, row) => start + BigInt(part * 10 + Math.floor(row / 2)) * minute),
        open: prices(0),
        high: prices(1),
        low: prices(-1),
        close: prices(0.5),
        volume: prices(0),
      },
    })
  })
}

let files = 0
function minuteFile(isPacked: boolean): string {
  const lines = Array.from({ length: 100 }, (_, row) => {
    const time = new Date(Number((start + BigInt(row) * minute) / 1_000_000n)).toISOString()
    return `${time},${100 + row / 10},${102 + row / 10},${99 + row / 10},${101 + row / 10},${row}`
  })
  const text = `time,open,high,low,close,volume\n${lines.join('\n')}\n`
  const path = join(directory, `aaa${files++}.csv${isPacked ? '.gz' : ''}`)
  writeFileSync(path, isPacked ? gzipSync(text) : text)
  return path
}

const inMemoryHarness = async (): Promise<FeedHarness> => {
  const batches = minuteBatches()
  return {
    feed: inMemory(batches),
    range,
    rows: 200,
    world: {
      async breakSource() {
        batches[5].availableAt[7] = 0n
      },
    },
  }
}
const csvHarness = async (): Promise<FeedHarness> => {
  const path = minuteFile(true)
  return {
    feed: csvBars({ path, symbol: 'AAA', batchRows: 16 }),
    range,
    rows: 100,
    world: { breakSource: async () => truncateSync(path, 200) },
  }
}
const mergedHarness = async (): Promise<FeedHarness> => {
  const paths = [minuteFile(false), minuteFile(false)]
  return {
    feed: mergeFeeds(paths.map((path, i) => csvBars({ path, instrument: instruments[i], batchRows: 16 }))),
    range,
    rows: 200,
    world: { breakSource: async () => rmSync(paths[1]) },
  }
}
const aggregatedHarness = async (): Promise<FeedHarness> => {
  const batches = minuteBatches()
  return {
    feed: aggregateBars(inMemory(batches), { to: 'ohlcv-1h' }),
    range: { from: start, to: start + 500n * minute },
    // 100 minutes from 22:14 UTC touch the hours 22, 23 and 0, for two names.
    rows: 4,
    world: {
      async breakSource() {
        batches[5].availableAt[7] = 0n
      },
    },
  }
}
/** Nothing outside can fail a generator but its end: closing it is the nearest there is. */
const generated = (feed: Feed, generatedRange: TimeRange, rows: number): FeedHarness => ({
  feed,
  range: generatedRange,
  rows,
  world: { breakSource: () => feed.close() },
})
const day = (date: string): bigint => BigInt(Date.parse(date)) * 1_000_000n
const market = () => syntheticMarket({ seed: 5, symbols: ['AAA', 'BBB'], gapNames: 4, from: '2020-03-02', to: '2020-06-01' })

describe.each([
  ['batches in memory', inMemoryHarness, ['repeatable', 'several-instruments', 'dynamic']],
  ['CSV files', csvHarness, ['repeatable']],
  ['merged files', mergedHarness, ['repeatable', 'several-instruments', 'dynamic']],
  ['aggregated bars', aggregatedHarness, ['repeatable', 'several-instruments']],
  [
    'synthetic hours',
    async () => generated(market().bars('ohlcv-1h'), { from: day('2020-03-02'), to: day('2020-03-06') }, 4 * 7 * 2),
    ['repeatable', 'several-instruments'],
  ],
  [
    'synthetic seconds',
    async () => generated(market().bars('ohlcv-1s'), { from: day('2020-03-02T14:30:00Z'), to: day('2020-03-02T15:30:00Z') }, 7198),
    ['repeatable', 'several-instruments'],
  ],
  [
    'a synthetic book',
    async () => {
      const bookRange = { from: day('2020-03-02T14:30:00Z'), to: day('2020-03-02T14:31:00Z') }
      let rows = 0
      for await (const item of market().book().batches(bookRange)) if (item.type === 'batch') rows += item.length
      return generated(market().book(), bookRange, rows)
    },
    ['repeatable'],
  ],
] as const)('%s', (_, open, claims) => {
  for (const { name, run } of feedCases(open, { claims })) test(name, run)
})

describe('the suite', () => {
  /** A sound feed with one part of it replaced. */
  const broken = (change: (sound: Feed, harness: FeedHarness) => Partial<Feed>) => async (): Promise<FeedHarness> => {
    const harness = await inMemoryHarness()
    return { ...harness, feed: { ...harness.feed, ...change(harness.feed, harness) } }
  }
  type Items = AsyncIterable<Batch | FeedStatus>
  const mapped = (change: (batch: Batch) => Batch) =>
    broken((sound) => ({
      async *batches(wanted, options): Items {
        for await (const item of sound.batches(wanted, options)) yield item.type === 'batch' ? change(item) : item
      },
    }))

  test.each<[string, () => Promise<FeedHarness>, string]>([
    [
      'gives rows from beyond the range',
      broken((sound) => ({ batches: (wanted, options): Items => sound.batches({ ...wanted, to: wanted.to + 30n * minute }, options) })),
      'half-open',
    ],
    [
      'loses the row at a boundary',
      broken((sound) => ({ batches: (wanted, options): Items => sound.batches({ ...wanted, from: wanted.from + 1n }, options) })),
      'half-open',
    ],
    [
      'gives batches backwards',
      broken((sound) => ({
        async *batches(wanted, options): Items {
          const items: (Batch | FeedStatus)[] = []
          for await (const item of sound.batches(wanted, options)) items.push(item)
          yield* items.reverse()
        },
      })),
      'in the order they could be known',
    ],
    [
      'knows bars at their start',
      mapped((batch) => createBatch({ ...(batch as Batch<'ohlcv-1m'>), availableAt: (batch as Batch<'ohlcv-1m'>).columns.tsEvent })),
      'rows are sound',
    ],
    ['gives instruments that it does not list', broken(() => ({ instruments: async () => [instruments[0]] })), 'rows are sound'],
    ['ignores its signal', broken((sound) => ({ batches: (wanted): Items => sound.batches(wanted) })), 'rejects with the reason'],
    ['takes any subscription and gives everything', broken(() => ({ subscribe: () => undefined })), 'refused in-band'],
    [
      'ends quietly when its source fails',
      broken((sound) => ({
        async *batches(wanted, options): Items {
          try {
            yield* sound.batches(wanted, options)
          } catch (error) {
            if (error instanceof TradingError && error.code === 'FEED_OUT_OF_ORDER') return
            throw error
          }
        },
      })),
      'a source that fails is told',
    ],
    [
      'goes on after close',
      broken(() => ({ close: async () => undefined, [Symbol.asyncDispose]: async () => undefined })),
      'close is safe',
    ],
    [
      'overwrites a retained batch',
      (() => {
        const shared = minuteBatches()[0]
        return broken((sound) => ({
          async *batches(wanted, options): Items {
            for await (const item of sound.batches(wanted, options)) {
              if (item.type === 'batch') {
                shared.columns.close.set((item as Batch<'ohlcv-1m'>).columns.close as never)
                shared.availableAt.set(item.availableAt)
                yield shared
              } else yield item
            }
          },
        }))
      })(),
      'a retained batch keeps its rows',
    ],
    [
      'takes a range that ends before it begins',
      broken((sound) => ({
        async *batches(wanted, options): Items {
          if (wanted.to >= wanted.from) yield* sound.batches(wanted, options)
        },
      })),
      'a reversed one is refused',
    ],
    [
      'makes new identities each time',
      broken((sound) => {
        let times = 0
        return {
          instruments: async () => (await sound.instruments()).map((instrument) => ({ ...instrument, id: `${instrument.id}-${times++}` })),
        }
      }),
      'identity is stable',
    ],
    [
      'can be read once',
      broken((sound) => {
        let times = 0
        return {
          async *batches(wanted, options): Items {
            if (times++ === 0) yield* sound.batches(wanted, options)
            else throw new TradingError('FEED_CLOSED', 'read before')
          },
        }
      }),
      'leaves the feed usable',
    ],
  ])('fails a feed that %s', async (_, open, expected) => {
    const failures = await runCases(feedCases(open, { claims: ['repeatable', 'several-instruments'] }))
    expect(failures.map(({ name }) => name).join('\n')).toContain(expected)
  })

  test('says what was covered and what was not claimed', () => {
    expect(feedCases(inMemoryHarness).at(-1)?.name).toMatch(
      /11 mandatory and 0 optional cases; not claimed: repeatable, several-instruments, dynamic/,
    )
  })

  test('passes a feed whose source is anything that keeps the seam', async () => {
    const open = async (): Promise<FeedHarness> => {
      let isBroken = false
      const feed = recordedFeed({
        name: 'callback',
        schemas: ['ohlcv-1m'],
        instruments: async () => instruments,
        async *open() {
          for (const batch of minuteBatches()) {
            if (isBroken) throw new TradingError('FEED_CLOSED', 'the source went away')
            yield batch
          }
        },
      })
      return { feed, range, rows: 200, world: { breakSource: async () => void (isBroken = true) } }
    }
    expect(await runCases(feedCases(open, { claims: ['repeatable', 'several-instruments', 'dynamic'] }))).toEqual([])
  })
})
