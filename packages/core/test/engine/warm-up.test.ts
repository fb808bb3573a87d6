import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  acceleratedClock,
  equity,
  inMemory,
  run,
  simulatedBroker,
  type Batch,
  type Feed,
  type Manifest,
  type Strategy,
} from '@gatehouse/core'
import { bars, countingModel, instrument, minute, t0 } from './bench.js'

/** A manifest that holds batches; only what warm-up needs of it. */
const manifestOf = (batches: readonly Batch[]): Manifest =>
  ({ at: () => ({ scan: () => inMemory(batches).batches({ from: 0n, to: 2n ** 62n }) }) }) as unknown as Manifest

/** Writes down which rows it saw, warming up or not. */
const witness = (seen: [bigint, boolean][]) => (): Strategy => ({
  name: 'witness',
  onBar: (bar, { isWarmingUp, orders }) => {
    seen.push([bar.tsEvent, isWarmingUp])
    if (isWarmingUp) expect(orders.buy(bar.instrument, 1)).toMatchObject({ approved: false, rule: 'halted' })
  },
})

describe('history and run', () => {
  test('join without gap or overlap, wherever recorder and feed were cut', async () => {
    const count = 40
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: count }),
        fc.nat(6),
        fc.nat(6),
        fc.integer({ min: 1, max: 7 }),
        async (starts, recorderAhead, feedBehind, batchRows) => {
          const all = Array.from({ length: count }, (_, i) => 100 + i)
          const pieces = (from: number, to: number): Batch[] => {
            const made: Batch[] = []
            for (let row = from; row < to; row += batchRows)
              made.push(bars(all.slice(row, Math.min(to, row + batchRows)), { from: t0 + BigInt(row) * minute }))
            return made
          }
          // The recorder has rows past the start, the feed rows before it: each row must be seen once all the same.
          const history = pieces(0, Math.min(count, starts + recorderAhead))
          const later = pieces(Math.max(0, starts - feedBehind), count)
          const from = t0 + BigInt(starts + 1) * minute
          const seen: [bigint, boolean][] = []
          await run({
            time: 'backtest',
            strategy: witness(seen),
            models: [countingModel('ohlcv-1m', 1)],
            feeds: [inMemory(later)],
            broker: simulatedBroker({ cash: 1000 }),
            range: { from, to: t0 + 1000n * minute },
            warmUp: { manifest: manifestOf(history), from: t0 },
          })
          expect(seen).toEqual(all.map((_, i) => [t0 + BigInt(i) * minute, i < starts]))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('join in real time too, where the run begins when it is asked and reading history takes its time', async () => {
    const all = Array.from({ length: 60 }, (_, i) => 100 + i)
    const clock = acceleratedClock({ from: t0 + 20n * minute, speed: 60 * 60 })
    // The recorder is ahead of the start; reading it takes its time, in which the clock goes on by ten rows and more.
    const slow = {
      at: () => ({
        async *scan() {
          yield* inMemory([bars(all.slice(0, 10))]).batches({ from: 0n, to: 2n ** 62n })
          await new Promise((resolve) => setTimeout(resolve, 250))
          yield* inMemory([bars(all.slice(10, 50), { from: t0 + 10n * minute })]).batches({ from: 0n, to: 2n ** 62n })
        },
      }),
    } as unknown as Manifest
    const seen: [bigint, boolean][] = []
    const feed: Feed = inMemory([bars(all)])
    const predictions: number[] = []
    await run({
      time: 'realtime',
      strategy: () => ({ ...witness(seen)(), onPrediction: ({ values }) => void predictions.push(values[0]) }),
      models: [countingModel('ohlcv-1m', 10)],
      feeds: [feed],
      broker: simulatedBroker({ cash: 1000 }),
      clock,
      warmUp: { manifest: slow, from: t0 },
      range: undefined,
    })
    expect(seen.map(([at]) => at)).toEqual(all.map((_, i) => t0 + BigInt(i) * minute))
    // The predictor counted on from history: its first word after it follows the last row of it.
    const warmed = seen.filter(([, isWarmingUp]) => isWarmingUp).length
    expect(warmed).toBeGreaterThanOrEqual(20)
    expect(predictions).toEqual(Array.from({ length: 60 - warmed }, (_, i) => warmed + 1 + i))
  })

  test('a hole between them is said in words, unless the market was closed', async () => {
    const history = bars([100, 101, 102])
    const share = equity('TEST', { calendar: 'XNYS' })
    const text = async (of: typeof instrument, until: bigint): Promise<string> => {
      const { report } = await run({
        time: 'backtest',
        strategy: () => ({ name: 'none' }),
        feeds: [inMemory([bars([100, 101], { from: until, of })])],
        broker: simulatedBroker({ cash: 1000 }),
        range: { from: until, to: until + 10n * minute },
        warmUp: {
          manifest: manifestOf([of === instrument ? history : bars([100, 101], { of, from: until - 18n * 60n * minute })]),
          from: 0n,
        },
      })
      return report.toString().replace(/\s+/g, ' ')
    }
    expect(await text(instrument, t0 + 30n * minute)).toMatch(/History of TEST ends at 2024-01-02 14:33.*27 minutes of open market/)
    expect(await text(instrument, t0 + 3n * minute)).not.toMatch(/History of/)
    // Monday 20:58 to 21:00, then Tuesday 14:58 in New York's winter: 28 minutes of trading, the night does not count.
    expect(await text(share, BigInt(Date.parse('2024-01-09T14:58:00Z')) * 1_000_000n)).toMatch(
      /History of TEST ends .* 28 minutes of open market/,
    )
  })
})
