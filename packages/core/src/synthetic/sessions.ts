import { timeOfDay, dayOfTime } from '../calendar/civil.js'
import { openTimeZone } from '../calendar/time-zone.js'
import { xnys } from '../calendar/xnys.js'

/** One regular session of the synthetic venue, which keeps New York's hours. Times are whole seconds since 1970, UTC. */
export interface TradingDay {
  /** Local date, days since 1970. */
  readonly day: number
  readonly open: number
  readonly close: number
}

const second = 1_000_000_000n

/** Sessions of the local days `[fromDay, toDay)`: the calendar's, holidays and early closes with it. */
export function* tradingDays(fromDay: number, toDay: number): Generator<TradingDay> {
  const calendar = xnys()
  for (let from = fromDay; from < toDay; from += daysAtOnce) {
    const to = Math.min(toDay, from + daysAtOnce)
    // A New York day lies within its UTC day and the next.
    for (const { opens, closes } of calendar.sessions({ from: timeOfDay(from), to: timeOfDay(to) })) {
      yield { day: dayOfTime(opens), open: Number(opens / second), close: Number(closes / second) }
    }
  }
}

const daysAtOnce = 366

const newYork = openTimeZone('America/New_York')

/** Seconds since 1970 of a New York wall time. */
export function newYorkSeconds(day: number, secondsOfDay: number): number {
  return Number(newYork.timeOfLocal(day, secondsOfDay) / second)
}
