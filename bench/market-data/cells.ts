/*
 * One cell of the market data benchmark in a process of its own: cells.mjs CELL REPEATS FOLDER
 * Prints one line of JSON: rows, seconds of the repeats, bytes allocated on the heap a row, and a sum over what was read, so that nothing is left out.
 */
import { createWriteStream } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { aggregateBars, csvBars, inMemory, mergeFeeds, type BarView, type Batch, type BookView, type Feed } from '@gatehouse/core'
import { lcgArrays, lcgBars } from '../lcg-bars.js'
import { lcgBook } from '../lcg-book.js'

const bars = 1_000_000
const bookEvents = 200_000
const mergedFeeds = 4
const [cell, repeatsText, folder] = process.argv.slice(2)

async function drain(feed: Feed): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const item of feed.batches({ from: 0n, to: 1n << 62n })) if (item.type === 'batch') batches.push(item)
  return batches
}

interface Read {
  readonly rows: number
  readonly sum: number
}

/** Reads a feed as a strategy does: through a view, five numbers a row. */
async function readBars(feed: Feed): Promise<Read> {
  let [rows, sum] = [0, 0]
  for await (const item of feed.batches({ from: 0n, to: 1n << 62n })) {
    if (item.type !== 'batch') continue
    sum += sumOfBars(item)
    rows += item.length
  }
  return { rows, sum }
}

function sumOfBars(batch: Batch): number {
  const bar = batch.view() as unknown as BarView & { row: number }
  let sum = 0
  for (bar.row = 0; bar.row < batch.length; bar.row++) sum += bar.open + bar.high + bar.low + bar.close + bar.volume
  return sum
}

/** Ten levels a side. */
function sumOfBooks(batch: Batch): number {
  const book = batch.view() as unknown as BookView & { row: number }
  let sum = 0
  for (book.row = 0; book.row < batch.length; book.row++)
    for (let level = 0; level < 10; level++) sum += book.bidPrice(level) + book.askPrice(level) + book.bidSize(level) + book.askSize(level)
  return sum
}

function sumOfColumns(batch: Batch): number {
  const { open, high, low, close, volume } = (batch as Batch<'ohlcv-1m'>).columns as unknown as Record<string, Float64Array>
  let sum = 0
  for (let row = 0; row < batch.length; row++) sum += open[row] + high[row] + low[row] + close[row] + volume[row]
  return sum
}

/** Writes the bars as a CSV file with ISO times. */
async function writeCsv(path: string): Promise<void> {
  const { open, high, low, close } = lcgArrays(bars)
  const file = createWriteStream(path)
  const zip = path.endsWith('.gz') ? createGzip({ level: 1 }) : undefined
  const out = zip ?? file
  zip?.pipe(file)
  out.write('time,open,high,low,close,volume\n')
  for (let from = 0; from < bars; from += 10_000) {
    let text = ''
    for (let i = from; i < from + 10_000; i++) {
      const at = new Date(1_577_836_800_000 + i * 60_000).toISOString()
      text += `${at},${open[i].toFixed(4)},${high[i].toFixed(4)},${low[i].toFixed(4)},${close[i].toFixed(4)},1000\n`
    }
    if (!out.write(text)) await new Promise<void>((resolve) => out.once('drain', () => resolve()))
  }
  out.end()
  await finished(file)
}

/** What a cell does once, prepared. */
async function prepare(): Promise<() => Read | Promise<Read>> {
  const overBatches = (batches: readonly Batch[], sumOf: (batch: Batch) => number) => (): Read => {
    let [rows, sum] = [0, 0]
    for (const batch of batches) {
      sum += sumOf(batch)
      rows += batch.length
    }
    return { rows, sum }
  }
  switch (cell) {
    case 'columns of bars':
      return overBatches(await drain(lcgBars(bars)), sumOfColumns)
    case 'views of bars':
      return overBatches(await drain(lcgBars(bars)), sumOfBars)
    case 'views of books':
      return overBatches(await drain(lcgBook(bookEvents)), sumOfBooks)
    case 'in memory': {
      const batches = await drain(lcgBars(bars))
      return () => readBars(inMemory(batches))
    }
    case 'merge of feeds': {
      // Batches that interleave: each feed has every fourth stretch of a hundred rows.
      const batches = await drain(lcgBars(bars, 100))
      const parts = Array.from({ length: mergedFeeds }, (_, part) => batches.filter((_, i) => i % mergedFeeds === part))
      return () => readBars(mergeFeeds(parts.map((part, i) => inMemory(part, { name: `part-${i}` }))))
    }
    case 'aggregation to hours': {
      const batches = await drain(lcgBars(bars))
      return async () => ({ ...(await readBars(aggregateBars(inMemory(batches), { to: 'ohlcv-1h' }))), rows: bars })
    }
    default: {
      const path = join(folder, cell === 'CSV' ? 'bars.csv' : 'bars.csv.gz')
      await writeCsv(path)
      return () => readBars(csvBars({ path, session: 'any' }))
    }
  }
}

/** Heap bytes allocated while work is done, dead objects included, by sampling. */
async function allocated(work: () => unknown): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 4096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  await work()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  const total = ({ selfSize, children }: typeof profile.head): number => children.reduce((sum, child) => sum + total(child), selfSize)
  return total(profile.head)
}

const work = await prepare()
const seconds: number[] = []
let read: Read = { rows: 0, sum: 0 }
for (let i = 0; i < Number(repeatsText); i++) {
  const started = performance.now()
  read = await work()
  seconds.push((performance.now() - started) / 1000)
}
// Compiled code is what counts: a repeat in which it is being made boxes every number, and a busy machine is slow to make it.
const samples: number[] = []
while (samples.length < 12 && !(Math.min(...samples) < read.rows)) samples.push(await allocated(work))
const bytes = Math.min(...samples)
console.log(JSON.stringify({ ...read, seconds, bytesPerRow: bytes / read.rows }))
