import { describe, expect, test } from 'vitest'
import {
  dailyLossLimit,
  drawdownLimit,
  freshData,
  grossExposureLimit,
  orderNotionalLimit,
  orderRateLimit,
  positionLimit,
  priceCollar,
  sessionOnly,
  type Context,
  type RiskLimit,
  equity,
} from '@gatehouse/core'
import { testStrategy } from '@gatehouse/core/testing'

/** A bench at a price of 100, and a hand to trade with. */
function desk(...risk: RiskLimit[]): ReturnType<typeof testStrategy> & { readonly hand: Context } {
  const bench = testStrategy(() => ({ name: 'hand' }), { risk, broker: { cash: 100_000, margin: 'unlimited' } })
  bench.bar(100)
  return Object.assign(bench, { hand: bench.context })
}
const ruleOf = (result: { readonly approved: boolean; readonly rule?: string }): string | undefined =>
  result.approved ? undefined : result.rule

describe('limits', () => {
  test('a position counts what works, and lets exits pass', () => {
    const { hand, instrument, bar } = desk(positionLimit(10))
    expect(ruleOf(hand.orders.buy(instrument, 8))).toBeUndefined()
    expect(ruleOf(hand.orders.buy(instrument, 3))).toBe('max-position')
    bar(100)
    expect(ruleOf(hand.orders.sell(instrument, 8))).toBeUndefined()
  })
  test('an instrument without a limit of its own is refused: missing is not unlimited', () => {
    const { hand, instrument } = desk(positionLimit({ OTHER: 5 }))
    expect(hand.orders.buy(instrument, 1)).toMatchObject({ approved: false, rule: 'max-position', limit: undefined })
  })
  test('the notional of an order, with what was observed and the limit', () => {
    const { hand, instrument } = desk(orderNotionalLimit(1000))
    expect(hand.orders.buy(instrument, 11)).toMatchObject({ rule: 'max-order-notional', observed: 1100, limit: 1000 })
  })
  test('gross exposure', () => {
    const { hand, instrument, bar } = desk(grossExposureLimit(1000))
    expect(ruleOf(hand.orders.sell(instrument, 10))).toBeUndefined()
    bar(100)
    expect(ruleOf(hand.orders.sell(instrument, 1))).toBe('max-gross-exposure')
    expect(ruleOf(hand.orders.buy(instrument, 10))).toBeUndefined()
  })
  test('the rate of orders', () => {
    const { hand, instrument, wait } = desk(orderRateLimit({ orders: 2, perNs: 1_000_000_000n }))
    hand.orders.buy(instrument, 1)
    hand.orders.buy(instrument, 1)
    expect(ruleOf(hand.orders.buy(instrument, 1))).toBe('max-order-rate')
    wait(2_000_000_000n)
    expect(ruleOf(hand.orders.buy(instrument, 1))).toBeUndefined()
  })
  test('a fat finger', () => {
    const { hand, instrument } = desk(priceCollar(0.05))
    expect(ruleOf(hand.orders.buy(instrument, 1, { type: 'limit', limitPrice: 106 }))).toBe('price-collar')
    expect(ruleOf(hand.orders.buy(instrument, 1, { type: 'limit', limitPrice: 90 }))).toBeUndefined()
  })
  test('stale data, and data that never came', () => {
    const { hand, instrument, wait } = desk(freshData(60_000_000_000n))
    expect(ruleOf(hand.orders.buy(instrument, 1))).toBeUndefined()
    wait(61_000_000_000n)
    expect(ruleOf(hand.orders.buy(instrument, 1))).toBe('fresh-data')
    expect(ruleOf(hand.orders.buy(equity('NEVER', { calendar: '24x7' }), 1))).toBe('fresh-data')
  })
  test('a loss of the day and a drawdown stop entries, not exits', () => {
    for (const limit of [dailyLossLimit(500), drawdownLimit(0.005)]) {
      const { hand, instrument, bar } = desk(limit)
      hand.orders.buy(instrument, 100)
      bar(100)
      bar(94)
      bar(94)
      expect(ruleOf(hand.orders.buy(instrument, 1))).toBe(limit.name)
      expect(ruleOf(hand.orders.sell(instrument, 100))).toBeUndefined()
    }
  })
  test('a market whose calendar is not known is not taken to be open', () => {
    const unknown = equity('ODD', { calendar: 'NOWHERE' })
    const { hand, bar } = desk(sessionOnly())
    bar({ close: 10, instrument: unknown })
    expect(hand.orders.buy(unknown, 1)).toMatchObject({ rule: 'calendar', observed: 'NOWHERE' })
  })
})
