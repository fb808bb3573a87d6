import { equity, formatTime } from '@gatehouse/core'
import { publicationOf, readFloatTable, readNews, readShortInterest } from '@gatehouse/model-gap-ranker'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'gap-import-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, text: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const known = new Map(['AAA', 'BBB'].map((symbol) => [symbol, equity(symbol)]))
const options = { source: 'test', resolve: (symbol: string) => known.get(symbol) }
const day = (date: string): number => Date.parse(date) / 86_400_000

const header = 'accountingYearMonthNumber|symbolCode|issueName|issuerServicesGroupExchangeCode|marketClassCode|currentShortPositionQuantity|previousShortPositionQuantity|stockSplitFlag|averageDailyVolumeQuantity|daysToCoverQuantity|revisionFlag|changePercent|changePreviousNumber|settlementDate' // prettier-ignore
const line = (symbol: string, shares: string, days: string, { revision = '', settlement = '2024-01-12' } = {}): string =>
  `20240112|${symbol}|A, Inc.|A|NYSE|${shares}|1200000||300000|${days}|${revision}|25|300000|${settlement}`

describe('short interest', () => {
  test('FINRA’s file becomes shares short and days to cover, known when it was published and not when it was settled', async () => {
    const file = write(
      'finra.csv',
      [header, line('AAA', '1500000', '5.0'), line('BBB', '7', '999.99'), line('ZZZ', '1', '1'), ''].join('\n'),
    )
    const { batch, report } = await readShortInterest(file, options)
    expect(report).toEqual({ rows: 2, unknownSymbols: 1, withoutValue: 0, revised: 0 })
    expect([...batch.columns.field]).toEqual(['sharesShort', 'shortRatio', 'sharesShort'])
    expect([...batch.columns.value]).toEqual([1_500_000, 5, 7])
    // Settled on Friday the 12th; the 15th was a holiday: the eighth session is Thursday the 25th.
    expect(formatTime(batch.availableAt[0])).toBe('2024-01-25T23:00:00Z')
  })

  test('a stated publication date decides; one that is not after settlement is refused with its place', async () => {
    const rows = (published: string) =>
      `symbolCode|settlementDate|publicationDate|currentShortPositionQuantity\nAAA|20260630|${published}|108000000\n`
    const { batch } = await readShortInterest(write('published.txt', rows('20260709')), options)
    expect(formatTime(batch.availableAt[0])).toBe('2026-07-09T22:00:00Z')
    const file = write('early.txt', rows('20260630'))
    await expect(readShortInterest(file, options)).rejects.toMatchObject({
      code: 'GAP_FILE_VALUE',
      details: { file, line: 2, column: 'publicationDate', value: '20260630' },
    })
  })

  test('revised rows are left out, since the file does not say when they were put right', async () => {
    const file = write('revised.csv', [header, line('AAA', '1', '1', { revision: 'R' }), line('BBB', '2', '1')].join('\n'))
    expect((await readShortInterest(file, options)).report).toMatchObject({ rows: 1, revised: 1 })
    expect((await readShortInterest(file, { ...options, revisions: 'keep' })).report).toMatchObject({ rows: 2, revised: 0 })
  })

  test('rows of several settlements come in the order of their publication', async () => {
    const file = write('two.csv', [header, line('AAA', '2', '1', { settlement: '2024-01-31' }), line('AAA', '1', '1')].join('\n'))
    const { batch } = await readShortInterest(file, options)
    expect([...batch.columns.value]).toEqual([1, 1, 2, 1])
    expect(publicationOf(day('2024-01-31'))).toBe(batch.availableAt[2])
  })

  test.each([
    ['a quantity with a minus', line('AAA', '-5', '1'), 'currentShortPositionQuantity', '-5'],
    ['a quantity of words', line('AAA', 'many', '1'), 'currentShortPositionQuantity', 'many'],
    ['a date that is none', line('AAA', '5', '1', { settlement: '2024-02-30' }), 'settlementDate', '2024-02-30'],
  ])('%s is refused by file, line and value', async (_name, bad, column, value) => {
    const file = write('bad.csv', [header, line('BBB', '1', '1'), bad].join('\n'))
    await expect(readShortInterest(file, options)).rejects.toMatchObject({
      code: 'GAP_FILE_VALUE',
      details: { file, line: 3, column, value },
    })
  })

  test('a line of too few fields, a file without the column, an empty one, one that is not there', async () => {
    const short = write('short.csv', `${header}\nAAA|1`)
    await expect(readShortInterest(short, options)).rejects.toMatchObject({ code: 'GAP_FILE_ROW', details: { file: short, line: 2 } })
    await expect(readShortInterest(write('other.csv', 'a,b\n1,2'), options)).rejects.toMatchObject({ code: 'GAP_FILE_HEADER' })
    await expect(readShortInterest(write('empty.csv', ''), options)).rejects.toMatchObject({ code: 'GAP_FILE_HEADER' })
    await expect(readShortInterest(join(folder, 'none.csv'), options)).rejects.toMatchObject({ code: 'GAP_FILE_UNREADABLE' })
    await expect(readShortInterest(write('cut.csv.gz', gzipSync(header).subarray(0, 20)), options)).rejects.toMatchObject({ code: 'GAP_FILE_UNREADABLE' }) // prettier-ignore
  })
})

describe('float tables', () => {
  test('quantities with and without a magnitude, gaps left out, dates at their end', async () => {
    const file = write(
      'float.csv',
      'Ticker,Shs Float,Date\nAAA,36.44M,2024-01-12\nBBB,-,2024-01-12\nAAA,"1,234",2024-01-10T09:00:00-05:00\n',
    )
    const { batch, report } = await readFloatTable(file, options)
    expect(report).toMatchObject({ rows: 2, withoutValue: 1 })
    expect([...batch.columns.value]).toEqual([1234, 36_440_000])
    expect(formatTime(batch.availableAt[1])).toBe('2024-01-13T05:00:00Z')
  })

  test('other names of columns, and one date for a table that has none', async () => {
    const file = write('shifted.csv.gz', gzipSync('Company,Shares\nAAA,5K\n'))
    const { batch } = await readFloatTable(file, {
      ...options,
      publishedAt: '2023-08-11',
      columns: { symbol: 'Company', floatShares: 'Shares' },
    })
    expect([batch.columns.value[0], formatTime(batch.availableAt[0])]).toEqual([5000, '2023-08-12T04:00:00Z'])
    await expect(readFloatTable(file, { ...options, columns: { symbol: 'Company', floatShares: 'Shares' } })).rejects.toMatchObject({ code: 'GAP_FILE_HEADER' }) // prettier-ignore
  })

  test('a float of zero is refused', async () => {
    const file = write('zero.csv', 'symbol,float\nAAA,0\n')
    await expect(readFloatTable(file, { ...options, publishedAt: '2023-08-11' })).rejects.toMatchObject({ code: 'GAP_FILE_VALUE', details: { line: 2, value: '0' } }) // prettier-ignore
  })
})

describe('news', () => {
  test('JSON lines with several symbols, scored or not', async () => {
    const file = write(
      'news.jsonl',
      '{"symbols":["AAA","BBB","ZZZ"],"publishedAt":"2024-01-12T07:30:00-05:00","title":"Deal"}\n\n{"symbol":"AAA","time":"2024-01-11T12:00:00.5Z","headline":"Up","sentiment":0.4}\n',
    )
    const { batch, report } = await readNews(file, options)
    expect(report).toMatchObject({ rows: 3, unknownSymbols: 1 })
    expect([...batch.columns.headline]).toEqual(['Up', 'Deal', 'Deal'])
    expect([...batch.columns.sentiment]).toEqual([0.4, NaN, NaN])
    expect(batch.availableAt[0]).toBe(BigInt(Date.parse('2024-01-11T12:00:00Z')) * 1_000_000n + 500_000_000n)
  })

  test('quoted fields of CSV hold commas, quotes and lines', async () => {
    const file = write(
      'news.csv',
      '\uFEFFsymbol,date,headline,body\r\nAAA,2024-01-12,"Says ""no"", again","a\nb"\r\nBBB,2024-01-12,Plain,\r\n',
    )
    const { batch } = await readNews(file, options)
    expect([...batch.columns.headline]).toEqual(['Says "no", again', 'Plain'])
    expect([...batch.columns.body]).toEqual(['a\nb', ''])
    expect(formatTime(batch.availableAt[0]), 'a date alone is known when it is over').toBe('2024-01-13T05:00:00Z')
  })

  test.each([
    ['a time without a zone', '{"symbol":"AAA","time":"2024-01-12T07:30:00","title":"x"}', 'GAP_FILE_VALUE', '2024-01-12T07:30:00'],
    ['a sentiment out of range', '{"symbol":"AAA","time":"2024-01-12T07:30:00Z","title":"x","sentiment":5}', 'GAP_FILE_VALUE', '5'],
    ['no headline at all', '{"symbol":"AAA","time":"2024-01-12T07:30:00Z"}', 'GAP_FILE_VALUE', ''],
    ['no JSON', '{"symbol":', 'GAP_FILE_ROW', '{"symbol":'],
    ['a list', '[1]', 'GAP_FILE_ROW', '[1]'],
  ])('%s is refused by file, line and value', async (_name, bad, code, value) => {
    const file = write('bad.jsonl', `{"symbol":"AAA","time":"2024-01-12","title":"x"}\n${bad}\n`)
    await expect(readNews(file, options)).rejects.toMatchObject({ code, details: { file, line: 2, value } })
  })

  test('a quote that never ends is refused where it begins', async () => {
    const file = write('open.csv', 'symbol,date,headline\nAAA,2024-01-12,"x\nBBB,2024-01-12,y\n')
    await expect(readNews(file, options)).rejects.toMatchObject({ code: 'GAP_FILE_ROW', details: { file, line: 2 } })
  })
})
