import { equity } from '@gatehouse/core'
import { random, type FeatureStream } from '@gatehouse/model-kit'
import { lookback, SecondGrid, secondsBar, secondsFeatures } from '@gatehouse/model-seconds-bar'
import { beforeAll, describe, expect, test } from 'vitest'
import { mirrorSigns } from '../src/features.js'
import { barsOf, datasetOf, datasetOfBars, each, oneName, plainBars, quoteOf, type TestBar } from './world.js'

const market = oneName('2021-02-01', '2021-02-03')
const [instrument] = market.instruments
const family = secondsBar()
const { spec } = family.definition.features('synthetic')
let bars: TestBar[]

beforeAll(async () => {
  bars = await plainBars(market)
})

/** Values of every second by its start, as a live predictor's would be; after `restartAfter` bars in a new process that was given the saved states. */
function live(some: readonly TestBar[], restartAfter = Infinity): Map<number, Float64Array> {
  const seen = new Map<number, Float64Array>()
  const open = () => {
    const stream = family.definition.features('synthetic').open(instrument)
    const grid = new SecondGrid(instrument, (row) => {
      stream.update(row)
      if (stream.isWarm && stream.isComplete) seen.set(row.second, stream.values.slice())
    })
    return { stream, grid }
  }
  let running = open()
  each(barsOf(instrument, some), (bar, i) => {
    if (i === restartAfter) running = continued(running, open())
    running.grid.update(bar)
  })
  return seen
}

interface Running {
  readonly stream: FeatureStream
  readonly grid: SecondGrid
}

/** A new process that was given the saved states of the one before it. */
function continued({ stream, grid }: Running, next: Running): Running {
  next.stream.restore(stream.save())
  next.grid.restore(grid.save())
  return next
}

describe('training rows are what runs live', () => {
  test('bit for bit, with seconds missing and after a restart', async () => {
    const keep = (second: number): boolean => second % 7 !== 3 && second % 11 !== 5
    const gappy = bars.filter(({ second }) => keep(second))
    const dataset = datasetOfBars(market, gappy) // prettier-ignore
    const rows = await family.definition.readRows(dataset, { features: secondsFeatures('synthetic') })
    const seen = live(gappy, 17_001)
    expect(rows.count).toBeGreaterThan(1000)
    for (let row = 0; row < rows.count; row++) {
      const second = rows.knownAt[row] - 1
      expect(keep(second), 'a row is made where a bar came').toBe(true)
      const end = rows.windows!.ends[row]
      for (const back of [0, 1, 15, 30]) {
        const trained = rows.table.subarray((end - back) * rows.width, (end - back + 1) * rows.width)
        const ran = Float32Array.from(seen.get(second - 60 * back)!)
        if (!trained.every((x, i) => Object.is(x, ran[i]))) expect(trained, `row ${row}, ${back} minutes back`).toEqual(ran)
      }
    }
  })

  test('what comes later changes neither rows nor labels that were known', async () => {
    const part = bars.slice(0, 20_000)
    const [whole, shorter] = await Promise.all(
      [bars, part].map(
        (some) =>
        family.definition.readRows(datasetOfBars(market, some), { features: secondsFeatures('synthetic') }), // prettier-ignore
      ),
    )
    expect(shorter.count).toBeGreaterThan(500)
    expect(shorter.knownAt).toEqual(whole.knownAt.subarray(0, shorter.count))
    expect(shorter.outcome).toEqual(whole.outcome.subarray(0, shorter.count))
    for (let row = 0; row < shorter.count; row += 50) {
      const [a, b] = [shorter, whole].map(({ table, width, windows }) => table.subarray((windows!.ends[row] - 30) * width, (windows!.ends[row] + 1) * width)) // prettier-ignore
      expect(a).toEqual(b)
    }
  })
})

test('no label reaches over a pause or beyond the horizon, and none is made in the first half hour', async () => {
  const { knownAt, t0, t1 } = await family.definition.readRows(datasetOf(market), { features: secondsFeatures('synthetic') })
  const opens = bars.filter(({ second }, i) => i === 0 || second - bars[i - 1].second > 600).map(({ second }) => second)
  const closes = [...opens.slice(1).map((open) => bars[bars.findIndex(({ second }) => second === open) - 1].second + 1), bars.at(-1)!.second + 1] // prettier-ignore
  expect(opens).toHaveLength(2)
  knownAt.forEach((at, row) => {
    const session = opens.findLastIndex((open) => open < at)
    const end = Number(t1[row] / 1_000_000_000n)
    expect(Number(t0[row] / 1_000_000_000n)).toBe(at)
    expect(end > at + 1 && end <= at + 61 && at + 61 <= closes[session] && at > opens[session] + lookback).toBe(true)
  })
})

test('in a mirror odd features change their sign and the others stay', () => {
  const mirror = (price: number): number => 1e4 / price
  const plain = live(bars)
  const swapped = live(
    bars.map(({ second, open, high, low, close, volume }) => ({ second, open: mirror(open!), high: mirror(low!), low: mirror(high!), close: mirror(close), volume: volume! })), // prettier-ignore
  )
  // The family's own word for it: what training is given of a window of ones.
  const width = spec.items.length
  const labels = new Map([['touch', Float32Array.of(1)], ['direction', Float32Array.of(1)]]) // prettier-ignore
  const one = { table: new Float32Array(31 * width).fill(1), width, windows: { ends: Int32Array.of(30), steps: 31 }, count: 1, labels, t0: new BigInt64Array(1), t1: new BigInt64Array(1), instrument: new Int32Array(1) } // prettier-ignore
  const signs = family.definition.augment!({ ...one, outcome: Int32Array.of(2), returns: Float64Array.of(0), distance: Float64Array.of(0), knownAt: Float64Array.of(0) }, Int32Array.of(0)) // prettier-ignore
  expect(signs.labels.get('direction')).toEqual(Float32Array.of(0))
  expect(plain.size).toBeGreaterThan(30_000)
  for (const [second, values] of plain) {
    const other = swapped.get(second)!
    for (let i = 0; i < values.length; i++) {
      // A second's range is a few hundred-thousandths of the price, so its middle is the mirror's to as much.
      if (Math.abs(other[i] - signs.table[i] * values[i]) > 2e-3) expect(other[i], `${spec.items[i].name} at ${second}`).toBeCloseTo(signs.table[i] * values[i], 3) // prettier-ignore
    }
  }
})

test('a market that stands still has features, and they are finite', () => {
  const still = Array.from({ length: 9000 }, (_, i) => ({ second: 1_600_000_000 + i, close: 100, volume: i % 3 === 0 ? 0 : 100 }))
  const seen = live(still)
  expect(seen.size).toBeGreaterThan(3000)
  for (const values of seen.values()) expect(values.every(Number.isFinite)).toBe(true)
})

test('wild prices leave features finite', () => {
  const draw = random(4)
  let close = 100
  const wild = Array.from({ length: 9000 }, (_, i) => {
    close = Math.min(1e6, Math.max(1e-3, close * Math.exp(draw.normal() * (i % 500 === 0 ? 3 : 1e-4))))
    return { second: 1_600_000_000 + i + (i > 5000 ? 100 : 0), close, volume: i % 97 === 0 ? 1e12 : 0 }
  })
  for (const values of live(wild).values()) expect(values.every(Number.isFinite)).toBe(true)
})

test('quotes are features only where they are asked for', () => {
  const names = (quotes?: 'bbo-1s') => secondsFeatures('any', { quotes }).spec.items.map(({ name }) => name)
  expect(names('bbo-1s').filter((name) => !names().includes(name))).toEqual(['imbalance', 'imbalance-30', 'spread', 'mid-distance', 'microprice-reach']) // prettier-ignore
  expect(secondsFeatures('a').spec.hash).not.toBe(secondsFeatures('b').spec.hash)
  expect(() => secondsFeatures('any').open(equity('SPY'))).not.toThrow()
})

test('artifacts that read no quotes keep their features, whatever is added to those with quotes', () => {
  expect(secondsFeatures('any').spec.hash).toBe('b20a55db0d3eb4c152c1f2146d4c8c777718c81d3e0226289b8ca9f359dee1d6')
})

describe('the reach of the microprice', () => {
  const name = 'microprice-reach'
  const features = secondsFeatures('synthetic', { quotes: 'bbo-1s' })
  const column = features.spec.items.findIndex((item) => item.name === name)
  const sizes = (second: number) => ({ bid: 1 + ((second * 7) % 90), ask: 1 + ((second * 13) % 70) })

  /** Values of every second, a quote before each bar; `side` -1 swaps the sizes. After `restartAfter` bars in a new process. */
  function quoted(some: readonly TestBar[], { side = 1, from = 0, restartAfter = Infinity } = {}) {
    const seen = new Map<number, Float64Array>()
    const open = () => {
      const stream = features.open(instrument)
      const grid = new SecondGrid(
        instrument,
        (row) => {
          stream.update(row)
          seen.set(row.second, stream.values.slice())
        },
        'bbo-1s',
      )
      return { stream, grid }
    }
    let running = open()
    each(barsOf(instrument, some), (bar, i) => {
      if (i === restartAfter) running = continued(running, open())
      const { bid, ask } = sizes(some[i].second)
      const [bidSize, askSize] = side > 0 ? [bid, ask] : [ask, bid]
      if (i >= from) running.grid.update(quoteOf(instrument, { second: some[i].second, bid: bar.close - 0.005, ask: bar.close + 0.005, bidSize, askSize })) // prettier-ignore
      running.grid.update(bar)
    })
    return { seen, cold: running.stream.cold() }
  }
  const some = (): readonly TestBar[] => bars.slice(0, 4000)

  test('is the displacement from the middle over the move that a minute is expected to bring', () => {
    const { seen } = quoted(some())
    const keep = 2 ** (-1 / 600)
    let [squares, weight, compared] = [0, 0, 0]
    some().forEach(({ second, close }, i) => {
      if (i === 0) return
      squares = keep * squares + Math.log(close / some()[i - 1].close) ** 2
      weight = keep * weight + 1
      const value = seen.get(second)![column]
      expect(Number.isNaN(value), `after ${i} changes`).toBe(i < features.spec.items[column].warmUp.amount - 1)
      if (Number.isNaN(value)) return
      const { bid, ask } = sizes(second)
      const displacement = ((bid - ask) / (bid + ask)) * (instrument.tickSize / 2)
      expect(value).toBeCloseTo(displacement / (close * Math.sqrt((60 * squares) / weight)), 9)
      compared++
    })
    expect(compared).toBeGreaterThan(2000)
  })

  test('changes its sign with the sides of the book', () => {
    const [plain, swapped] = [quoted(some()).seen, quoted(some(), { side: -1 }).seen]
    const warm = [...plain].filter(([, values]) => values[column] === values[column])
    expect(warm.length).toBeGreaterThan(2000)
    for (const [second, values] of warm) expect(swapped.get(second)![column] + values[column]).toBe(0)
    expect(mirrorSigns(features)[column]).toBe(-1)
  })

  test('goes on after a restart as if there had been none', () => {
    expect(quoted(some(), { restartAfter: 2345 }).seen).toEqual(quoted(some()).seen)
  })

  test('is missing until there is a quote', () => {
    const { seen, cold } = quoted(some(), { from: 3000 })
    expect([some()[2999], some()[3000]].map(({ second }) => Number.isNaN(seen.get(second)![column]))).toEqual([true, false])
    expect(quoted(some(), { from: Infinity }).cold).toContain(name)
    expect(cold).not.toContain(name)
  })

  test('is nothing in a market that stands still, and bounded where it hardly moves', () => {
    const at = (closeOf: (i: number) => number) => quoted(Array.from({ length: 4000 }, (_, i) => ({ second: 1_600_000_000 + i, close: closeOf(i) }))).seen.get(1_600_003_999)![column] // prettier-ignore
    expect(at(() => 100)).toBe(0)
    expect(Math.abs(at((i) => (i < 10 ? 100 : 100.000001)))).toBe(4)
  })
})
