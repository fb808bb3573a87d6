import { formatTime, isTradingError, TradingError } from '@gatehouse/contracts'
import { calendarNamed, calendarNames } from '../calendar/calendar-named.js'
import { dayOfCivil } from '../calendar/civil.js'
import { openTimeZone } from '../calendar/time-zone.js'
import type { Calendar, CalendarWarning } from '../interfaces/calendar.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { TimeNs } from '../interfaces/time.js'

/** A session as venues and triggers need it. */
export interface SessionTimes {
  readonly opensAt: TimeNs
  readonly closesAt: TimeNs
}

interface Cached {
  readonly calendar: Calendar
  /** The answer holds for times from here until the session's close. */
  from: TimeNs
  session: SessionTimes | undefined
}

/** The calendars of a run, by the names that instruments carry. What trades around the clock has no sessions. */
export class Calendars {
  readonly #given: Readonly<Record<string, Calendar>>
  readonly #cached = new Map<string, Cached | undefined>()

  constructor(given: Readonly<Record<string, Calendar>> = {}) {
    this.#given = given
  }

  #open(name: string): Cached | undefined {
    if (this.#cached.has(name)) return this.#cached.get(name)
    const calendar = this.#given[name] ?? (calendarNames.includes(name) ? calendarNamed(name) : undefined)
    const cached = calendar === undefined ? undefined : { calendar, from: 1n, session: { opensAt: 0n, closesAt: 0n } }
    this.#cached.set(name, cached)
    return cached
  }

  /** Every name that is known. */
  get names(): readonly string[] {
    return [...new Set([...calendarNames, ...Object.keys(this.#given)])]
  }

  /** The calendar of a name; `undefined` for names that nobody knows. */
  named(name: string): Calendar | undefined {
    return this.#open(name)?.calendar
  }

  /**
   * Refuses instruments by a calendar that nobody knows: whether their market is open could not be said.
   * @throws {TradingError} `CALENDAR_UNKNOWN` naming instrument and calendar
   */
  require(instruments: readonly Instrument[]): void {
    for (const { symbol, calendar } of instruments) {
      if (this.named(calendar) !== undefined) continue
      throw new TradingError(
        'CALENDAR_UNKNOWN',
        `${symbol} trades by the calendar ${calendar}, which is not known; known are ${this.names.join(', ')}. Pass yours as calendars: { '${calendar}': makeCalendar(…) }, or give ${symbol} the name of one that is known`,
        { symbol, calendar, known: this.names },
      )
    }
  }

  /** Why nothing can be said of an instrument's sessions at a time; `undefined` when it can. */
  problem({ symbol, calendar: name }: Instrument, at: TimeNs): string | undefined {
    const calendar = this.named(name)
    if (calendar === undefined) return `${symbol}: its calendar ${name} is not known`
    const { from, to } = calendar.range
    if (at >= from && at < to) return undefined
    return `${symbol}: its calendar ${name} knows ${formatTime(from).slice(0, 10)} to ${formatTime(to).slice(0, 10)}, not ${formatTime(at)}`
  }

  /** For how long a market was open between two times, ns; `undefined` where its calendar does not know. */
  openNs(instrument: Instrument, from: TimeNs, to: TimeNs): bigint | undefined {
    if (instrument.calendar === '24x7') return to > from ? to - from : 0n
    const calendar = this.named(instrument.calendar)
    if (calendar === undefined || from < calendar.range.from || to > calendar.range.to) return undefined
    let open = 0n
    for (const { windows } of calendar.sessions({ from, to })) {
      for (const { opens, closes } of windows) {
        const [begins, ends] = [opens > from ? opens : from, closes < to ? closes : to]
        if (ends > begins) open += ends - begins
      }
    }
    return open
  }

  /** Warnings of the calendars of some instruments whose data ends soon, each once. */
  warnings(instruments: readonly Instrument[], now: TimeNs): readonly CalendarWarning[] {
    const names = new Set(instruments.map(({ calendar }) => calendar))
    return [...names].flatMap((name) => this.named(name)?.warning(now) ?? [])
  }

  /** The session that holds a time or, between sessions, follows it. `undefined` around the clock and outside what the calendar knows. */
  session({ calendar: name }: Instrument, at: TimeNs): SessionTimes | undefined {
    if (name === '24x7') return undefined
    const cached = this.#open(name)
    if (cached === undefined) return undefined
    const { session } = cached
    if (session !== undefined && at >= cached.from && at < session.closesAt) return session
    const found = ask(cached.calendar, at)
    if (found === undefined) return undefined
    cached.session = found
    cached.from = at
    return found
  }

  /** Whether a market trades; `undefined` when its calendar is not known. */
  isOpen({ calendar: name }: Instrument, at: TimeNs): boolean | undefined {
    if (name === '24x7') return true
    const cached = this.#open(name)
    if (cached === undefined) return undefined
    try {
      return cached.calendar.isOpen(at)
    } catch (error) {
      if (isTradingError(error, 'CALENDAR_RANGE')) return undefined
      throw error
    }
  }
}

function ask(calendar: Calendar, at: TimeNs): SessionTimes | undefined {
  try {
    const session = calendar.sessionContaining(at) ?? calendar.nextSession(at)
    return session === undefined ? undefined : { opensAt: session.opens, closesAt: session.closes }
  } catch (error) {
    if (isTradingError(error, 'CALENDAR_RANGE')) return undefined
    throw error
  }
}

const localTime = /^([01]?[0-9]|2[0-3]):([0-5][0-9])$/

/**
 * When a local time of day next comes on a day that trades, after a time.
 * @returns `undefined` for a time that is none, and past the end of what the calendar knows
 */
export function nextLocalTime(calendar: Calendar, time: string, after: TimeNs): TimeNs | undefined {
  const match = localTime.exec(time)
  if (match === null) return undefined
  const zone = openTimeZone(calendar.timeZone)
  const seconds = Number(match[1]) * 3600 + Number(match[2]) * 60
  let session = calendar.sessionContaining(after) ?? calendar.previousSession(after) ?? calendar.nextSession(after)
  while (session !== undefined) {
    const [year, month, day] = session.date.split('-').map(Number)
    const at = zone.timeOfLocal(dayOfCivil(year, month, day), seconds)
    if (at > after) return at
    session = calendar.nextSession(session.opens)
  }
  return undefined
}
