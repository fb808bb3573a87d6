import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { formatTime, parseTime } from '@gatehouse/contracts'

describe('times in documents', () => {
  test('are RFC 3339 in UTC, with as many digits as they need', () => {
    expect(formatTime(0n)).toBe('1970-01-01T00:00:00Z')
    expect(formatTime(1_767_225_600_000_000_001n)).toBe('2026-01-01T00:00:00.000000001Z')
    expect(formatTime(1_767_225_600_120_000_000n)).toBe('2026-01-01T00:00:00.120Z')
    expect(formatTime(-1n)).toBe('1969-12-31T23:59:59.999999999Z')
  })

  test('come back to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt(-62_167_219_200_000_000_000n, 253_402_300_799_999_999_999n), (time) => parseTime(formatTime(time)) === time),
    )
  })

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00+00:00',
    '2026-01-01',
    '2026-01-01T00:00:00Z\n',
    '2026-01-01T00:00:00.0000000001Z',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseTime(text)).toThrow(/is not a UTC time/)
  })
})
