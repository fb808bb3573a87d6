import { describe, expect, test } from 'vitest'
import { calendarNamed, cmes } from '../../src/calendar/index.js'

const utc = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

describe('CME Globex equity index futures', () => {
  const calendar = cmes()

  test('reopen on Christmas Day at 17:00, as the recorded ES session of 2023 did', () => {
    expect(calendar.isOpen(utc('2023-12-25T22:59:59Z'))).toBe(false)
    expect(calendar.isOpen(utc('2023-12-25T23:00:00Z'))).toBe(true)
    expect(calendar.sessionContaining(utc('2023-12-25T23:00:00Z'))!.date).toBe('2023-12-26')
    expect(calendar.closure('2023-12-25')).toBe('Christmas Day')
  })

  test('run from Sunday 17:00 to Friday 16:00 with an hour between days', () => {
    expect(calendar.nextOpen(utc('2024-06-14T21:00:00Z'))).toBe(utc('2024-06-16T22:00:00Z'))
    expect(calendar.nextClose(utc('2024-06-16T22:00:00Z'))).toBe(utc('2024-06-17T21:00:00Z'))
    expect(calendar.nextOpen(utc('2024-06-17T21:00:00Z'))).toBe(utc('2024-06-17T22:00:00Z'))
  })

  test('paused from 15:15 to 15:30 until 2021-06-25 and no longer', () => {
    expect(calendar.isOpen(utc('2021-06-25T20:20:00Z'))).toBe(false)
    expect(calendar.sessionContaining(utc('2021-06-25T20:20:00Z'))!.date).toBe('2021-06-25')
    expect(calendar.isOpen(utc('2021-06-28T20:20:00Z'))).toBe(true)
  })

  test('closed at 16:15 before 2015-09-21', () => {
    expect(calendar.session('2015-09-18')!.closes).toBe(utc('2015-09-18T21:15:00Z'))
    expect(calendar.session('2015-09-21')!.closes).toBe(utc('2015-09-21T21:00:00Z'))
  })

  test.each([
    ['2024-11-28', '2024-11-28T18:00:00Z', 'Thanksgiving Day'],
    ['2024-11-29', '2024-11-29T18:15:00Z', 'Day after Thanksgiving'],
    ['2023-04-07', '2023-04-07T13:15:00Z', 'Good Friday'],
    ['2018-12-05', '2018-12-05T14:30:00Z', 'Mourning for George H. W. Bush'],
    ['2013-05-27', '2013-05-27T15:30:00Z', 'Memorial Day'],
  ])('end early on %s', (date, closes, reason) => {
    expect(calendar.session(date)).toMatchObject({ closes: utc(closes), earlyClose: reason })
  })

  // CME's notices of the year: a halt at 12:00 Chicago and the next trade date at 17:00; closed days reopen at 17:00, too.
  test.each([
    ['2024-01-01', 'closed', '2024-01-01T23:00:00Z', 'New Year’s Day'],
    ['2024-01-15', '2024-01-15T18:00:00Z', '2024-01-15T23:00:00Z', 'Martin Luther King Jr. Day'],
    ['2024-02-19', '2024-02-19T18:00:00Z', '2024-02-19T23:00:00Z', 'Washington’s Birthday'],
    ['2024-03-29', 'closed', '2024-03-31T22:00:00Z', 'Good Friday'],
    ['2024-05-27', '2024-05-27T17:00:00Z', '2024-05-27T22:00:00Z', 'Memorial Day'],
    ['2024-06-19', '2024-06-19T17:00:00Z', '2024-06-19T22:00:00Z', 'Juneteenth'],
    ['2024-07-03', '2024-07-03T17:15:00Z', '2024-07-03T22:00:00Z', 'Day before Independence Day'],
    ['2024-07-04', '2024-07-04T17:00:00Z', '2024-07-04T22:00:00Z', 'Independence Day'],
    ['2024-09-02', '2024-09-02T17:00:00Z', '2024-09-02T22:00:00Z', 'Labor Day'],
    ['2024-11-28', '2024-11-28T18:00:00Z', '2024-11-28T23:00:00Z', 'Thanksgiving Day'],
    ['2024-11-29', '2024-11-29T18:15:00Z', '2024-12-01T23:00:00Z', 'Day after Thanksgiving'],
    ['2024-12-24', '2024-12-24T18:15:00Z', '2024-12-25T23:00:00Z', 'Christmas Eve'],
    ['2024-12-25', 'closed', '2024-12-25T23:00:00Z', 'Christmas Day'],
  ])('on %s trade until %s and again from %s: %s', (date, closes, reopens, reason) => {
    const noon = utc(`${date}T18:30:00Z`)
    if (closes === 'closed') expect(calendar.closure(date)).toBe(reason)
    else expect(calendar.session(date)).toMatchObject({ closes: utc(closes), earlyClose: reason })
    expect(calendar.isOpen(noon)).toBe(false)
    expect(calendar.nextOpen(noon)).toBe(utc(reopens))
  })

  test('are closed on Good Friday of 2024 and reopen on Sunday', () => {
    expect(calendar.closure('2024-03-29')).toBe('Good Friday')
    expect(calendar.nextOpen(utc('2024-03-28T21:00:00Z'))).toBe(utc('2024-03-31T22:00:00Z'))
  })
})

describe('a calendar by name', () => {
  test('refuses a name it does not know and lists those it does', () => {
    expect(() => calendarNamed('XLON')).toThrow(
      expect.objectContaining({ code: 'CALENDAR_UNKNOWN', message: expect.stringContaining('XNYS') as string }) as Error,
    )
  })

  test('is its own for each caller', () => {
    expect(calendarNamed('XNYS')).not.toBe(calendarNamed('XNYS'))
  })
})
