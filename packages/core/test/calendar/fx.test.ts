import { expect, test } from 'vitest'
import { fx, fxCalendar } from '@gatehouse/core'

const at = (time: string): bigint => BigInt(Date.parse(time)) * 1_000_000n

test('currencies trade from Sunday 17:00 to Friday 17:00 in New York, without a pause and through changes of clocks', () => {
  const calendar = fxCalendar()
  expect(fx('EUR/USD').calendar).toBe(calendar.name)
  // Winter: UTC-5. Summer: UTC-4.
  for (const [opens, closes] of [
    ['2024-01-07T22:00:00Z', '2024-01-12T22:00:00Z'],
    ['2024-07-07T21:00:00Z', '2024-07-12T21:00:00Z'],
    ['2024-03-10T21:00:00Z', '2024-03-15T21:00:00Z'],
  ]) {
    expect(calendar.isOpen(at(opens) - 1n)).toBe(false)
    expect(calendar.nextOpen(at(opens) - 1n)).toBe(at(opens))
    expect(calendar.nextClose(at(opens))).toBe(at(closes))
    for (let time = at(opens); time < at(closes); time += 1_800_000_000_000n) expect(calendar.isOpen(time)).toBe(true)
    expect(calendar.isOpen(at(closes))).toBe(false)
  }
  expect(calendar.sessionContaining(at('2024-01-08T23:00:00Z'))?.date).toBe('2024-01-09')
})
