import { TradingError } from '@gatehouse/contracts'
import { type Calendar, type CalendarWarning, type Session, type SessionPhase, type SessionWindow } from '../interfaces/calendar.js'
import { type TimeNs, type TimeRange } from '../interfaces/time.js'
import { dayOfCivil, formatDay, formatTime, NS_PER_DAY } from './civil.js'
import { openTimeZone, type TimeZone } from './time-zone.js'

/** Trading within a day, in seconds from the local midnight that starts it; negative is the evening before. */
export interface LocalWindow {
  readonly phase: SessionPhase
  readonly opens: number
  readonly closes: number
}

/** What a rule says of a date: its windows, or why there are none. */
export interface DayRule {
  readonly windows: readonly LocalWindow[]
  readonly earlyClose?: string | undefined
  /** Why the market is closed; set when `windows` is empty. */
  readonly closure?: string | undefined
}

/** A market's rules. Days count from 1970-01-01, local. */
export interface CalendarRules {
  readonly name: string
  readonly timeZone: string
  readonly firstDay: number
  /** The last day known, included. */
  readonly lastDay: number
  ruleOf(day: number): DayRule
}

const WARNING_DAYS = 90n
const PHASES: readonly SessionPhase[] = ['pre', 'regular', 'post']

/** Makes a calendar from rules. All windows of the span are laid out on first use, about 40 bytes each. */
export function makeCalendar(rules: CalendarRules): Calendar {
  return new RuleCalendar(rules)
}

/** Windows of every session as columns, ascending. */
interface Layout {
  readonly opens: BigInt64Array
  readonly closes: BigInt64Array
  readonly phases: Uint8Array
  /** Local day of each window's session. */
  readonly days: Int32Array
  /** Changes from closed to open, and back; windows that touch are one stretch. The end of the span is not a close. */
  readonly openings: BigInt64Array
  readonly closings: BigInt64Array
}

class RuleCalendar implements Calendar {
  readonly name: string
  readonly timeZone: string
  readonly range: TimeRange
  readonly #rules: CalendarRules
  readonly #zone: TimeZone
  readonly #sessions = new Map<number, Session | undefined>()
  #layout: Layout | undefined
  // The stretch of constant state that the last question fell into: a window, or the gap before one.
  #from: TimeNs = 1n
  #until: TimeNs = 0n
  #phase: SessionPhase | undefined

  constructor(rules: CalendarRules) {
    this.#rules = rules
    this.#zone = openTimeZone(rules.timeZone)
    this.name = rules.name
    this.timeZone = rules.timeZone
    this.range = { from: this.#zone.timeOfLocal(rules.firstDay, 0), to: this.#zone.timeOfLocal(rules.lastDay + 1, 0) }
  }

  isOpen(at: TimeNs): boolean {
    if (at < this.#from || at >= this.#until) this.#seek(at)
    return this.#phase !== undefined
  }

  phaseAt(at: TimeNs): SessionPhase | undefined {
    if (at < this.#from || at >= this.#until) this.#seek(at)
    return this.#phase
  }

  sessionContaining(at: TimeNs): Session | undefined {
    const layout = this.#known(at)
    const row = lastRowFrom(layout.opens, at)
    if (row < 0) return undefined
    const session = this.#sessionOf(layout.days[row])
    return session !== undefined && at < session.closes ? session : undefined
  }

  nextSession(at: TimeNs): Session | undefined {
    const layout = this.#known(at)
    for (let row = lastRowFrom(layout.opens, at) + 1; row < layout.days.length; row++) {
      const session = this.#sessionOf(layout.days[row])
      if (session !== undefined && session.opens > at) return session
    }
    return undefined
  }

  previousSession(at: TimeNs): Session | undefined {
    const layout = this.#known(at)
    for (let row = lastRowFrom(layout.opens, at); row >= 0; row--) {
      const session = this.#sessionOf(layout.days[row])
      if (session !== undefined && session.closes <= at) return session
    }
    return undefined
  }

  session(date: string): Session | undefined {
    return this.#sessionOf(this.#dayOf(date))
  }

  sessions({ from, to }: TimeRange): readonly Session[] {
    const layout = this.#known(from)
    this.#known(to)
    const found: Session[] = []
    let day = NaN
    // A session that began before the range may still be running, so start one window earlier and look at its session.
    for (let row = Math.max(0, lastRowFrom(layout.opens, from)); row < layout.days.length && layout.opens[row] < to; row++) {
      if (layout.days[row] === day) continue
      day = layout.days[row]
      const session = this.#sessionOf(day)
      if (session !== undefined && session.closes > from && session.opens < to) found.push(session)
    }
    return found
  }

  nextOpen(at: TimeNs): TimeNs | undefined {
    const { openings } = this.#known(at)
    return openings[lastRowFrom(openings, at) + 1]
  }

  nextClose(at: TimeNs): TimeNs | undefined {
    const { closings } = this.#known(at)
    return closings[lastRowFrom(closings, at) + 1]
  }

  closure(date: string): string | undefined {
    const { windows, closure } = this.#rules.ruleOf(this.#dayOf(date))
    return windows.length > 0 ? undefined : (closure ?? 'closed')
  }

  warning(now: TimeNs): CalendarWarning | undefined {
    const { to } = this.range
    if (now < to - WARNING_DAYS * NS_PER_DAY) return undefined
    const daysLeft = now >= to ? 0 : Number((to - now) / NS_PER_DAY)
    const message = `calendar ${this.name} knows no session after ${formatDay(this.#rules.lastDay)}, ${daysLeft} days from now; update @gatehouse/core`
    return { calendar: this.name, endsAt: to, daysLeft, message }
  }

  #seek(at: TimeNs): void {
    const { opens, closes, phases } = this.#known(at)
    const row = lastRowFrom(opens, at)
    if (row >= 0 && at < closes[row]) {
      this.#from = opens[row]
      this.#until = closes[row]
      this.#phase = PHASES[phases[row]]
    } else {
      this.#from = row < 0 ? this.range.from : closes[row]
      this.#until = row + 1 < opens.length ? opens[row + 1] : this.range.to
      this.#phase = undefined
    }
  }

  #known(at: TimeNs): Layout {
    if (at < this.range.from || at > this.range.to) {
      throw new TradingError(
        'CALENDAR_RANGE',
        `calendar ${this.name} knows ${formatDay(this.#rules.firstDay)} to ${formatDay(this.#rules.lastDay)}, not ${formatTime(at)}`,
        { calendar: this.name, at },
      )
    }
    return (this.#layout ??= this.#layOut())
  }

  #layOut(): Layout {
    const { firstDay, lastDay } = this.#rules
    const opens: bigint[] = []
    const closes: bigint[] = []
    const phases: number[] = []
    const days: number[] = []
    for (let day = firstDay; day <= lastDay; day++) {
      for (const window of this.#rules.ruleOf(day).windows) {
        opens.push(this.#zone.timeOfLocal(day, window.opens))
        closes.push(this.#zone.timeOfLocal(day, window.closes))
        phases.push(PHASES.indexOf(window.phase))
        days.push(day)
      }
    }
    return {
      opens: BigInt64Array.from(opens),
      closes: BigInt64Array.from(closes),
      phases: Uint8Array.from(phases),
      days: Int32Array.from(days),
      openings: BigInt64Array.from(opens.filter((at, row) => row === 0 || closes[row - 1] < at)),
      closings: BigInt64Array.from(closes.filter((at, row) => at < (opens[row + 1] ?? this.range.to))),
    }
  }

  #sessionOf(day: number): Session | undefined {
    if (this.#sessions.has(day)) return this.#sessions.get(day)
    const rule = this.#rules.ruleOf(day)
    const windows: SessionWindow[] = rule.windows.map(({ phase, opens, closes }) => ({
      phase,
      opens: this.#zone.timeOfLocal(day, opens),
      closes: this.#zone.timeOfLocal(day, closes),
    }))
    const session =
      windows.length === 0
        ? undefined
        : {
            date: formatDay(day),
            opens: windows[0].opens,
            closes: windows[windows.length - 1].closes,
            windows,
            earlyClose: rule.earlyClose,
          }
    this.#sessions.set(day, session)
    return session
  }

  #dayOf(date: string): number {
    const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date)
    const day = match === null ? NaN : dayOfCivil(Number(match[1]), Number(match[2]), Number(match[3]))
    if (formatDay(day) !== date || day < this.#rules.firstDay || day > this.#rules.lastDay) {
      throw new TradingError(
        'CALENDAR_RANGE',
        `calendar ${this.name} takes dates as YYYY-MM-DD from ${formatDay(this.#rules.firstDay)} to ${formatDay(this.#rules.lastDay)}, got ${date}`,
        { calendar: this.name, date },
      )
    }
    return day
  }
}

/** The last row whose time is at or before `at`; -1 when there is none. */
function lastRowFrom(times: BigInt64Array, at: TimeNs): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle] <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}
