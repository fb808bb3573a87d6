import type { BarView } from '@gatehouse/core'
import {
  chain,
  combine,
  ewma,
  feature,
  featureSet,
  map,
  over,
  rangePosition,
  rollingMax,
  rollingMean,
  rollingMin,
  type FeatureDefinition,
  type FeatureSet,
  type Reader,
  type Transform,
} from '@gatehouse/model-kit'
import { longestPause, volatilityHalfLife, type SecondQuotes, type SecondRow } from './second-grid.js'

/** Seconds between the rows that the network compares: it looks at one row a minute, each of which sums up its minute and what came before. */
export const spacing = 60
/** Rows of a window: now, and the thirty minutes before. */
export const windowRows = 31
/** Seconds that the network looks back: half an hour. */
export const lookback = spacing * (windowRows - 1)
/** Half life of what counts as normal: two hours of trading. */
const usual = 7200
/** A slow level that speaks after half an hour: it is unbiased from the first second, and waiting six hours would lose the first day. */
const level = (halfLife: number): Transform => ewma(halfLife, Math.min(lookback, Math.ceil(3 * halfLife)))
const bound = (limit: number): Transform => map(`bound(${limit})`, (x) => (x > limit ? limit : x < -limit ? -limit : x))

const reader = (definition: string, read: (row: SecondRow) => number): Reader<'ohlcv-1s'> => ({
  schema: 'ohlcv-1s',
  definition,
  // Rows come from a SecondGrid and from nowhere else; a bar read without one has no changes, so nothing ever warms.
  read: (bar: BarView) => read(bar as SecondRow),
})
const change = reader(`change(${longestPause})`, (row) => row.change)
const score = reader(`score(${volatilityHalfLife})`, (row) => row.score)
const volume = reader('volume', (row) => row.volume)
const level0 = reader('level', (row) => row.level)
const closePosition = reader('closePosition', (row) =>
  row.high > row.low ? (2 * row.close - row.high - row.low) / (row.high - row.low) : 0,
)
/** What the row says of the last quote; the definition names where quotes come from. */
const quoted = (quotes: SecondQuotes, name: string, read: (row: SecondRow) => number) => reader(`${quotes}.${name}`, read)
/** When the row is known: the end of its second. */
const second = reader('end', (row) => row.second + 1)
/** A wave of period 1 between -1 and 1 that is 1 at whole numbers; without sines, whose last bit differs between engines. */
const triangle = (x: number): number => Math.abs(4 * (x - Math.floor(x)) - 2) - 1
const sincePause = reader('sincePause', (row) => row.sincePause)

const same = map('x', (x) => x)
const square = map('square', (x) => x * x)
const root = map('sqrt', Math.sqrt)
/** Volatility that speaks early. */
const volatility = (halfLife: number): Transform => chain(square, level(halfLife), root)
/** Mean of changes in units of their volatility, scaled to variance 1 for a random walk: momentum that decays by half in `halfLife` seconds. */
const trend = (halfLife: number): Transform => {
  const keep = 2 ** (-1 / halfLife)
  const gain = Math.sqrt((1 + keep) / (1 - keep))
  return {
    ...chain(
      level(halfLife),
      map('gain', (x) => gain * x),
    ),
    definition: `trend(${halfLife})`,
  }
}
/** How a fast level stands to a slow one: the log of their ratio, between -4 and 4; 0 where the slow one is zero. */
const ratio = (name: string, fast: Transform, slow: Transform): Transform =>
  chain(
    combine(name, fast, slow, (a, b) => (b > 0 ? Math.log((a + 1e-3 * b) / b) : 0)),
    bound(4),
  )
const rootMeanSquare = (n: number): Transform => chain(square, rollingMean(n), root)
const volatilityRatio = (fast: Transform, slow: number): Transform => ratio('volatilityRatio', fast, volatility(slow))
const volumeRatio = (fast: Transform, slow: number): Transform => ratio('volumeRatio', fast, level(slow))

/** Height of the last `n` seconds' path against what a random walk of the slow volatility would span: bounces within a tick do not widen it. */
function rangeRatio(n: number, slow: number): FeatureDefinition['operator'] {
  const [top, bottom, deviation] = [rollingMax(n), rollingMin(n), volatility(slow)]
  const [a, b] = [top.slots, top.slots + bottom.slots]
  const walk = Math.sqrt(n)
  return {
    schema: 'ohlcv-1s',
    definition: `ohlcv-1s.rangeRatio(${n},${slow})`,
    warmUp: Math.max(n, deviation.warmUp) + 1,
    slots: b + deviation.slots,
    update(state, at, view) {
      const row = view as unknown as SecondRow
      const high = top.push(state, at, row.level)
      const low = bottom.push(state, at + a, row.level)
      const sigma = deviation.push(state, at + b, row.change)
      if (!(high === high && low === low && sigma === sigma)) return NaN
      return sigma > 0 ? Math.log((high - low) / (sigma * walk) + 0.05) : 0
    },
  }
}

/** What following the trend of a minute has paid lately: near zero in a random walk, negative where trends are faded. Slots: the trend's, the mean's, the last. */
function trendPayoff(halfLife: number): Transform {
  const minute = trend(60)
  const mean = level(halfLife)
  const memory = minute.slots + mean.slots
  return {
    definition: `trendPayoff(${halfLife})`,
    warmUp: minute.warmUp + mean.warmUp + 1,
    slots: memory + 2,
    push(state, at, x) {
      if (x !== x) return NaN
      const trended = minute.push(state, at, x)
      const last = state[at + memory]
      const hadOne = state[at + memory + 1] === 1
      if (trended === trended) {
        state[at + memory] = trended > 2 ? 2 : trended < -2 ? -2 : trended
        state[at + memory + 1] = 1
      }
      return hadOne ? mean.push(state, at + minute.slots, x * last) : NaN
    },
  }
}

/** Distance of the log price from its volume-weighted mean of the last half hour or so, in units of what a random walk of that length would stray. */
function distanceFromMean(halfLife: number): FeatureDefinition['operator'] {
  const paid = level(halfLife)
  const traded = level(halfLife)
  const spread = volatility(halfLife)
  const [a, b] = [paid.slots, paid.slots + traded.slots]
  const scale = Math.sqrt(halfLife)
  return {
    schema: 'ohlcv-1s',
    definition: `ohlcv-1s.distanceFromMean(${halfLife})`,
    warmUp: spread.warmUp + 2,
    slots: b + spread.slots,
    update(state, at, view) {
      const row = view as unknown as SecondRow
      const sum = paid.push(state, at, row.level * row.volume)
      const weight = traded.push(state, at + a, row.volume)
      const deviation = spread.push(state, at + b, row.change)
      if (!(sum === sum && weight === weight && deviation === deviation)) return NaN
      if (!(weight > 0 && deviation > 0)) return 0
      const distance = (row.level - sum / weight) / (deviation * scale)
      return distance > 6 ? 6 : distance < -6 ? -6 : distance
    },
  }
}

const definitions = (): readonly FeatureDefinition[] => [
  // Micro-trend: what the last seconds did.
  feature('return', 'deviations', over(score, same)),
  feature('close-position', 'fraction', over(closePosition, same)),
  feature('volume', 'log-ratio', over(volume, ratio('relative(600)', same, level(600)))),
  // Momentum and its decay.
  feature('trend-15', 'deviations', over(score, trend(15))),
  feature('trend-60', 'deviations', over(score, trend(60))),
  feature('trend-180', 'deviations', over(score, trend(180))),
  feature('trend-600', 'deviations', over(score, trend(600))),
  feature('trend-payoff', 'deviations', over(score, trendPayoff(300))),
  // Short-window volatility and activity, each against the slower one.
  feature('volatility-60', 'log-ratio', over(change, volatilityRatio(rootMeanSquare(60), 600))),
  feature('range-60', 'log-ratio', rangeRatio(60, 600)),
  feature('volatility-600', 'log-ratio', over(change, volatilityRatio(volatility(600), usual))),
  feature('volume-60', 'log-ratio', over(volume, volumeRatio(rollingMean(60), 600))),
  feature('volume-600', 'log-ratio', over(volume, volumeRatio(level(600), usual))),
  // The session so far, compressed.
  feature(
    'range-position',
    'fraction',
    over(
      level0,
      chain(
        rangePosition(lookback),
        map('2x-1', (x) => 2 * x - 1),
      ),
    ),
  ),
  feature('mean-distance', 'deviations', distanceFromMean(lookback)),
  // Much happens on whole minutes: orders that are sliced by the clock, and bars that others act on.
  feature(
    'minute',
    'fraction',
    over(
      second,
      map('triangle(60)', (s) => triangle(s / 60)),
    ),
  ),
  feature(
    'minute-quarter',
    'fraction',
    over(
      second,
      map('triangle(60,0.25)', (s) => triangle(s / 60 + 0.25)),
    ),
  ),
  feature(
    'session',
    'fraction',
    over(
      sincePause,
      map('clock', (s) => s / (s + 3600)),
    ),
  ),
]

/** Of the best bid and offer, for models that read quotes, too. */
const quoteDefinitions = (quotes: SecondQuotes): readonly FeatureDefinition[] => [
  feature(
    'imbalance',
    'fraction',
    over(
      quoted(quotes, 'imbalance', (row) => row.imbalance),
      same,
    ),
  ),
  feature(
    'imbalance-30',
    'fraction',
    over(
      quoted(quotes, 'imbalance', (row) => row.imbalance),
      level(10),
    ),
  ),
  feature(
    'spread',
    'ticks',
    over(
      quoted(quotes, 'spreadTicks', (row) => row.spreadTicks),
      bound(20),
    ),
  ),
  feature(
    'mid-distance',
    'ticks',
    over(
      quoted(quotes, 'midTicks', (row) => row.midTicks),
      bound(10),
    ),
  ),
]

/** Features that change their sign when the market is seen in a mirror; the others stay. */
const odd: ReadonlySet<string> = new Set([
  'return',
  'close-position',
  'trend-15',
  'trend-60',
  'trend-180',
  'trend-600',
  'range-position',
  'mean-distance',
  'imbalance',
  'imbalance-30',
  'mid-distance',
])

/** Features that only say what time it is. */
export const clockFeatures: ReadonlySet<string> = new Set(['minute', 'minute-quarter'])

export interface SecondsFeatureOptions {
  /** Reads quotes of this schema beside the bars: imbalance and spread at the end of each second. Default none. */
  readonly quotes?: SecondQuotes | undefined
}

/** The features of one source of data, to be fed with the rows of a `SecondGrid`. */
export function secondsFeatures(source: string, { quotes }: SecondsFeatureOptions = {}): FeatureSet {
  return featureSet([...definitions(), ...(quotes ? quoteDefinitions(quotes) : [])], { source, rows: windowRows })
}

/** What a feature is multiplied by in a market where every rise is a fall: -1 or 1, in the order of the features. */
export const mirrorSigns = ({ spec }: FeatureSet): Int8Array => Int8Array.from(spec.items, ({ name }) => (odd.has(name) ? -1 : 1))
