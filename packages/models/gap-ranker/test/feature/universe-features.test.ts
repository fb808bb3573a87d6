import { createBatch, equity, type Batch, type Cursor, type Instrument } from '@gatehouse/core'
import { financeLexicon, gapFeatureSpec, readGapRows, UniverseFeatures, type UniverseOptions } from '@gatehouse/model-gap-ranker'
import { mergeViews } from '@gatehouse/model-kit'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { changed, datasetOf, day, worldOf } from '../world.js'

const rule = { minGap: 0.05, maxGap: 3, minPrice: 1, minDollarVolume: 500_000, minNames: 4, maxNames: 64 }
const options: UniverseOptions = { rule, scorer: financeLexicon, cutoff: 34_200 }
const market = worldOf({ to: '2018-04-01', gapNames: 60 })
const dataset = datasetOf(market)
const spec = gapFeatureSpec('synthetic', { rows: 64, scorer: financeLexicon.name, session: '09:30' })
const column = (name: string): number => spec.items.findIndex((item) => item.name === name)
const width = spec.items.length

let rows: Awaited<ReturnType<typeof readGapRows>>
beforeAll(async () => {
  rows = await readGapRows(dataset, options)
}, 60_000)

const names: Instrument[] = ['AAA', 'BBB', 'CCC', 'DDD'].map((symbol) => equity(symbol))
const small: UniverseOptions = { ...options, rule: { ...rule, minNames: 2 } }
const nsPerDay = 86_400_000_000_000n
/** 2018-01-01 was a Monday; in January New York is five hours behind. */
const local = (dayNumber: number, hours: number): bigint => day('2018-01-01') + BigInt(dayNumber) * nsPerDay + BigInt(Math.round((hours + 5) * 3600)) * 1_000_000_000n // prettier-ignore

function bar(
  schema: 'ohlcv-1d' | 'ohlcv-1m',
  of: Instrument,
  {
    at,
    known,
    close,
    volume = 1e6,
    open = close,
    high = Math.max(open, close),
    low = Math.min(open, close),
  }: { at: bigint; known: bigint; close: number; volume?: number; open?: number; high?: number; low?: number },
): Cursor {
  // prettier-ignore
  const one = (x: number) => Float64Array.of(x)
  return createBatch({
    schema,
    source: 'test',
    instruments: [of],
    availableAt: BigInt64Array.of(known),
    columns: { tsEvent: BigInt64Array.of(at), open: one(open), high: one(high), low: one(low), close: one(close), volume: one(volume) },
  }).view()
}
const daily = (of: Instrument, n: number, close: number, more: { volume?: number; open?: number } = {}) => bar('ohlcv-1d', of, { at: local(n, 9.5), known: local(n, 16), close, ...more }) // prettier-ignore
const minute = (of: Instrument, n: number, hours: number, close: number, volume = 1000) => bar('ohlcv-1m', of, { at: local(n, hours), known: local(n, hours + 1 / 60), close, volume }) // prettier-ignore
/** Thirty days of wobbling prices. */
function warmed(): UniverseFeatures {
  const universe = new UniverseFeatures(names, small)
  for (let n = 0; n < 30; n++) for (const [i, of] of names.entries()) universe.update(daily(of, n, 20 + i + Math.sin(n + i), { open: 20 + i + Math.cos(n * i) })) // prettier-ignore
  return universe
}

test('live features equal those of training bit for bit, also after a restart between any two rows', async () => {
  const expected = new Map(
    Array.from(rows.day, (at, row) => [`${at}/${rows.name[row]}`, rows.features.slice(row * width, (row + 1) * width)]),
  )
  let universe = new UniverseFeatures(dataset.instruments, options)
  let trigger = local(0, 9.5)
  let [seen, compared] = [0, 0]
  for await (const view of mergeViews(dataset, ['fundamentals', 'news', 'ohlcv-1m', 'ohlcv-1d'])) {
    while (view.availableAt > trigger) {
      const found = universe.assemble(trigger)
      for (let row = 0; row < found.length / width; row++) {
        const theirs = expected.get(`${Number(trigger / nsPerDay)}/${universe.candidates[row]}`)!
        expect(Buffer.from(found.slice(row * width, (row + 1) * width).buffer).equals(Buffer.from(theirs.buffer))).toBe(true)
        compared++
      }
      trigger = nextTrigger(trigger)
    }
    universe.update(view)
    if (++seen % 20_011 === 0) {
      const restarted = new UniverseFeatures(dataset.instruments, options)
      restarted.restore(universe.save())
      universe = restarted
    }
  }
  expect(seen).toBeGreaterThan(100_000)
  expect(compared).toBe(rows.count)
}, 60_000)

/** 09:30 of the next day; clocks went forward on 2018-03-11. */
const nextTrigger = (trigger: bigint): bigint =>
  trigger + nsPerDay - (trigger + nsPerDay > day('2018-03-11') && trigger < day('2018-03-11') ? 3_600_000_000_000n : 0n)

describe('what a morning cannot know changes nothing of it', () => {
  const regular = (time: bigint): boolean => Number((time / 1_000_000_000n) % 86_400n) > 14.5 * 3600 + 60
  const louder = (batch: Batch): Batch => {
    const bars = batch as Batch<'ohlcv-1m'>
    const scale = (values: ArrayLike<number | bigint>, factor: number, divisor: number) =>
      Float64Array.from(values, (x, row) => (Number(x) / divisor) * (regular(batch.availableAt[row]) ? factor : 1))
    const { columns, priceDivisor } = bars
    return createBatch({
      schema: 'ohlcv-1m',
      source: batch.source,
      instruments: batch.instruments,
      instrumentIndex: batch.instrumentIndex,
      availableAt: batch.availableAt,
      columns: {
        tsEvent: columns.tsEvent,
        open: scale(columns.open, 1.5, priceDivisor),
        high: scale(columns.high, 1.5, priceDivisor),
        low: scale(columns.low, 1.5, priceDivisor),
        close: scale(columns.close, 1.5, priceDivisor),
        volume: scale(columns.volume, 50, 1),
      },
    })
  }

  test('prices and volume of the regular session', async () => {
    const other = await readGapRows(changed(dataset, 'ohlcv-1m', louder), options)
    expect(other.features).toEqual(rows.features)
  }, 60_000)

  test('everything after the trigger of the last morning', async () => {
    const last = rows.t0[rows.count - 1]
    const universe = new UniverseFeatures(dataset.instruments, options)
    for await (const view of mergeViews(dataset, ['fundamentals', 'news', 'ohlcv-1m', 'ohlcv-1d'], { range: { from: 0n, to: last + 1n } }))
      universe.update(view)
    const found = universe.assemble(last)
    const from = rows.groups[rows.groups.length - 2]
    expect(found).toEqual(rows.features.subarray(from * width))
  }, 60_000)

  test("the day's own bar, even when a feed hands it out before the close: it is refused", () => {
    const early = bar('ohlcv-1d', names[0], { at: local(40, 9.5), known: local(40, 9), close: 25 })
    expect(() => warmed().update(early)).toThrow(expect.objectContaining({ code: 'GAP_DAY_BAR_EARLY' }))
  })

  test('a correction of yesterday that comes after the trigger; one that comes before is followed', () => {
    const gapped = (correctedAt?: number) => {
      const universe = warmed()
      const correction = () =>
        universe.update(bar('ohlcv-1d', names[0], { at: local(29, 9.5), known: local(30, correctedAt ?? 0), close: 15 }))
      if (correctedAt !== undefined && correctedAt < 9.5) correction()
      for (const of of names) universe.update(minute(of, 30, 9, 30))
      const found = universe.assemble(local(30, 9.5)).slice()
      if (correctedAt !== undefined && correctedAt > 9.5) correction()
      return found[column('gap')]
    }
    expect(gapped(12)).toBe(gapped())
    expect(gapped(8)).toBeCloseTo(Math.log(30 / 15), 6)
  })
})

test('a morning holds the names that gap, not those that stand still, are stale, or trade too little', () => {
  const universe = warmed()
  universe.update(minute(names[0], 30, 9, 30))
  universe.update(minute(names[1], 30, 9, 21.5))
  universe.update(minute(names[2], 30, 9, 30))
  // The last one has no bar of the last session.
  for (const of of names.slice(0, 3)) universe.update(daily(of, 30, 22))
  for (const of of names) universe.update(minute(of, 31, 9, 30))
  const count = universe.assemble(local(31, 9.5)).length / width
  expect(Array.from(universe.candidates.subarray(0, count))).toEqual([0, 1, 2])
})

test('every feature is what its definition says, computed another way', () => {
  // Clocks go forward on the 69th day.
  const days = 66
  const universe = new UniverseFeatures(names, small)
  const wobble = (n: number, k: number): number => Math.sin(1.7 * n + k) + Math.cos(0.3 * n * k)
  const bars = Array.from({ length: days }, (_, n) => {
    const [open, close] = [30 + 3 * wobble(n, 1), 30 + 3 * wobble(n, 2)]
    return {
      open,
      close,
      high: Math.max(open, close) + 0.5,
      low: Math.min(open, close) - 0.25,
      volume: Math.round(1e6 * (2 + wobble(n, 3) / 2)),
    }
  })
  bars.forEach((one, n) => {
    for (const of of names) universe.update(bar('ohlcv-1d', of, { at: local(n, 9.5), known: local(n, 16), ...one }))
  })
  const published = figures({ floatShares: 2e7, sharesShort: 3e6, shortRatio: 1.5 })
  for (published.row = 0; published.row < 3; published.row++) universe.update(published)
  for (const of of names) {
    universe.update(bar('ohlcv-1m', of, { at: local(days, 8), known: local(days, 8 + 1 / 60), close: 40, high: 42, low: 39, volume: 3000 }))
    universe.update(bar('ohlcv-1m', of, { at: local(days, 9), known: local(days, 9 + 1 / 60), close: 41, high: 41, low: 41, volume: 1000 }))
  }
  const row = universe.assemble(local(days, 9.5)).slice(0, width)
  const last = <T>(values: readonly T[], n: number): readonly T[] => values.slice(-n)
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  const rms = (values: readonly number[]): number => Math.sqrt(mean(values.map((x) => x * x)))
  const steps = bars.slice(1).map((one, n) => Math.log(one.close / bars[n].close))
  const bodies = bars.map(({ open, close }) => Math.log(close / open))
  const logVolumes = bars.map(({ volume }) => Math.log(1 + volume))
  const { close, high, low } = bars[days - 1]
  const [volatility, closes] = [rms(last(steps, 20)), last(bars, 60).map((one) => Math.log(one.close))] as const
  const expected: Readonly<Record<string, number>> = {
    gap: Math.log(41 / close),
    gapInVolatility: Math.log(41 / close) / volatility,
    floatShares: Math.log(2e7),
    shortInterest: 0.15,
    shortRatio: Math.log(2.5),
    relativeVolume: Math.log(4000) - mean(last(logVolumes, 60)),
    floatTurnover: Math.log(4000 / 2e7),
    placeInPreMarket: Math.log(41 / 42),
    distanceFromVwap: Math.log(41 / ((3000 * (42 + 39 + 40)) / 3 / 4000 + (1000 * 41) / 4000)),
    newsCount: 0,
    price: Math.log(41),
    dollarVolume: Math.log(mean(last(bars, 20).map((one) => one.close * one.volume))),
    volatility: Math.log(volatility),
    bodyVolatility: Math.log(rms(last(bodies, 20))),
    bodyVolatilityLong: Math.log(rms(last(bodies, 60))),
    range: Math.log(mean(last(bars, 20).map((one) => Math.log(one.high / one.low)))),
    drift: mean(last(bodies, 20)) / rms(last(bodies, 20)),
    priorVolume: logVolumes[days - 1] - mean(last(logVolumes, 20)),
    priorReturn: steps[days - 2] / volatility,
    weekReturn: Math.log(close / bars[days - 6].close) / (volatility * Math.sqrt(5)),
    monthReturn: Math.log(close / bars[days - 21].close) / (volatility * Math.sqrt(20)),
    place: (Math.log(close) - Math.min(...closes)) / (Math.max(...closes) - Math.min(...closes)),
    closePlace: (close - low) / (high - low),
  }
  for (const [name, value] of Object.entries(expected)) expect(row[column(name)], name).toBeCloseTo(value, 4)
  expect(row[column('sentiment')]).toBeNaN()
  expect(Object.keys(expected)).toHaveLength(spec.items.filter(({ name }) => !name.includes('/')).length - 1)
})

function figures(of: Readonly<Record<string, number>>): Cursor {
  const fields = Object.entries(of)
  const batch = createBatch({
    schema: 'fundamentals',
    source: 'test',
    instruments: [names[0]],
    columns: {
      tsEvent: new BigInt64Array(fields.length).fill(local(5, 18)),
      field: fields.map(([name]) => name),
      value: Float64Array.from(fields, ([, x]) => x),
      unit: fields.map(() => ''),
    },
  })
  return batch.view()
}

test('too few names make no morning, and yesterday’s pre-market is none', () => {
  const universe = warmed()
  universe.update(minute(names[0], 30, 9, 30))
  expect(universe.assemble(local(30, 9.5))).toHaveLength(0)
  universe.update(minute(names[1], 30, 9, 30))
  expect(universe.assemble(local(30, 9.5))).toHaveLength(2 * width)
  expect(universe.assemble(local(31, 9.5))).toHaveLength(0)
})

test('more names than fit leave those that trade most, in their order', () => {
  const universe = new UniverseFeatures(names, { ...small, rule: { ...small.rule, maxNames: 2 } })
  for (let n = 0; n < 30; n++)
    for (const [i, of] of names.entries()) universe.update(daily(of, n, 20 + Math.sin(n), { open: 20, volume: [3e6, 1e6, 4e6, 2e6][i] }))
  for (const of of names) universe.update(minute(of, 30, 9, 30))
  expect(universe.assemble(local(30, 9.5))).toHaveLength(2 * width)
  expect(Array.from(universe.candidates)).toEqual([0, 2])
})

test('a split changes no feature', () => {
  const morning = (ratio: number) => {
    const universe = warmed()
    for (const of of names) {
      if (ratio !== 1) universe.update(split(of, ratio))
      universe.update(minute(of, 30, 9, 30 / ratio, 1000 * ratio))
    }
    return universe.assemble(local(30, 9.5)).slice(0, width)
  }
  const [plain, halved] = [morning(1), morning(2)]
  spec.items.forEach(({ name }, i) => {
    if (name === 'price') expect(halved[i]).toBeCloseTo(plain[i] - Math.log(2), 5)
    else if (Number.isNaN(plain[i])) expect(halved[i]).toBeNaN()
    else expect(halved[i], name).toBeCloseTo(plain[i], 4)
  })
})

function split(of: Instrument, ratio: number): Cursor {
  return createBatch({
    schema: 'corporate-action',
    source: 'test',
    instruments: [of],
    columns: {
      tsEvent: BigInt64Array.of(local(30, 6)),
      kind: ['split'],
      ratio: Float64Array.of(ratio),
      amount: Float64Array.of(NaN),
      symbol: [''],
    },
  }).view()
}

test('what nobody published is missing and flagged, never a number', () => {
  const universe = warmed()
  for (const of of names) universe.update(minute(of, 30, 9, 30, 0))
  const row = universe.assemble(local(30, 9.5)).slice(0, width)
  for (const name of [
    'floatShares',
    'shortInterest',
    'shortRatio',
    'relativeVolume',
    'floatTurnover',
    'placeInPreMarket',
    'distanceFromVwap',
    'sentiment',
  ]) {
    expect(row[column(name)], name).toBeNaN()
    expect(row[column(`${name}/missing`)], name).toBe(1)
  }
  expect(row[column('gap')]).toBeGreaterThan(0)
})

test('news is scored by its source, else by the scorer, and forgotten at the next close', () => {
  const universe = warmed()
  const news = (sentiment: number, headline: string): Cursor =>
    createBatch({
      schema: 'news',
      source: 'test',
      instruments: [names[0]],
      columns: {
        tsEvent: BigInt64Array.of(local(30, 7)),
        headline: [headline],
        body: [''],
        sentiment: Float64Array.of(sentiment),
        publisher: [''],
      },
    }).view()
  universe.update(news(-0.5, 'beats estimates'))
  universe.update(news(NaN, 'AAA beats estimates'))
  for (const of of names) universe.update(minute(of, 30, 9, 30))
  const at = column('sentiment')
  expect(universe.assemble(local(30, 9.5))[at]).toBeCloseTo((-0.5 + financeLexicon.score('AAA beats estimates', '')) / 2, 6)
  for (const of of names) universe.update(daily(of, 30, 22))
  for (const of of names) universe.update(minute(of, 31, 9, 30))
  expect(universe.assemble(local(31, 9.5))[at]).toBeNaN()
  expect(() => universe.update(news(1.5, ''))).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
})

test.each([
  ['a price of zero', () => minute(names[0], 30, 9, 0)],
  ['a price that is none', () => daily(names[0], 30, NaN)],
  ['a negative volume', () => minute(names[0], 30, 9, 30, -1)],
  ['a high below the low', () => bar('ohlcv-1d', names[0], { at: local(30, 9.5), known: local(30, 16), close: 5, high: 4, low: 6 })],
])('%s is refused by value', (_name, view) => {
  expect(() => warmed().update(view())).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
})

test('a state of other names is refused', () => {
  const other = new UniverseFeatures(names.slice(1), small)
  expect(() => warmed().restore(other.save())).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
})

test('minutes outside 04:00 to the trigger never enter, whatever they hold', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 23.9, noNaN: true }), fc.double({ min: 1, max: 1e4, noNaN: true }), (hours, price) => {
      const start = Math.floor(hours * 60) / 60
      const counts = start >= 4 - 1e-9 && start + 1 / 60 <= 9.5 + 1e-9
      const universe = warmed()
      for (const of of names) universe.update(minute(of, 30, 4, 30))
      const before = universe.assemble(local(30, 9.5)).slice()
      universe.update(minute(names[0], 30, start, price, 5e5))
      if (!counts) expect(universe.assemble(local(30, 9.5))).toEqual(before)
      else expect(universe.assemble(local(30, 9.5))).not.toEqual(before)
    }),
    { numRuns: 60 },
  )
})
