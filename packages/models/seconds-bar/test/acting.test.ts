import fc from 'fast-check'
import { entry, timing } from '@gatehouse/model-seconds-bar'
import { describe, expect, test } from 'vitest'

const said = (quality: number, risk: number, direction: 1 | -1 = 1, barrier = 0.001) => ({ direction, quality, risk, barrier })

describe('entry', () => {
  test('asks for more than the cost of coming and going', () => {
    expect(entry(said(0.5, 0.3), { price: 100, costPerTurnover: 0.0001 })).toBeUndefined()
    const trade = entry(said(0.5, 0.2), { price: 100, costPerTurnover: 0.0001 })
    expect(trade!.expected).toBeCloseTo(0.0003 - 0.0002, 12)
  })

  test('places profit and stop on the right sides', () => {
    const buy = entry(said(0.6, 0.2), { price: 100, costPerTurnover: 0 })!
    const sell = entry(said(0.6, 0.2, -1), { price: 100, costPerTurnover: 0 })!
    expect([buy.side, buy.profitPrice > 100, buy.stopPrice < 100]).toEqual(['buy', true, true])
    expect([sell.side, sell.profitPrice, sell.stopPrice]).toEqual(['sell', buy.stopPrice, buy.profitPrice])
  })

  test('without costs and when a barrier is certain its size is the Kelly fraction p - q', () => {
    expect(entry(said(0.6, 0.4), { price: 1, costPerTurnover: 0, caution: 1 })!.size).toBeCloseTo(0.2, 12)
  })

  test('sizes lie between 0 and 1 and grow with quality', () => {
    const chance = fc.double({ min: 0.01, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        chance,
        chance,
        fc.double({ min: 1e-5, max: 0.05, noNaN: true }),
        fc.double({ min: 0, max: 0.001 }),
        (touch, up, barrier, cost) => {
          const options = { price: 10, costPerTurnover: cost }
          const [less, more] = [0.9 * up, up].map((p) => entry(said(touch * p, touch * (1 - p), 1, barrier), options)?.size ?? 0)
          expect(more).toBeGreaterThanOrEqual(less)
          expect(more).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  test('what is not known is no trade', () => {
    for (const unknown of [said(NaN, 0.1), said(0.9, NaN), said(0.9, 0.1, 1, NaN)])
      expect(entry(unknown, { price: 100, costPerTurnover: 0 })).toBeUndefined()
    expect(entry(said(0.9, 0.1), { price: NaN, costPerTurnover: 0 })).toBeUndefined()
  })
})

describe('timing', () => {
  test('waits while the price is expected to come closer, and only then', () => {
    expect(timing(said(0.7, 0.1, -1), 'buy')).toBe('wait')
    expect(timing(said(0.7, 0.1, 1), 'buy')).toBe('now')
    expect(timing(said(0.7, 0.1, 1), 'sell')).toBe('wait')
    expect(timing(said(0.4, 0.39, -1), 'buy')).toBe('now')
    expect(timing(said(0.7, 0.1, -1), 'buy', { patience: 0.001 })).toBe('now')
  })

  test('does not wait for what is not known', () => {
    expect(timing(said(NaN, NaN, -1), 'buy')).toBe('now')
  })
})
