import { csvBars, isTradingError, type BarView, type Batch, type CsvBarsOptions, type FeedStatus } from '@gatehouse/core'
import { zipSync } from 'fflate'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'

const everything = { from: 0n, to: 2n ** 62n }
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-csv-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
function file(content: string | Uint8Array, name = `spy${files++}.csv`): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

interface Row {
  readonly start: string
  readonly known: string
  readonly ohlcv: readonly number[]
}

async function read(options: CsvBarsOptions): Promise<{ rows: Row[]; statuses: FeedStatus[]; batches: Batch[] }> {
  const rows: Row[] = []
  const statuses: FeedStatus[] = []
  const batches: Batch[] = []
  for await (const item of csvBars({ symbol: 'SPY', ...options }).batches(everything)) {
    if (item.type === 'feed-status') {
      statuses.push(item)
      continue
    }
    batches.push(item)
    if (item.schema === 'corporate-action') continue
    const bar = item.view() as BarView & { row: number }
    for (bar.row = 0; bar.row < item.length; bar.row++) {
      rows.push({ start: iso(bar.tsEvent), known: iso(bar.availableAt), ohlcv: [bar.open, bar.high, bar.low, bar.close, bar.volume] })
    }
  }
  return { rows, statuses, batches }
}
const iso = (time: bigint): string => new Date(Number(time / 1_000_000n)).toISOString().replace('.000Z', 'Z')

/** The error that reading ends with. */
async function failure(options: CsvBarsOptions): Promise<{ code: string; message: string; details: Readonly<Record<string, unknown>> }> {
  try {
    await read(options)
  } catch (error) {
    if (isTradingError(error)) return error
    throw error
  }
  throw new Error('it was read without an error')
}

const hourly = `20140605 09:00,1000000,1010000,990000,1005000,100
20140605 10:00,1005000,1020000,1000000,1015000,200
`

describe('files as sources write them', () => {
  const expected: Row[] = [
    { start: '2014-06-05T13:00:00Z', known: '2014-06-05T14:00:00Z', ohlcv: [100, 101, 99, 100.5, 100] },
    { start: '2014-06-05T14:00:00Z', known: '2014-06-05T15:00:00Z', ohlcv: [100.5, 102, 100, 101.5, 200] },
  ]
  test.each([
    ['plain', () => file(hourly)],
    ['.gz', () => file(gzipSync(hourly), 'spy.csv.gz')],
    ['.zip', () => file(zipSync({ 'spy.csv': new TextEncoder().encode(hourly) }), 'spy.zip')],
    ['with Windows line ends', () => file(hourly.replaceAll('\n', '\r\n'))],
    ['without a last newline', () => file(hourly.trimEnd())],
    ['with blank lines and a byte order mark', () => file('\ufeff' + hourly.replaceAll('\n', '\n\n'))],
  ])('LEAN hour bars load %s', async (_, path) => {
    expect((await read({ path: path(), priceScale: 10_000 })).rows).toEqual(expected)
  })

  test('Yahoo daily bars load by their headers and adjust by their adjusted close', async () => {
    const path = file('Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,10,12,8,10,5,1000\n2024-01-03,11,12,10,12,6,2000\n')
    const { rows } = await read({ path, adjust: 'adjusted-close' })
    expect(rows).toEqual([
      { start: '2024-01-02T05:00:00Z', known: '2024-01-03T05:00:00Z', ohlcv: [5, 6, 4, 5, 1000] },
      { start: '2024-01-03T05:00:00Z', known: '2024-01-04T05:00:00Z', ohlcv: [5.5, 6, 5, 6, 2000] },
    ])
  })

  test('a daily bar is known when it is said to be', async () => {
    const { rows } = await read({ path: file('Date,Open,High,Low,Close\n2024-07-02,1,1,1,1\n2024-07-03,1,1,1,1\n'), knownAt: '16:00' })
    expect(rows.map(({ known }) => known)).toEqual(['2024-07-02T20:00:00Z', '2024-07-03T20:00:00Z'])
  })
})
