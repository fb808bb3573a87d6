import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createBatch, equity, inMemory, replay, run, simulatedBroker, type Batch, type RunOptions, type Strategy } from '@gatehouse/core'

const minute = 60_000_000_000n
const t0 = 1_704_205_800_000_000_000n
const instrument = equity('TEST', { venue: 'SIM', calendar: '24x7' })

/** Flat minutes at 100, each starting where `starts` says, in minutes; the lows reach 99. */
function bars(starts: readonly number[]): Batch {
  const flat = (price: number): Float64Array => new Float64Array(starts.length).fill(price)
  return createBatch({
    schema: 'ohlcv-1m',
    source: 'test',
    instruments: [instrument],
    columns: {
      tsEvent: BigInt64Array.from(starts, (start) => t0 + BigInt(start) * minute),
      open: flat(100),
      high: flat(101),
      low: flat(99),
      close: flat(100),
      volume: flat(1e6),
    },
  })
}

const folders: string[] = []
afterEach(async () => {
  for (const name of folders.splice(0)) await rm(name, { recursive: true, force: true })
})
async function folder(): Promise<string> {
  const name = await mkdtemp(join(tmpdir(), 'gatehouse-again-'))
  folders.push(name)
  return name
}

describe('days without a row', () => {
  const ticking = (): Strategy => ({
    name: 'ticking',
    onStart: ({ setTimer, now }) => setTimer('tick', now + 5_000_000_000n),
    onTimer: ({ at }, { setTimer }) => setTimer('tick', at + 5_000_000_000n),
  })
  const days = (directory: string, signal?: AbortSignal): RunOptions => ({
    time: 'backtest',
    range: { from: t0, to: t0 + 4_400n * minute },
    strategy: ticking,
    feeds: [inMemory([bars([0, 1]), bars([4_320, 4_321])])],
    broker: simulatedBroker({ cash: 100_000 }),
    journal: { directory },
    signal,
  })

  test('may hold more timers than entries are held ready: the run is resumed and replayed all the same', async () => {
    const whole = await folder()
    const { journalHash } = await run(days(whole))
    const again = await replay({ directory: whole, strategy: ticking, feeds: days(whole).feeds })
    expect(again).toMatchObject({ identical: true, hash: journalHash })
    expect(again.entries).toBeGreaterThan(52_000)

    const directory = await folder()
    const stop = new AbortController()
    const broken = run({ ...days(directory, stop.signal), onProgress: ({ done }) => void (done > 2 && stop.abort(new Error('power'))) })
    await expect(broken).rejects.toThrow('power')
    expect((await run(days(directory))).journalHash).toBe(journalHash)
  })
})

describe('a venue that answers late', () => {
  /** Buys once, at a limit that the next bar reaches, and is quiet from then on. */
  const once = (told: bigint[] = []): Strategy => {
    let isSent = false
    return {
      name: 'once',
      onBar(bar, { orders }) {
        if (!isSent) orders.buy(bar.instrument, 1, { type: 'limit', limitPrice: 99.5 })
        isSent = true
      },
      onFill: (_, { now }) => void told.push(now),
    }
  }
  const late = (strategy: () => Strategy, directory: string): RunOptions => ({
    time: 'backtest',
    range: { from: t0, to: t0 + 10n * minute },
    strategy,
    feeds: [inMemory([bars([0, 1, 2, 3, 4, 5])])],
    broker: simulatedBroker({ cash: 100_000, latency: { responseNs: 30e9 } }),
    journal: { directory },
  })

  test('tells of a fill when its answer arrives, though nobody asks for anything in between', async () => {
    const told: bigint[] = []
    await run(late(() => once(told), await folder()))
    expect(told).toEqual([t0 + 2n * minute + 30_000_000_000n])
  })

  test('moves no clock by what it tells nobody: a run whose last order never arrives ends at the same time when replayed', async () => {
    const directory = await folder()
    const strategy = (): Strategy => ({
      name: 'daily',
      onBar: (bar, { orders }) => void orders.buy(bar.instrument, 1, { timeInForce: 'ioc' }),
    })
    const options = late(strategy, directory)
    await run({ ...options, broker: simulatedBroker({ cash: 100_000, latency: { orderNs: 30e9, responseNs: 3_600e9 } }) })
    expect(await replay({ directory, strategy, feeds: [inMemory([bars([0, 1, 2, 3, 4, 5])])] })).toMatchObject({ identical: true })
  })
})
