import {
  createSymbolMap,
  equity,
  leanBars,
  leanQuotes,
  mapFileAliases,
  readFactorFile,
  readMapFile,
  type Batch,
  type CorporateActionView,
  type Feed,
  type QuoteView,
} from '@gatehouse/core'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const shared = join(process.env['GATEHOUSE_SHARED'] ?? join(import.meta.dirname, '../../../../../shared'), 'data')
const isAbsent = !existsSync(shared)
if (isAbsent) console.warn(`skipped: LEAN's files are not at ${shared}; set GATEHOUSE_SHARED`)

const everything = { from: 0n, to: 2n ** 62n }
const day = (date: string): bigint => BigInt(Date.parse(date)) * 1_000_000n

async function batchesOf(feed: Feed, range = everything): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const item of feed.batches(range)) if (item.type === 'batch') batches.push(item.retain())
  return batches
}
const rowsOf = (batches: readonly Batch[]): number => batches.reduce((sum, { length }) => sum + length, 0)

async function actionsOf(feed: Feed): Promise<{ kind: string; ratio: number; amount: number; symbol: string; on: string }[]> {
  return (await batchesOf(feed)).flatMap((batch) => {
    if (batch.schema !== 'corporate-action') return []
    const view = batch.view() as CorporateActionView & { row: number }
    return Array.from({ length: batch.length }, (_, row) => {
      view.row = row
      const on = new Date(Number(view.availableAt / 1_000_000n)).toISOString().slice(0, 10)
      return { kind: view.kind, ratio: view.ratio, amount: view.amount, symbol: view.symbol, on }
    })
  })
}

describe.skipIf(isAbsent)("LEAN's own files", () => {
  const hours = join(shared, 'equities-hour')

  test('every row of the hourly files loads, session hours and all', async () => {
    // Row counts of MANIFEST.csv beside the data.
    for (const [symbol, rows] of [
      ['spy', 36_885],
      ['aapl', 36_884],
    ] as const) {
      expect(rowsOf(await batchesOf(leanBars({ directory: hours, symbol, resolution: 'hour' })))).toBe(rows)
    }
  })

  test('the splits of AAPL come in-band on their days, with whole ratios', async () => {
    const feed = leanBars({ directory: hours, symbol: 'AAPL', resolution: 'hour', factorFile: join(hours, 'factor_files/aapl.csv') })
    const splits = (await actionsOf(feed)).filter(({ kind }) => kind === 'split').map(({ ratio, on }) => [on, ratio])
    expect(splits).toEqual([
      ['2000-06-21', 2],
      ['2005-02-28', 2],
      ['2014-06-09', 7],
    ])
  })

  test('what prices are adjusted for is not told a second time', async () => {
    const factorFile = join(hours, 'factor_files/aapl.csv')
    const kinds = async (adjust: 'splits' | 'total') =>
      new Set(
        (await actionsOf(leanBars({ directory: hours, symbol: 'AAPL', resolution: 'hour', factorFile, adjust }))).map(({ kind }) => kind),
      )
    expect(await kinds('splits')).toEqual(new Set(['dividend']))
    expect(await kinds('total')).toEqual(new Set())
  })

  test('adjusted prices have no jump where the raw ones are split', async () => {
    const factorFile = join(hours, 'factor_files/aapl.csv')
    const range = { from: day('2014-06-06T19:30:00Z'), to: day('2014-06-09T14:30:00Z') }
    const closes = async (adjust: 'none' | 'splits') =>
      (await batchesOf(leanBars({ directory: hours, symbol: 'AAPL', resolution: 'hour', factorFile, adjust }), range))
        .filter((batch): batch is Batch<'ohlcv-1h'> => batch.schema === 'ohlcv-1h')
        .flatMap((batch) => [...batch.columns.close].map(Number))
    const [rawBefore, rawAfter] = await closes('none')
    const [before, after] = await closes('splits')
    expect(rawBefore / rawAfter).toBeGreaterThan(6)
    expect(Math.abs(before / after - 1)).toBeLessThan(0.02)
  })

  test('NB became BAC, and is BAC to whoever asks at the time', async () => {
    const mapFile = join(hours, 'map_files/bac.csv')
    expect(await actionsOf(leanBars({ directory: hours, symbol: 'BAC', resolution: 'hour', mapFile }))).toEqual([
      { kind: 'rename', ratio: NaN, amount: NaN, symbol: 'BAC', on: '1998-10-01' },
    ])
    const bac = equity('BAC')
    const symbols = createSymbolMap(mapFileAliases(await readMapFile(mapFile), bac))
    expect(symbols.resolve('NB', day('1998-09-30'))).toBe(bac)
    expect(symbols.resolve('NB', day('1998-10-02'))).toBeUndefined()
    expect(symbols.resolve('BAC', day('1998-10-02'))).toBe(bac)
    expect(symbols.nameOf(bac, 'file', day('1998-02-02'))).toBe('NB')
  })

  test('dated files follow each other, and a date picks some', async () => {
    const directory = join(shared, 'equities-second')
    const all = rowsOf(await batchesOf(leanBars({ directory, symbol: 'IBM', resolution: 'second' })))
    const parts = await Promise.all(
      ['20131007', '20131008', '20131009'].map(async (date) =>
        rowsOf(await batchesOf(leanBars({ directory, symbol: 'IBM', resolution: 'second', from: date, to: date }))),
      ),
    )
    expect(parts.reduce((a, b) => a + b)).toBe(all)
  })

  test('quotes of a second never cross', async () => {
    const [batch] = await batchesOf(leanQuotes({ directory: join(shared, 'equities-second'), symbol: 'SPY', resolution: 'second' }))
    const quote = batch.view() as QuoteView & { row: number }
    for (quote.row = 0; quote.row < batch.length; quote.row++) expect(quote.bidPrice > quote.askPrice).toBe(false)
  })
})

describe('factor and map files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-lean-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const file = (content: string): string => {
    const path = join(directory, 'file.csv')
    writeFileSync(path, content)
    return path
  }

  test('a dividend is what the factor takes off the reference price, in cents', async () => {
    const factors = await readFactorFile(file('20200101,0.98,1,100\n20200601,0.99,1,50.5\n20501231,1,1,0\n'))
    expect(factors.actions().map(({ kind, amount }) => [kind, amount])).toEqual([
      ['dividend', 1.01],
      ['dividend', 0.51],
    ])
  })

  test.each(['20200101,0,1\n', '20201301,1,1\n', '20200101,x,1\n', '20200102,1,1\n20200101,1,1\n'])(
    '%j is refused with its line',
    async (content) => {
      await expect(readFactorFile(file(content))).rejects.toMatchObject({ code: 'LEAN_FILE_INVALID' })
    },
  )

  test('a folder without such files is refused by what it lacks', () => {
    expect(() => leanBars({ directory, symbol: 'SPY', resolution: 'minute' })).toThrowError(/holds no YYYYMMDD_trade.zip/)
  })
})
