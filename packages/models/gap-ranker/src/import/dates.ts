import { dayOfCivil } from '@gatehouse/core'
import { timeOfLocal } from '../feature/local-time.js'
import { badValue, type Place } from './table.js'

/**
 * A date as days since 1970: `2024-01-12`, `20240112` or `1/12/2024`.
 * @throws {TradingError} `GAP_FILE_VALUE` for a text that is no date of the calendar
 */
export function dayOf(text: string, place: Place): number {
  const day = readDay(text)
  if (day === undefined) throw badValue(place, text, 'a date such as 2024-01-12')
  return day
}

function readDay(text: string): number | undefined {
  const iso = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text)
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text)
  if (iso === null && american === null) return undefined
  const [year, month, date] = iso === null ? [american![3], american![1], american![2]].map(Number) : iso.slice(1).map(Number)
  const day = dayOfCivil(year, month, date)
  // A date that the calendar does not have comes back as another one.
  const back = new Date(day * 86_400_000)
  return back.getUTCFullYear() === year && back.getUTCMonth() + 1 === month && back.getUTCDate() === date ? day : undefined
}

/**
 * When something was known: a time with its zone (`2024-01-12T08:30:00-05:00`, `…Z`), or a date alone, of which nobody can say more than that it was known when
 * the day was over in New York.
 * @throws {TradingError} `GAP_FILE_VALUE` for a time without a zone, which could be hours off
 */
export function knownAt(text: string, place: Place): bigint {
  const day = readDay(text)
  if (day !== undefined) return timeOfLocal(day + 1, 0)
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})$/.exec(text)
  const milliseconds = match === null ? NaN : Date.parse(`${match[1]}T${match[2]}${zoneOf(match[4])}`)
  if (match === null || Number.isNaN(milliseconds))
    throw badValue(place, text, 'a date, or a time with its zone such as 2024-01-12T08:30:00-05:00')
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[3] ?? '.0').slice(1).padEnd(9, '0'))
}

const zoneOf = (zone: string): string => (zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`)
