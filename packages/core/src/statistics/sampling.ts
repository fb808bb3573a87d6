import { TradingError } from '@gatehouse/contracts'
import { civilOfDay, dayOfCivil, dayOfTime, NS_PER_SECOND, weekdayOf } from '../calendar/civil.js'
import { openTimeZone, type TimeZone } from '../calendar/time-zone.js'
import { requireSameLength } from './input.js'
import { firstDescent, secondsOf, secondsReader } from './time-columns.js'

/**
 * When an equity curve is read for its returns.
 * - `'as-recorded'`: every sample
 * - `'second' | 'minute' | 'hour'`: the last sample of each that has one, UTC
 * - `'day' | 'week' | 'month' | 'quarter' | 'year'`: the same by local date (weeks run Monday to Sunday)
 * - `'calendar-day'`: the value at every midnight between the first and the last sample, weekends and holidays included (LEAN)
 * - `'auto'`: `'day'`, or the first of `'hour'`, `'minute'`, `'second'` that gives at least 20 returns where days do not
 */
export type EquitySampling =
  'auto' | 'as-recorded' | 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year' | 'calendar-day'

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
  const zone = openTimeZone(timeZone)
  switch (sampling) {
    case 'as-recorded':
      return curve
    case 'calendar-day':
      return atMidnights(curve, zone)
    case 'second':
    case 'minute':
    case 'hour':
      return lastOfSteps(curve, SECONDS[sampling])
    case 'auto':
      return lastOfPeriods(curve, zone, chooseSampling(curve, zone))
    default:
      return lastOfPeriods(curve, zone, sampling)
  }
}

const SECONDS = { second: 1, minute: 60, hour: 3600 } as const
const FEWEST_RETURNS = 20

type Step = keyof typeof SECONDS
type Period = 'day' | 'week' | 'month' | 'quarter' | 'year'

/** What `'auto'` means for a curve. */
function chooseSampling(curve: Curve, zone: TimeZone): Step | 'day' {
  const candidates = ['day', 'hour', 'minute', 'second'] as const
  return candidates.find((sampling) => lastOfPeriods(curve, zone, sampling).times.length > FEWEST_RETURNS) ?? 'day'
}

function lastOfSteps({ times, values }: Curve, seconds: number): Curve {
  const secondsAt = secondsReader(times)
  const rows: number[] = []
  let ends = -Infinity
  for (let i = 0; i < times.length; i++) {
    if (values[i] !== values[i]) continue
    const at = secondsAt(i)
    if (at < ends) rows[rows.length - 1] = i
    else {
      rows.push(i)
      ends = (Math.floor(at / seconds) + 1) * seconds
    }
  }
  return pick(times, values, rows)
}

function requireAscending(times: BigInt64Array): void {
  const row = firstDescent(times)
  if (row === -1) return
  throw new TradingError('STATISTICS_INPUT', `times must not descend; row ${row} is ${times[row]} after ${times[row - 1]}`, { row })
}

function lastOfPeriods({ times, values }: Curve, zone: TimeZone, sampling: Step | Period): Curve {
  if (sampling === 'second' || sampling === 'minute' || sampling === 'hour') return lastOfSteps({ times, values }, SECONDS[sampling])
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
  return pick(times, values, rows)
}

function pick(times: BigInt64Array, values: Float64Array, rows: readonly number[]): Curve {
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

function nextPeriodDay(day: number, sampling: Period): number {
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
 * How many samples a year a curve has by custom: 252 (365 where weekends trade) for daily samples, 52, 12, 4, 1 for longer steps, and for
 * shorter ones the samples of an average day that has any, times those days.
 * @returns 252 for fewer than two samples
 */
export function inferPeriodsPerYear(times: BigInt64Array, timeZone = 'UTC'): number {
  if (times.length < 2) return 252
  const at = secondsOf(times)
  const steps = Float64Array.from({ length: at.length - 1 }, (_, i) => (at[i + 1] - at[i]) / 86_400).sort()
  const step = steps[Math.floor(steps.length / 2)]
  const days = tradesOnWeekends(times, timeZone) ? 365 : 252
  if (step > 200) return 1
  if (step > 60) return 4
  if (step > 20) return 12
  if (step > 4.5) return 52
  if (step > 0.6) return days
  const activeDays = sampleEquity({ times, values: at }, { sampling: 'day', timeZone }).times.length
  return (times.length / activeDays) * days
}
