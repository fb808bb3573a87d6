import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equity, fromNano, Ledger, notionalNano, toNano, type Fill } from '@gatehouse/core'

const instrument = equity('TEST')
let execution = 0
const fill = (signed: number, price: number, fee = 0): Fill => ({
  type: 'fill',
  executionId: `x${execution++}`,
  clientOrderId: 'o',
  instrument,
  side: signed > 0 ? 'buy' : 'sell',
  quantity: Math.abs(signed),
  price,
  fee: { currency: 'USD', nano: toNano(fee) },
  at: 0n,
  liquidity: 'removed',
  account: 'a',
})
const cents = fc.integer({ min: 1, max: 5_000_000 }).map((value) => value / 100)
const fills = fc.array(
  fc.tuple(
    fc.integer({ min: -500, max: 500 }).filter((quantity) => quantity !== 0),
    cents,
    cents,
  ),
  { minLength: 1, maxLength: 40 },
)

describe('the ledger', () => {
  test('after any fills cash, position and profit reconcile to the last nano-unit', () => {
    fc.assert(
      fc.property(fills, (trades) => {
        const ledger = new Ledger('USD')
        ledger.move('USD', toNano(1_000_000))
        const holding = ledger.holding(0, 1, 'USD')
        let [cash, quantity, fees] = [toNano(1_000_000), 0, 0n]
        for (const [signed, price, fee] of trades) {
          ledger.post(holding, fill(signed, price, fee))
          cash -= BigInt(Math.round(price * 100)) * 10_000_000n * BigInt(signed) + toNano(fee)
          quantity += signed
          fees += toNano(fee)
        }
        expect(ledger.account('USD').nano).toBe(cash)
        expect(holding.quantity).toBe(quantity)
        expect(ledger.feesNano).toBe(fees)
        // What was made is what came in and what is still tied up: no unit appears or vanishes.
        expect(holding.realizedNano - holding.basisNano).toBe(cash + fees - toNano(1_000_000))
        if (quantity === 0) expect(holding.basisNano).toBe(0n)
      }),
    )
  })

  test('taking every fill back leaves the cash of the start', () => {
    fc.assert(
      fc.property(fills, (trades) => {
        const ledger = new Ledger('USD')
        const holding = ledger.holding(0, 1, 'USD')
        const posted = trades.map(([signed, price, fee]) => fill(signed, price, fee))
        for (const each of posted) ledger.post(holding, each)
        for (const each of posted.reverse()) ledger.post(holding, each, -1)
        expect([ledger.account('USD').nano, ledger.feesNano, holding.quantity]).toEqual([0n, 0n, 0])
      }),
    )
  })

  test('a split changes the quantity, not what it cost', () => {
    const ledger = new Ledger('USD')
    const holding = ledger.holding(0, 1, 'USD')
    ledger.post(holding, fill(10, 100))
    ledger.split(holding, 4)
    expect([holding.quantity, holding.averagePrice, holding.basisNano]).toEqual([40, 25, toNano(1000)])
  })
})

describe('money', () => {
  test('keeps nine decimals, large and small', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (nano) => {
        expect(toNano(fromNano(nano))).toBe(nano)
      }),
    )
  })

  test('a large notional of a decimal price is exact where float64 is not', () => {
    expect(notionalNano(123.45, 987_654_321, 1)).toBe(123_450_000_000n * 987_654_321n)
  })

  test('refuses what is no amount', () => {
    expect(() => toNano(NaN)).toThrowError(expect.objectContaining({ code: 'MONEY_INVALID' }))
    expect(() => toNano(Infinity)).toThrowError(expect.objectContaining({ code: 'MONEY_INVALID' }))
  })
})
