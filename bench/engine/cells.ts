/*
 * One cell of the engine's benchmark in a process of its own, so that none runs on the heap and the compiled code of another:
 *   cells.mjs CELL REPEATS ROOT
 * Prints one line of JSON: seconds of the repeats, and what the cell found. Input: bench/lcg-bars.ts (seed 12345), bench/lcg-book.ts (seed 7).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  batchDigest,
  createBatch,
  inMemory,
  percentFees,
  run,
  simulatedBroker,
  type Batch,
  type Feed,
  type RunResult,
  type Strategy,
} from '@gatehouse/core'
import { lcgArrays, lcgBars } from '../lcg-bars.js'
import { lcgBook } from '../lcg-book.js'
import { bars, bookEvents, streamedBars } from './sizes.js'

/** EMA 10/30 cross, one share long or flat; decides once both averages have seen 30 bars. */
function emaCross(): Strategy {
  const ema = { fast: NaN, slow: NaN, seen: 0, isAbove: false }
  return {
    name: 'ema-cross',
    onBar(bar, { orders }) {
      const { close } = bar
      ema.fast = ema.seen === 0 ? close : ema.fast + (close - ema.fast) * (2 / 11)
      ema.slow = ema.seen === 0 ? close : ema.slow + (close - ema.slow) * (2 / 31)
      ema.seen++
      const isAbove = ema.fast > ema.slow
      if (ema.seen > 30 && isAbove !== ema.isAbove) orders.target(bar.instrument, isAbove ? 1 : 0)
      ema.isAbove = isAbove
    },
  }
}

/** Reads ten levels a side, takes one lot when the book leans, and gives it back when it leans the other way. */
function bookTaker(): Strategy {
  let position = 0
  return {
    name: 'book-taker',
    onBook(book, { orders }) {
      let [bid, ask] = [0, 0]
      for (let level = 0; level < 10; level++) {
        bid += book.bidSize(level)
        ask += book.askSize(level)
      }
      const lean = (bid - ask) / (bid + ask)
      const wanted = lean > 0.28 ? 1 : lean < -0.28 ? 0 : position
      if (wanted === position) return
      position = wanted
      orders.target(book.instrument, wanted, { timeInForce: 'ioc' })
    },
  }
}

const backtest = (feed: Feed, strategy = emaCross, journal?: string): Promise<RunResult> =>
  run({
    time: 'backtest',
    strategy,
    feeds: [feed],
    broker: simulatedBroker({ cash: 100_000, fees: percentFees(0.001) }),
    ...(journal === undefined ? {} : { journal: { directory: journal } }),
  })

async function drain(feed: Feed): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const item of feed.batches({ from: 0n, to: 1n << 62n })) if (item.type === 'batch') batches.push(item)
  return batches
}

/** The same strategy as a plain loop: what any engine in JavaScript is measured against. */
function bareLoop({ open, close }: ReturnType<typeof lcgArrays>): number {
  let [fast, slow, cash, position, pending] = [close[0], close[0], 100_000, 0, 0]
  for (let i = 0; i < close.length; i++) {
    if (pending !== 0) {
      cash -= pending * open[i] + Math.abs(pending) * open[i] * 0.001
      position += pending
      pending = 0
    }
    const [pf, ps] = [fast, slow]
    fast += ((close[i] - fast) * 2) / 11
    slow += ((close[i] - slow) * 2) / 31
    if (fast > slow && pf <= ps && position === 0) pending = 1
    else if (fast < slow && pf >= ps && position !== 0) pending = -1
  }
  return cash + position * close[close.length - 1]
}

interface Grademark {
  readonly backtest: (strategy: unknown, series: unknown) => unknown[]
}

/** grademark over the same bars: one position, no fees, no order objects. @throws where peers/ is not installed */
function grademark(root: string): () => number {
  const load = createRequire(join(root, 'peers', 'package.json'))
  const { backtest: peer } = load('grademark') as Grademark
  const { DataFrame } = load('data-forge') as { DataFrame: new (rows: unknown[]) => unknown }
  const { open, high, low, close } = lcgArrays(bars)
  let [f, s] = [close[0], close[0]]
  const rows = Array.from(close, (price, i) => {
    f += ((price - f) * 2) / 11
    s += ((price - s) * 2) / 31
    return { time: new Date(1_577_836_800_000 + i * 60_000), open: open[i], high: high[i], low: low[i], close: price, volume: 1000, f, s }
  })
  const strategy = {
    entryRule: (enter: () => void, { bar }: { bar: { f: number; s: number } }) => bar.f > bar.s && enter(),
    exitRule: (exit: () => void, { bar }: { bar: { f: number; s: number } }) => bar.f < bar.s && exit(),
  }
  const frame = new DataFrame(rows)
  return () => peer(strategy, frame).length
}

/** What a recorder gives: rows that are kept somewhere and named by their digest. Rows that nobody keeps are digested as they pass. */
const asRecorded = (batches: readonly Batch[]): Batch[] => {
  let row = 0
  return batches.map((batch) => {
    const { columns, schema, source, instruments, length } = batch as Batch<'ohlcv-1m'>
    const reference = { segment: 'lcg', row, count: length, sha256: batchDigest(batch) }
    row += length
    return createBatch({ schema, source, instruments, columns, reference })
  })
}

const heapMb = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1e6
}

const [cell, repeatsText, root] = process.argv.slice(2)
// In memory a journal costs what its code costs; on a disk that others use too, mostly what they leave of it.
const folder = mkdtempSync(join(cell.endsWith('in memory') ? '/dev/shm' : tmpdir(), 'gatehouse-bench-'))

/** Does the cell's work `repeats` times. @returns seconds of each, and what there is to say of the last */
async function measured(
  repeats: number,
  work: (repeat: number) => unknown,
): Promise<{ seconds: number[]; equity?: number | undefined; fills?: number }> {
  const seconds: number[] = []
  let last: unknown
  for (let i = 0; i < repeats; i++) {
    const started = performance.now()
    last = await work(i)
    seconds.push((performance.now() - started) / 1000)
  }
  const result = last as Partial<RunResult> | undefined
  return { seconds, equity: result?.equity, ...(result?.report === undefined ? {} : { fills: result.report.record.fills.times.length }) }
}

async function perform(repeats: number): Promise<Record<string, unknown>> {
  switch (cell) {
    case 'bare loop': {
      const arrays = lcgArrays(bars)
      return measured(repeats * 4, () => void bareLoop(arrays))
    }
    case 'grademark': {
      const work = grademark(root)
      return measured(2, () => void work())
    }
    case 'engine':
    case 'journal on':
    case 'journal on, in memory':
    case 'journal on, rows digested': {
      const feed = await drain(lcgBars(bars))
      const rows = cell === 'journal on, rows digested' ? feed : asRecorded(feed)
      // Journals stay until the end: what deleting them costs the file system would be paid by the next one's fsync.
      return measured(repeats, (i) => backtest(inMemory(rows), emaCross, cell === 'engine' ? undefined : join(folder, `journal-${i}`)))
    }
    case 'book': {
      const feed = await drain(lcgBook(bookEvents))
      return measured(repeats, () => backtest(inMemory(feed), bookTaker))
    }
    case 'memory':
      return { ...(await measured(1, () => backtest(lcgBars(streamedBars)))), peakMb: process.resourceUsage().maxRSS / 1024 }
    case 'idle':
      return { ...(await measured(1, () => backtest(lcgBars(1)))), peakMb: process.resourceUsage().maxRSS / 1024 }
    default: {
      const feed = await drain(lcgBars(50_000))
      await measured(10, () => backtest(inMemory(feed)))
      const before = heapMb()
      const found = await measured(100, () => backtest(inMemory(feed)))
      return { ...found, grownMb: heapMb() - before, rssMb: process.memoryUsage().rss / 1048576 }
    }
  }
}

try {
  console.log(JSON.stringify(await perform(Number(repeatsText))))
} catch (error) {
  console.log(JSON.stringify({ failed: error instanceof Error ? error.message.split('\n')[0] : String(error) }))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
