// Speed and memory of the engine's full path: feed, simulated exchange, orders, fees, portfolio, report; single thread.
// node --conditions=@gatehouse/source --import tsx bench/engine.ts [--rounds 7] [--only bars,journal,book,memory,repeat]
// Ratios are taken within one run, best of the rounds, alternating. Input: bench/lcg-bars.ts (seed 12345), bench/lcg-book.ts (seed 7).
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
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
import { lcgArrays, lcgBars } from './lcg-bars.js'
import { lcgBook } from './lcg-book.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, only: { type: 'string', default: 'bars,journal,book,memory,repeat' } },
})
const rounds = Number(values.rounds)
const parts = new Set(values.only.split(','))
const bars = 1_000_000

/** EMA 10/30 cross, one share long or flat; decides once both averages have seen 30 bars. */
const emaCross = (): Strategy => {
  let [fast, slow, seen] = [NaN, NaN, 0]
  let wasAbove = false
  return {
    name: 'ema-cross',
    onBar(bar, { orders }) {
      const { close } = bar
      fast = seen === 0 ? close : fast + (close - fast) * (2 / 11)
      slow = seen === 0 ? close : slow + (close - slow) * (2 / 31)
      seen++
      const isAbove = fast > slow
      if (seen > 30 && isAbove !== wasAbove) orders.target(bar.instrument, isAbove ? 1 : 0)
      wasAbove = isAbove
    },
  }
}

/** Reads ten levels a side, takes one lot when the book leans, and gives it back when it leans the other way. */
const bookTaker = (): Strategy => {
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

const broker = () => simulatedBroker({ cash: 100_000, fees: percentFees(0.001) })
const backtest = (feeds: Feed[], strategy = emaCross, journal?: string): Promise<RunResult> =>
  run({ time: 'backtest', strategy, feeds, broker: broker(), ...(journal === undefined ? {} : { journal: { directory: journal } }) })

async function drain(feed: Feed): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const item of feed.batches({ from: 0n, to: 1n << 62n })) if (item.type === 'batch') batches.push(item)
  return batches
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
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

/** grademark over the same bars: one position, no fees, no order objects. `undefined` where peers/ is not installed. */
function loadGrademark(): (() => number) | undefined {
  try {
    const load = createRequire(new URL('../peers/package.json', import.meta.url))
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
  } catch (error) {
    console.warn(`grademark is not measured: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}; run npm run peers`)
    return undefined
  }
}

const best = new Map<string, number>()
const note = (name: string, seconds: number): void => void best.set(name, Math.min(best.get(name) ?? Infinity, seconds))
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
let failures = 0
const check = (what: string, holds: boolean): void => {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`)
  if (!holds) failures++
}

try {
  if (parts.has('bars') || parts.has('journal')) {
    const feed = await drain(lcgBars(bars))
    // What a recorder gives: rows that are kept somewhere and named by their digest. Rows that nobody keeps are digested as they pass.
    const recorded = feed.map((batch, i) => {
      const { columns, schema, source, instruments } = batch as Batch<'ohlcv-1m'>
      const reference = { segment: 'lcg', row: i * 16_384, count: batch.length, sha256: batchDigest(batch) }
      return createBatch({ schema, source, instruments, columns, reference })
    })
    const arrays = lcgArrays(bars)
    const peer = loadGrademark()
    let result: RunResult | undefined
    for (let round = 0; round < rounds; round++) {
      note('bare loop', await timed(() => bareLoop(arrays)))
      note('engine', await timed(async () => void (result = await backtest([inMemory(feed)]))))
      for (const [name, rows] of [
        ['journal on', recorded],
        ['journal on, rows digested', feed],
      ] as const) {
        note(name, await timed(() => backtest([inMemory(rows)], emaCross, join(directory, 'journal'))))
        rmSync(join(directory, 'journal'), { recursive: true, force: true })
      }
      if (peer !== undefined && round < 2) note('grademark', await timed(peer))
    }
    const seconds = best.get('engine') ?? NaN
    console.log(`\n1 M one-minute bars, EMA 10/30, one share, 0.1 % fee (best of ${rounds})`)
    for (const [name, value] of best) {
      console.log(
        `${name.padEnd(26)} ${(bars / value / 1e6).toFixed(2).padStart(8)} M bars/s  ${(value / seconds).toFixed(3).padStart(8)} x the engine's time`,
      )
    }
    const equity = result?.equity ?? NaN
    const fills = result?.report.record.fills.times.length ?? 0
    check(`final equity ${equity.toFixed(7)}, published 97668.0298257`, Math.abs(equity - 97668.0298257) < 1e-6)
    check(`${fills} fills, published 36795`, fills === 36_795)
    check(
      `journal slows it ${((best.get('journal on') ?? NaN) / seconds).toFixed(2)} x (floor 1.5)`,
      (best.get('journal on') ?? NaN) / seconds <= 1.5,
    )
    check(`${(bars / seconds / 1e6).toFixed(2)} M bars/s (floor 2)`, bars / seconds >= 2e6)
  }
  if (parts.has('book')) {
    const events = 500_000
    const feed = await drain(lcgBook(events))
    let result: RunResult | undefined
    for (let round = 0; round < rounds; round++)
      note('book', await timed(async () => void (result = await backtest([inMemory(feed)], bookTaker))))
    const seconds = best.get('book') ?? NaN
    console.log(`\n${events} MBP-10 events, ten levels read, ${result?.report.record.fills.times.length ?? 0} fills taken from the book`)
    check(`${(events / seconds / 1e6).toFixed(2)} M events/s (floor 1.5)`, events / seconds >= 1.5e6)
  }
  if (parts.has('memory')) {
    const seconds = await timed(() => backtest([lcgBars(20_000_000)]))
    const peak = process.resourceUsage().maxRSS / 1024
    console.log(`\n20 M bars streamed in ${seconds.toFixed(1)} s`)
    // The peak is that of the whole process: run with --only memory for this part alone.
    check(`peak memory ${peak.toFixed(0)} MB (floor 300, with --only memory)`, parts.size > 1 || peak <= 300)
  }
  if (parts.has('repeat')) {
    const feed = await drain(lcgBars(50_000))
    const heap = (): number => {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed / 1e6
    }
    for (let i = 0; i < 10; i++) await backtest([inMemory(feed)])
    const before = heap()
    for (let i = 0; i < 100; i++) await backtest([inMemory(feed)])
    const grown = heap() - before
    console.log(
      `\n100 backtests in one process: heap grew by ${grown.toFixed(1)} MB${globalThis.gc === undefined ? ' (uncollected; run node with --expose-gc to judge)' : ''}`,
    )
    if (globalThis.gc !== undefined) check('no growth over 100 backtests (under 5 MB)', grown < 5)
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
if (failures > 0) process.exitCode = 1
