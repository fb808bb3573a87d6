import { isTradingError } from '@gatehouse/contracts'
import { calendarNamed, calendarNames } from '../calendar/calendar-named.js'
import { dayOfCivil } from '../calendar/civil.js'
import { openTimeZone } from '../calendar/time-zone.js'
import type { Calendar } from '../interfaces/calendar.js'
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
  /** Names that nobody knows: their instruments are taken to trade around the clock, which reports say. */
  readonly unknown = new Set<string>()

  constructor(given: Readonly<Record<string, Calendar>> = {}) {
    this.#given = given
  }

  #open(name: string): Cached | undefined {
    if (this.#cached.has(name)) return this.#cached.get(name)
    let calendar: Calendar | undefined = this.#given[name]
    if (calendar === undefined && name !== '24x7') {
      if (calendarNames.includes(name)) calendar = calendarNamed(name)
      else this.unknown.add(name)
    }
    const cached = calendar === undefined ? undefined : { calendar, from: 1n, session: { opensAt: 0n, closesAt: 0n } }
    this.#cached.set(name, cached)
    return cached
  }

  /** The calendar of a name; `undefined` for around the clock and for names that nobody knows. */
  named(name: string): Calendar | undefined {
    return this.#open(name)?.calendar
  }

  /** The session that holds a time or, between sessions, follows it. `undefined` around the clock and outside what the calendar knows. */
  session({ calendar: name }: Instrument, at: TimeNs): SessionTimes | undefined {
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
