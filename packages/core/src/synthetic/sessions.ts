import { weekdayOf } from '../calendar/civil.js'
import { openTimeZone } from '../calendar/time-zone.js'

/** One regular session of the synthetic venue. Times are whole seconds since 1970, UTC. */
export interface Session {
  /** Local date, days since 1970. */
  readonly day: number
  readonly open: number
  readonly close: number
}

const newYork = openTimeZone('America/New_York')

/** Seconds since 1970 of a New York wall time. */
export function newYorkSeconds(day: number, secondsOfDay: number): number {
  return Number(newYork.timeOfLocal(day, secondsOfDay) / 1_000_000_000n)
}

/** Sessions of the days `[fromDay, toDay)`. */
export function* sessionsBetween(fromDay: number, toDay: number): Generator<Session> {
  for (let day = fromDay; day < toDay; day++) {
    const weekday = weekdayOf(day)
    if (weekday === 0 || weekday === 6) continue
    yield { day, open: newYorkSeconds(day, 34_200), close: newYorkSeconds(day, 57_600) }
  }
}
