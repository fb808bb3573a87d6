import { describe, expect, test } from 'vitest'
import { auditSplits, findLookAhead, fitNormaliser, type Pipeline, random, type RawTable, walkForwardSplits } from '@gatehouse/model-kit'

const n = 240
const minute = 60n
/** One row a minute: bars known at their end, a fundamental figure published ten minutes late and revised after an hour, a day of 60 rows. */
const table: RawTable = (() => {
  const draw = random(4)
  let price = 100
  const close = Float64Array.from({ length: n }, () => (price *= 1 + 0.01 * draw.normal()))
  const volume = Float64Array.from({ length: n }, () => 10 + 5 * draw.uniform())
  return { availableAt: BigInt64Array.from({ length: n }, (_, i) => BigInt(i + 1) * minute), columns: { close, volume } }
})()

type Column = (close: Float64Array, volume: Float64Array, i: number) => number
/** A pipeline of one column that acts when a row is known. */
const column =
  (act: Column): Pipeline =>
  (raw) => ({
    times: raw.availableAt,
    names: ['x'],
    values: raw.columns.close.map((_, i) => act(raw.columns.close, raw.columns.volume, i)),
  })
const back = (xs: Float64Array, i: number, k: number): number => (i >= k ? xs[i - k] : NaN)
const window = (xs: Float64Array, from: number, to: number): number[] => Array.from(xs.subarray(Math.max(0, from), Math.max(0, to)))
const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
const deviation = (xs: number[]): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)))
const sorted = (xs: number[]): number[] => xs.slice().sort((a, b) => a - b)
const all = (xs: Float64Array): number[] => Array.from(xs)
const dayOf = (i: number): number => Math.floor(i / 60)
const returns = (xs: Float64Array): number[] => all(xs).map((x, i) => (i > 0 ? Math.log(x / xs[i - 1]) : 0))
/** Acts at the start of the bar it reads. */
const early =
  (act: Column): Pipeline =>
  (raw) => ({ ...column(act)(raw), times: raw.availableAt.map((t) => t - minute) })
const rows =
  (make: (raw: RawTable) => number[]): Pipeline =>
  (raw) => ({ times: raw.availableAt, names: ['x'], values: Float64Array.from(make(raw)) })

const leaks: Record<string, Pipeline> = {
  'the next close': column((c, _v, i) => c[Math.min(c.length - 1, i + 1)] / c[i]),
  'a forward return of ten rows': column((c, _v, i) => Math.log(c[Math.min(c.length - 1, i + 10)] / c[i])),
  'a z-score over the full sample': column((c, _v, i) => (c[i] - mean(all(c))) / deviation(all(c))),
  'min-max scaling over the full sample': column((c, _v, i) => (c[i] - Math.min(...c)) / (Math.max(...c) - Math.min(...c))),
  'ranks over the full sample': column((c, _v, i) => sorted(all(c)).indexOf(c[i])),
  'a centred mean': column((c, _v, i) => mean(window(c, i - 2, i + 3))),
  'a centred median': column((c, _v, i) => sorted(window(c, i - 1, i + 2))[1] ?? 0),
  'a centred deviation of volume': column((_c, v, i) => deviation(window(v, i - 5, i + 6))),
  'today’s total volume': column((_c, v, i) => mean(all(v).filter((_, k) => dayOf(k) === dayOf(i)))),
  'today’s high': column((c, _v, i) => Math.max(...all(c).filter((_, k) => dayOf(k) === dayOf(i)))),
  'today’s close': column((c, _v, i) => c[Math.min(c.length - 1, 60 * dayOf(i) + 59)]),
  'relative volume against the whole sample': column((_c, v, i) => v[i] / mean(all(v))),
  'a bar acted on at its start': early((c, _v, i) => c[i]),
  'a return acted on at the start of its bar': early((c, _v, i) => Math.log(c[i] / (c[i - 1] ?? c[i]))),
  'smoothing that runs backwards too': rows(({ columns: { close } }) => {
    const y = all(close)
    for (let i = y.length - 2; i >= 0; i--) y[i] = 0.5 * y[i] + 0.5 * y[i + 1]
    return y
  }),
  'gaps filled from the next value': rows(({ columns: { close } }) => all(close).map((x, i) => (i % 7 === 3 ? (close[i + 1] ?? x) : x))),
  'volatility of the full sample as a unit': rows(({ columns: { close } }) => {
    const r = returns(close)
    return r.map((x) => x / deviation(r))
  }),
  'back-adjusted prices': rows(({ columns: { close } }) => all(close).map((x) => x / close[close.length - 1])),
  'a normaliser fitted on train and test': rows(({ columns: { volume } }) => {
    const { center, scale } = fitNormaliser(volume, 1)
    return all(volume).map((x) => (x - center[0]) / scale[0])
  }),
  'clipping at quantiles of the full sample': rows(({ columns: { volume } }) => {
    const s = sorted(all(volume))
    const [low, high] = [s[Math.floor(s.length * 0.1)], s[Math.floor(s.length * 0.9)]]
    return all(volume).map((x) => Math.min(high, Math.max(low, x)))
  }),
}

const trailing = (k: number, of: (xs: number[]) => number): Pipeline =>
  column((c, _v, i) => (i + 1 >= k ? of(window(c, i + 1 - k, i + 1)) : NaN))
const clean: Record<string, Pipeline> = {
  'the close itself': column((c, _v, i) => c[i]),
  'a return': column((c, _v, i) => Math.log(c[i] / back(c, i, 1))),
  'a return of fifty rows': column((c, _v, i) => Math.log(c[i] / back(c, i, 50))),
  'a trailing mean': trailing(20, mean),
  'a trailing deviation': trailing(20, deviation),
  'a trailing median': trailing(11, (xs) => sorted(xs)[5]),
  'a trailing high': trailing(30, (xs) => Math.max(...xs)),
  'a trailing rank': trailing(30, (xs) => sorted(xs).indexOf(xs[29])),
  'a trailing z-score': trailing(25, (xs) => (xs[24] - mean(xs)) / deviation(xs)),
  'an expanding mean': column((c, _v, i) => mean(window(c, 0, i + 1))),
  'an expanding z-score': column((c, _v, i) => (c[i] - mean(window(c, 0, i + 1))) / deviation(window(c, 0, i + 1))),
  'volume so far today': column((_c, v, i) => mean(window(v, 60 * dayOf(i), i + 1))),
  'yesterday’s high': column((c, _v, i) => (dayOf(i) > 0 ? Math.max(...window(c, 60 * (dayOf(i) - 1), 60 * dayOf(i))) : NaN)),
  'yesterday’s volume': column((_c, v, i) => (dayOf(i) > 0 ? mean(window(v, 60 * (dayOf(i) - 1), 60 * dayOf(i))) : NaN)),
  'a bar acted on at its start, but the bar before': early((c, _v, i) => back(c, i, 1)),
  'an exponential mean': rows(({ columns: { close } }) => {
    let y = close[0]
    return all(close).map((x) => (y = 0.9 * y + 0.1 * x))
  }),
  'gaps filled from the last value': rows(({ columns: { close } }) => all(close).map((x, i) => (i % 7 === 3 ? close[i - 1] : x))),
  'a drawdown': column((c, _v, i) => c[i] / Math.max(...window(c, 0, i + 1)) - 1),
  'the row number': column((_c, _v, i) => i),
  'a normaliser fitted on the first hundred rows': rows(({ columns: { volume } }) => {
    const { center, scale } = fitNormaliser(volume.subarray(0, Math.min(40, volume.length)), 1)
    return all(volume).map((x) => (x - center[0]) / scale[0])
  }),
}

describe('twenty planted leaks are caught', () => {
  test('there are twenty of each', () => expect([Object.keys(leaks).length, Object.keys(clean).length]).toEqual([20, 20]))
  for (const [name, pipeline] of Object.entries(leaks))
    test(name, () => expect(findLookAhead(pipeline, table, { cuts: 5 })).not.toEqual([]))
})
describe('twenty clean pipelines are not flagged', () => {
  for (const [name, pipeline] of Object.entries(clean)) test(name, () => expect(findLookAhead(pipeline, table, { cuts: 5 })).toEqual([]))
})

test('a revised figure used before its revision is found, and where', () => {
  // The same figure twice: first published, then revised an hour later. The clean reader takes what was known.
  const figures: RawTable = {
    availableAt: BigInt64Array.from({ length: 40 }, (_, i) => BigInt(i) * 1000n + (i % 2 === 0 ? 0n : 3600n)),
    columns: { day: Float64Array.from({ length: 40 }, (_, i) => Math.floor(i / 2)), value: Float64Array.from({ length: 40 }, (_, i) => i) },
  }
  const times = BigInt64Array.from({ length: 20 }, (_, k) => BigInt(2 * k) * 1000n + 100n)
  const reader =
    (isKnown: (availableAt: bigint, now: bigint) => boolean): Pipeline =>
    ({ availableAt, columns: { day, value } }) => ({
      times,
      names: ['figure'],
      values: Float64Array.from(times, (now, k) => value[day.findLastIndex((d, i) => d === k && isKnown(availableAt[i], now))]),
    })
  const [found] = findLookAhead(reader(() => true), figures) // prettier-ignore
  expect(found).toMatchObject({ name: 'figure' })
  expect(findLookAhead(reader((known, now) => known <= now), figures)).toEqual([]) // prettier-ignore
})

test('a pipeline that is not repeatable is refused', () => {
  let calls = 0
  expect(() => findLookAhead(column(() => calls++), table)).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' })) // prettier-ignore
})

test('a shuffled split is found out, a purged one passes', () => {
  const t0 = BigInt64Array.from({ length: 100 }, (_, i) => BigInt(i))
  const intervals = { t0, t1: t0.map((t) => t + 5n) }
  const shuffled = random(1).shuffle(Int32Array.from({ length: 100 }, (_, i) => i))
  expect(auditSplits(intervals, [{ train: shuffled.slice(0, 80), test: shuffled.slice(80) }])).toHaveLength(1)
  expect(auditSplits(intervals, walkForwardSplits(intervals, { folds: 4 }))).toEqual([])
})

/** Rows that a pipeline keeps, with the close. */
const chosen =
  (keep: (close: Float64Array, i: number) => boolean): Pipeline =>
  (raw) => {
    const kept = Array.from(raw.columns.close.keys()).filter((i) => keep(raw.columns.close, i))
    return {
      times: BigInt64Array.from(kept, (i) => raw.availableAt[i]),
      names: ['x'],
      values: Float64Array.from(kept, (i) => raw.columns.close[i]),
    }
  }

describe('leaks beyond the twenty', () => {
  const more: Record<string, Pipeline> = {
    'classes encoded by their target over the full sample': rows(({ columns: { close, volume } }) => {
      const rose = all(close).map((x, i) => ((close[i + 1] ?? x) > x ? 1 : 0))
      const group = all(volume).map((v) => Math.floor(v / 2))
      return group.map((g) => mean(rose.filter((_, k) => group[k] === g)))
    }),
    'the sign of the next move': rows(({ columns: { close } }) => all(close).map((x, i) => Math.sign((close[i + 1] ?? x) - x))),
    'how long until the next row': rows(({ availableAt }) => Array.from(availableAt, (t, i) => Number((availableAt[i + 1] ?? t) - t))),
    'how many rows the day will have': rows(({ availableAt }) => Array.from(availableAt, (_, i) => availableAt.filter((_t, k) => dayOf(k) === dayOf(i)).length)), // prettier-ignore
    'rows chosen by the move that follows': chosen((c, i) => i + 1 < c.length && Math.abs(c[i + 1] / c[i] - 1) > 0.005),
    'rows chosen by the move that follows, and the last': chosen((c, i) => i + 1 >= c.length || Math.abs(c[i + 1] / c[i] - 1) > 0.005),
    'rows chosen where nothing follows': chosen((c, i) => i + 1 < c.length && Math.abs(c[i + 1] / c[i] - 1) < 0.005),
  }
  for (const [name, pipeline] of Object.entries(more)) test(name, () => expect(findLookAhead(pipeline, table, { cuts: 5 })).not.toEqual([]))

  test('a peek at the end of each day only, with a cut beside every row', () => {
    const overnight = column((c, _v, i) => (i % 60 === 59 ? (c[i + 1] ?? c[i]) : c[i]))
    expect(findLookAhead(overnight, table, { cuts: 2 * n })).toMatchObject([{ name: 'x' }])
    expect(findLookAhead(column((c, _v, i) => c[i]), table, { cuts: 2 * n })).toEqual([]) // prettier-ignore
  })
})

describe('pipelines that do odd things and do not peek', () => {
  const odd: Record<string, Pipeline> = {
    'noise from a seed': rows(({ columns: { close } }) => {
      const draw = random(3)
      return all(close).map((x) => x + draw.normal())
    }),
    'every fifth row': chosen((_c, i) => i % 5 === 4),
    'rows chosen by the move before': chosen((c, i) => i > 0 && c[i] > c[i - 1]),
    'a last bucket that is left out until it is full': chosen((c, i) => i % 5 === 4 && i < 5 * Math.floor(c.length / 5)),
    'nothing at all while it warms up': chosen((_c, i) => i >= 100),
  }
  for (const [name, pipeline] of Object.entries(odd)) test(name, () => expect(findLookAhead(pipeline, table, { cuts: 5 })).toEqual([]))
})

test('what cannot be looked into is refused: no rows, rows out of order, no cuts', () => {
  const refused: [string, () => unknown][] = [
    [
      'MODEL_TOO_LITTLE_DATA',
      () =>
        findLookAhead(
          chosen(() => false),
          table,
        ),
    ],
    ['MODEL_INPUT_INVALID', () => findLookAhead((raw) => ({ ...column((c, _v, i) => c[i])(raw), times: raw.availableAt.slice().reverse() }), table)], // prettier-ignore
    [
      'MODEL_INPUT_INVALID',
      () =>
        findLookAhead(
          column((c, _v, i) => c[i]),
          table,
          { cuts: 0 },
        ),
    ],
  ]
  for (const [code, act] of refused) expect(act).toThrow(expect.objectContaining({ code }))
})
