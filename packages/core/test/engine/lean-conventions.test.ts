import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { strFromU8, unzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import {
  createBatch,
  etf,
  ibkrFixed,
  inMemory,
  noFees,
  openTimeZone,
  run,
  simulatedBroker,
  standardFills,
  type Batch,
  type BarSchema,
  type Feed,
  type FeeModel,
  type Instrument,
  type RunResult,
  type Strategy,
} from '@gatehouse/core'

const shared = process.env['GATEHOUSE_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url))
const data = `${shared}/data`
const isMissing = !existsSync(`${data}/equities-minute/spy`)
if (isMissing) console.warn(`LEAN cases skipped: ${data}/equities-minute/spy is not there; set GATEHOUSE_SHARED`)

const spy = etf('SPY', { calendar: 'XNYS' })
const zone = openTimeZone('America/New_York')
const day = (year: number, month: number, date: number): number => Date.UTC(year, month - 1, date) / 86_400_000

/** Split and dividend factor of a date: that of the first row of LEAN's factor file at or after it. */
function factors(): (yyyymmdd: string) => number {
  const rows = readFileSync(`${data}/equities-hour/factor_files/spy.csv`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  return (date) => {
    const row = rows.find(([until]) => until >= date)
    return row === undefined ? 1 : Number(row[1]) * Number(row[2])
  }
}

interface Row {
  readonly start: bigint
  readonly end: bigint
  readonly values: readonly number[]
}

function bars(rows: readonly Row[], schema: BarSchema, instrument: Instrument = spy): Batch {
  const column = (i: number): Float64Array => Float64Array.from(rows, ({ values }) => values[i])
  return createBatch({
    schema,
    source: 'lean',
    instruments: [instrument],
    availableAt: BigInt64Array.from(rows, ({ end }) => end),
    columns: {
      tsEvent: BigInt64Array.from(rows, ({ start }) => start),
      open: column(0),
      high: column(1),
      low: column(2),
      close: column(3),
      volume: column(4),
    },
  })
}

/** LEAN's minute files: trades as bars, and the closing quote of each minute as a quote at its end. */
function minutes(dates: readonly number[]): Feed[] {
  const factor = factors()
  const trades: Row[] = []
  const quotes: Row[] = []
  for (const date of dates) {
    const scale = factor(`201310${String(date).padStart(2, '0')}`) / 10_000
    for (const [kind, rows] of [
      ['trade', trades],
      ['quote', quotes],
    ] as const) {
      const zip = unzipSync(readFileSync(`${data}/equities-minute/spy/201310${String(date).padStart(2, '0')}_${kind}.zip`))
      for (const line of strFromU8(Object.values(zip)[0]).trim().split('\n')) {
        const [ms, ...cells] = line.split(',').map(Number)
        if (ms < 34_200_000 || ms >= 57_600_000) continue
        const start = zone.timeOfLocal(day(2013, 10, date), ms / 1000)
        const isPrice = (i: number): boolean => (kind === 'trade' ? i < 4 : i !== 4 && i !== 9)
        rows.push({ start, end: start + 60_000_000_000n, values: cells.map((cell, i) => (isPrice(i) ? cell * scale : cell)) })
      }
    }
  }
  const at = BigInt64Array.from(quotes, ({ end }) => end)
  const column = (i: number): Float64Array => Float64Array.from(quotes, ({ values }) => values[i])
  const quoteBatch = createBatch({
    schema: 'bbo-1s',
    source: 'lean',
    instruments: [spy],
    columns: {
      tsEvent: at,
      tsRecv: at,
      price: new Float64Array(at.length).fill(NaN),
      size: new Float64Array(at.length),
      side: new Uint8Array(at.length).fill(78),
      flags: new Uint8Array(at.length),
      bidPx00: column(3),
      bidSz00: column(4),
      askPx00: column(8),
      askSz00: column(9),
      bidCt00: new Uint32Array(at.length),
      askCt00: new Uint32Array(at.length),
    },
  }) as Batch
  // The quote of a minute is known when its bar is handled: its feed ranks first.
  return [inMemory([quoteBatch], { name: 'quotes' }), inMemory([bars(trades, 'ohlcv-1m')], { name: 'trades' })]
}

/** LEAN's hour and day files over a range of dates, both included. */
function coarse(kind: 'hour' | 'daily', from: string, to: string): Feed[] {
  const factor = factors()
  const rows: Row[] = []
  for (const line of gunzipSync(readFileSync(`${data}/equities-${kind}/spy.csv.gz`))
    .toString()
    .trim()
    .split('\n')) {
    const [stamp, ...cells] = line.split(',')
    const date = stamp.slice(0, 8)
    if (date < from || date > to) continue
    const scale = factor(date) / 10_000
    const local = day(Number(date.slice(0, 4)), Number(date.slice(4, 6)), Number(date.slice(6, 8)))
    const start = zone.timeOfLocal(local, kind === 'hour' ? Number(stamp.slice(9, 11)) * 3600 : 0)
    const end = kind === 'hour' ? start + 3_600_000_000_000n : zone.timeOfLocal(local, 16 * 3600)
    rows.push({ start, end, values: cells.map((cell, i) => (i < 4 ? Number(cell) * scale : Number(cell))) })
  }
  return [inMemory([bars(rows, kind === 'hour' ? 'ohlcv-1h' : 'ohlcv-1d')])]
}

/** LEAN's conventions, each a named option. */
function lean(feeds: Feed[], strategy: () => Strategy, fees: FeeModel = leanFees): Promise<RunResult> {
  return run({
    time: 'backtest',
    strategy,
    feeds,
    wrongSideStops: 'accept',
    broker: simulatedBroker({
      cash: 100_000,
      fees,
      margin: 'unlimited',
      participation: Infinity,
      matchOn: 'bars',
      fill: standardFills({ market: 'current', stopLimit: 'closeInside', stop: 'touch', limit: 'through' }),
    }),
  })
}
const leanFees = ibkrFixed({ maximumRate: 0.005 })
const sizing = { cashBuffer: 0.0025, fees: leanFees }
const feesOf = ({ report }: RunResult): number => report.record.fills.fees.reduce((sum, fee) => sum + fee, 0)

/** Buys everything on the first bar. */
const buyOnce = (): Strategy => {
  let isDone = false
  return {
    name: 'buy-once',
    onBar(bar, { orders }) {
      if (isDone) return
      isDone = true
      orders.targetWeight(bar.instrument, 1, sizing)
    },
  }
}

describe.skipIf(isMissing)('LEAN’s conventions as options give LEAN’s published results to the cent', () => {
  test('BasicTemplateAlgorithm: 688 shares at the closing ask of the first minute', async () => {
    const result = await lean(minutes([7, 8, 9, 10, 11]), buyOnce)
    expect(result.equity).toBeCloseTo(101_691.92, 2)
    expect(feesOf(result)).toBeCloseTo(3.44, 6)
  })

  test('BasicTemplateHourlyAlgorithm: at the close of the first hour', async () => {
    const result = await lean(coarse('hour', '20131007', '20131011'), buyOnce)
    expect(result.equity).toBeCloseTo(101_529.08, 2)
    expect(feesOf(result)).toBeCloseTo(3.435, 6)
  })

  test('BasicTemplateDailyAlgorithm: sized on the close, filled at the next open', async () => {
    const result = await lean(coarse('daily', '20131008', '20131017'), buyOnce)
    expect(result.equity).toBeCloseTo(104_486.22, 2)
    expect(feesOf(result)).toBeCloseTo(3.485, 6)
  })

  test('StopLossOnOrderEventRegressionAlgorithm: a stop that is through already fills at the next open', async () => {
    const strategy = (): Strategy => {
      let isDone = false
      return {
        name: 'stop-on-fill',
        onBar(bar, { orders }) {
          if (!isDone) orders.sell(bar.instrument, 100)
          isDone = true
        },
        onFill(fill, { orders }) {
          if (fill.side === 'sell') orders.buy(fill.instrument, 100, { type: 'stop', stopPrice: fill.price - 2 })
        },
      }
    }
    const result = await lean(minutes([7, 8, 9, 10, 11]), strategy)
    expect(result.equity).toBeCloseTo(99_995.41, 2)
    expect(feesOf(result)).toBeCloseTo(2, 6)
  })

  test('ZeroFeeRegressionAlgorithm: in on the first bar, out on the second', async () => {
    const strategy = (): Strategy => {
      let barsSeen = 0
      return {
        name: 'in-and-out',
        onBar(bar, { orders }) {
          barsSeen++
          if (barsSeen === 1) orders.targetWeight(bar.instrument, 1, { cashBuffer: 0.0025, fees: noFees() })
          if (barsSeen === 2) orders.target(bar.instrument, 0)
        },
      }
    }
    const result = await lean(minutes([7, 8, 9, 10, 11]), strategy, noFees())
    expect(result.equity).toBeCloseTo(99_952.34, 2)
    expect(feesOf(result)).toBe(0)
  })

  test('StopLimitOrderRegressionAlgorithm: strict trigger, filled where the close lies inside the limit', async () => {
    const strategy = (): Strategy => {
      let [fast, slow, seen] = [0, 0, 0]
      let step: 'buy' | 'bought' | 'sell' | 'done' = 'buy'
      const ema = (length: number): { update: (price: number) => number } => {
        let [count, sum, value] = [0, 0, 0]
        return {
          update(price) {
            count++
            if (count <= length) value = (sum += price) / count
            else value += (price - value) * (2 / (length + 1))
            return value
          },
        }
      }
      const [fastEma, slowEma] = [ema(30), ema(60)]
      return {
        name: 'stop-limit',
        onBar(bar, { orders }) {
          fast = fastEma.update(bar.close)
          slow = slowEma.update(bar.close)
          if (++seen < 60) return
          if (step === 'buy' && fast > slow * 1.001) {
            step = 'bought'
            orders.buy(bar.instrument, 100, { type: 'stopLimit', stopPrice: bar.high * 1.1, limitPrice: bar.high * 1.11 })
          } else if (step === 'sell' && fast < slow * 1.001) {
            step = 'done'
            orders.sell(bar.instrument, 100, { type: 'stopLimit', stopPrice: bar.low * 0.99, limitPrice: bar.low * 0.98 })
          }
        },
        onFill(fill) {
          if (fill.side === 'buy') step = 'sell'
        },
      }
    }
    const result = await run({
      time: 'backtest',
      strategy,
      feeds: coarse('daily', '20130101', '20161231'),
      broker: simulatedBroker({
        cash: 100_000,
        fees: leanFees,
        margin: 'unlimited',
        participation: Infinity,
        fill: standardFills({ market: 'current', stopLimit: 'closeInside', stop: 'through' }),
      }),
    })
    const { prices } = result.report.record.fills
    expect(prices[0]).toBeCloseTo(149.01273, 5)
    expect(prices[1]).toBeCloseTo(161.80883, 5)
    expect(result.equity).toBeCloseTo(101_277.61, 2)
  })

  test('MACDTrendAlgorithm: 84 orders at the open of the day after', async () => {
    const ema = (length: number): { update: (price: number) => number; count: () => number } => {
      let [count, sum, value] = [0, 0, 0]
      return {
        count: () => count,
        update(price) {
          count++
          if (count <= length) value = (sum += price) / count
          else value += (price - value) * (2 / (length + 1))
          return value
        },
      }
    }
    const strategy = (): Strategy => {
      const [fast, slow, signal] = [ema(12), ema(26), ema(9)]
      return {
        name: 'macd',
        onBar(bar, { orders, portfolio }) {
          const f = fast.update(bar.close)
          const s = slow.update(bar.close)
          if (slow.count() < 26) return
          const macd = f - s
          const line = signal.update(macd)
          if (signal.count() < 9) return
          const delta = (macd - line) / f
          const { quantity } = portfolio.position(bar.instrument)
          if (quantity <= 0 && delta > 0.0025) orders.targetWeight(bar.instrument, 1, sizing)
          else if (quantity >= 0 && delta < -0.0025) orders.target(bar.instrument, 0)
        },
      }
    }
    const result = await lean(coarse('daily', '20040101', '20141231'), strategy)
    expect(result.report.record.fills.times.length).toBe(84)
    expect(result.equity).toBeCloseTo(137_751.04, 2)
    expect(feesOf(result)).toBeCloseTo(468.54, 2)
  })
})
