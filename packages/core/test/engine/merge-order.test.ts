import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBatch, equity, inMemory, run, simulatedBroker, type Batch } from '@gatehouse/core'
import { minute, t0 } from './bench.js'

test('rows of several feeds come in one order: by the time they could be known, then by feed, then by row, however they are cut into batches', async () => {
  const feed = fc.array(fc.array(fc.nat(6), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.array(feed, { minLength: 1, maxLength: 4 }), async (feeds) => {
      const expected: (readonly [at: number, feed: number, row: number])[] = []
      const given = feeds.map((cuts, number) => {
        const of = equity(`F${number}`, { venue: 'SIM', calendar: '24x7' })
        // Steps between rows; 0 is the same instant again, within a feed and across feeds.
        let [step, row] = [0, 0]
        return cuts.map((steps): Batch => {
          const times = steps.map((gap) => (step += gap))
          for (const time of times) expected.push([time, number, row++])
          // The close of a row is its number.
          const closes = Float64Array.from(times, (_, i) => row - times.length + i + 1)
          const starts = BigInt64Array.from(times, (time) => t0 + BigInt(time) * minute)
          return createBatch({
            schema: 'ohlcv-1m',
            source: 'test',
            instruments: [of],
            columns: { tsEvent: starts, open: closes, high: closes, low: closes, close: closes, volume: closes },
          })
        })
      })
      const seen: (readonly [number, number, number])[] = []
      await run({
        time: 'backtest',
        strategy: () => ({
          name: 'order',
          onBar: ({ instrument, tsEvent, close }) =>
            void seen.push([Number((tsEvent - t0) / minute), Number(instrument.symbol.slice(1)), close - 1]),
        }),
        feeds: given.map((batches, i) => inMemory(batches, { name: `feed-${i}` })),
        broker: simulatedBroker({ cash: 1000 }),
      })
      expect(seen).toEqual([...expected].sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]))
    }),
    { numRuns: 150 },
  )
})
