import { describe, expect, test } from 'vitest'
import {
  createBatch,
  equity,
  future,
  perContractFees,
  standardFills,
  type ColumnsOf,
  type FillModel,
  type OrderRequest,
  type OrderUpdate,
} from '@gatehouse/core'
import { testStrategy, type StrategyBench, type TestBar } from '@gatehouse/core/testing'

const ns = (time: string): bigint => BigInt(Date.parse(time)) * 1_000_000n
const tuesday = ns('2024-01-02T15:57-05:00')
const wednesday = ns('2024-01-03T09:30-05:00')

/** An order decided on the bar of 15:57, two more bars to the close, then the first two of the next day. */
function overNight(request: Partial<OrderRequest>): StrategyBench & { readonly ends: readonly string[] } {
  const ends: string[] = []
  let isSent = false
  const bench = testStrategy(
    () => ({
      name: 'one-order',
      onBar(bar, { orders }) {
        if (isSent) return
        isSent = true
        orders.submit({ instrument: bar.instrument, side: 'buy', quantity: 10, ...request })
      },
      onOrder: ({ status }: OrderUpdate) => void ends.push(status),
    }),
    { instrument: equity('SPY'), startsAt: tuesday },
  )
  bench.bars(100, { open: 101, close: 101 }, { open: 102, close: 103 })
  bench.wait(wednesday - tuesday - 180_000_000_000n)
  bench.bars({ open: 105, close: 106 } satisfies TestBar, { open: 107, close: 108 })
  return { ...bench, ends }
}
const prices = ({ fills }: StrategyBench): number[] => fills.map(({ price }) => price)

describe('orders of a session', () => {
  test('a market order on the close takes the close of the session, not of a bar before', () => {
    expect(prices(overNight({ type: 'marketOnClose' }))).toEqual([103])
  })
  test('a limit order on the close takes it where its limit allows', () => {
    expect(prices(overNight({ type: 'limitOnClose', limitPrice: 103 }))).toEqual([103])
    expect(prices(overNight({ type: 'limitOnClose', limitPrice: 102.99 }))).toEqual([])
  })
  test('a market order on the open waits for the next session, and takes its first price', () => {
    expect(prices(overNight({ type: 'marketOnOpen' }))).toEqual([105])
  })
  test('a limit order on the open takes it where its limit allows', () => {
    expect(prices(overNight({ type: 'limitOnOpen', limitPrice: 105 }))).toEqual([105])
    expect(prices(overNight({ type: 'limitOnOpen', limitPrice: 104.99 }))).toEqual([])
  })
  test('an order for the open alone is one on the open: it waits for it, and is gone after it', () => {
    expect(prices(overNight({ type: 'market', timeInForce: 'opg' }))).toEqual([105])
    expect(prices(overNight({ type: 'limit', limitPrice: 105, timeInForce: 'opg' }))).toEqual([105])
    expect(overNight({ type: 'limit', limitPrice: 104, timeInForce: 'opg' }).ends.at(-1)).toBe('expired')
  })
  test('an order of the day is gone when the session ends, one good till canceled is not', () => {
    expect(overNight({ type: 'limit', limitPrice: 50, timeInForce: 'day' }).ends.at(-1)).toBe('expired')
    expect(overNight({ type: 'limit', limitPrice: 50, timeInForce: 'gtc' }).ends.at(-1)).toBe('accepted')
  })
})

describe('orders on a book of ten levels', () => {
  const instrument = equity('BOOK', { venue: 'SIM', calendar: '24x7' })
  const numbers = Array.from({ length: 10 }, (_, level) => level)
  /** Asks from 101 up and bids from 99 down a unit a level, with the same size on each. */
  const book = (at: bigint, sequence: number, size: number): ReturnType<typeof createBatch<'mbp-10'>> => {
    const one = (value: number): Float64Array => Float64Array.of(value)
    const levels = numbers.flatMap((level): (readonly [string, Float64Array | Uint32Array])[] => [
      [`bidPx0${level}`, one(99 - level)],
      [`askPx0${level}`, one(101 + level)],
      [`bidSz0${level}`, one(size)],
      [`askSz0${level}`, one(size)],
      [`bidCt0${level}`, Uint32Array.of(1)],
      [`askCt0${level}`, Uint32Array.of(1)],
    ])
    const time = BigInt64Array.of(at)
    const codes = { action: Uint8Array.of(65), side: Uint8Array.of(66), flags: Uint8Array.of(0), depth: Uint32Array.of(0) }
    const columns = { tsEvent: time, tsRecv: time, price: one(99), size: one(size), sequence: Uint32Array.of(sequence), ...codes }
    return createBatch({
      schema: 'mbp-10',
      source: 'test',
      instruments: [instrument],
      columns: { ...columns, ...Object.fromEntries(levels) } as unknown as ColumnsOf<'mbp-10'>,
    })
  }
  /** Sends `requests` on the first book, then shows the same book again, and one with other sizes. */
  const taken = (...requests: readonly Partial<OrderRequest>[]): (readonly [number, number])[] => takenBy(standardFills(), ...requests)
  const takenBy = (fill: FillModel, ...requests: readonly Partial<OrderRequest>[]): (readonly [number, number])[] => {
    let isSent = false
    const bench = testStrategy(
      () => ({
        name: 'taker',
        onBook(shown, { orders }) {
          if (isSent) return
          isSent = true
          for (const request of requests) orders.submit({ instrument: shown.instrument, side: 'buy', quantity: 1, ...request })
        },
      }),
      { instrument, broker: { cash: 1e6, fill }, startsAt: tuesday },
    )
    for (const [i, size] of [50, 50, 60].entries()) bench.show(book(tuesday + BigInt(i + 1) * 1_000_000n, i, size))
    return bench.fills.map(({ price, quantity }) => [price, quantity])
  }

  test('a taker walks the levels, each at its price and up to its size', () => {
    expect(taken({ quantity: 120 })).toEqual([
      [101, 50],
      [102, 50],
      [103, 20],
    ])
  })
  test('an order that is filled as it arrives pays the other side of the book, not its middle', () => {
    const atOnce = standardFills({ market: 'current' })
    expect(takenBy(atOnce, { quantity: 3 })).toEqual([[101, 3]])
    expect(takenBy(atOnce, { quantity: 3, side: 'sell' })).toEqual([[99, 3]])
  })
  test('a limit is not walked past', () => {
    expect(taken({ quantity: 120, type: 'limit', limitPrice: 102, timeInForce: 'ioc' })).toEqual([
      [101, 50],
      [102, 50],
    ])
  })
  test('two own orders never share what a level holds, and a book told again has only what it gained since', () => {
    expect(taken({ quantity: 30 }, { quantity: 40 })).toEqual([
      [101, 30],
      [101, 20],
      [102, 20],
    ])
    const resting = { type: 'limit', limitPrice: 101 } as const
    expect(taken({ quantity: 50, ...resting }, { quantity: 40, ...resting })).toEqual([
      [101, 50],
      [101, 10],
    ])
  })
})

test('futures pay by contract and side', () => {
  const model = perContractFees(2.25)
  const nothing = { filledQuantity: 0, notional: 0, fees: 0 }
  const execution = { instrument: future('ESH6'), side: 'sell', quantity: 3, price: 5000, liquidity: 'added' } as const
  expect(model.fee(execution, nothing)).toBe(6.75)
  expect(model.fee(execution, { filledQuantity: 3, notional: 750_000, fees: 6.75 })).toBe(6.75)
})
