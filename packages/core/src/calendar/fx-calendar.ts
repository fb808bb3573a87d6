import { type Calendar } from '../interfaces/calendar.js'
import { dayOfCivil } from './civil.js'
import { makeCalendar } from './rule-calendar.js'
import { isWeekend } from './us-holidays.js'

/**
 * Currencies between banks: from Sunday 17:00 to Friday 17:00 in New York without a pause. A session runs from 17:00 of the day before to 17:00, and is named
 * after the day it ends on, as value dates are. 1990 to 2099.
 *
 * There is no exchange and so no holiday: around Christmas and New Year quotes thin out or stop, venue by venue, which is for the data to say.
 */
export function fxCalendar(): Calendar {
  const windows = [{ phase: 'regular', opens: -7 * 3600, closes: 17 * 3600 }] as const
  return makeCalendar({
    name: 'FX',
    timeZone: 'America/New_York',
    firstDay: dayOfCivil(1990, 1, 1),
    lastDay: dayOfCivil(2099, 12, 31),
    ruleOf: (day) => (isWeekend(day) ? { windows: [], closure: 'weekend' } : { windows }),
  })
}
