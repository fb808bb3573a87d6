import { createSymbolMap, equity, future } from '@gatehouse/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const march = future('ESH4')
const june = future('ESM4')

describe('a symbol map', () => {
  test('one name means one contract at a time, and the next after the roll', () => {
    const symbols = createSymbolMap([
      { source: 'GLBX.MDP3', symbol: 'ES.c.0', instrument: march, from: 0n, to: 100n },
      { source: 'GLBX.MDP3', symbol: 'ES.c.0', instrument: june, from: 100n },
    ])
    expect(symbols.resolve('ES.c.0', 99n, 'GLBX.MDP3')).toBe(march)
    expect(symbols.resolve('ES.c.0', 100n, 'GLBX.MDP3')).toBe(june)
    expect(symbols.nameOf(march, 'GLBX.MDP3', 100n)).toBeUndefined()
  })

  test('an overlap is refused and leaves the map as it was', () => {
    const symbols = createSymbolMap([{ source: 'file', symbol: 'A', instrument: march, from: 0n, to: 100n }])
    const overlap = { source: 'file', symbol: 'A', instrument: june, from: 99n, to: 200n }
    expect(() => symbols.add(overlap)).toThrowError(expect.objectContaining({ code: 'SYMBOL_AMBIGUOUS' }) as Error)
    expect(symbols.resolve('A', 150n)).toBeUndefined()
  })

  test('sources that disagree must be named', () => {
    const symbols = createSymbolMap([
      { source: 'IBKR', symbol: 'A', instrument: march },
      { source: 'file', symbol: 'A', instrument: june },
    ])
    expect(() => symbols.resolve('A', 0n)).toThrowError(expect.objectContaining({ code: 'SYMBOL_AMBIGUOUS' }) as Error)
    expect(symbols.resolve('A', 0n, 'IBKR')).toBe(march)
  })

  test('the same id is the same object, whoever made it', () => {
    const symbols = createSymbolMap([
      { source: 'file', symbol: 'SPY', instrument: equity('SPY') },
      { source: 'IBKR', symbol: '756733', instrument: equity('SPY') },
    ])
    expect(symbols.resolve('SPY', 0n)).toBe(symbols.resolve('756733', 0n))
    expect(symbols.instruments).toHaveLength(1)
  })

  test('what was added is found in its time and at no other, however it was added', () => {
    const spans = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(spans, fc.integer({ min: -10, max: 1010 }), (bounds, at) => {
        const sorted = [...bounds].sort((a, b) => a - b)
        const aliases = sorted.slice(1).map((to, i) => ({
          source: 'x',
          symbol: 'S',
          instrument: equity(`N${i}`),
          from: BigInt(sorted[i]),
          to: BigInt(to),
        }))
        const symbols = createSymbolMap([...aliases].reverse())
        const expected = aliases.find(({ from, to }) => at >= from && at < to)?.instrument.id
        expect(symbols.resolve('S', BigInt(at), 'x')?.id).toBe(expected)
      }),
    )
  })
})

describe('instruments', () => {
  test('contracts of known roots know their size and expiry', () => {
    expect(future('ESH4')).toMatchObject({ id: 'ESH4.XCME', multiplier: 50, tickSize: 0.25, calendar: 'CMES' })
    // Third Friday of March 2024.
    expect(new Date(Number(future('ESH4').expiresAt! / 1_000_000n)).toISOString()).toBe('2024-03-15T13:30:00.000Z')
    expect(future('CLZ2025').multiplier).toBe(1000)
  })

  test.each([
    ['an empty symbol', () => equity(' ')],
    ['a tick of zero', () => equity('A', { tickSize: 0 })],
    ['a multiplier that is not a number', () => equity('A', { multiplier: NaN })],
    ['an unknown root without its size', () => future('QQQQH4')],
  ])('%s is refused', (_, make) => {
    expect(make).toThrowError(expect.objectContaining({ code: 'INSTRUMENT_INVALID' }) as Error)
  })
})
