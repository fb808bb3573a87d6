import { csvBars, isTradingError, type BarView, type Batch, type CsvBarsOptions, type FeedStatus } from '@gatehouse/core'
import { zipSync } from 'fflate'
import fc from 'fast-check'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
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

describe('what can be stated', () => {
  test('columns by name or place, delimiter, zone and stamp', async () => {
    const path = file('when;last;first;top;bottom\n2024-01-02 10:00;2;1;3;1\n2024-01-02 11:00;2;2;3;1\n')
    const columns = { time: 'WHEN', open: 'first', high: 'top', low: 'bottom', close: 'last' }
    const read1 = await read({ path, columns, timeZone: 'America/Chicago', stamp: 'end', schema: 'ohlcv-1h' })
    expect(read1.rows[0]).toEqual({ start: '2024-01-02T15:00:00Z', known: '2024-01-02T16:00:00Z', ohlcv: [1, 3, 1, 2, NaN] })
  })

  test.each([
    ['seconds since 1970', '1704205800,1,3,1,2,5\n1704205860,1,3,1,2,5\n'],
    ['milliseconds since 1970', '1704205800000,1,3,1,2,5\n1704205860000,1,3,1,2,5\n'],
    ['nanoseconds since 1970', '1704205800000000000,1,3,1,2,5\n1704205860000000000,1,3,1,2,5\n'],
    ['ISO with an offset', '2024-01-02T09:30:00-05:00,1,3,1,2,5\n2024-01-02T09:31:00-05:00,1,3,1,2,5\n'],
    ['ISO in UTC', '2024-01-02T14:30:00.000Z,1,3,1,2,5\n2024-01-02T14:31:00.000Z,1,3,1,2,5\n'],
    ['US dates', '1/2/2024 09:30,1,3,1,2,5\n1/2/2024 09:31,1,3,1,2,5\n'],
    ['compact dates', '20240102 09:30,1,3,1,2,5\n20240102 09:31,1,3,1,2,5\n'],
  ])('times as %s', async (_, content) => {
    expect((await read({ path: file(content) })).rows.map(({ start }) => start)).toEqual(['2024-01-02T14:30:00Z', '2024-01-02T14:31:00Z'])
  })

  test('clocks that change: a day of 23 hours ends at its midnight', async () => {
    const { rows: daily } = await read({
      session: 'any',
      path: file('date,open,high,low,close\n2024-03-09,1,1,1,1\n2024-03-10,1,1,1,1\n2024-03-11,1,1,1,1\n'),
    })
    expect(daily.map(({ known }) => known)).toEqual(['2024-03-10T05:00:00Z', '2024-03-11T04:00:00Z', '2024-03-12T04:00:00Z'])
  })

  test('an option that cannot be is refused at once', () => {
    for (const options of [
      { priceScale: 0 },
      { batchRows: 0 },
      { adjust: 'total' as const },
      { delimiter: '::' },
      { knownAt: '4pm' },
      { path: [] },
    ]) {
      expect(() => csvBars({ path: 'spy.csv', ...options })).toThrowError(
        expect.objectContaining({ code: 'FEED_OPTIONS_INVALID' }) as Error,
      )
    }
    expect(() => csvBars('20240102.csv')).toThrowError(/does not say a symbol/)
  })
})

const head = 'time,open,high,low,close,volume\n'
const good = '2024-01-02 09:30,10,12,9,11,100\n'
const next = '2024-01-02 09:31,11,12,10,11,100\n'

describe('bad rows', () => {
  const bad: readonly [kind: string, code: string, row: string, value: string][] = [
    ['too few columns', 'CSV_COLUMN_COUNT', '2024-01-02 09:32,11,12,10\n', '2024-01-02 09:32,11,12,10'],
    ['too many columns', 'CSV_COLUMN_COUNT', '2024-01-02 09:32,11,12,10,11,100,7\n', '2024-01-02 09:32,11,12,10,11,100,7'],
    ['a time before the row ahead', 'CSV_TIME_ORDER', '2024-01-02 09:29,11,12,10,11,100\n', '2024-01-02 09:29'],
    ['a time that was there already', 'CSV_TIME_DUPLICATE', '2024-01-02 09:31,11,12,10,11,100\n', '2024-01-02 09:31'],
    ['a date that does not exist', 'CSV_TIME_INVALID', '2024-02-30 09:32,11,12,10,11,100\n', '2024-02-30 09:32'],
    ['no time', 'CSV_TIME_INVALID', 'soon,11,12,10,11,100\n', 'soon'],
    ['a time before 1970', 'CSV_TIME_INVALID', '1969-12-30 09:32,11,12,10,11,100\n', '1969-12-30 09:32'],
    ['NaN', 'CSV_NUMBER_INVALID', '2024-01-02 09:32,NaN,12,10,11,100\n', 'NaN'],
    ['null, as Yahoo has it', 'CSV_NUMBER_INVALID', '2024-01-02 09:32,null,12,10,11,100\n', 'null'],
    ['an empty price', 'CSV_NUMBER_INVALID', '2024-01-02 09:32,,12,10,11,100\n', ''],
    ['hexadecimal', 'CSV_NUMBER_INVALID', '2024-01-02 09:32,0x10,32,10,11,100\n', '0x10'],
    ['zero', 'CSV_PRICE_INVALID', '2024-01-02 09:32,11,12,0,11,100\n', '0'],
    ['a negative price', 'CSV_PRICE_INVALID', '2024-01-02 09:32,11,12,-10,11,100\n', '-10'],
    ['a negative volume', 'CSV_NUMBER_INVALID', '2024-01-02 09:32,11,12,10,11,-1\n', '-1'],
    ['high below low', 'CSV_BAR_INCONSISTENT', '2024-01-02 09:32,11,9,10,11,100\n', '2024-01-02 09:32,11,9,10,11,100'],
    ['close above high', 'CSV_BAR_INCONSISTENT', '2024-01-02 09:32,11,12,10,13,100\n', '2024-01-02 09:32,11,12,10,13,100'],
    ['a time outside the session', 'CSV_OUTSIDE_SESSION', '2024-01-02 23:32,11,12,10,11,100\n', '2024-01-02 23:32'],
  ]
  test.each(bad)('%s: an error with file, line and value', async (_, code, row, value) => {
    const path = file(head + good + next + row + '2024-01-03 10:00,11,12,10,11,100\n')
    const error = await failure({ path, schema: 'ohlcv-1m' })
    expect(error).toMatchObject({ code, details: { file: path, line: 4, value } })
    expect(error.message).toContain(`${path}:4: `)
  })

  test.each(bad)('%s: left out, counted and told as a gap when the policy says so', async (_, code, row) => {
    const path = file(head + good + next + row + '2024-01-03 10:00,11,12,10,11,100\n')
    const feed = csvBars({ path, symbol: 'SPY', schema: 'ohlcv-1m', onBadRow: 'skip' })
    const statuses: FeedStatus[] = []
    let rows = 0
    for await (const item of feed.batches(everything)) {
      if (item.type === 'batch') rows += item.length
      else statuses.push(item)
    }
    expect(rows).toBe(3)
    expect(feed.report).toMatchObject({ rows: 3, skipped: 1 })
    expect([...feed.report.bad].map(([kind, { count }]) => [kind, count])).toEqual([[code, 1]])
    expect(statuses).toMatchObject([{ status: 'gap', schema: 'ohlcv-1m' }])
    expect(statuses[0].message).toContain(`${path}:4`)
  })

  test('a policy by code leaves other kinds errors', async () => {
    const path = file(head + good + good + '2024-01-02 09:29,11,12,10,11,100\n')
    expect(await failure({ path, schema: 'ohlcv-1m', onBadRow: { CSV_TIME_DUPLICATE: 'skip' } })).toMatchObject({ code: 'CSV_TIME_ORDER' })
  })

  test('times in UTC read as New York lie outside the session', async () => {
    const path = file(head + Array.from({ length: 7 }, (_, hour) => `2024-01-02 ${14 + hour}:30,10,12,9,11,100\n`).join(''))
    expect(await failure({ path, session: 'regular' })).toMatchObject({ code: 'CSV_OUTSIDE_SESSION' })
  })
})

describe('bad files', () => {
  const cases: readonly [kind: string, code: string, path: () => string][] = [
    ['missing', 'CSV_FILE_UNREADABLE', () => join(directory, 'none.csv')],
    ['empty', 'CSV_EMPTY', () => file('')],
    ['of a header alone', 'CSV_EMPTY', () => file(head)],
    ['of blank lines', 'CSV_EMPTY', () => file('\n\n\n')],
    ['cut in the middle of a row', 'CSV_CUT_SHORT', () => file(head + good + next + '2024-01-02 09:32,11,1')],
    ['a .gz cut short', 'CSV_ARCHIVE_INVALID', () => file(gzipSync(head + good + next).subarray(0, 40), 'cut.csv.gz')],
    ['a .gz that is none', 'CSV_ARCHIVE_INVALID', () => file(head + good + next, 'none.csv.gz')],
    ['a .zip that is none', 'CSV_ARCHIVE_INVALID', () => file(head + good + next, 'none.zip')],
    [
      'a .zip cut short',
      'CSV_ARCHIVE_INVALID',
      () => file(zipSync({ 'a.csv': new TextEncoder().encode(head + good.repeat(99)) }).subarray(0, 60), 'cut.zip'),
    ],
    ['a .zip without such a file', 'CSV_ARCHIVE_INVALID', () => file(zipSync({ 'readme.md': new Uint8Array(9) }), 'other.zip')],
    ['without a close', 'CSV_COLUMN_MISSING', () => file('time,open,high,low\n2024-01-02 09:30,1,1,1\n')],
    ['with times nobody writes', 'CSV_TIME_INVALID', () => file(head + 'Tuesday,1,1,1,1,1\n')],
    ['of bars five minutes apart', 'CSV_SCHEMA_UNKNOWN', () => file(head + good + '2024-01-02 09:35,1,1,1,1,1\n')],
    ['of one row', 'CSV_SCHEMA_UNKNOWN', () => file(head + good)],
    ['without an end of line', 'CSV_LINE_TOO_LONG', () => file(Buffer.alloc(4_000_000, 49))],
    ['of noise', 'CSV_COLUMN_MISSING', () => file(Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251))],
  ]
  test.each(cases)('%s: a typed error that names the file', async (_, code, path) => {
    const named = path()
    const error = await failure({ path: named, onBadRow: { CSV_OUTSIDE_SESSION: 'throw' } })
    expect(error.code).toBe(code)
    expect(error.message).toContain(named)
    // A message is a line of text, whatever the file is.
    expect(error.message.length).toBeLessThan(1_500)
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })

  test('rows before the damage were given', async () => {
    const path = file(head + good + next + 'rubbish\n')
    let rows = 0
    await expect(
      (async () => {
        for await (const item of csvBars({ path, symbol: 'SPY', schema: 'ohlcv-1m', batchRows: 1 }).batches(everything)) {
          if (item.type === 'batch') rows += item.length
        }
      })(),
    ).rejects.toMatchObject({ code: 'CSV_COLUMN_COUNT' })
    expect(rows).toBe(2)
  })

  test('any bytes end in rows or a typed error, never in another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, isAfterRows) => {
        const path = file(isAfterRows ? Buffer.concat([Buffer.from(head + good + next), bytes]) : bytes)
        try {
          await read({ path })
        } catch (error) {
          expect(isTradingError(error)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('numbers are read to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 }), async (prices) => {
        const lines = prices.map((price, i) => `${1_700_000_000 + i * 60},${price},${price},${price},${price},1`)
        const { rows } = await read({ path: file(lines.join('\n')), schema: 'ohlcv-1m', session: 'any' })
        expect(rows.map(({ ohlcv }) => ohlcv[0])).toEqual(prices)
      }),
      { numRuns: 100 },
    )
  })
})

test('a long file is read in bounded memory', async () => {
  const path = join(directory, 'long.csv')
  const handle = openSync(path, 'w')
  for (let part = 0; part < 30; part++) {
    const lines = Array.from({ length: 20_000 }, (_, i) => `${1_500_000_000 + (part * 20_000 + i) * 60},100.01,100.02,100,100.01,12`)
    writeSync(handle, lines.join('\n') + '\n')
  }
  closeSync(handle)
  let rows = 0
  let largest = 0
  for await (const item of csvBars({ path, symbol: 'SPY', session: 'any' }).batches(everything)) {
    if (item.type !== 'batch') continue
    rows += item.length
    largest = Math.max(largest, item.length)
  }
  expect(rows).toBe(600_000)
  expect(largest).toBeLessThanOrEqual(8192)
})
