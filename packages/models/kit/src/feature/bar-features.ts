import { type BarSchema, type BarView } from '@gatehouse/core'
import { type FeatureOperator, type Reader } from './feature.js'
import { wilder } from './transform.js'

/** Readers of bars of one schema; prices are continuous through splits. */
export function barReaders<S extends BarSchema>(
  schema: S,
): Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'logVolume' | 'range' | 'closePosition' | 'gap', Reader<S>>> {
  const reader = (definition: string, read: (bar: BarView, factor: number) => number): Reader<S> => ({
    schema,
    definition,
    read: read,
  })
  return {
    open: reader('open', (bar, factor) => bar.open * factor),
    high: reader('high', (bar, factor) => bar.high * factor),
    low: reader('low', (bar, factor) => bar.low * factor),
    close: reader('close', (bar, factor) => bar.close * factor),
    volume: reader('volume', (bar, factor) => bar.volume / factor),
    logVolume: reader('logVolume', (bar, factor) => Math.log(1 + bar.volume / factor)),
    /** log(high / low): a volatility of its own. */
    range: reader('range', (bar) => Math.log(bar.high / bar.low)),
    /** Close within the bar's range, 0 to 1; 0.5 for a flat bar. */
    closePosition: reader('closePosition', (bar) => (bar.high > bar.low ? (bar.close - bar.low) / (bar.high - bar.low) : 0.5)),
    /** log(close / open). */
    gap: reader('body', (bar) => Math.log(bar.close / bar.open)),
  }
}

const nsPerHour = 3_600_000_000_000n
const nsPerDay = 24n * nsPerHour

/** Nanoseconds into the UTC day at which a view could be known, as a fraction [0, 1). Calendars are by UTC: a family that needs local time shifts it. */
const dayFraction = (view: { readonly availableAt: bigint }, shiftNs: bigint): number => {
  const into = (view.availableAt + shiftNs) % nsPerDay
  return Number(into < 0n ? into + nsPerDay : into) / Number(nsPerDay)
}

/**
 * Time of day on a circle without sines, whose last bit differs between engines: a triangle wave of period one day, -1 to 1.
 * @param phase 0 peaks at midnight, 0.25 six hours later; take both for a full circle
 */
export function timeOfDay<S extends BarSchema>(schema: S, phase: 0 | 0.25, shiftHours = 0): FeatureOperator<S> {
  const shift = BigInt(shiftHours) * nsPerHour
  return {
    schema,
    definition: `${schema}.timeOfDay(${phase},${shiftHours})`,
    warmUp: 1,
    slots: 0,
    update: (_state, _at, view) => {
      const t = (dayFraction(view, shift) + phase) % 1
      return Math.abs(4 * t - 2) - 1
    },
  }
}

/** Day of the week, Monday 0 to Sunday 6, over 6. */
export function dayOfWeek<S extends BarSchema>(schema: S, shiftHours = 0): FeatureOperator<S> {
  const shift = BigInt(shiftHours) * nsPerHour
  return {
    schema,
    definition: `${schema}.dayOfWeek(${shiftHours})`,
    warmUp: 1,
    slots: 0,
    // 1970-01-01 was a Thursday.
    update: (_state, _at, view) => Number(((view.availableAt + shift) / nsPerDay + 3n) % 7n) / 6,
  }
}

/**
 * Log volume against its own hour of the day: deviations from an exponentially weighted mean of that hour, so that the open is not always "high volume".
 * @param halfLife in days of that hour
 */
export function volumeByHour<S extends BarSchema>(schema: S, halfLife: number, shiftHours = 0): FeatureOperator<S> {
  const shift = BigInt(shiftHours) * nsPerHour
  const keep = 2 ** (-1 / halfLife)
  const seen = Math.ceil(halfLife)
  return {
    schema,
    definition: `${schema}.volumeByHour(${halfLife},${shiftHours})`,
    // Hours that trade differ between venues; a set counts values, and this one is warm once its own hour was seen often enough.
    warmUp: seen + 1,
    slots: 24 * 3,
    update: (state, at, view, factor) => {
      const x = Math.log(1 + (view as BarView).volume / factor)
      if (!Number.isFinite(x)) return NaN
      const hour = at + 3 * Math.floor(dayFraction(view, shift) * 24)
      const [mean, variance, count] = [state[hour], state[hour + 1], state[hour + 2]]
      const deviation = x - mean
      // The value is taken before the bar enters the mean: a spike is measured against the past.
      const value = count >= seen ? (variance > 0 ? deviation / Math.sqrt(variance) : 0) : NaN
      const weight = Math.max(1 - keep, 1 / (count + 1))
      state[hour] = mean + weight * deviation
      state[hour + 1] = (1 - weight) * (variance + weight * deviation * deviation)
      state[hour + 2] = Math.min(count + 1, 1 << 20)
      return value
    },
  }
}

/** Average true range (Wilder 1978) over the close, a fraction. */
export function averageTrueRange<S extends BarSchema>(schema: S, n: number): FeatureOperator<S> {
  const smooth = wilder(n)
  return {
    schema,
    definition: `${schema}.averageTrueRange(${n})`,
    warmUp: n + 1,
    slots: smooth.slots + 2,
    update: (state, at, view, factor) => {
      const bar = view as BarView
      const [isFirst, previous] = [state[at] === 0, state[at + 1]]
      const [high, low, close] = [bar.high * factor, bar.low * factor, bar.close * factor]
      state[at] = 1
      state[at + 1] = close
      if (isFirst) return NaN
      const trueRange = Math.max(high - low, Math.abs(high - previous), Math.abs(low - previous))
      return smooth.push(state, at + 2, trueRange) / close
    },
  }
}
