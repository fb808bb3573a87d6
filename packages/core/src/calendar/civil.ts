/**
 * Proleptic Gregorian dates as plain numbers: a *day* counts from 1970-01-01, so that calendars, samples and reports
 * need neither `Date` nor a time zone database.
 * @see Hinnant, "chrono-Compatible Low-Level Date Algorithms"
 */

export const NS_PER_DAY = 86_400_000_000_000n
export const NS_PER_SECOND = 1_000_000_000n

/** A date. `month` and `day` count from 1. */
export interface CivilDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** Days since 1970-01-01. */
export function dayOfCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The date of a day. */
export function civilOfDay(days: number): CivilDate {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted + (shifted < 10 ? 3 : -9)
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  }
}

/** 0 for Sunday to 6 for Saturday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7
}

/** The day of a time, UTC: floor of `at` in days, exact for every time. */
export function dayOfTime(at: bigint): number {
  const day = at / NS_PER_DAY
  return Number(at < 0n && day * NS_PER_DAY !== at ? day - 1n : day)
}

/** Start of a day, UTC, in ns. */
export function timeOfDay(day: number): bigint {
  return BigInt(day) * NS_PER_DAY
}

/** `YYYY-MM-DD`. */
export function formatDay(days: number): string {
  const { year, month, day } = civilOfDay(days)
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

/** ISO 8601 in UTC with the precision that is needed: `2024-03-01`, `2024-03-01T14:30:00Z` or with nine decimals. */
export function formatTime(at: bigint): string {
  const day = dayOfTime(at)
  const within = at - timeOfDay(day)
  if (within === 0n) return formatDay(day)
  const seconds = Number(within / NS_PER_SECOND)
  const fraction = within % NS_PER_SECOND
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'))
  return `${formatDay(day)}T${clock.join(':')}${fraction === 0n ? '' : `.${String(fraction).padStart(9, '0')}`}Z`
}
