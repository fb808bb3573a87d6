import { TradingError } from '@gatehouse/contracts'
import { civilOfDay, dayOfCivil, NS_PER_SECOND, weekdayOf } from './civil.js'

const SECONDS_PER_DAY = 86_400

/** Local time of a place: what to add to UTC, and back. */
export interface TimeZone {
  /** IANA name: `America/New_York`. */
  readonly name: string
  /** Seconds to add to UTC at a time given in seconds since 1970; negative west of Greenwich. */
  offsetSeconds(epochSeconds: number): number
  /**
   * The time at which local clocks show `secondsOfDay` on `day`. Shown twice (clocks go back): the first. Never shown (clocks go
   * forward): as if they had not, so one hour later by the clock.
   * @param day days since 1970-01-01, local
   * @returns ns since the Unix epoch, UTC
   */
  timeOfLocal(day: number, secondsOfDay: number): bigint
}

/** When clocks change in a year, as seconds since 1970 UTC: summer time runs from `starts` to `ends`. */
type SummerTime = (year: number, standardSeconds: number) => { readonly starts: number; readonly ends: number } | undefined

// 15 U.S.C. 260a: since 2007 second Sunday of March to first Sunday of November, 1987-2006 first of April to last of October; 02:00 local.
const unitedStates: SummerTime = (year, standard) => {
  if (year < 1987) return undefined
  const first = year >= 2007 ? nthSunday(year, 3, 2) : nthSunday(year, 4, 1)
  const last = year >= 2007 ? nthSunday(year, 11, 1) : lastSunday(year, 10)
  return { starts: first * SECONDS_PER_DAY + 7200 - standard, ends: last * SECONDS_PER_DAY + 3600 - standard }
}

// Directive 2000/84/EC, the same rule since 1996: last Sundays of March and October at 01:00 UTC.
const europe: SummerTime = (year) =>
  year < 1996 ? undefined : { starts: lastSunday(year, 3) * SECONDS_PER_DAY + 3600, ends: lastSunday(year, 10) * SECONDS_PER_DAY + 3600 }

interface ZoneRule {
  readonly standardHours: number
  readonly summer?: SummerTime | undefined
}

/** Zones of the venues that people trade, by rule: identical on every machine whatever its ICU data. Others ask `Intl`. */
const rules: Readonly<Record<string, ZoneRule>> = {
  UTC: { standardHours: 0 },
  'America/New_York': { standardHours: -5, summer: unitedStates },
  'America/Chicago': { standardHours: -6, summer: unitedStates },
  'America/Denver': { standardHours: -7, summer: unitedStates },
  'America/Los_Angeles': { standardHours: -8, summer: unitedStates },
  'Europe/London': { standardHours: 0, summer: europe },
  'Europe/Paris': { standardHours: 1, summer: europe },
  'Europe/Berlin': { standardHours: 1, summer: europe },
  'Europe/Amsterdam': { standardHours: 1, summer: europe },
  'Europe/Zurich': { standardHours: 1, summer: europe },
  'Asia/Tokyo': { standardHours: 9 },
  'Asia/Hong_Kong': { standardHours: 8 },
  'Asia/Singapore': { standardHours: 8 },
  'Asia/Shanghai': { standardHours: 8 },
}

const ruleSince = 1996

/**
 * Opens a time zone by its IANA name. US, European and Asian exchange zones follow fixed rules from 1996 on (US from 1987); everything
 * else, and earlier times, come from `Intl` and are cached.
 * @throws {TradingError} `CALENDAR_TIME_ZONE` for a name that is not known
 */
export function openTimeZone(name: string): TimeZone {
  const rule = rules[name]
  const fallback = rule?.summer === undefined && rule !== undefined ? undefined : intlOffsets(name)
  const offsetSeconds = rule === undefined ? fallback! : ruledOffsets(rule, fallback)
  return {
    name,
    offsetSeconds,
    timeOfLocal(day, secondsOfDay) {
      const wall = day * SECONDS_PER_DAY + secondsOfDay
      // The offset before any change that day decides: the earlier of two readings, and "as if they had not" in a gap.
      const before = offsetSeconds(wall - offsetSeconds(wall) - SECONDS_PER_DAY / 2)
      const early = wall - before
      return BigInt(offsetSeconds(early) === before ? early : resolveLater(wall, early, before, offsetSeconds)) * NS_PER_SECOND
    },
  }
}

function resolveLater(wall: number, early: number, before: number, offsetSeconds: (epochSeconds: number) => number): number {
  const after = offsetSeconds(early)
  const late = wall - after
  return offsetSeconds(late) === after ? late : wall - before
}

function ruledOffsets({ standardHours, summer }: ZoneRule, earlier: ((epochSeconds: number) => number) | undefined) {
  const standard = standardHours * 3600
  if (summer === undefined) return () => standard
  let yearStarts = NaN
  let yearEnds = NaN
  let change: ReturnType<SummerTime>
  return (epochSeconds: number): number => {
    if (!(epochSeconds >= yearStarts && epochSeconds < yearEnds)) {
      const { year } = civilOfDay(Math.floor(epochSeconds / SECONDS_PER_DAY))
      yearStarts = dayOfCivil(year, 1, 1) * SECONDS_PER_DAY
      yearEnds = dayOfCivil(year + 1, 1, 1) * SECONDS_PER_DAY
      change = year < ruleSince ? undefined : summer(year, standard)
    }
    if (change === undefined) return earlier!(epochSeconds)
    return epochSeconds >= change.starts && epochSeconds < change.ends ? standard + 3600 : standard
  }
}

/** Offsets from `Intl`, asked once a quarter of an hour of data and remembered (zones change on such boundaries). */
function intlOffsets(name: string): (epochSeconds: number) => number {
  let format: Intl.DateTimeFormat | undefined
  const known = new Map<number, number>()
  const ask = (epochSeconds: number): number => {
    format ??= intlFormat(name)
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(epochSeconds * 1000)) parts[type] = Number(value)
    return (
      dayOfCivil(parts.year, parts.month, parts.day) * SECONDS_PER_DAY + parts.hour * 3600 + parts.minute * 60 + parts.second - epochSeconds
    )
  }
  if (!(name in rules)) ask(0)
  return (epochSeconds) => {
    const block = Math.floor(epochSeconds / 900)
    let offset = known.get(block)
    if (offset === undefined) {
      if (known.size > 100_000) known.clear()
      offset = ask(block * 900)
      known.set(block, offset)
    }
    return offset
  }
}

function intlFormat(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (cause) {
    throw new TradingError(
      'CALENDAR_TIME_ZONE',
      `no time zone named ${name}; use an IANA name such as America/New_York`,
      { name },
      { cause },
    )
  }
}

/** The n-th Sunday of a month, as a day. */
function nthSunday(year: number, month: number, n: number): number {
  const first = dayOfCivil(year, month, 1)
  return first + ((7 - weekdayOf(first)) % 7) + (n - 1) * 7
}

function lastSunday(year: number, month: number): number {
  const last = month === 12 ? dayOfCivil(year + 1, 1, 1) - 1 : dayOfCivil(year, month + 1, 1) - 1
  return last - weekdayOf(last)
}
