import fc from 'fast-check'
import { createBatch, equity, type CorporateActionView, type MarketView } from '@gatehouse/core'
import { longestPause, SecondGrid, type SecondRow } from '@gatehouse/model-seconds-bar'
import { describe, expect, test } from 'vitest'
import { barsOf, each, type TestBar } from './world.js'

const spy = equity('SPY')
const start = 1_600_000_000

function rowsOf(bars: readonly TestBar[], grid?: SecondGrid): SecondRow[] {
  const rows: SecondRow[] = []
  const used = grid ?? new SecondGrid(spy, (row) => void rows.push(row.copy()))
  each(barsOf(spy, bars), (bar) => void used.update(bar))
  return rows
}

/** Bars at random seconds with random walks of prices. */
const someBars = fc
  .array(
    fc.record({
      gap: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.integer({ min: 500, max: 700 })),
      move: fc.double({ min: -0.01, max: 0.01, noNaN: true }),
      volume: fc.integer({ min: 1, max: 1000 }),
    }),
    { minLength: 1, maxLength: 60 },
  ) // prettier-ignore
  .map((steps) => {
    let [second, close] = [start, 100]
    return steps.map(({ gap, move, volume }): TestBar => ({ second: (second += gap), close: (close *= Math.exp(move)), volume }))
  })

describe('seconds without a bar', () => {
  test('become flat bars at the last close, without volume, when the next bar comes', () => {
    const rows = rowsOf([
      { second: start, close: 100, volume: 5 },
      { second: start + 3, close: 101, open: 100.5, volume: 7 },
    ])
    expect(
      rows.map(({ second, open, high, low, close, volume, isTraded }) => [second - start, open, high, low, close, volume, isTraded]),
    ).toEqual([
      [0, 100, 100, 100, 100, 5, true],
      [1, 100, 100, 100, 100, 0, false],
      [2, 100, 100, 100, 100, 0, false],
      [3, 100.5, 101, 100.5, 101, 7, true],
    ])
    expect(rows.map(({ change }) => change)).toEqual([NaN, 0, 0, Math.log(101 / 100)])
  })

  test('are filled up to ten minutes; after a longer pause the rows begin afresh', () => {
    const filled = rowsOf([{ second: start, close: 100 }, { second: start + longestPause, close: 101 }]) // prettier-ignore
    expect(filled).toHaveLength(longestPause + 1)
    const afresh = rowsOf([{ second: start, close: 100 }, { second: start + longestPause + 1, close: 101 }]) // prettier-ignore
    expect(afresh.map(({ sincePause, change, level }) => [sincePause, change, level])).toEqual([[0, NaN, 0], [0, NaN, 0]]) // prettier-ignore
  })

  test('leave one row a second in every stretch, whatever comes', () => {
    fc.assert(
      fc.property(someBars, (bars) => {
        const rows = rowsOf(bars)
        expect(rows.filter(({ isTraded }) => isTraded).map(({ second }) => second)).toEqual(bars.map(({ second }) => second))
        rows.forEach((row, i) => {
          const before = rows[i - 1]
          if (i > 0 && row.sincePause > 0) expect([row.second, row.sincePause]).toEqual([before.second + 1, before.sincePause + 1])
          if (row.sincePause > 0) expect(row.level - before.level).toBeCloseTo(Math.log(row.close / before.close), 12)
        })
      }),
    )
  })
})

test('a bar of a second that is over is left out, a repeated one too', () => {
  const grid = new SecondGrid(spy, () => undefined)
  const taken: boolean[] = []
  each(barsOf(spy, [{ second: start, close: 100 }, { second: start + 2, close: 101 }]), (bar) => void taken.push(grid.update(bar))) // prettier-ignore
  each(barsOf(spy, [{ second: start + 1, close: 50 }, { second: start + 2, close: 50 }]), (bar) => void taken.push(grid.update(bar))) // prettier-ignore
  expect(taken).toEqual([true, true, false, false])
  expect(grid.row.close).toBe(101)
})

test('bars of another instrument and other schemas are not taken', () => {
  const grid = new SecondGrid(equity('QQQ'), () => expect.unreachable())
  each(barsOf(spy, [{ second: start, close: 100 }]), (bar) => {
    expect(grid.update(bar)).toBe(false)
    expect(new SecondGrid(spy, () => expect.unreachable()).update({ ...stub(bar), schema: 'ohlcv-1m' } as MarketView)).toBe(false)
  })
})

test.each([
  { close: NaN },
  { close: 0 },
  { close: 100, high: 99 },
  { close: 100, low: 101 },
  { close: 100, volume: -1 },
  { close: Infinity },
])('a bar of %j is refused by value', (bad) => {
  const grid = new SecondGrid(spy, () => expect.unreachable())
  each(barsOf(spy, [{ second: start, ...bad }]), (bar) => {
    expect(() => grid.update(bar)).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }) as Error)
  })
})

test('a split changes no row but the raw prices', () => {
  fc.assert(
    fc.property(someBars, fc.nat(), fc.constantFrom(2, 7, 0.1), (bars, place, ratio) => {
      const cut = place % bars.length
      const halved = bars.map((bar, i) => (i < cut ? bar : { second: bar.second, close: bar.close / ratio, volume: bar.volume! * ratio }))
      const rows: SecondRow[] = []
      const grid = new SecondGrid(spy, (row) => void rows.push(row.copy()))
      each(barsOf(spy, halved), (bar, i) => {
        if (i === cut) grid.update({ schema: 'corporate-action', instrument: spy, kind: 'split', ratio } as unknown as CorporateActionView)
        grid.update(bar)
      })
      rowsOf(bars).forEach((row, i) => {
        expect(rows[i].level).toBeCloseTo(row.level, 9)
        expect(rows[i].volume).toBeCloseTo(row.volume, 6)
      })
    }),
  )
})

test('volatility is the exponentially weighted root mean square of changes, wild ones bounded, after five minutes', () => {
  const changes = Array.from({ length: 400 }, (_, i) => 1e-4 * Math.sin((i + 1) ** 2))
  changes[350] = 0.05
  let close = 100
  const bars = [0, ...changes].map((change, i) => ({ second: start + i, close: (close *= Math.exp(change)) }))
  const seen: number[] = []
  const grid: SecondGrid = new SecondGrid(spy, () => void seen.push(grid.volatility))
  rowsOf(bars, grid)
  // Straight from the definition: weights halve every 60 s.
  let [squares, weight] = [0, 0]
  const expected = changes.map((change) => {
    const square = weight > 0 ? Math.min(change ** 2, (64 * squares) / weight) : change ** 2
    squares = squares * 2 ** (-1 / 60) + square * (1 - 2 ** (-1 / 60))
    weight = weight * 2 ** (-1 / 60) + 1 - 2 ** (-1 / 60)
    return Math.sqrt(squares / weight)
  })
  expect(seen.slice(0, 300).every(Number.isNaN)).toBe(true)
  seen.slice(301).forEach((volatility, i) => expect(volatility / expected[i + 300]).toBeCloseTo(1, 9))
})

test('restore(save()) continues bit for bit', () => {
  fc.assert(
    fc.property(someBars, fc.nat(), (bars, place) => {
      const cut = place % bars.length
      const whole = rowsOf(bars)
      const rows: SecondRow[] = []
      const take = (row: SecondRow): void => void rows.push(row.copy())
      const first = new SecondGrid(spy, take)
      rowsOf(bars.slice(0, cut), first)
      const second = new SecondGrid(spy, take)
      second.restore(first.save())
      rowsOf(bars.slice(cut), second)
      expect(rows).toEqual(whole)
    }),
  )
})

test.each([[Uint8Array.of(1, 2, 3)], [new Uint8Array(96).fill(255)], [new Uint8Array(96)]])('a state that is none is refused', (state) => {
  expect(() => new SecondGrid(spy, () => undefined).restore(state)).toThrow(
    expect.objectContaining({ code: 'MODEL_STATE_INVALID' }) as Error,
  )
})

test('the last quote with two sides is told with the next row, in ticks', () => {
  const grid = new SecondGrid(spy, () => undefined, 'bbo-1s')
  const quotes = createBatch({
    schema: 'bbo-1s',
    source: 'synthetic',
    instruments: [spy],
    columns: quoteColumns([
      { bid: 100, ask: 100.02, bidSize: 300, askSize: 100 },
      { bid: NaN, ask: 100.05, bidSize: 0, askSize: 100 },
    ]),
  })
  each(barsOf(spy, [{ second: start, close: 100 }]), (bar) => {
    grid.update(bar)
    expect([grid.row.imbalance, grid.row.spreadTicks, grid.row.midTicks]).toEqual([NaN, NaN, NaN])
  })
  const view = quotes.view()
  for (view.row = 0; view.row < quotes.length; view.row++) grid.update(view)
  each(barsOf(spy, [{ second: start + 1, close: 100.01 }]), (bar) => void grid.update(bar))
  expect(grid.row.imbalance).toBe(0.5)
  expect(grid.row.spreadTicks).toBeCloseTo(2, 6)
  expect(grid.row.midTicks).toBeCloseTo(0, 6)
})

const stub = ({ schema, source, instrument, tsEvent, availableAt }: MarketView) => ({ schema, source, instrument, tsEvent, availableAt })

function quoteColumns(quotes: readonly { bid: number; ask: number; bidSize: number; askSize: number }[]) {
  const zero = new Uint8Array(quotes.length)
  const times = BigInt64Array.from(quotes, (_, i) => BigInt(start + i) * 1_000_000_000n)
  return {
    tsEvent: times,
    tsRecv: times,
    price: new Float64Array(quotes.length),
    size: new Uint32Array(quotes.length),
    side: zero,
    flags: zero,
    bidPx00: Float64Array.from(quotes, ({ bid }) => bid),
    askPx00: Float64Array.from(quotes, ({ ask }) => ask),
    bidSz00: Uint32Array.from(quotes, ({ bidSize }) => bidSize),
    askSz00: Uint32Array.from(quotes, ({ askSize }) => askSize),
    bidCt00: new Uint32Array(quotes.length),
    askCt00: new Uint32Array(quotes.length),
  }
}
