import { expect, test } from 'vitest'
import {
  acceleratedClock,
  createBatch,
  readJournal,
  replay,
  run,
  simulatedBroker,
  type Batch,
  type Feed,
  type FeedStatus,
  type Strategy,
} from '@gatehouse/core'
import { countingModel, folder, instrument, quotes, t0 } from './bench.js'

const second = 1_000_000_000n

/** Trades of one lot, one a second. */
function trades(count: number, from: bigint): Batch {
  const at = BigInt64Array.from({ length: count }, (_, i) => from + BigInt(i) * second)
  const fill = (value: number): Uint8Array => new Uint8Array(count).fill(value)
  return createBatch({
    schema: 'trades',
    source: 'test',
    instruments: [instrument],
    columns: {
      tsEvent: at,
      tsRecv: at,
      action: fill(84),
      side: fill(78),
      price: new Float64Array(count).fill(100),
      size: new Float64Array(count).fill(1),
      flags: fill(0),
      sequence: new Uint32Array(count),
    },
  })
}

/** A feed that gives what it has at once, whatever the clock shows, as a burst would come. */
function burst(name: string, batches: readonly Batch[]): Feed {
  return {
    name,
    schemas: [...new Set(batches.map(({ schema }) => schema))],
    instruments: () => Promise.resolve([instrument]),
    subscribe: () => {},
    async *batches() {
      const [first, ...rest] = batches
      yield first
      // The run has seen the first of it, and what counts has begun to, when the rest comes.
      await new Promise((resolve) => setTimeout(resolve, 100))
      yield* rest
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

test('quotes past the bound are conflated and counted, what counted them is cold again, and no trade is lost', async () => {
  const directory = await folder()
  const seen = { quotes: 0, trades: 0, last: NaN }
  const statuses: FeedStatus[] = []
  const predictions: (readonly [number, number])[] = []
  let since = 0
  const prices = Array.from({ length: 100 }, (_, i) => 100 + i / 100)
  const batches = Array.from({ length: 10 }, (_, i) => quotes(prices.slice(i * 10, i * 10 + 10), { from: t0 + BigInt(i * 10) * second }))
  const result = await run({
    time: 'realtime',
    strategy: () => ({
      name: 'watch',
      onQuote: ({ bidPrice }) => {
        seen.quotes++
        since++
        seen.last = bidPrice
      },
      onTrade: () => void seen.trades++,
      onStatus: (status) => {
        if (!('type' in status) || status.type !== 'feed-status') return
        statuses.push(status)
        since = 0
      },
      // The row that is predicted on is shown to the strategy next.
      onPrediction: ({ values }) => void predictions.push([values[0], since + 1]),
    }),
    models: [countingModel('bbo-1s', 3)],
    feeds: [burst('quotes', batches), burst('trades', [trades(50, t0), trades(50, t0 + 50n * second)])],
    broker: simulatedBroker({ cash: 1000 }),
    clock: acceleratedClock({ from: t0 + 100n * second, speed: 1 }),
    range: { from: t0, to: t0 + 1000n * second },
    queue: { rows: 20, conflateQuotes: true },
    journal: { directory },
  })
  expect(seen.trades).toBe(100)
  const told = statuses.filter(({ status }) => status === 'conflated').map(({ message }) => Number(/^(\d+) quotes/.exec(message)?.[1]))
  const dropped = told.reduce((sum, rows) => sum + rows, 0)
  expect(dropped).toBeGreaterThan(0)
  expect(seen.quotes + dropped).toBe(100)
  // The latest quote is never among those that are dropped.
  expect(seen.last).toBeCloseTo(prices[99] - 0.01, 9)
  // What counts quotes has counted those since the last hole, and was silent until it had enough of them again.
  expect(predictions.length).toBeGreaterThan(0)
  expect(predictions.map(([counted]) => counted)).toEqual(predictions.map(([, expected]) => expected))
  expect(result.report.record.refusals?.map(({ rule }) => rule)).toContain('not-warm')
  expect(result.report.toString().replace(/\s+/g, ' ')).toContain(`${dropped} quotes were dropped because later ones had come`)
  let written = 0
  for await (const { entry } of readJournal(directory)) if (entry.type === 'feed-status' && entry.status.status === 'conflated') written++
  expect(written).toBe(told.length)
})

test('a session with dropped quotes is done again from all of them, to the byte', async () => {
  const directory = await folder()
  const prices = Array.from({ length: 120 }, (_, i) => 100 + (i % 7))
  const feeds = (): Feed[] => [
    burst(
      'quotes',
      Array.from({ length: 12 }, (_, i) => quotes(prices.slice(i * 10, i * 10 + 10), { from: t0 + BigInt(i * 10) * second })),
    ),
    burst('trades', [trades(50, t0), trades(50, t0 + 50n * second)]),
  ]
  const strategy = (): Strategy => ({
    name: 'trades',
    onQuote: ({ instrument: of, bidPrice }, { orders }) => void orders.target(of, Math.round(bidPrice * 100) % 3),
  })
  const { journalHash } = await run({
    time: 'realtime',
    strategy,
    feeds: feeds(),
    broker: simulatedBroker({ cash: 100_000 }),
    clock: acceleratedClock({ from: t0 + 120n * second, speed: 1 }),
    range: { from: t0, to: t0 + 1000n * second },
    queue: { rows: 20, conflateQuotes: true },
    journal: { directory },
  })
  let dropped = 0
  for await (const { entry } of readJournal(directory)) if (entry.type === 'feed-status') dropped++
  expect(dropped).toBeGreaterThan(0)
  expect(await replay({ directory, strategy, feeds: feeds() })).toMatchObject({ identical: true, hash: journalHash })
})

test('without leave to conflate the feed waits instead, and every quote is seen', async () => {
  let seen = 0
  const prices = Array.from({ length: 100 }, (_, i) => 100 + i / 100)
  await run({
    time: 'realtime',
    strategy: () => ({ name: 'watch', onQuote: () => void seen++ }),
    feeds: [burst('quotes', [quotes(prices.slice(0, 50)), quotes(prices.slice(50), { from: t0 + 50n * second })])],
    broker: simulatedBroker({ cash: 1000 }),
    clock: acceleratedClock({ from: t0 + 100n * second, speed: 1 }),
    range: { from: t0, to: t0 + 1000n * second },
    queue: { rows: 10 },
  })
  expect(seen).toBe(100)
})
