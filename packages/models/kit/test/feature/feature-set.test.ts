import { describe, expect, test } from 'vitest'
import { canonicalJson } from '@gatehouse/contracts'
import { createBatch, type Cursor, etf, type Instrument } from '@gatehouse/core'
import {
  averageTrueRange,
  barReaders,
  bookWidth,
  chain,
  dayOfWeek,
  ewma,
  ewmaVolatility,
  feature,
  featureSet,
  followedBy,
  type FeatureStream,
  identity,
  imbalance,
  log,
  difference,
  logReturn,
  micropriceDeviation,
  mid,
  orderFlowImbalance,
  over,
  random,
  requireSameFeatures,
  rollingMax,
  secondsBetween,
  spreadTicks,
  timeOfDay,
  tradeFlow,
  volumeByHour,
  zScore,
} from '@gatehouse/model-kit'

const spy = etf('SPY')
const qqq = etf('QQQ')
const hour = 3_600_000_000_000n
const bars = barReaders('ohlcv-1h')

const set = featureSet(
  [
    feature('return-1', 'return-log', over(bars.close, logReturn(1))),
    feature('volatility', 'return-log', over(bars.close, chain(logReturn(1), ewmaVolatility(5)))),
    feature('trend', 'dimensionless', over(bars.close, chain(log, zScore(20)))),
    feature('high', 'price', over(bars.high, rollingMax(8)), { missing: 'carry-forward' }),
    feature('true-range', 'fraction', averageTrueRange('ohlcv-1h', 7)),
    feature('volume', 'dimensionless', volumeByHour('ohlcv-1h', 2), { missing: 'zero' }),
    feature('clock', 'fraction', timeOfDay('ohlcv-1h', 0)),
    feature('weekday', 'fraction', dayOfWeek('ohlcv-1h')),
    feature('other', 'return-log', over(bars.close, logReturn(3)), { role: 'nasdaq', missing: 'flag' }),
  ],
  { source: 'test' },
)

/** Seeded hourly bars; a column as an array of numbers can be changed before the batch is made. */
function hourly(
  instrument: Instrument,
  count: number,
  seed: number,
  change: (close: Float64Array) => void = () => undefined,
): Cursor<'ohlcv-1h'> & { readonly length: number } {
  const draw = random(seed)
  const close = new Float64Array(count)
  let price = 100
  for (let i = 0; i < count; i++) close[i] = price *= 1 + 0.01 * draw.normal()
  change(close)
  const high = close.map((c) => c * (1 + 0.01 * draw.uniform()))
  const low = close.map((c) => c * (1 - 0.01 * draw.uniform()))
  const columns = {
    tsEvent: BigInt64Array.from({ length: count }, (_, i) => BigInt(i) * hour),
    open: close.slice(),
    high,
    low,
    close,
    volume: close.map(() => 1000 * draw.uniform()),
  }
  const batch = createBatch({ schema: 'ohlcv-1h', source: 'test', instruments: [instrument], columns })
  return Object.assign(batch.view(), { length: count })
}

function replay(stream: FeatureStream, view: ReturnType<typeof hourly>, from = 0, to = view.length): number[][] {
  const rows: number[][] = []
  for (view.row = from; view.row < to; view.row++) {
    stream.update(view)
    rows.push(Array.from(stream.values))
  }
  return rows
}

describe('a feature set', () => {
  const open = (): FeatureStream => set.open(spy, { nasdaq: qqq })

  test('says what it is: names, units, warm-up, source and a hash that follows the definitions', () => {
    expect(set.spec.items.map(({ name }) => name)).toEqual([
      'return-1',
      'volatility',
      'trend',
      'high',
      'true-range',
      'volume',
      'clock',
      'weekday',
      'other',
      'other/missing',
    ])
    expect(set.spec.items[2]).toMatchObject({
      unit: 'dimensionless',
      warmUp: { amount: 20, of: 'rows' },
      source: { dataset: 'test', schema: 'ohlcv-1h' },
    })
    const changed = featureSet([feature('return-1', 'return-log', over(bars.close, logReturn(2)))], { source: 'test' })
    const same = featureSet([feature('return-1', 'return-log', over(bars.close, logReturn(2)))], { source: 'test' })
    expect(changed.spec.hash).toBe(same.spec.hash)
    expect(changed.spec.hash).not.toBe(
      featureSet([feature('return-1', 'return-log', over(bars.close, logReturn(3)))], { source: 'test' }).spec.hash,
    )
  })

  test('is warm when every feature that must have a value has had one', () => {
    const stream = open()
    const view = hourly(spy, 40, 1)
    const warm: boolean[] = []
    for (view.row = 0; view.row < 40; view.row++) {
      stream.update(view)
      warm.push(stream.isWarm)
    }
    expect(warm.indexOf(true)).toBe(19)
    expect(stream.cold()).toEqual(['volume', 'other'])
  })

  test('a feature at t ignores everything after t', () => {
    const before = replay(open(), hourly(spy, 60, 1))
    const after = replay(
      open(),
      hourly(spy, 60, 1, (close) => close.fill(1e6, 40)),
    )
    expect(after.slice(0, 40)).toEqual(before.slice(0, 40))
    expect(after[40]).not.toEqual(before[40])
  })

  test('continues bit for bit after save and restore, at any row', () => {
    const view = hourly(spy, 60, 1)
    const whole = replay(open(), view)
    for (const at of [1, 7, 25, 59]) {
      const first = open()
      replay(first, view, 0, at)
      const second = open()
      second.restore(first.save())
      expect(replay(second, view, at)).toEqual(whole.slice(at))
    }
  })

  test('refuses a state of other features, instruments or size', () => {
    const other = set.open(qqq, { nasdaq: spy })
    expect(() => other.restore(open().save())).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
    expect(() => open().restore(open().save().subarray(8))).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
  })

  test('keeps missing features apart: flagged, zero, carried forward', () => {
    const stream = open()
    replay(stream, hourly(spy, 30, 1))
    const at = (name: string): number => stream.values[set.spec.items.findIndex((item) => item.name === name)]
    expect([at('other'), at('other/missing'), at('volume')]).toEqual([NaN, 1, 0])
    replay(stream, hourly(qqq, 10, 2))
    expect(at('other/missing')).toBe(0)
    expect(at('other')).not.toBeNaN()
    expect(stream.isComplete).toBe(true)
  })

  test('reads only its own instruments, and refuses another source', () => {
    const stream = open()
    expect(stream.update(hourly(etf('IWM'), 1, 1))).toBe(false)
    const columns = {
      tsEvent: BigInt64Array.of(0n),
      open: Float64Array.of(1),
      high: Float64Array.of(1),
      low: Float64Array.of(1),
      close: Float64Array.of(1),
      volume: Float64Array.of(1),
    }
    const elsewhere = createBatch({ schema: 'ohlcv-1h', source: 'other', instruments: [spy], columns }).view()
    expect(() => stream.update(elsewhere)).toThrow(expect.objectContaining({ code: 'MODEL_FEATURES_MISMATCH' }))
  })

  test('follows a split: features are those of prices that never split', () => {
    const whole = replay(open(), hourly(spy, 60, 1))
    const stream = open()
    const raw = hourly(spy, 60, 1)
    const split = createBatch({
      schema: 'corporate-action',
      source: 'test',
      instruments: [spy],
      columns: {
        tsEvent: BigInt64Array.of(40n * hour),
        kind: ['split'],
        ratio: Float64Array.of(4),
        amount: Float64Array.of(NaN),
        symbol: [''],
      },
    }).view()
    const rows = replay(stream, raw, 0, 40)
    stream.update(split)
    const columns = ['open', 'high', 'low', 'close'] as const
    const after = Object.fromEntries(
      columns.map((name) => [name, Float64Array.from({ length: 60 }, (_, i) => ((raw.row = i), raw[name] / 4))]),
    ) as Record<(typeof columns)[number], Float64Array>
    const volume = Float64Array.from({ length: 60 }, (_, i) => ((raw.row = i), raw.volume * 4))
    const tsEvent = BigInt64Array.from({ length: 60 }, (_, i) => BigInt(i) * hour)
    const view = Object.assign(
      createBatch({ schema: 'ohlcv-1h', source: 'test', instruments: [spy], columns: { tsEvent, ...after, volume } }).view(),
      { length: 60 },
    )
    rows.push(...replay(stream, view, 40))
    rows.forEach((row, i) =>
      row.forEach((x, j) => (Number.isNaN(x) ? expect(whole[i][j]).toBeNaN() : expect(x).toBeCloseTo(whole[i][j], 9))),
    )
  })

  test('is refused with two features of one name, or a role nobody plays', () => {
    const one = feature('a', 'x', over(bars.close, log))
    expect(() => featureSet([one, one], { source: 'test' })).toThrow(expect.objectContaining({ code: 'MODEL_FEATURE_INVALID' }))
    expect(() => set.open(spy)).toThrow(expect.objectContaining({ code: 'MODEL_FEATURE_INVALID' }))
  })

  test('is not taken for another: the first difference is named', () => {
    const a = featureSet([feature('a', 'x', over(bars.close, log)), feature('b', 'x', over(bars.open, log))], { source: 'test' }).spec
    const b = featureSet([feature('a', 'x', over(bars.close, log)), feature('b', 'x', over(bars.high, log))], { source: 'test' }).spec
    const elsewhere = featureSet([feature('a', 'x', over(bars.close, log)), feature('b', 'x', over(bars.open, log))], {
      source: 'live',
    }).spec
    expect(() => requireSameFeatures(a, a)).not.toThrow()
    const asRead = (spec: typeof a): typeof a => JSON.parse(canonicalJson(spec)) as typeof a
    expect(() => requireSameFeatures(asRead(a), b), 'the keys of a file stand in another order').toThrow(/feature 1 .*open.*high/)
    const warmLater = a.items.map((item, i) => (i === 1 ? { ...item, warmUp: { ...item.warmUp, amount: 99 } } : item))
    expect(() => requireSameFeatures(asRead(a), { ...a, items: warmLater, hash: '0' })).toThrow(/feature 1 .*warmUp.*99/)
    expect(() => requireSameFeatures(a, b)).toThrow(/feature 1 .*open.*high/)
    expect(() => requireSameFeatures(a, elsewhere)).toThrow(/trained on test, not live/)
  })
})

describe('book features', () => {
  /** A book of two levels a side as a view; only what features read. */
  const book = (prices: [number, number], sizes: [number, number], extra: Record<string, unknown> = {}): never =>
    ({
      schema: 'mbp-10',
      source: 'test',
      instrument: { ...spy, tickSize: 0.5 },
      availableAt: 0n,
      action: 'A',
      side: 'N',
      size: 0,
      bidPrice: (level: number) => prices[0] - level,
      askPrice: (level: number) => prices[1] + level,
      bidSize: (level: number) => sizes[0] * (level + 1),
      askSize: () => sizes[1],
      bidCount: () => 0,
      askCount: () => 0,
      ...extra,
    }) as never
  const read = (
    { update, slots }: { update: (cells: Float64Array, at: number, view: never, to: number, factor: number) => void; slots: number },
    ...views: never[]
  ): number[] => {
    const cells = new Float64Array(2 + slots)
    cells[1] = 1
    return views.map((view) => {
      update(cells, 2, view, 0, 1)
      return cells[0]
    })
  }

  test('read the book by hand', () => {
    const one = book([99.5, 100.5], [30, 10])
    expect(read(over(mid, identity), one)[0]).toBe(100)
    expect(read(over(spreadTicks, identity), one)[0]).toBe(2)
    expect(read(over(imbalance(1), identity), one)[0]).toBe(0.5)
    expect(read(over(imbalance(2), identity), one)[0]).toBe((90 - 20) / 110)
    expect(read(over(micropriceDeviation, identity), one)[0]).toBe(0.5)
    expect(read(over(bookWidth(2), identity), one)[0]).toBe(6)
    expect(read(over(tradeFlow, identity), book([1, 2], [1, 1], { action: 'T', side: 'A', size: 7 }))).toEqual([-7])
  })

  test('order-flow imbalance follows Cont, Kukanov and Stoikov', () => {
    const flow = read(
      orderFlowImbalance(0),
      book([100, 101], [10, 10]),
      book([100, 101], [15, 10]), // bids joined: +5
      book([100.5, 101], [4, 10]), // a better bid of 4: +4
      book([100, 101], [20, 10]), // it left: -4
      book([100, 101], [20, 6]), // 4 offers left: +4
      book([100, 100.5], [20, 3]), // a better offer of 3: -3
    )
    expect(flow).toEqual([NaN, 5, 4, -4, 4, -3])
  })

  test('a book whose side is empty gives no value and starts afresh', () => {
    expect(
      read(orderFlowImbalance(0), book([100, 101], [1, 1]), book([NaN, 101], [0, 1]), book([100, 101], [5, 1]), book([100, 101], [7, 1])),
    ).toEqual([NaN, NaN, NaN, 2])
    expect(read(over(imbalance(1), identity), book([1, 2], [0, 0]))).toEqual([NaN])
  })

  test('time between events keeps its nanoseconds, and is capped', () => {
    const at = (ns: bigint): never => book([1, 2], [1, 1], { availableAt: 1_700_000_000_000_000_000n + ns })
    expect(read(secondsBetween(5), at(0n), at(25n), at(1_000_000_025n), at(99_000_000_000n)).map((x) => Math.round(x * 1e9) / 1e9)).toEqual(
      [NaN, 2.5e-8, 1, 5],
    )
  })

  test('operators chain with transforms', () => {
    const smoothed = followedBy(orderFlowImbalance(0), ewma(1, 2))
    expect(read(smoothed, book([1, 2], [1, 1]), book([1, 2], [4, 1]), book([1, 2], [4, 1]))[2]).toBeCloseTo(1, 12)
    expect(smoothed.definition).toBe('mbp-10.orderFlowImbalance(0) | ewma(1,2)')
    expect(read(over(mid, difference(1)), book([1, 2], [1, 1]), book([2, 3], [1, 1]))).toEqual([NaN, 1])
  })
})
