import { civilOfDay, dayOfCivil, weekdayOf } from './civil.js'

/**
 * Holidays of the New York Stock Exchange as rules, and the closings that no rule foretells. Facts to 2025; from 2026 on they are what
 * the rules of the exchange say, and a day of mourning or a storm can still change them.
 * @see NYSE rule 7.2 (holidays) and the exchange's yearly calendars
 */

const SUNDAY = 0
const MONDAY = 1
const THURSDAY = 4
const SATURDAY = 6

/** Names of the days the exchange is closed in a year, by day since 1970-01-01. Weekends are not among them. */
export function closuresOf(year: number): ReadonlyMap<number, string> {
  const closures = new Map<number, string>()
  const close = (day: number, name: string): void => void closures.set(day, name)
  // A New Year's Day on Saturday is not made up for: the Friday before ends the year's accounts.
  const newYear = dayOfCivil(year, 1, 1)
  if (weekdayOf(newYear) !== SATURDAY) close(observed(newYear), 'New Year’s Day')
  close(nthWeekday(year, 1, MONDAY, 3), 'Martin Luther King Jr. Day')
  close(nthWeekday(year, 2, MONDAY, 3), 'Washington’s Birthday')
  close(easterOf(year) - 2, 'Good Friday')
  close(lastMonday(year, 5), 'Memorial Day')
  if (year >= 2022) close(observed(dayOfCivil(year, 6, 19)), 'Juneteenth')
  close(observed(dayOfCivil(year, 7, 4)), 'Independence Day')
  close(nthWeekday(year, 9, MONDAY, 1), 'Labor Day')
  close(thanksgivingOf(year), 'Thanksgiving Day')
  close(observed(dayOfCivil(year, 12, 25)), 'Christmas Day')
  for (const [date, name] of unforeseen) {
    const day = dayOfCivil(...date)
    if (civilOfDay(day).year === year) close(day, name)
  }
  return closures
}

const unforeseen: readonly (readonly [readonly [number, number, number], string])[] = [
  [[2001, 9, 11], 'Attacks of 11 September'],
  [[2001, 9, 12], 'Attacks of 11 September'],
  [[2001, 9, 13], 'Attacks of 11 September'],
  [[2001, 9, 14], 'Attacks of 11 September'],
  [[2004, 6, 11], 'Mourning for Ronald Reagan'],
  [[2007, 1, 2], 'Mourning for Gerald Ford'],
  [[2012, 10, 29], 'Hurricane Sandy'],
  [[2012, 10, 30], 'Hurricane Sandy'],
  [[2018, 12, 5], 'Mourning for George H. W. Bush'],
  [[2025, 1, 9], 'Mourning for Jimmy Carter'],
]

/** Names of the days that end at 13:00 in a year, by day since 1970-01-01. */
export function earlyClosesOf(year: number): ReadonlyMap<number, string> {
  const early = new Map<number, string>()
  early.set(thanksgivingOf(year) + 1, 'Day after Thanksgiving')
  const eve = dayOfCivil(year, 12, 24)
  if (weekdayOf(eve) >= MONDAY && weekdayOf(eve) <= THURSDAY) early.set(eve, 'Christmas Eve')
  const third = dayOfCivil(year, 7, 3)
  const weekday = weekdayOf(third)
  // Until 2012 a Thursday holiday shortened the Friday after it; since 2013 the Wednesday before.
  if (weekday === 3 && year < 2013) early.set(third + 2, 'Day after Independence Day')
  else if (weekday >= MONDAY && weekday <= THURSDAY) early.set(third, 'Day before Independence Day')
  if (year === 1999) early.set(dayOfCivil(1999, 12, 31), 'Turn of the millennium')
  if (year === 2003) early.set(dayOfCivil(2003, 12, 26), 'Day after Christmas')
  return early
}

/** Whether a day is a Saturday or Sunday. */
export function isWeekend(day: number): boolean {
  return weekdayOf(day) % 6 === 0
}

/** Reads per-year maps once a year. */
export function byYear<T>(of: (year: number) => T): (day: number) => T {
  const known = new Map<number, T>()
  return (day) => {
    const { year } = civilOfDay(day)
    let value = known.get(year)
    if (value === undefined) {
      value = of(year)
      known.set(year, value)
    }
    return value
  }
}

function thanksgivingOf(year: number): number {
  return nthWeekday(year, 11, THURSDAY, 4)
}

/** Saturday moves to the Friday before, Sunday to the Monday after. */
function observed(day: number): number {
  return weekdayOf(day) === SATURDAY ? day - 1 : weekdayOf(day) === SUNDAY ? day + 1 : day
}

function nthWeekday(year: number, month: number, weekday: number, n: number): number {
  const first = dayOfCivil(year, month, 1)
  return first + ((weekday - weekdayOf(first) + 7) % 7) + (n - 1) * 7
}

function lastMonday(year: number, month: number): number {
  const last = dayOfCivil(year, month + 1, 1) - 1
  return last - ((weekdayOf(last) - MONDAY + 7) % 7)
}

/** Easter Sunday of the Gregorian calendar. @see Meeus (1991), "Astronomical Algorithms", chapter 8 */
export function easterOf(year: number): number {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const d = Math.floor(b / 4)
  const e = b % 4
  const f = Math.floor((b + 8) / 25)
  const g = Math.floor((b - f + 1) / 3)
  const h = (19 * a + b - d - g + 15) % 30
  const i = Math.floor(c / 4)
  const k = c % 4
  const l = (32 + 2 * e + 2 * i - h - k) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const month = Math.floor((h + l - 7 * m + 114) / 31)
  return dayOfCivil(year, month, ((h + l - 7 * m + 114) % 31) + 1)
}
