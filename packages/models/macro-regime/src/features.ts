import {
  barReaders,
  chain,
  combine,
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
import { bySlot, logRatio, momentum, ratio, rms, sessionSlot } from './operators.js'

export const schema = 'ohlcv-1h'
/** Bars of the long, the middle and the short look-back: about five months, one month, one week of hourly bars. */
const [long, middle, week, day] = [700, 140, 35, 7]
const sd = 'standard-deviations'

const bars = barReaders(schema)
const ofLogClose = (transform: Transform) => over(bars.close, chain(log, transform))
const returns = (transform: Transform): Transform => chain(difference(1), transform)
/** A number over `n` bars in units of the volatility of as many: `x / (rms(140) √n)`. */
const inDeviations = (x: Transform, n: number): Transform => ratio(x, returns(rms(middle)), Math.sqrt(n))
const above = (other: Transform): Transform => combine('-', identity, other, (x, y) => x - y)

/** Features of one name's own bars. */
const own: readonly FeatureDefinition[] = [
  ...[1, day, week, middle].map((n) => feature(`return${n}`, sd, ofLogClose(inDeviations(difference(n), n)))),
  feature('momentum5', sd, momentum(0.8)),
  feature('momentum20', sd, momentum(0.95)),
  feature('momentum60', sd, momentum(0.983)),
  feature('volatilityFast', 'ln-ratio', ofLogClose(logRatio(returns(ewmaVolatility(6.6)), returns(rms(long))))),
  ...[day, week, middle].map((n) => feature(`volatility${n}`, 'ln-ratio', ofLogClose(logRatio(returns(rms(n)), returns(rms(long)))))),
  feature('range7', 'ln-ratio', over(bars.range, logRatio(rollingMean(day), rollingMean(middle)))),
  feature('rangeFast', 'ln-ratio', bySlot('range', { smoothing: 0.7 })),
  feature('rangeSlow', 'ln-ratio', bySlot('range', { smoothing: 0.93 })),
  feature('volumeNow', 'ln-ratio', bySlot('volume', { smoothing: 0 })),
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

/**
 * The features of one source of hourly bars: 25 of the name itself, and five of each context series.
 * @param context symbols, in order; their bars must come from the same source
 */
export function regimeFeatures(source: string, context: readonly string[] = []): FeatureSet {
  return featureSet([...own, ...context.flatMap(ofContext)], { source })
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
