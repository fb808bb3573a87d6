import { type Calendar } from '../interfaces/calendar.js'
import { dayOfCivil } from './civil.js'
import { type LocalWindow, makeCalendar } from './rule-calendar.js'
import { byYear, closuresOf, earlyClosesOf, isWeekend } from './us-holidays.js'

const at = (hour: number, minute = 0): number => hour * 3600 + minute * 60

/** Options of {@link xnys}. */
export interface XnysOptions {
  /**
   * `'regular'` (default): 09:30 to 16:00. `'extended'`: also 04:00 to 09:30 and 16:00 to 20:00, today's hours of the electronic
   * venues for the whole span; before about 2013 they began and ended at other times, venue by venue, which is not modelled.
   */
  readonly hours?: 'regular' | 'extended' | undefined
}

/**
 * US equities: New York Stock Exchange, Nasdaq and the venues that follow them. New York time, 1998 to 2027. Days that end early end at
 * 13:00, extended hours at 17:00. Halts by circuit breakers are events of the feed, not of a calendar.
 */
export function xnys({ hours = 'regular' }: XnysOptions = {}): Calendar {
  const closures = byYear(closuresOf)
  const earlyCloses = byYear(earlyClosesOf)
  const usual = windowsUntil(at(16), hours)
  const shortened = windowsUntil(at(13), hours)
  return makeCalendar({
    name: hours === 'regular' ? 'XNYS' : 'XNYS-extended',
    timeZone: 'America/New_York',
    firstDay: dayOfCivil(1998, 1, 1),
    lastDay: dayOfCivil(2027, 12, 31),
    ruleOf(day) {
      if (isWeekend(day)) return { windows: [], closure: 'weekend' }
      const closure = closures(day).get(day)
      if (closure !== undefined) return { windows: [], closure }
      const earlyClose = earlyCloses(day).get(day)
      return { windows: earlyClose === undefined ? usual : shortened, earlyClose }
    },
  })
}

function windowsUntil(close: number, hours: 'regular' | 'extended'): readonly LocalWindow[] {
  const regular: LocalWindow = { phase: 'regular', opens: at(9, 30), closes: close }
  if (hours === 'regular') return [regular]
  return [{ phase: 'pre', opens: at(4), closes: at(9, 30) }, regular, { phase: 'post', opens: close, closes: close + at(4) }]
}
