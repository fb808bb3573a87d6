import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { civilOfDay, dayOfCivil, dayOfTime, formatDay, formatTime, openTimeZone } from '../../src/calendar/index.js'

/** Offset by the runtime's own time zone data, an independent source. */
function intlOffset(name: string, epochSeconds: number): number {
  const text = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' }).format(epochSeconds * 1000)
  const match = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text)!
  return match[1] === undefined ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60)
}

describe('time zones by rule', () => {
  test.each([
    'America/New_York',
    'America/Chicago',
    'America/Los_Angeles',
    'Europe/London',
    'Europe/Berlin',
    'Asia/Tokyo',
    'Asia/Hong_Kong',
    'UTC',
  ])('%s agrees with the time zone database from 1996 to 2035', (name) => {
    const zone = openTimeZone(name)
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1996, 0, 2) / 1000, max: Date.UTC(2035, 0, 1) / 1000 }), (seconds) => {
        expect(zone.offsetSeconds(seconds)).toBe(intlOffset(name, seconds))
      }),
      { numRuns: 150, seed: 1 },
    )
  })

  test('agree on both sides of every change of clocks', () => {
    for (const name of ['America/New_York', 'Europe/London']) {
      const zone = openTimeZone(name)
      for (let seconds = Date.UTC(1996, 0, 1) / 1000; seconds < Date.UTC(2030, 0, 1) / 1000; seconds += 86_400) {
        if (zone.offsetSeconds(seconds) === zone.offsetSeconds(seconds + 86_400)) continue
        for (let at = seconds; at < seconds + 86_400; at += 3600) {
          expect(zone.offsetSeconds(at - 1)).toBe(intlOffset(name, at - 1))
          expect(zone.offsetSeconds(at)).toBe(intlOffset(name, at))
        }
      }
    }
  })

  test('fall back to the time zone database for other places and earlier years', () => {
    expect(openTimeZone('Asia/Kolkata').offsetSeconds(1_700_000_000)).toBe(19_800)
    expect(openTimeZone('America/New_York').offsetSeconds(Date.UTC(1975, 2, 1) / 1000)).toBe(
      intlOffset('America/New_York', Date.UTC(1975, 2, 1) / 1000),
    )
  })

  test('read a clock time that occurs twice as the first, and one that never occurs as an hour later', () => {
    const zone = openTimeZone('America/New_York')
    expect(zone.timeOfLocal(dayOfCivil(2024, 11, 3), 5400)).toBe(BigInt(Date.parse('2024-11-03T05:30:00Z')) * 1_000_000n)
    expect(zone.timeOfLocal(dayOfCivil(2024, 3, 10), 9000)).toBe(BigInt(Date.parse('2024-03-10T07:30:00Z')) * 1_000_000n)
  })

  test('refuse a name that is not a place', () => {
    expect(() => openTimeZone('Mars/Olympus')).toThrow(expect.objectContaining({ code: 'CALENDAR_TIME_ZONE' }) as Error)
  })
})

describe('civil dates', () => {
  test('agree with Date over eight centuries', () => {
    fc.assert(
      fc.property(fc.integer({ min: -150_000, max: 150_000 }), (day) => {
        const { year, month, day: dayOfMonth } = civilOfDay(day)
        expect(dayOfCivil(year, month, dayOfMonth)).toBe(day)
        expect(formatDay(day)).toBe(new Date(day * 86_400_000).toISOString().slice(0, 10))
      }),
      { seed: 2 },
    )
  })

  test('keep every nanosecond', () => {
    expect(formatTime(1_709_303_400_000_000_001n)).toBe('2024-03-01T14:30:00.000000001Z')
    expect(dayOfTime(-1n)).toBe(-1)
    expect(dayOfTime(86_400_000_000_000n)).toBe(1)
  })
})
