import { calendarNamed, calendarNames } from '../../calendar/calendar-named.js'
import { formatDay } from '../../calendar/civil.js'
import { openTimeZone } from '../../calendar/time-zone.js'
import type { Calendar } from '../../interfaces/calendar.js'

/** Times that bars may lie in. */
export interface SessionHours {
  /** For messages: `XNYS regular hours`. */
  readonly name: string
  /** Whether a bar that starts at a time (seconds since 1970) overlaps them. */
  holds(startSeconds: number): boolean
  /** Why there is no trading at a time, where the calendar says: `XNYS was closed: Thanksgiving Day`. */
  closureAt(seconds: number): string | undefined
}

/**
 * Hours of a calendar by name; `undefined` where any time will do, or the calendar is not one we know. Time before and after what the calendar knows
 * holds: unknown is not wrong.
 */
export function sessionHours(calendar: string, hours: 'regular' | 'extended' | 'any', barSeconds: number): SessionHours | undefined {
  if (hours === 'any') return undefined
  const extended = `${calendar}-extended`
  const name = hours === 'extended' && calendarNames.includes(extended) ? extended : calendar
  if (!calendarNames.includes(name)) return undefined
  const known = calendarNamed(name)
  const zone = openTimeZone(known.timeZone)
  let opens = NaN
  let closes = NaN
  return {
    name: `${calendar} ${hours} hours`,
    holds(startSeconds) {
      const endSeconds = startSeconds + barSeconds
      // Rows come in order, so most fall into the session of the row before.
      if (endSeconds > opens && startSeconds < closes) return true
      const session = sessionAround(known, startSeconds, endSeconds)
      if (session === undefined) return false
      opens = session.opens
      closes = session.closes
      return true
    },
    closureAt(seconds) {
      const date = formatDay(Math.floor((seconds + zone.offsetSeconds(seconds)) / 86_400))
      const closure = known.closure(date)
      return closure === undefined ? undefined : `${calendar} was closed: ${closure}`
    },
  }
}

const second = 1_000_000_000n

/** The session that overlaps a span, in seconds; one without end where the calendar knows nothing. */
function sessionAround(
  calendar: Calendar,
  fromSeconds: number,
  toSeconds: number,
): { readonly opens: number; readonly closes: number } | undefined {
  const range = { from: BigInt(fromSeconds) * second, to: BigInt(toSeconds) * second }
  if (range.from < calendar.range.from) return { opens: -Infinity, closes: Number(calendar.range.from / second) }
  if (range.to > calendar.range.to) return { opens: fromSeconds, closes: Infinity }
  const [session] = calendar.sessions(range)
  return session === undefined ? undefined : { opens: Number(session.opens / second), closes: Number(session.closes / second) }
}
