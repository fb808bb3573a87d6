import { describe, expect, test } from 'vitest'
import {
  formatChange,
  formatDays,
  formatMoney,
  formatNumber,
  formatPercent,
  formatPrice,
  formatProbability,
} from '../../src/report/format.js'

describe('numbers for people', () => {
  test.each([
    [1234567.891, '1,234,567.89'],
    [-1234.5, '−1,234.50'],
    [-0.001, '0.00'],
    [NaN, 'n/a'],
    [Infinity, '∞'],
    [-Infinity, '−∞'],
    [1e25, '1.00e+25'],
    [999, '999.00'],
  ])('%d is %s', (value, text) => expect(formatNumber(value)).toBe(text))

  test('changes carry their sign, unless they round to nothing', () => {
    expect([0.0123, -0.0123, 0.00001, 0, NaN].map((value) => formatChange(value))).toEqual([
      '+1.23 %',
      '−1.23 %',
      '0.00 %',
      '0.00 %',
      'n/a',
    ])
  })

  test('a probability is never rounded to certainty', () => {
    expect([0.99999, 1, 0.00001, 0, 0.5, NaN].map((value) => formatProbability(value))).toEqual([
      '> 99.9 %',
      '100.0 %',
      '< 0.1 %',
      '0.0 %',
      '50.0 %',
      'n/a',
    ])
  })

  test('durations take the unit that suits them', () => {
    expect([584.2, 3.25, 0.2, 0.01, 0.00002, 0, NaN].map(formatDays)).toEqual([
      '584 d',
      '3.3 d',
      '4.8 h',
      '14.4 min',
      '1.7 s',
      '0 s',
      'n/a',
    ])
  })

  test('prices keep the decimals they need', () => {
    expect([5123.25, 167.2, 1.23456, 0.000123].map(formatPrice)).toEqual(['5,123.25', '167.20', '1.2346', '0.000123'])
  })

  test('money names its currency', () => {
    expect(formatMoney(-5, 'USD')).toBe('USD −5.00')
    expect(formatMoney(NaN, 'USD')).toBe('n/a')
    expect(formatPercent(0.5)).toBe('50.00 %')
  })
})
