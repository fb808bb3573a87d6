import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FillColumns, matchTrades, returnsOnCapital, sum, tradeStatistics } from '../../src/statistics/index.js'

interface Fill {
  readonly instrument?: number
  readonly quantity: number
  readonly price: number
  readonly fee?: number
}

const columns = (fills: readonly Fill[]): FillColumns => ({
  times: BigInt64Array.from(fills, (_, i) => BigInt(i) * 86_400_000_000_000n),
  instruments: Uint32Array.from(fills, ({ instrument = 0 }) => instrument),
  quantities: Float64Array.from(fills, ({ quantity }) => quantity),
  prices: Float64Array.from(fills, ({ price }) => price),
  fees: Float64Array.from(fills, ({ fee = 0 }) => fee),
})

describe('matching fills into trades', () => {
  test('closes the oldest first and shares fees by quantity', () => {
    const trades = matchTrades(
      columns([
        { quantity: 10, price: 100, fee: 1 },
        { quantity: 10, price: 110, fee: 2 },
        { quantity: -15, price: 120, fee: 3 },
      ]),
    )
    expect([...trades.quantities]).toEqual([10, 5])
    expect([...trades.entryPrices]).toEqual([100, 110])
    expect([...trades.fees]).toEqual([expect.closeTo(3, 12), 2])
    expect([...trades.profits]).toEqual([197, 48])
  })

  test('makes one trade from flat to flat, and another beyond zero', () => {
    const trades = matchTrades(
      columns([
        { quantity: 10, price: 100 },
        { quantity: 10, price: 110 },
        { quantity: -25, price: 120 },
        { quantity: 5, price: 100 },
      ]),
      { method: 'flat-to-flat' },
    )
    expect([...trades.quantities]).toEqual([20, -5])
    expect([...trades.entryPrices]).toEqual([105, 120])
    expect([...trades.profits]).toEqual([300, 100])
  })

  test('uses the multiplier of each instrument', () => {
    const fills = columns([
      { instrument: 1, quantity: -2, price: 5000 },
      { instrument: 0, quantity: 1, price: 10 },
      { instrument: 1, quantity: 2, price: 4990 },
    ])
    expect([...matchTrades(fills, { multipliers: Float64Array.of(1, 50) }).profits]).toEqual([1000])
  })

  test('refuses a quantity that is not a number', () => {
    expect(() => matchTrades(columns([{ quantity: NaN, price: 1 }]))).toThrow(
      expect.objectContaining({ code: 'STATISTICS_INPUT' }) as Error,
    )
  })

  test('leaves no dust of fractional quantities open', () => {
    const trades = matchTrades(
      columns([
        { quantity: 0.3, price: 1 },
        { quantity: -0.1, price: 1 },
        { quantity: -0.1, price: 1 },
        { quantity: -0.1, price: 1 },
        { quantity: -0.2, price: 2 },
        { quantity: 0.2, price: 1 },
      ]),
      { method: 'flat-to-flat' },
    )
    expect(trades.quantities).toHaveLength(2)
    expect(trades.profits[1]).toBeCloseTo(0.2, 12)
  })

  test('loses no money: profits and what is open add up to the cash, whatever the fills', () => {
    const fill = fc.record({
      instrument: fc.integer({ min: 0, max: 2 }),
      quantity: fc.integer({ min: -50, max: 50 }).filter((value) => value !== 0),
      price: fc.integer({ min: 1, max: 200 }),
      fee: fc.integer({ min: 0, max: 5 }),
    })
    for (const method of ['fifo', 'flat-to-flat'] as const) {
      fc.assert(
        fc.property(fc.array(fill, { maxLength: 60 }), (fills) => {
          // Everything is closed at a price of 100 without a fee.
          const held = [0, 1, 2].map((instrument) => fills.reduce((total, f) => total + (f.instrument === instrument ? f.quantity : 0), 0))
          const all = [
            ...fills,
            ...held.flatMap((quantity, instrument) => (quantity === 0 ? [] : [{ instrument, quantity: -quantity, price: 100, fee: 0 }])),
          ]
          const cash = all.reduce((total, f) => total - f.quantity * f.price - f.fee, 0)
          expect(sum(matchTrades(columns(all), { method }).profits)).toBeCloseTo(cash, 6)
        }),
        { seed: 12 },
      )
    }
  })
})

describe('statistics of trades', () => {
  test('say nothing of nothing', () => {
    const statistics = tradeStatistics(matchTrades(columns([])))
    expect(statistics).toMatchObject({ trades: 0, netProfit: 0, longestWinStreak: 0, maxClosedDrawdown: 0 })
    for (const key of [
      'winRate',
      'profitFactor',
      'expectancy',
      'payoffRatio',
      'kellyCriterion',
      'bestReturn',
      'averageDurationDays',
    ] as const) {
      expect(statistics[key], key).toBeNaN()
    }
  })

  test('measure profits on the capital before each trade', () => {
    expect([...returnsOnCapital(Float64Array.of(100, -110), 1000)]).toEqual([0.1, -0.1])
  })

  test('refuse columns of different length', () => {
    const trades = matchTrades(
      columns([
        { quantity: 1, price: 1 },
        { quantity: -1, price: 2 },
      ]),
    )
    expect(() => tradeStatistics({ ...trades, fees: new Float64Array(3) })).toThrow(
      expect.objectContaining({ code: 'STATISTICS_INPUT' }) as Error,
    )
  })
})
