import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Calendar } from '../../src/interfaces/calendar.js'
import { calendarNamed, dayOfCivil, formatDay, weekdayOf, xnys } from '../../src/calendar/index.js'
import { readCsv, sharedFile } from '../statistics/published/shared.js'

const newYork = (date: string, clock: string, offsetHours: number): bigint =>
  BigInt(Date.parse(`${date}T${clock}Z`) + offsetHours * 3_600_000) * 1_000_000n

const days = sharedFile('data/calendar/nyse_1998_2027.csv')

describe.skipIf(days === undefined)('XNYS against the exchange calendar of 1998 to 2027', () => {
  const listed = new Map((days === undefined ? [] : readCsv(days)).map((row) => [row.date, row.kind]))
  const calendar = xnys()
  const weekdays = Array.from({ length: dayOfCivil(2027, 12, 31) - dayOfCivil(1998, 1, 1) + 1 }, (_, i) => dayOfCivil(1998, 1, 1) + i)
    .filter((day) => weekdayOf(day) % 6 !== 0)
    .map(formatDay)

  test('is closed on the listed weekdays and on no other', () => {
    expect(weekdays.filter((date) => calendar.session(date) === undefined)).toEqual(
      [...listed.keys()].filter((date) => listed.get(date) === 'closed'),
    )
  })

  test('ends at 13:00 on the listed days and on no other', () => {
    const early = weekdays.filter((date) => calendar.session(date)?.earlyClose !== undefined)
    expect(early).toEqual([...listed.keys()].filter((date) => listed.get(date) === 'early_close'))
    for (const date of early) {
      const { opens, closes } = calendar.session(date)!
      expect(closes - opens).toBe(3_600_000_000_000n * 3n + 1_800_000_000_000n)
    }
  })

  test('names the reason of every closure', () => {
    for (const [date, kind] of listed) if (kind === 'closed') expect(calendar.closure(date)).not.toBe('closed')
    expect(calendar.closure('2001-09-11')).toBe('Attacks of 11 September')
    expect(calendar.closure('2024-11-28')).toBe('Thanksgiving Day')
  })
})

describe('XNYS', () => {
  test('follows daylight saving time', () => {
    const calendar = xnys()
    expect(calendar.session('2024-03-08')!.opens).toBe(newYork('2024-03-08', '09:30:00', 5))
    expect(calendar.session('2024-03-11')!.opens).toBe(newYork('2024-03-11', '09:30:00', 4))
    expect(calendar.session('2024-11-01')!.closes).toBe(newYork('2024-11-01', '16:00:00', 4))
    expect(calendar.session('2024-11-04')!.closes).toBe(newYork('2024-11-04', '16:00:00', 5))
    // The rule of 1987-2006: last Sunday of October, first of April.
    expect(calendar.session('2006-10-30')!.opens).toBe(newYork('2006-10-30', '09:30:00', 5))
    expect(calendar.session('2006-10-27')!.opens).toBe(newYork('2006-10-27', '09:30:00', 4))
    expect(calendar.session('2006-04-03')!.opens).toBe(newYork('2006-04-03', '09:30:00', 4))
  })

  test('is open from the opening to the nanosecond before the close', () => {
    const calendar = xnys()
    const { opens, closes } = calendar.session('2024-07-03')!
    expect([opens - 1n, opens, closes - 1n, closes].map((at) => calendar.isOpen(at))).toEqual([false, true, true, false])
    expect(closes).toBe(newYork('2024-07-03', '13:00:00', 4))
  })

  test('has a pre-market and a post-market that touch regular hours in extended hours', () => {
    const calendar = xnys({ hours: 'extended' })
    const { windows, opens, closes } = calendar.session('2024-11-29')!
    expect(windows.map(({ phase }) => phase)).toEqual(['pre', 'regular', 'post'])
    expect(opens).toBe(newYork('2024-11-29', '04:00:00', 5))
    expect(closes).toBe(newYork('2024-11-29', '17:00:00', 5))
    expect(calendar.phaseAt(newYork('2024-11-29', '13:00:00', 5))).toBe('post')
    expect(calendar.nextClose(opens)).toBe(closes)
    expect(calendar.nextOpen(opens)).toBe(newYork('2024-12-02', '04:00:00', 5))
  })

  test('finds its way over a long weekend', () => {
    const calendar = xnys()
    const saturday = newYork('2024-07-06', '12:00:00', 4)
    expect(calendar.sessionContaining(saturday)).toBeUndefined()
    expect(calendar.previousSession(saturday)!.date).toBe('2024-07-05')
    expect(calendar.nextSession(saturday)!.date).toBe('2024-07-08')
    expect(calendar.nextSession(newYork('2012-10-26', '17:00:00', 4))!.date).toBe('2012-10-31')
    expect(
      calendar.sessions({ from: newYork('2024-07-03', '00:00:00', 4), to: newYork('2024-07-09', '00:00:00', 4) }).map(({ date }) => date),
    ).toEqual(['2024-07-03', '2024-07-05', '2024-07-08'])
  })

  test('warns from 90 days before its data ends', () => {
    const calendar = xnys()
    const end = calendar.range.to
    const days_ = (count: number): bigint => BigInt(count) * 86_400_000_000_000n
    expect(calendar.warning(end - days_(91))).toBeUndefined()
    expect(calendar.warning(end - days_(90))).toMatchObject({ calendar: 'XNYS', daysLeft: 90 })
    expect(calendar.warning(end + days_(3))).toMatchObject({ daysLeft: 0 })
  })

  test('refuses times and dates that it does not know', () => {
    const calendar = xnys()
    for (const ask of [
      () => calendar.isOpen(0n),
      () => calendar.isOpen(newYork('2028-01-03', '12:00:00', 5)),
      () => calendar.nextOpen(newYork('2031-01-03', '12:00:00', 5)),
      () => calendar.session('1997-12-31'),
      () => calendar.session('2024-02-30'),
      () => calendar.session('yesterday'),
    ]) {
      expect(ask).toThrow(expect.objectContaining({ code: 'CALENDAR_RANGE' }) as Error)
    }
  })
})

describe.each(['XNYS', 'XNYS-extended', 'CMES', '24x7'])('%s', (name) => {
  const calendar = calendarNamed(name)
  const from = 1_356_998_400_000_000_000n
  const to = 1_798_761_600_000_000_000n
  const time = fc.bigInt({ min: from, max: to })
  const openBySearch = (fresh: Calendar, at: bigint): boolean => {
    const session = fresh.sessionContaining(at)
    return session !== undefined && session.windows.some(({ opens, closes }) => at >= opens && at < closes)
  }

  test('answers isOpen as its sessions say, in whatever order it is asked', () => {
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 20 }), (times) => {
        for (const at of times) expect(calendar.isOpen(at)).toBe(openBySearch(calendar, at))
      }),
      { numRuns: 200, seed: 3 },
    )
  })

  test('changes state at nextOpen and nextClose and not before', () => {
    fc.assert(
      fc.property(time, (at) => {
        const opens = calendar.nextOpen(at)
        const closes = calendar.nextClose(at)
        if (opens !== undefined) {
          expect(opens > at && calendar.isOpen(opens)).toBe(true)
          expect(calendar.isOpen(opens - 1n)).toBe(false)
        }
        if (closes !== undefined) {
          expect(closes > at).toBe(true)
          expect(calendar.isOpen(closes - 1n)).toBe(true)
          expect(closes < calendar.range.to && calendar.isOpen(closes)).toBe(false)
        }
        if (calendar.isOpen(at)) expect((closes ?? calendar.range.to) <= (opens ?? calendar.range.to)).toBe(true)
      }),
      { numRuns: 200, seed: 4 },
    )
  })

  test('orders sessions without overlap', () => {
    const sessions = calendar.sessions({ from, to: from + 400n * 86_400_000_000_000n })
    for (let i = 1; i < sessions.length; i++) expect(sessions[i].opens >= sessions[i - 1].closes).toBe(true)
    expect(sessions.length).toBeGreaterThan(240)
  })
})
