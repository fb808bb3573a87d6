import { type BarSchema, type BarView } from '@gatehouse/core'
import { splitTime } from './clock-cells.js'
import { type FeatureOperator, type Reader } from './feature.js'
import { wilder } from './transform.js'

/** Readers of bars of one schema; prices are continuous through splits. */
export function barReaders<S extends BarSchema>(
  schema: S,
): Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'logVolume' | 'range' | 'closePosition' | 'gap', Reader<S>>> {
  const reader = (definition: string, read: Reader<BarSchema>['read']): Reader<S> => ({ schema, definition, read })
  return {
    open: reader('open', (cells, bar, to, factor) => void (cells[to] = bar.open * cells[factor])),
    high: reader('high', (cells, bar, to, factor) => void (cells[to] = bar.high * cells[factor])),
    low: reader('low', (cells, bar, to, factor) => void (cells[to] = bar.low * cells[factor])),
    close: reader('close', (cells, bar, to, factor) => void (cells[to] = bar.close * cells[factor])),
    volume: reader('volume', (cells, bar, to, factor) => void (cells[to] = bar.volume / cells[factor])),
    logVolume: reader('logVolume', (cells, bar, to, factor) => void (cells[to] = Math.log(1 + bar.volume / cells[factor]))),
    /** log(high / low): a volatility of its own. */
    range: reader('range', (cells, bar, to) => void (cells[to] = Math.log(bar.high / bar.low))),
    /** Close within the bar's range, 0 to 1; 0.5 for a flat bar. */
    closePosition: reader('closePosition', (cells, bar, to) => {
      cells[to] = bar.high > bar.low ? (bar.close - bar.low) / (bar.high - bar.low) : 0.5
    }),
    /** log(close / open). */
    gap: reader('body', (cells, bar, to) => void (cells[to] = Math.log(bar.close / bar.open))),
  }
}

const secondsPerDay = 86_400

/** Puts the fraction [0, 1) of the UTC day at which a view could be known into cell `at`; the next one is scratch. A family that needs local time shifts it. */
function dayFraction(cells: Float64Array, at: number, view: { readonly availableAt: bigint }, shiftHours: number): void {
  splitTime(cells, at, view.availableAt)
  const seconds = (cells[at] + 3600 * shiftHours) % secondsPerDay
  cells[at] = ((seconds < 0 ? seconds + secondsPerDay : seconds) * 1e9 + cells[at + 1]) / (secondsPerDay * 1e9)
}

/**
 * Time of day on a circle without sines, whose last bit differs between engines: a triangle wave of period one day, -1 to 1.
 * @param phase 0 peaks at midnight, 0.25 six hours later; take both for a full circle
 */
export function timeOfDay<S extends BarSchema>(schema: S, phase: 0 | 0.25, shiftHours = 0): FeatureOperator<S> {
  return {
    schema,
    definition: `${schema}.timeOfDay(${phase},${shiftHours})`,
    warmUp: 1,
    slots: 2,
    update: (cells, at, view, to) => {
      dayFraction(cells, at, view, shiftHours)
      cells[to] = Math.abs(4 * ((cells[at] + phase) % 1) - 2) - 1
    },
  }
}

/** Day of the week, Monday 0 to Sunday 6, over 6. */
export function dayOfWeek<S extends BarSchema>(schema: S, shiftHours = 0): FeatureOperator<S> {
  return {
    schema,
    definition: `${schema}.dayOfWeek(${shiftHours})`,
    warmUp: 1,
    slots: 2,
    update: (cells, at, view, to) => {
      splitTime(cells, at, view.availableAt)
      // 1970-01-01 was a Thursday.
      cells[to] = ((Math.floor((cells[at] + 3600 * shiftHours) / secondsPerDay) + 3) % 7) / 6
    },
  }
}

/**
 * Log volume against its own hour of the day: deviations from an exponentially weighted mean of that hour, so that the open is not always "high volume".
 * @param halfLife in days of that hour
 */
export function volumeByHour<S extends BarSchema>(schema: S, halfLife: number, shiftHours = 0): FeatureOperator<S> {
  const keep = 2 ** (-1 / halfLife)
  const seen = Math.ceil(halfLife)
  return {
    schema,
    definition: `${schema}.volumeByHour(${halfLife},${shiftHours})`,
    // Hours that trade differ between venues; a set counts values, and this one is warm once its own hour was seen often enough.
    warmUp: seen + 1,
    slots: 24 * 3 + 2,
    update: (cells, at, view, to, factor) => {
      const x = Math.log(1 + (view as BarView).volume / cells[factor])
      cells[to] = NaN
      if (!Number.isFinite(x)) return
      dayFraction(cells, at + 24 * 3, view, shiftHours)
      const hour = at + 3 * Math.floor(cells[at + 24 * 3] * 24)
      const deviation = x - cells[hour]
      const variance = cells[hour + 1]
      const count = cells[hour + 2]
      // The value is taken before the bar enters the mean: a spike is measured against the past.
      if (count >= seen) cells[to] = variance > 0 ? deviation / Math.sqrt(variance) : 0
      const weight = Math.max(1 - keep, 1 / (count + 1))
      cells[hour] += weight * deviation
      cells[hour + 1] = (1 - weight) * (variance + weight * deviation * deviation)
      cells[hour + 2] = Math.min(count + 1, 1 << 20)
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
    update: (cells, at, view, to, factor) => {
      const bar = view as BarView
      const isFirst = cells[at] === 0
      const previous = cells[at + 1]
      const high = bar.high * cells[factor]
      const low = bar.low * cells[factor]
      const close = bar.close * cells[factor]
      cells[at] = 1
      cells[at + 1] = close
      cells[to] = NaN
      if (isFirst) return
      cells[to] = Math.max(high - low, Math.abs(high - previous), Math.abs(low - previous))
      smooth.push(cells, at + 2, to, to)
      cells[to] /= close
    },
  }
}
