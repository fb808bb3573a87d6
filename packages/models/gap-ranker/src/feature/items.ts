import { featureSpecHash, type FeatureSpec } from '@gatehouse/contracts'
import type { Schema } from '@gatehouse/core'
import { slot, warmUpDays } from './name-state.js'

/** One feature of a name. */
export interface Item {
  readonly name: string
  readonly unit: string
  /** Schema that makes it known last. */
  readonly schema: Schema
  readonly definition: string
  /** Where it is missing: no name without it is ranked, a flag of its own follows the items, or it counts nothing. */
  readonly missing: 'refuse' | 'flag' | 'zero'
}

const item = (
  name: string,
  unit: string,
  schema: Schema,
  definition: string,
  { missing = 'refuse' }: { readonly missing?: Item['missing'] } = {},
): Item => ({ name, unit, schema, definition, missing })

const daily = 'ohlcv-1d'
const early = 'ohlcv-1m'
const figures = 'fundamentals'
const missing = { missing: 'flag' } as const

/**
 * What is known of a name before the open, in the order of the vector. P is the last pre-market price, C the previous close, V and B = ln(C/O) of daily
 * bars, PV the volume of today's pre-market alone. Every price enters as a ratio or a logarithm; regular volume of the day itself is never read.
 */
export const items: readonly Item[] = [
  item('gap', 'ln-ratio', early, 'ln(P/C)'),
  item('gapInVolatility', 'standard-deviations', early, 'ln(P/C) / rms(ln C/C[-1], 20)'),
  item('floatShares', 'ln-shares', figures, 'ln(floatShares)', missing),
  item('shortInterest', 'fraction', figures, 'sharesShort / floatShares', missing), // prettier-ignore
  item('shortRatio', 'ln-days', figures, 'ln(1 + shortRatio)', missing),
  item('relativeVolume', 'ln-ratio', early, 'ln(PV) - mean(ln(1+V), 60)', missing), // prettier-ignore
  item('floatTurnover', 'ln-ratio', early, 'ln(PV / floatShares)', missing), // prettier-ignore
  item('placeInPreMarket', 'ln-ratio', early, 'ln(P / pre-market high)', missing), // prettier-ignore
  item('distanceFromVwap', 'ln-ratio', early, 'ln(P / pre-market volume-weighted price)', missing), // prettier-ignore
  item('sentiment', 'score', 'news', 'mean score of the news since the last close', missing), // prettier-ignore
  item('newsCount', 'ln-count', 'news', 'ln(1 + news since the last close)', { missing: 'zero' }),
  item('price', 'ln-price', early, 'ln(P)'),
  item('dollarVolume', 'ln-currency', daily, 'ln(mean(C V, 20))'),
  item('volatility', 'ln-fraction', daily, 'ln(rms(ln C/C[-1], 20))'),
  item('bodyVolatility', 'ln-fraction', daily, 'ln(rms(B, 20))'),
  item('bodyVolatilityLong', 'ln-fraction', daily, 'ln(rms(B, 60))'),
  item('range', 'ln-fraction', daily, 'ln(mean(ln H/L, 20))'),
  item('drift', 'standard-deviations', daily, 'mean(B, 20) / rms(B, 20)'),
  item('priorVolume', 'ln-ratio', daily, 'ln(1+V) - mean(ln(1+V), 20)'),
  item('priorReturn', 'standard-deviations', daily, 'ln(C/C[-1]) / rms(ln C/C[-1], 20)'), // prettier-ignore
  item('weekReturn', 'standard-deviations', daily, 'ln(C/C[-5]) / (rms(ln C/C[-1], 20) sqrt 5)'), // prettier-ignore
  item('monthReturn', 'standard-deviations', daily, 'ln(C/C[-20]) / (rms(ln C/C[-1], 20) sqrt 20)'), // prettier-ignore
  item('place', 'fraction', daily, 'place of ln C between its least and greatest of 60 days'),
  item('closePlace', 'fraction', daily, 'place of C in its day'),
]

/** Items that a flag follows, by index. */
export const flagged: readonly number[] = items.flatMap((one, index) => (one.missing === 'flag' ? [index] : []))
/** Items without which a name is not ranked, by index. */
export const required: readonly number[] = items.flatMap((one, index) => (one.missing === 'flag' ? [] : [index]))
/** Numbers in one row: the items, then their flags. */
export const featureCount = items.length + flagged.length

/**
 * Writes the items of a name, in the order of {@link items}; `NaN` is missing. One function, and what may be zero is `NaN` in the slots: a number that
 * a helper returns may be put on the heap, and predicting allocates nothing.
 */
export function writeItems(s: Float64Array, i: number, v: Float32Array, at: number): void {
  const traded = s[i + slot.preVolume]
  const news = s[i + slot.newsCount]
  const volatility = s[i + slot.volatility]
  // gap
  v[at] = Math.log(s[i + slot.price] / s[i + slot.previousClose])
  // gapInVolatility
  v[at + 1] = v[at] / volatility
  // floatShares
  v[at + 2] = Math.log(s[i + slot.floatShares])
  // shortInterest
  v[at + 3] = s[i + slot.sharesShort] / s[i + slot.floatShares]
  // shortRatio
  v[at + 4] = Math.log(1 + s[i + slot.shortRatio])
  // relativeVolume
  v[at + 5] = Math.log(traded) - s[i + slot.usualVolumeLong]
  // floatTurnover
  v[at + 6] = Math.log(traded / s[i + slot.floatShares])
  // placeInPreMarket
  v[at + 7] = Math.log(s[i + slot.price] / s[i + slot.preHigh])
  // distanceFromVwap
  v[at + 8] = Math.log((s[i + slot.price] * traded) / s[i + slot.preNotional])
  // sentiment
  v[at + 9] = s[i + slot.newsSum] / news
  // newsCount
  v[at + 10] = Math.log(1 + news)
  // price
  v[at + 11] = Math.log(s[i + slot.price])
  // dollarVolume
  v[at + 12] = Math.log(s[i + slot.dollarVolume])
  // volatility
  v[at + 13] = Math.log(volatility)
  // bodyVolatility
  v[at + 14] = Math.log(s[i + slot.bodyVolatility])
  // bodyVolatilityLong
  v[at + 15] = Math.log(s[i + slot.bodyVolatilityLong])
  // range
  v[at + 16] = Math.log(s[i + slot.range])
  // drift
  v[at + 17] = s[i + slot.drift] / s[i + slot.bodyVolatility]
  // priorVolume
  v[at + 18] = s[i + slot.lastVolume] - s[i + slot.usualVolume]
  // priorReturn
  v[at + 19] = s[i + slot.lastReturn] / volatility
  // weekReturn
  v[at + 20] = s[i + slot.weekReturn] / (volatility * Math.sqrt(5))
  // monthReturn
  v[at + 21] = s[i + slot.monthReturn] / (volatility * Math.sqrt(20))
  // place
  v[at + 22] = s[i + slot.place]
  // closePlace
  v[at + 23] = s[i + slot.lastClosePlace]
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
  const base = items.map(({ name, unit, schema, definition, missing }): FeatureSpec['items'][number] => ({
    name,
    unit,
    source: { dataset, schema },
    warmUp: { amount: warmUpDays, of: 'sessions' },
    missing,
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
