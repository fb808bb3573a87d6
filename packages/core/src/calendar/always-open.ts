import { type Calendar } from '../interfaces/calendar.js'
import { dayOfCivil } from './civil.js'
import { makeCalendar } from './rule-calendar.js'

/** Markets that never close (crypto). A session is a day, UTC; 1970 to 2099. */
export function alwaysOpen(): Calendar {
  const windows = [{ phase: 'regular', opens: 0, closes: 86_400 }] as const
  return makeCalendar({
    name: '24x7',
    timeZone: 'UTC',
    firstDay: dayOfCivil(1970, 1, 1),
    lastDay: dayOfCivil(2099, 12, 31),
    ruleOf: () => ({ windows }),
  })
}
