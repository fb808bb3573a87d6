import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  createBatch,
  csvBars,
  inMemory,
  priceCurve,
  run,
  simulatedBroker,
  type Context,
  type CsvBarsOptions,
  type OrderRequest,
  type RunOptions,
  type RunResult,
  type Strategy,
} from '@gatehouse/core'
import { bars, flip, folder, instrument, minute, t0 } from './bench.js'

/** The bad input that a user can give, each through a whole run: what it is called, where it stands, and which value it was. */
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bad-input-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let files = 0
function file(content: string): string {
  const path = join(directory, `bad${String.fromCharCode(97 + files++)}.csv`)
  writeFileSync(path, content)
  return path
}

const head = 'time,open,high,low,close,volume\n'
const rows = (...lines: readonly string[]): string => head + lines.map((line) => `${line}\n`).join('')
const first = '2024-01-02 09:30,10,12,9,11,100'
const second = '2024-01-02 09:31,11,12,10,11,100'

const over = (path: string, more: Partial<CsvBarsOptions> = {}, options: Partial<RunOptions> = {}): Promise<RunResult> =>
  run({
    time: 'backtest',
    strategy: flip,
    feeds: [csvBars({ path, symbol: 'SPY', schema: 'ohlcv-1m', ...more })],
    broker: simulatedBroker({ cash: 100_000 }),
    ...options,
  })

describe('a file of bars ends the run with an error that names file, line and value:', () => {
  const cases: readonly (readonly [string, string, string, number, string])[] = [
    ['unsorted times', 'CSV_TIME_ORDER', rows(first, second, '2024-01-02 09:29,11,12,10,11,100'), 4, '2024-01-02 09:29'],
    ['duplicate times', 'CSV_TIME_DUPLICATE', rows(first, second, second), 4, '2024-01-02 09:31'],
    ['a price of NaN', 'CSV_NUMBER_INVALID', rows(first, '2024-01-02 09:31,NaN,12,10,11,100'), 3, 'NaN'],
    ['a price of zero', 'CSV_PRICE_INVALID', rows(first, '2024-01-02 09:31,11,12,0,11,100'), 3, '0'],
    ['a negative price', 'CSV_PRICE_INVALID', rows(first, '2024-01-02 09:31,11,12,-10,11,100'), 3, '-10'],
    ['a high below its low', 'CSV_BAR_INCONSISTENT', rows(first, '2024-01-02 09:31,11,9,10,11,100'), 3, '2024-01-02 09:31,11,9,10,11,100'],
    ['a wrong column count', 'CSV_COLUMN_COUNT', rows(first, '2024-01-02 09:31,11,12,10,11', second), 3, '2024-01-02 09:31,11,12,10,11'],
    [
      'a wrong time zone',
      'CSV_OUTSIDE_SESSION',
      rows('2024-01-02 21:30,10,12,9,11,100', '2024-01-02 21:31,11,12,10,11,100'),
      2,
      '2024-01-02 21:30',
    ],
    ['a file cut in the middle of a line', 'CSV_CUT_SHORT', rows(first, second) + '2024-01-02 09:32,11,1', 4, '2024-01-02 09:32,11,1'],
  ]
  test.each(cases)('%s', async (_, code, content, line, value) => {
    const path = file(content)
    await expect(over(path)).rejects.toMatchObject({
      code,
      details: { file: path, line, value },
      message: expect.stringContaining(`${path}:${line}: `) as string,
    })
  })

  test.each(cases)('%s: with leave to skip, counted and said in the report', async (_, code, content) => {
    const path = file(content)
    const feed = csvBars({ path, symbol: 'SPY', schema: 'ohlcv-1m', onBadRow: 'skip' })
    const { rows: handled } = await over(path, {}, { feeds: [feed] })
    expect([...feed.report.bad.keys()]).toEqual([code])
    expect(handled).toBe(feed.report.rows)
  })

  test('an empty file', async () => {
    const path = file('')
    await expect(over(path)).rejects.toMatchObject({ code: 'CSV_EMPTY', details: { file: path } })
  })
})

describe('says what is the matter with', () => {
  test('daily bars where bars of a minute are wanted', async () => {
    const path = file(rows('2024-01-02 00:00,10,12,9,11,100', '2024-01-03 00:00,10,12,9,11,100'))
    await expect(over(path)).rejects.toMatchObject({
      code: 'CSV_OUTSIDE_SESSION',
      message: expect.stringMatching(/bad.*\.csv:2: .*this looks like a file of daily bars: state schema 'ohlcv-1d'/) as string,
    })
  })

  test('a bar of a minute on a holiday', async () => {
    const path = file(rows('2024-11-27 15:59,10,12,9,11,100', '2024-11-28 10:00,10,12,9,11,100'))
    await expect(over(path)).rejects.toMatchObject({
      code: 'CSV_OUTSIDE_SESSION',
      message: expect.stringMatching(/:3: "2024-11-28 10:00" .*XNYS was closed: Thanksgiving Day/) as string,
    })
  })

  test('a daily bar on a day without trading', async () => {
    const path = file(rows('2024-11-27,10,12,9,11,100', '2024-11-28,10,12,9,11,100'))
    await expect(over(path, { schema: 'ohlcv-1d' })).rejects.toMatchObject({
      code: 'CSV_OUTSIDE_SESSION',
      details: { line: 3, value: '2024-11-28' },
      message: expect.stringMatching(/XNYS was closed: Thanksgiving Day/) as string,
    })
    expect((await over(path, { schema: 'ohlcv-1d', session: 'any' })).rows).toBe(2)
  })

  test('a column that is not there: it lists the headers that are', async () => {
    const path = file('when,first,top,bottom,last\n2024-01-02 09:30,1,1,1,1\n')
    await expect(over(path)).rejects.toMatchObject({
      code: 'CSV_COLUMN_MISSING',
      message: expect.stringMatching(/when, first, top, bottom, last/) as string,
    })
  })

  test('a symbol that is not in the feed', async () => {
    const feed = inMemory([bars([100, 101])])
    await expect(priceCurve(feed, { symbol: 'NOPE' })).rejects.toMatchObject({
      code: 'FEED_SYMBOL_UNKNOWN',
      message: expect.stringMatching(/TEST, not NOPE/) as string,
    })
    const statuses: string[] = []
    const { report } = await run({
      time: 'backtest',
      strategy: () => ({
        ...flip(),
        onStatus: (status) => void ('type' in status && status.type === 'feed-status' && statuses.push(status.message)),
      }),
      feeds: [inMemory([bars([100, 101])])],
      broker: simulatedBroker({ cash: 1000 }),
      subscriptions: { 'in-memory': [{ schema: 'ohlcv-1m', symbols: ['NOPE'] }] },
    })
    expect(statuses.join()).toContain('NOPE')
    expect(report.findings.map(({ code }) => code)).toContain('no-data')
  })

  test('rows in memory that are not in order, by column and row', () => {
    const { columns } = bars([100, 101, 102])
    const make = (tsEvent: BigInt64Array): unknown =>
      createBatch({
        schema: 'ohlcv-1m',
        source: 'test',
        instruments: [instrument],
        columns: { ...columns, tsEvent } as Parameters<typeof createBatch<'ohlcv-1m'>>[0]['columns'],
      })
    expect(() => make(BigInt64Array.of(t0, t0 + 2n * minute, t0 + minute))).toThrowError(
      expect.objectContaining({ code: 'BATCH_INVALID', message: expect.stringMatching(/row 2/) as string }) as Error,
    )
  })
})

describe('an order is refused by rule, with value and reason:', () => {
  const refusals = async (request: Partial<OrderRequest>): Promise<readonly { rule: string; lastReason: string }[]> => {
    const { report } = await run({
      time: 'backtest',
      strategy: () => ({
        name: 'one',
        onBar: (bar, { orders }) => void orders.submit({ instrument: bar.instrument, side: 'buy', quantity: 1, ...request }),
      }),
      feeds: [inMemory([bars([100])])],
      broker: simulatedBroker({ cash: 1000 }),
    })
    return report.record.refusals ?? []
  }
  test.each([
    ['a quantity of zero', { quantity: 0 }, 'quantity', /quantity of 0/],
    ['a quantity of NaN', { quantity: NaN }, 'quantity', /quantity of NaN/],
    ['a stop on the wrong side', { type: 'stop', stopPrice: 90 }, 'stop-side', /stop at 90 is on the wrong side of the last price 100/],
    ['a limit of NaN', { type: 'limit', limitPrice: NaN }, 'limit-price', /needs a limitPrice/],
  ] as const)('%s', async (_, request, rule, reason) => {
    expect(await refusals(request)).toMatchObject([{ rule, lastReason: expect.stringMatching(reason) as string }])
  })

  test('an order after the end', async () => {
    let kept: Context | undefined
    const strategy = (): Strategy => ({ name: 'keeps', onBar: (_, context) => void (kept = context) })
    const journal = { directory: await folder() }
    await run({ time: 'backtest', strategy, feeds: [inMemory([bars([100])])], broker: simulatedBroker({ cash: 1000 }), journal })
    expect(kept?.orders.buy(instrument, 1)).toMatchObject({ approved: false, rule: 'halted', message: 'the run has ended' })
    expect(kept?.orders.target(instrument, 1)).toMatchObject({ approved: false, rule: 'halted' })
    kept?.log('still here')
  })
})

test('a strategy that throws ends the run, named, with its own error as cause', async () => {
  const cause = new Error('mine')
  const strategy = (): Strategy => ({
    name: 'throws',
    onBar() {
      throw cause
    },
  })
  await expect(
    run({ time: 'backtest', strategy, feeds: [inMemory([bars([100])])], broker: simulatedBroker({ cash: 1000 }) }),
  ).rejects.toMatchObject({
    code: 'STRATEGY_FAILED',
    cause,
    details: { strategy: 'throws', rows: 1 },
  })
})
