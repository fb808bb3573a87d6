import { featureSpecHash, type FeatureSpec } from '@gatehouse/contracts'
import type { Schema } from '@gatehouse/core'
import { slot, warmUpDays } from './name-state.js'

/** One feature of a name: a function of its slots. `NaN` is missing. */
export interface Item {
  readonly name: string
  readonly unit: string
  /** Schema that makes it known last. */
  readonly schema: Schema
  readonly definition: string
  /** Whether it may be missing: then a flag of its own follows the items. */
  readonly optional: boolean
  readonly value: (state: Float64Array, at: number) => number
}

const item = (
  name: string,
  unit: string,
  schema: Schema,
  definition: string,
  value: Item['value'],
  { optional = false }: { readonly optional?: boolean } = {},
): Item => ({ name, unit, schema, definition, optional, value })

const daily = 'ohlcv-1d'
const early = 'ohlcv-1m'
const figures = 'fundamentals'
const missing = { optional: true } as const

/**
 * What is known of a name before the open, in the order of the vector. P is the last pre-market price, C the previous close, V and B = ln(C/O) of daily
 * bars, PV the volume of today's pre-market alone. Every price enters as a ratio or a logarithm; regular volume of the day itself is never read.
 */
export const items: readonly Item[] = [
  item('gap', 'ln-ratio', early, 'ln(P/C)', (s, i) => Math.log(s[i + slot.price] / s[i + slot.previousClose])),
  item('gapInVolatility', 'standard-deviations', early, 'ln(P/C) / rms(ln C/C[-1], 20)', (s, i) =>
    ratio(Math.log(s[i + slot.price] / s[i + slot.previousClose]), s[i + slot.volatility]),
  ),
  item('floatShares', 'ln-shares', figures, 'ln(floatShares)', (s, i) => positiveLog(s[i + slot.floatShares]), missing),
  item('shortInterest', 'fraction', figures, 'sharesShort / floatShares', (s, i) => ratio(s[i + slot.sharesShort], s[i + slot.floatShares]), missing), // prettier-ignore
  item('shortRatio', 'ln-days', figures, 'ln(1 + shortRatio)', (s, i) => Math.log(1 + s[i + slot.shortRatio]), missing),
  item('relativeVolume', 'ln-ratio', early, 'ln(PV) - mean(ln(1+V), 60)', (s, i) => positiveLog(s[i + slot.preVolume]) - s[i + slot.usualVolumeLong], missing), // prettier-ignore
  item('floatTurnover', 'ln-ratio', early, 'ln(PV / floatShares)', (s, i) => positiveLog(s[i + slot.preVolume] / s[i + slot.floatShares]), missing), // prettier-ignore
  item('placeInPreMarket', 'ln-ratio', early, 'ln(P / pre-market high)', (s, i) => s[i + slot.preVolume] > 0 ? Math.log(s[i + slot.price] / s[i + slot.preHigh]) : NaN, missing), // prettier-ignore
  item('distanceFromVwap', 'ln-ratio', early, 'ln(P / pre-market volume-weighted price)', (s, i) => Math.log((s[i + slot.price] * s[i + slot.preVolume]) / s[i + slot.preNotional]), missing), // prettier-ignore
  item('sentiment', 'score', 'news', 'mean score of the news since the last close', (s, i) => ratio(s[i + slot.newsSum], s[i + slot.newsCount]), missing), // prettier-ignore
  item('newsCount', 'ln-count', 'news', 'ln(1 + news since the last close)', (s, i) => Math.log(1 + s[i + slot.newsCount])),
  item('price', 'ln-price', early, 'ln(P)', (s, i) => Math.log(s[i + slot.price])),
  item('dollarVolume', 'ln-currency', daily, 'ln(mean(C V, 20))', (s, i) => positiveLog(s[i + slot.dollarVolume])),
  item('volatility', 'ln-fraction', daily, 'ln(rms(ln C/C[-1], 20))', (s, i) => positiveLog(s[i + slot.volatility])),
  item('bodyVolatility', 'ln-fraction', daily, 'ln(rms(B, 20))', (s, i) => positiveLog(s[i + slot.bodyVolatility])),
  item('bodyVolatilityLong', 'ln-fraction', daily, 'ln(rms(B, 60))', (s, i) => positiveLog(s[i + slot.bodyVolatilityLong])),
  item('range', 'ln-fraction', daily, 'ln(mean(ln H/L, 20))', (s, i) => positiveLog(s[i + slot.range])),
  item('drift', 'standard-deviations', daily, 'mean(B, 20) / rms(B, 20)', (s, i) => ratio(s[i + slot.drift], s[i + slot.bodyVolatility])),
  item('priorVolume', 'ln-ratio', daily, 'ln(1+V) - mean(ln(1+V), 20)', (s, i) => s[i + slot.lastVolume] - s[i + slot.usualVolume]),
  item('priorReturn', 'standard-deviations', daily, 'ln(C/C[-1]) / rms(ln C/C[-1], 20)', (s, i) => ratio(s[i + slot.lastReturn], s[i + slot.volatility])), // prettier-ignore
  item('weekReturn', 'standard-deviations', daily, 'ln(C/C[-5]) / (rms(ln C/C[-1], 20) sqrt 5)', (s, i) => ratio(s[i + slot.weekReturn], s[i + slot.volatility] * Math.sqrt(5))), // prettier-ignore
  item('monthReturn', 'standard-deviations', daily, 'ln(C/C[-20]) / (rms(ln C/C[-1], 20) sqrt 20)', (s, i) => ratio(s[i + slot.monthReturn], s[i + slot.volatility] * Math.sqrt(20))), // prettier-ignore
  item('place', 'fraction', daily, 'place of C in the closes of 60 days', (s, i) => s[i + slot.place]),
  item('closePlace', 'fraction', daily, 'place of C in its day', (s, i) => s[i + slot.lastClosePlace]),
]

/** Items that a flag follows, by index. */
export const flagged: readonly number[] = items.flatMap(({ optional }, index) => (optional ? [index] : []))
/** Numbers in one row: the items, then their flags. */
export const featureCount = items.length + flagged.length

/** Logarithm of what must be positive to have one. */
function positiveLog(x: number): number {
  return x > 0 ? Math.log(x) : NaN
}
/** A quotient whose denominator may be zero or missing. */
function ratio(a: number, b: number): number {
  return b > 0 ? a / b : NaN
}

/**
 * The spec for one source; its hash is part of every artifact. The scorer's name stands in the definition of sentiment.
 * @param rows most names a morning
 * @param session when the pre-market ends, `HH:MM`
 */
export function gapFeatureSpec(
  dataset: string,
  { rows, scorer, session }: { readonly rows: number; readonly scorer: string; readonly session: string },
): FeatureSpec {
  const base = items.map(({ name, unit, schema, definition, optional }): FeatureSpec['items'][number] => ({
    name,
    unit,
    source: { dataset, schema },
    warmUp: { amount: warmUpDays, of: 'sessions' },
    missing: optional ? 'flag' : 'refuse',
    // What a hash must tell apart stands in the definition.
    definition:
      name === 'sentiment'
        ? `${definition}; unscored news by ${scorer}`
        : schema === early
          ? `${definition}; pre-market to ${session}`
          : definition,
  }))
  const all: FeatureSpec['items'] = [
    ...base,
    ...flagged.map((index) => ({
      ...base[index],
      name: `${base[index].name}/missing`,
      unit: 'flag',
      missing: 'zero' as const,
      definition: `missing(${base[index].definition})`,
    })),
  ]
  return { items: all, rows, hash: featureSpecHash({ items: all, rows }) }
}
