import { describe, expect, test } from 'vitest'
import { createReport, type RunRecord } from '../../src/report/index.js'
import { randomBars, smaCross } from '../statistics/published/sma-cross.js'

const noFills = {
  times: new BigInt64Array(0),
  instruments: new Uint32Array(0),
  quantities: new Float64Array(0),
  prices: new Float64Array(0),
  fees: new Float64Array(0),
}
const noOrders = { submitted: 0, filled: 0, canceled: 0, rejected: 0, expired: 0, working: 0 }
const bars = randomBars(200)

function emptyRun(change: Partial<RunRecord> = {}): RunRecord {
  return {
    name: 'idle',
    environment: 'simulated',
    currency: 'USD',
    initialEquity: 1000,
    equity: { times: bars.times, values: new Float64Array(200).fill(1000) },
    instruments: [{ symbol: 'SPY' }],
    fills: noFills,
    orders: noOrders,
    ...change,
  }
}

const codes = (record: RunRecord): string[] => createReport(record).findings.map(({ code }) => code)
const words = (record: RunRecord): string =>
  createReport(record)
    .findings.map(({ message }) => message)
    .join('\n')

describe('a report says in words', () => {
  test('that there was no data, with the likely causes', () => {
    const record = emptyRun({ equity: { times: new BigInt64Array(0), values: new Float64Array(0) }, events: { 'ohlcv-1d': 0 } })
    expect(codes(record)).toContain('no-data')
    expect(words(record)).toMatch(/range of the run lies outside the data.*symbols.*time zone/)
    expect(codes(record)).not.toContain('no-orders')
    expect(createReport(record).toString()).toContain('No equity was recorded')
    expect(createReport(record).toHtml()).toContain('nothing to draw')
  })

  test('that no order was placed, and why when something was refused', () => {
    expect(words(emptyRun())).toMatch(/No order was placed: nothing asked for one/)
    const refusals = [
      { instrument: 0, rule: 'not-warm', count: 30, lastAt: bars.times[29], lastReason: 'needs 30 bars, has 29' },
      { instrument: 0, rule: 'max-position', count: 2, lastAt: bars.times[50], lastReason: 'would hold 12, limit 10' },
    ]
    const record = emptyRun({ refusals })
    expect(words(record)).toMatch(/32 intentions were refused.*not-warm for SPY, 30 times.*needs 30 bars, has 29/)
    expect(createReport(record).toHtml()).toContain('would hold 12, limit 10')
  })

  test('that orders were placed and none filled', () => {
    const orders = { submitted: 5, filled: 0, canceled: 1, rejected: 2, expired: 1, working: 1 }
    expect(codes(emptyRun({ orders }))).toEqual(expect.arrayContaining(['no-fills', 'working', 'flat-equity']))
    expect(words(emptyRun({ orders }))).toContain('2 rejected, 1 canceled, 1 expired, 1 working')
  })

  test('that equity could not be valued at times', () => {
    const values = new Float64Array(200).fill(1000)
    values[3] = NaN
    const report = createReport(emptyRun({ equity: { times: bars.times, values } }))
    expect(report.findings.map(({ code }) => code)).toContain('equity-gaps')
    expect(report.statistics.periods).toBe(198)
    expect(report.statistics.finalEquity).toBe(1000)
  })

  test('that inputs do not cover the same time', () => {
    const day = 86_400_000_000_000n
    const from = 1_704_067_200_000_000_000n
    const spans = [
      { instrument: 0, from, to: from + 300n * day },
      { instrument: 1, from: from + 100n * day, to: from + 300n * day },
      { instrument: 2, from, to: from + 200n * day },
    ]
    const instruments = ['A', 'B', 'C', 'D'].map((symbol) => ({ symbol }))
    const [found] = createReport(emptyRun({ instruments, spans })).findings.filter(({ code }) => code === 'unequal-spans')
    expect(found).toMatchObject({ severity: 'warning' })
    expect(found.message).toMatch(
      /from 2024-01-01.* to 2024-10-27.*B begins at 2024-04-10.*, C ends at 2024-07-19.*, D has no price at all/,
    )
    const same = spans.map((span) => ({ ...span, from, to: from + 300n * day }))
    expect(createReport(emptyRun({ instruments: instruments.slice(0, 3), spans: same })).findings.map(({ code }) => code)).not.toContain(
      'unequal-spans',
    )
  })

  test('that a position was never closed', () => {
    const fills = {
      times: bars.times.slice(5, 6),
      instruments: new Uint32Array(1),
      quantities: Float64Array.of(3),
      prices: bars.close.slice(5, 6),
      fees: Float64Array.of(1),
    }
    const record = emptyRun({
      fills,
      orders: { ...noOrders, submitted: 1, filled: 1 },
      openPositions: [{ instrument: 0, quantity: 3, averagePrice: bars.close[5], lastPrice: bars.close[199] }],
    })
    expect(codes(record)).toEqual(expect.arrayContaining(['no-trades', 'open-positions']))
    expect(createReport(record).statistics.exposureTime).toBeCloseTo(195 / 200, 12)
  })

  test('that few returns are noise, and that one is nothing', () => {
    const short = smaCross(randomBars(12), { fast: 2, slow: 4 })
    expect(codes(short)).toContain('few-returns')
    const single = emptyRun({ equity: { times: bars.times.slice(0, 1), values: Float64Array.of(1000) } })
    expect(words(single)).toMatch(/0 returns.*undefined/)
    expect(createReport(single).toHtml()).toContain('nothing to draw')
  })

  test('that a short run says nothing of a year, and takes finer returns', () => {
    const day = createReport(smaCross(randomBars(390, { stepNs: 60_000_000_000n }), { fast: 3, slow: 9 }))
    expect(day.findings.map(({ code }) => code)).toContain('short-run')
    expect(day.statistics.periods).toBe(389)
    expect(day.statistics.periodsPerYear).toBe(390 * 252)
    expect(day.toString()).toMatch(/Growth a year \(CAGR\) ·+ n\/a/)
  })

  test('that an ungated model or an optimistic fill took part', () => {
    const flags = [
      { type: 'ungated', message: 'Model m@1 passed no gate.' },
      { type: 'optimistic-fill', message: 'Orders fill at the close of their own bar.' },
    ] as const
    const report = createReport(smaCross(bars, { symbol: 'X' }))
    const flagged = createReport({ ...report.record, flags })
    expect(flagged.toString()).toContain('Orders fill at the close of their own bar.')
    expect(flagged.toHtml()).toContain('<span class="badge flag">optimistic fill</span>')
    expect(report.toHtml()).not.toContain('badge flag')
  })

  test('that fees took most of the profit', () => {
    const values = Float64Array.from(bars.times, (_, i) => 1000 + i * 0.01)
    const fills = {
      ...noFills,
      times: bars.times.slice(0, 1),
      instruments: new Uint32Array(1),
      quantities: Float64Array.of(1),
      prices: Float64Array.of(10),
      fees: Float64Array.of(50),
    }
    expect(codes(emptyRun({ equity: { times: bars.times, values }, fills }))).toContain('fees')
  })
})

describe('a report refuses', () => {
  test.each<[string, Partial<RunRecord>]>([
    ['equity.values', { equity: { times: bars.times, values: new Float64Array(3) } }],
    ['fills.fees', { fills: { ...noFills, fees: new Float64Array(1) } }],
    ['instrument 7', { prices: [{ instrument: 7, times: bars.times, close: bars.close }] }],
    [
      'fills.prices',
      {
        fills: {
          times: bars.times.slice(0, 1),
          instruments: new Uint32Array(1),
          quantities: Float64Array.of(1),
          prices: Float64Array.of(NaN),
          fees: Float64Array.of(0),
        },
      },
    ],
    [
      'fills.quantities',
      {
        fills: {
          times: bars.times.slice(0, 1),
          instruments: new Uint32Array(1),
          quantities: Float64Array.of(Infinity),
          prices: Float64Array.of(1),
          fees: Float64Array.of(0),
        },
      },
    ],
    ['initialEquity', { initialEquity: 0 }],
    ['ascend', { equity: { times: bars.times.slice().reverse(), values: bars.close } }],
  ])('a record whose %s does not fit', (name, change) => {
    expect(() => createReport(emptyRun(change))).toThrow(
      expect.objectContaining({ code: 'REPORT_INPUT', message: expect.stringContaining(name) as string }) as Error,
    )
  })
})
