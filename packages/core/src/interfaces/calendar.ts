import { type TimeNs, type TimeRange } from './time.js'

/** Part of a trading day: before, in or after regular hours. */
export type SessionPhase = 'pre' | 'regular' | 'post'

/** An uninterrupted stretch of trading: open at `opens`, closed at `closes`. */
export interface SessionWindow {
  readonly phase: SessionPhase
  readonly opens: TimeNs
  readonly closes: TimeNs
}

/** One trading day. It may begin the evening before. */
export interface Session {
  /** The date it is named after, local: `2024-11-29`. */
  readonly date: string
  /** Start of the first window. */
  readonly opens: TimeNs
  /** End of the last window. */
  readonly closes: TimeNs
  /** Ascending, never overlapping; a pause within the day lies between two windows. */
  readonly windows: readonly SessionWindow[]
  /** Why it ends before the usual time: `Day after Thanksgiving`; `undefined` on an ordinary day. */
  readonly earlyClose: string | undefined
}

/** Said from 90 days before the calendar's data ends: later days would be unknown, not open. */
export interface CalendarWarning {
  readonly calendar: string
  readonly endsAt: TimeNs
  readonly daysLeft: number
  readonly message: string
}

/**
 * When a market trades. Times are half-open: open at the opening, closed at the close.
 * Every question outside `range` throws `CALENDAR_RANGE`: unknown is neither open nor closed.
 */
export interface Calendar {
  /** `XNYS`, `XNYS-extended`, `CMES`, `24x7`. */
  readonly name: string
  /** IANA name of the market's local time. */
  readonly timeZone: string
  /** The span that is known. */
  readonly range: TimeRange
  /** Whether the market trades. Amortised constant time and no allocation for times that move on; a look-up for any other. */
  isOpen(at: TimeNs): boolean
  /** Which part of the day it is; `undefined` while closed. */
  phaseAt(at: TimeNs): SessionPhase | undefined
  /** The session that has begun and not ended, pauses included; `undefined` between sessions. */
  sessionContaining(at: TimeNs): Session | undefined
  /** The first session that opens after `at`; `undefined` past the last one known. */
  nextSession(at: TimeNs): Session | undefined
  /** The last session that closed at or before `at`; `undefined` before the first one known. */
  previousSession(at: TimeNs): Session | undefined
  /** The session of a local date, `YYYY-MM-DD`; `undefined` when the market is closed that day. */
  session(date: string): Session | undefined
  /** Sessions that overlap a range, ascending. */
  sessions(range: TimeRange): readonly Session[]
  /** When trading next starts, after `at`: the next change from closed to open. `undefined` past the last session known. */
  nextOpen(at: TimeNs): TimeNs | undefined
  /** When trading next stops, after `at`: the next change from open to closed. `undefined` past the last session known. */
  nextClose(at: TimeNs): TimeNs | undefined
  /** Why the market is closed on a local date: `Thanksgiving Day`, `weekend`; `undefined` when it trades. */
  closure(date: string): string | undefined
  /** A warning from 90 days before the data ends; `undefined` before that. */
  warning(now: TimeNs): CalendarWarning | undefined
}
