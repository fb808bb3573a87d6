import { TradingError } from '@gatehouse/contracts'
import { civilOfDay, dayOfCivil, dayOfTime, NS_PER_SECOND, weekdayOf } from '../calendar/civil.js'
import { openTimeZone, type TimeZone } from '../calendar/time-zone.js'
import { requireSameLength } from './input.js'

/**
 * When an equity curve is read for its returns.
 * - `'as-recorded'`: every sample
 * - `'day' | 'week' | 'month' | 'quarter' | 'year'`: the last sample of each that has one (weeks run Monday to Sunday)
 * - `'calendar-day'`: the value at every midnight between the first and the last sample, weekends and holidays included (LEAN)
 */
export type EquitySampling = 'as-recorded' | 'day' | 'week' | 'month' | 'quarter' | 'year' | 'calendar-day'

/** Options of {@link sampleEquity}. */
export interface SampleOptions {
  /** Default `'day'`. */
  readonly sampling?: EquitySampling | undefined
  /** Whose midnight ends a day: an IANA name. Default `'UTC'`. */
  readonly timeZone?: string | undefined
}

/** An equity curve: `times` in ns, ascending, and one value a time. */
export interface Curve {
  readonly times: BigInt64Array
  readonly values: Float64Array
}

/**
 * Reads an equity curve at regular times. One pass; memory is bounded by the number of periods, not of samples.
 * @returns the sampled curve; a period's time is that of its last sample (of the midnight for `'calendar-day'`)
 * @throws {TradingError} `STATISTICS_INPUT` for lengths that differ or times that descend
 */
export function sampleEquity(curve: Curve, { sampling = 'day', timeZone = 'UTC' }: SampleOptions = {}): Curve {
  requireSameLength('sampleEquity', curve.times, curve.values)
  requireAscending(curve.times)
  if (sampling === 'as-recorded') return curve
  const zone = openTimeZone(timeZone)
  return sampling === 'calendar-day' ? atMidnights(curve, zone) : lastOfPeriods(curve, zone, sampling)
}

function requireAscending(times: BigInt64Array): void {
  for (let i = 1; i < times.length; i++) {
    if (times[i] >= times[i - 1]) continue
    throw new TradingError('STATISTICS_INPUT', `times must not descend; row ${i} is ${times[i]} after ${times[i - 1]}`, { row: i })
  }
}

function lastOfPeriods({ times, values }: Curve, zone: TimeZone, sampling: Exclude<EquitySampling, 'as-recorded' | 'calendar-day'>): Curve {
  const rows: number[] = []
  let ends: bigint | undefined
  for (let i = 0; i < times.length; i++) {
    // A gap in the curve is not a value to close a period with.
    if (values[i] !== values[i]) continue
    if (ends !== undefined && times[i] < ends) rows[rows.length - 1] = i
    else {
      rows.push(i)
      ends = zone.timeOfLocal(nextPeriodDay(localDay(times[i], zone), sampling), 0)
    }
  }
  return { times: BigInt64Array.from(rows, (row) => times[row]), values: Float64Array.from(rows, (row) => values[row]) }
}

function atMidnights({ times, values }: Curve, zone: TimeZone): Curve {
  const midnights: bigint[] = []
  const sampled: number[] = []
  if (times.length > 0) {
    let day = localDay(times[0], zone)
    let midnight = zone.timeOfLocal(day, 0)
    if (midnight < times[0]) midnight = zone.timeOfLocal(++day, 0)
    for (let i = 0; i < times.length; i++) {
      // The value at midnight is the last one before or at it.
      while (midnight < times[i]) {
        midnights.push(midnight)
        sampled.push(values[i - 1])
        midnight = zone.timeOfLocal(++day, 0)
      }
    }
    midnights.push(times[times.length - 1])
    sampled.push(values[values.length - 1])
  }
  return { times: BigInt64Array.from(midnights), values: Float64Array.from(sampled) }
}

/** The local date of a time, as a day since 1970-01-01. */
export function localDay(at: bigint, zone: TimeZone): number {
  if (zone.name === 'UTC') return dayOfTime(at)
  const seconds = Number(at / NS_PER_SECOND)
  return Math.floor((seconds + zone.offsetSeconds(seconds)) / 86_400)
}

function nextPeriodDay(day: number, sampling: 'day' | 'week' | 'month' | 'quarter' | 'year'): number {
  if (sampling === 'day') return day + 1
  if (sampling === 'week') return day + 7 - ((weekdayOf(day) + 6) % 7)
  const { year, month } = civilOfDay(day)
  if (sampling === 'year') return dayOfCivil(year + 1, 1, 1)
  const months = sampling === 'month' ? 1 : 3 - ((month - 1) % 3)
  return month + months > 12 ? dayOfCivil(year + 1, 1, 1) : dayOfCivil(year, month + months, 1)
}

/** Whether enough samples fall on weekends that the market trades seven days a week: more than 60 % of what is expected then. */
export function tradesOnWeekends(times: BigInt64Array, timeZone = 'UTC'): boolean {
  const zone = openTimeZone(timeZone)
  let weekend = 0
  for (const at of times) if (weekdayOf(localDay(at, zone)) % 6 === 0) weekend++
  return weekend / times.length > (2 / 7) * 0.6
}

/**
 * How many samples a year a curve has by custom: 252 (365 where weekends trade) for daily samples, 52, 12, 4, 1 for longer steps,
 * and the number that fits the observed step for shorter ones.
 * @returns 252 for fewer than two samples
 */
export function inferPeriodsPerYear(times: BigInt64Array, timeZone = 'UTC'): number {
  if (times.length < 2) return 252
  const steps = Float64Array.from({ length: times.length - 1 }, (_, i) => Number(times[i + 1] - times[i]) / 86_400e9).sort()
  const step = steps[Math.floor(steps.length / 2)]
  const days = tradesOnWeekends(times, timeZone) ? 365 : 252
  if (step > 200) return 1
  if (step > 60) return 4
  if (step > 20) return 12
  if (step > 4.5) return 52
  if (step > 0.6) return days
  const span = Number(times[times.length - 1] - times[0]) / 86_400e9
  return span > 0 ? (times.length - 1) / (span / 365.25) : days
}
