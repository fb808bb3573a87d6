import {
  barReaders,
  chain,
  combineInto,
  dayOfWeek,
  difference,
  efficiency,
  ewmaVolatility,
  feature,
  featureSet,
  identity,
  log,
  over,
  rollingMax,
  rollingMean,
  rollingMin,
  rollingStd,
  type FeatureDefinition,
  type FeatureSet,
  type Transform,
} from '@gatehouse/model-kit'
import { busy, bySlot, logRatio, momentum, ratio, rms, sessionSlot } from './operators.js'

export const schema = 'ohlcv-1h'
/** Bars of the long, the middle and the short look-back: about five months, one month, one week of hourly bars. */
const [long, middle, week, day] = [700, 140, 35, 7]
const sd = 'standard-deviations'

const bars = barReaders(schema)
const ofLogClose = (transform: Transform) => over(bars.close, chain(log, transform))
const returns = (transform: Transform): Transform => chain(difference(1), transform)
/** A number over `n` bars in units of the volatility of as many: `x / (rms(140) √n)`. */
const inDeviations = (x: Transform, n: number): Transform => ratio(x, returns(rms(middle)), Math.sqrt(n))
const above = (other: Transform): Transform =>
  combineInto('-', identity, other, (cells, x, y, to) => void (cells[to] = cells[x] - cells[y]))

/** What generalises best, on planted and on real hours: how returns ran, how busy the market is, how rough. */
const core: readonly FeatureDefinition[] = [
  feature('momentum5', sd, momentum(0.8)),
  feature('momentum20', sd, momentum(0.95)),
  feature('momentum60', sd, momentum(0.983)),
  ...[day, week, middle].map((n) => feature(`volatility${n}`, 'ln-ratio', ofLogClose(logRatio(returns(rms(n)), returns(rms(long)))))),
  feature('rangeFast', 'ln-ratio', bySlot('range', { smoothing: 0.7 })),
  feature('rangeBusy', 'probability', busy('range')),
  feature('volumeNow', 'ln-ratio', bySlot('volume', { smoothing: 0 })),
  feature('volumeBusy', 'probability', busy('volume')),
]

/** What else the trade looks at: returns, slower activity, distances and extremes, trend strength, the calendar. */
const more: readonly FeatureDefinition[] = [
  ...[1, day, week, middle].map((n) => feature(`return${n}`, sd, ofLogClose(inDeviations(difference(n), n)))),
  feature('volatilityFast', 'ln-ratio', ofLogClose(logRatio(returns(ewmaVolatility(6.6)), returns(rms(long))))),
  feature('range7', 'ln-ratio', over(bars.range, logRatio(rollingMean(day), rollingMean(middle)))),
  feature('rangeSlow', 'ln-ratio', bySlot('range', { smoothing: 0.93 })),
  feature('volumeFast', 'ln-ratio', bySlot('volume', { smoothing: 0.7 })),
  feature('volumeSlow', 'ln-ratio', bySlot('volume', { smoothing: 0.93 })),
  ...[week, middle].map((n) => feature(`distance${n}`, sd, ofLogClose(inDeviations(above(rollingMean(n)), n)))),
  feature('drawdown140', sd, ofLogClose(inDeviations(above(rollingMax(middle)), middle))),
  feature('rise140', sd, ofLogClose(inDeviations(above(rollingMin(middle)), middle))),
  ...[week, middle].map((n) => feature(`efficiency${n}`, 'dimensionless', ofLogClose(efficiency(n)))),
  feature('slot', 'fraction', sessionSlot),
  feature('weekday', 'fraction', dayOfWeek(schema, -5)),
]

/** Features of a context series: what the wider market does. The role is its symbol, so that the hash says which one it was. */
const ofContext = (role: string): readonly FeatureDefinition[] => [
  feature(`${role}/return7`, sd, ofLogClose(inDeviations(difference(day), day)), { role }),
  feature(`${role}/return35`, sd, ofLogClose(inDeviations(difference(week), week)), { role }),
  feature(`${role}/return140`, sd, ofLogClose(inDeviations(difference(middle), middle)), { role }),
  feature(`${role}/momentum20`, sd, momentum(0.95), { role }),
  feature(`${role}/volatility35`, 'ln-ratio', ofLogClose(logRatio(returns(rms(week)), returns(rms(middle)))), { role }),
]

/** Which features a model reads. */
export interface RegimeFeatureOptions {
  /** Symbols, in order; their bars must come from the same source. Five features each. Default none. */
  readonly context?: readonly string[] | undefined
  /** `core`: ten of the name itself; `full`: seventeen more, which fit history better and the future worse. Default `core`. */
  readonly detail?: 'core' | 'full' | undefined
}

/** The features of one source of hourly bars: of the name itself, and of each context series. */
export function regimeFeatures(source: string, { context = [], detail = 'core' }: RegimeFeatureOptions = {}): FeatureSet {
  return featureSet([...core, ...(detail === 'full' ? more : []), ...context.flatMap(ofContext)], { source })
}

/** What labels are measured in: standard deviations of the last 140 and 700 log returns, by the same streaming code. */
export function labelUnits(source: string): FeatureSet {
  return featureSet(
    [
      feature('sd140', 'return-log', ofLogClose(returns(rollingStd(middle)))),
      feature('sd700', 'return-log', ofLogClose(returns(rollingStd(long)))),
    ],
    { source },
  )
}
