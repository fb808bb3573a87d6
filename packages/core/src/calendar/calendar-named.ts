import { TradingError } from '@gatehouse/contracts'
import { type Calendar } from '../interfaces/calendar.js'
import { alwaysOpen } from './always-open.js'
import { cmes } from './cmes.js'
import { fxCalendar } from './fx-calendar.js'
import { xnys } from './xnys.js'

const makers: Readonly<Record<string, () => Calendar>> = {
  XNYS: () => xnys(),
  'XNYS-extended': () => xnys({ hours: 'extended' }),
  CMES: cmes,
  FX: fxCalendar,
  '24x7': alwaysOpen,
}

/** Names that {@link calendarNamed} knows. */
export const calendarNames: readonly string[] = Object.keys(makers)

/**
 * A calendar by the name an instrument carries. Each call makes its own: a calendar remembers where the last question fell, so
 * give every reader of time one of its own.
 * @throws {TradingError} `CALENDAR_UNKNOWN` for a name that is not known
 */
export function calendarNamed(name: string): Calendar {
  const make = makers[name]
  if (make !== undefined) return make()
  throw new TradingError(
    'CALENDAR_UNKNOWN',
    `no calendar named ${name}; known are ${calendarNames.join(', ')}, or make one with makeCalendar`,
    { name },
  )
}
