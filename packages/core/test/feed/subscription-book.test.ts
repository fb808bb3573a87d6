import { equity, SubscriptionBook } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'

const [a, b, c] = ['A', 'B', 'C'].map((symbol) => equity(symbol))
const open = (lineLimit?: number) => new SubscriptionBook({ schemas: ['trades', 'ohlcv-1m'], instruments: [a, b, c], lineLimit })
const refusals = (book: SubscriptionBook) => book.takeRefusals('feed', 5n).map(({ symbols, message }) => [symbols, message])

describe('a subscription book', () => {
  test('wants everything until it is asked for something', () => {
    const book = open()
    expect(book.wants('trades', a)).toBe(true)
    book.apply([{ schema: 'trades', symbols: ['A'] }])
    expect([book.wants('trades', a), book.wants('trades', b), book.wants('ohlcv-1m', a)]).toEqual([true, false, false])
    expect([book.wantsSchema('trades'), book.wantsSchema('ohlcv-1m')]).toEqual([true, false])
  })

  test('refuses a name that was asked for before it was known what there is', () => {
    const book = new SubscriptionBook({ schemas: ['trades'] })
    book.apply([{ schema: 'trades', symbols: ['A', 'NOPE'] }])
    expect(refusals(book)).toEqual([])
    book.knowInstruments([a, b])
    expect(refusals(book)).toEqual([[['NOPE'], 'subscription to trades refused: no instrument here is called NOPE']])
    expect(book.wants('trades', a)).toBe(true)
  })

  test('takes an id for a symbol', () => {
    const book = open()
    book.apply([{ schema: 'trades', symbols: [b.id] }])
    expect(book.wants('trades', b)).toBe(true)
    expect(refusals(book)).toEqual([])
  })

  test('refuses by name past its limit of lines, and counts a line once', () => {
    const book = open(2)
    book.apply([
      { schema: 'trades', symbols: ['A', 'B'] },
      { schema: 'trades', symbols: ['A', 'C'] },
    ])
    expect(refusals(book)).toEqual([[['C'], 'subscription to trades refused: past the limit of 2 lines']])
    book.apply([{ schema: 'trades', symbols: ['A'], change: 'remove' }])
    book.apply([{ schema: 'trades', symbols: ['C'] }])
    expect([book.wants('trades', a), book.wants('trades', c)]).toEqual([false, true])
    expect(refusals(book)).toEqual([])
  })

  test('refuses a schema that it does not have, and tells each refusal once', () => {
    const book = open()
    book.apply([{ schema: 'mbo', symbols: ['A'] }])
    expect(refusals(book)).toEqual([[['A'], 'subscription to mbo refused: there is no mbo here, only trades, ohlcv-1m']])
    expect(refusals(book)).toEqual([])
  })

  test('cannot take one out of all: it says how', () => {
    const book = open()
    book.apply([
      { schema: 'trades', symbols: 'all' },
      { schema: 'trades', symbols: ['A'], change: 'remove' },
    ])
    expect(refusals(book)[0][1]).toMatch(/remove 'all', then add those you keep/)
    expect(book.wants('trades', a)).toBe(true)
  })
})
