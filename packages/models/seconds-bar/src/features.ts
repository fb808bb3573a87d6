import {
  chain,
  combineInto,
  ewma,
  feature,
  featureSet,
  identity,
  mapInto,
  over,
  rangePosition,
  rollingMax,
  rollingMean,
  rollingMin,
  square,
  squareRoot,
  type FeatureDefinition,
  type FeatureSet,
  type JoinInto,
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
const bound = (limit: number): Transform =>
  mapInto(`bound(${limit})`, (cells, from, to) => void (cells[to] = Math.max(-limit, Math.min(limit, cells[from]))))

/** Rows come from a SecondGrid and from nowhere else; a bar read without one has no changes, so nothing ever warms. */
type ReadRow = (cells: Float64Array, row: SecondRow, to: number) => void
const reader = (definition: string, read: ReadRow): Reader<'ohlcv-1s'> => ({
  schema: 'ohlcv-1s',
  definition,
  read: (cells, bar, to) => read(cells, bar as SecondRow, to),
})
const change = reader(`change(${longestPause})`, (cells, row, to) => void (cells[to] = row.change))
const score = reader(`score(${volatilityHalfLife})`, (cells, row, to) => void (cells[to] = row.score))
const volume = reader('volume', (cells, row, to) => void (cells[to] = row.volume))
const level0 = reader('level', (cells, row, to) => void (cells[to] = row.level))
const closePosition = reader('closePosition', (cells, row, to) => {
  cells[to] = row.high > row.low ? (2 * row.close - row.high - row.low) / (row.high - row.low) : 0
})
/** What the row says of the last quote; the definition names where quotes come from. */
const quoted = (quotes: SecondQuotes, name: string, read: ReadRow) => reader(`${quotes}.${name}`, read)
/** When the row is known: the end of its second. */
const second = reader('end', (cells, row, to) => void (cells[to] = row.second + 1))
/** A wave over the minute between -1 and 1 that is 1 at whole ones; without sines, whose last bit differs between engines. */
const wave = (definition: string, phase: number): Transform =>
  mapInto(definition, (cells, from, to) => {
    const x = cells[from] / 60 + phase
    cells[to] = Math.abs(4 * (x - Math.floor(x)) - 2) - 1
  })
const sincePause = reader('sincePause', (cells, row, to) => void (cells[to] = row.sincePause))

/** Volatility that speaks early. */
const volatility = (halfLife: number): Transform => chain(square, level(halfLife), squareRoot)
/** Mean of changes in units of their volatility, scaled to variance 1 for a random walk: momentum that decays by half in `halfLife` seconds. */
const trend = (halfLife: number): Transform => {
  const keep = 2 ** (-1 / halfLife)
  const gain = Math.sqrt((1 + keep) / (1 - keep))
  return {
    ...chain(
      level(halfLife),
      mapInto('gain', (cells, from, to) => void (cells[to] = gain * cells[from])),
    ),
    definition: `trend(${halfLife})`,
  }
}
/** How a fast level stands to a slow one: the log of their ratio, between -4 and 4; 0 where the slow one is zero. */
const ratio = (name: string, fast: Transform, slow: Transform): Transform => chain(combineInto(name, fast, slow, logRatio), bound(4))
const logRatio: JoinInto = (cells, a, b, to) => void (cells[to] = cells[b] > 0 ? Math.log((cells[a] + 1e-3 * cells[b]) / cells[b]) : 0)
const rootMeanSquare = (n: number): Transform => chain(square, rollingMean(n), squareRoot)
const volatilityRatio = (fast: Transform, slow: number): Transform => ratio('volatilityRatio', fast, volatility(slow))
const volumeRatio = (fast: Transform, slow: number): Transform => ratio('volumeRatio', fast, level(slow))

/** Height of the last `n` seconds' path against what a random walk of the slow volatility would span: bounces within a tick do not widen it. */
function rangeRatio(n: number, slow: number): FeatureDefinition['operator'] {
  const [top, bottom, deviation] = [rollingMax(n), rollingMin(n), volatility(slow)]
  const [a, b] = [top.slots, top.slots + bottom.slots]
  const scratch = b + deviation.slots
  const walk = Math.sqrt(n)
  return {
    schema: 'ohlcv-1s',
    definition: `ohlcv-1s.rangeRatio(${n},${slow})`,
    warmUp: Math.max(n, deviation.warmUp) + 1,
    slots: scratch + 3,
    update(cells, at, view, to) {
      const row = view as unknown as SecondRow
      const high = at + scratch
      const low = high + 1
      const sigma = high + 2
      cells[low] = row.level
      cells[sigma] = row.change
      top.push(cells, at, low, high)
      bottom.push(cells, at + a, low, low)
      deviation.push(cells, at + b, sigma, sigma)
      const range = cells[high] - cells[low]
      if (!(range === range && cells[sigma] === cells[sigma])) cells[to] = NaN
      else cells[to] = cells[sigma] > 0 ? Math.log(range / (cells[sigma] * walk) + 0.05) : 0
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
    push(cells, at, from, to) {
      const x = cells[from]
      const last = at + memory
      const paid = x * cells[last]
      const hadOne = cells[last + 1] === 1
      minute.push(cells, at, from, to)
      const trended = cells[to]
      if (trended === trended) {
        cells[last] = trended > 2 ? 2 : trended < -2 ? -2 : trended
        cells[last + 1] = 1
      }
      cells[to] = NaN
      if (hadOne) cells[to] = paid
      mean.push(cells, at + minute.slots, to, to)
    },
  }
}

/** Distance of the log price from its volume-weighted mean of the last half hour or so, in units of what a random walk of that length would stray. */
function distanceFromMean(halfLife: number): FeatureDefinition['operator'] {
  const paid = level(halfLife)
  const traded = level(halfLife)
  const spread = volatility(halfLife)
  const [a, b] = [paid.slots, paid.slots + traded.slots]
  const scratch = b + spread.slots
  const scale = Math.sqrt(halfLife)
  return {
    schema: 'ohlcv-1s',
    definition: `ohlcv-1s.distanceFromMean(${halfLife})`,
    warmUp: spread.warmUp + 2,
    slots: scratch + 3,
    update(cells, at, view, to) {
      const row = view as unknown as SecondRow
      const sum = at + scratch
      const weight = sum + 1
      const deviation = sum + 2
      cells[sum] = row.level * row.volume
      cells[weight] = row.volume
      cells[deviation] = row.change
      paid.push(cells, at, sum, sum)
      traded.push(cells, at + a, weight, weight)
      spread.push(cells, at + b, deviation, deviation)
      const distance = (row.level - cells[sum] / cells[weight]) / (cells[deviation] * scale)
      if (!(cells[sum] === cells[sum] && cells[weight] === cells[weight] && cells[deviation] === cells[deviation])) cells[to] = NaN
      else if (!(cells[weight] > 0 && cells[deviation] > 0)) cells[to] = 0
      else cells[to] = distance > 6 ? 6 : distance < -6 ? -6 : distance
    },
  }
}

/**
 * Where the sizes of a market one tick wide say that the price is going: how far its microprice lies from its middle, in units of what prices are expected to move over
 * `seconds`. One imbalance says much of a name that moves less than a tick in that time, and little of one that moves many.
 */
function micropriceReach(quotes: SecondQuotes, seconds: number, halfLife: number): FeatureDefinition['operator'] {
  const deviation = volatility(halfLife)
  const steps = Math.sqrt(seconds)
  return {
    schema: 'ohlcv-1s',
    definition: `ohlcv-1s.${quotes}.micropriceReach(${seconds},${halfLife})`,
    warmUp: deviation.warmUp + 2,
    slots: deviation.slots + 1,
    update(cells, at, view, to) {
      const row = view as unknown as SecondRow
      const sigma = at + deviation.slots
      cells[sigma] = row.change
      deviation.push(cells, at, sigma, sigma)
      const reach = (row.imbalance * row.instrument.tickSize) / (2 * row.close * cells[sigma] * steps)
      if (!(cells[sigma] === cells[sigma] && row.imbalance === row.imbalance)) cells[to] = NaN
      else if (!(cells[sigma] > 0)) cells[to] = 0
      else cells[to] = reach > 4 ? 4 : reach < -4 ? -4 : reach
    },
  }
}

const definitions = (): readonly FeatureDefinition[] => [
  // Micro-trend: what the last seconds did.
  feature('return', 'deviations', over(score, identity)),
  feature('close-position', 'fraction', over(closePosition, identity)),
  feature('volume', 'log-ratio', over(volume, ratio('relative(600)', identity, level(600)))),
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
        mapInto('2x-1', (cells, from, to) => void (cells[to] = 2 * cells[from] - 1)),
      ),
    ),
  ),
  feature('mean-distance', 'deviations', distanceFromMean(lookback)),
  // Much happens on whole minutes: orders that are sliced by the clock, and bars that others act on.
  feature('minute', 'fraction', over(second, wave('triangle(60)', 0))),
  feature('minute-quarter', 'fraction', over(second, wave('triangle(60,0.25)', 0.25))),
  feature(
    'session',
    'fraction',
    over(
      sincePause,
      mapInto('clock', (cells, from, to) => void (cells[to] = cells[from] / (cells[from] + 3600))),
    ),
  ),
]

/** Of the best bid and offer, for models that read quotes, too. */
const quoteDefinitions = (quotes: SecondQuotes): readonly FeatureDefinition[] => [
  feature(
    'imbalance',
    'fraction',
    over(
      quoted(quotes, 'imbalance', (cells, row, to) => void (cells[to] = row.imbalance)),
      identity,
    ),
  ),
  feature(
    'imbalance-30',
    'fraction',
    over(
      quoted(quotes, 'imbalance', (cells, row, to) => void (cells[to] = row.imbalance)),
      level(10),
    ),
  ),
  feature(
    'spread',
    'ticks',
    over(
      quoted(quotes, 'spreadTicks', (cells, row, to) => void (cells[to] = row.spreadTicks)),
      bound(20),
    ),
  ),
  feature(
    'mid-distance',
    'ticks',
    over(
      quoted(quotes, 'midTicks', (cells, row, to) => void (cells[to] = row.midTicks)),
      bound(10),
    ),
  ),
  feature('microprice-reach', 'deviations', micropriceReach(quotes, 60, 600)),
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
  'microprice-reach',
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
