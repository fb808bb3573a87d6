import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { canonicalJson, documentDigest, isTradingError } from '@gatehouse/contracts'

describe('canonical JSON', () => {
  test('writes the example of RFC 8785, section 3.2.2 and 3.2.3', () => {
    const input = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as unknown
    expect(canonicalJson(input)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test('sorts members by UTF-16 code units, as the example of RFC 8785, section 3.2.3', () => {
    const input = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 }
    expect(Object.values(JSON.parse(canonicalJson(input)) as object).sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(canonicalJson(input)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}')
  })

  test.each([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['undefined', undefined],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a hole', new Array<number>(2)],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a lone surrogate', '\ud800'],
  ])('refuses %s, wherever it is', (_, value) => {
    expect(() => canonicalJson({ deep: [value] })).toThrow(/"\/deep\/0/)
  })

  test('refuses what would be too deep or, by sharing its parts, too large to write', () => {
    let deep: unknown = 1
    for (let level = 0; level < 300; level++) deep = [deep]
    expect(() => canonicalJson(deep)).toThrow(/nesting past 200/)
    let shared: unknown = 1
    for (let level = 0; level < 60; level++) shared = [shared, shared]
    expect(() => canonicalJson(shared, { maximumNodes: 10_000 })).toThrow(/so many values/)
  })

  test('gives the same text for the same value, whatever the order of its members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const reversed = JSON.parse(JSON.stringify(value), (_, item: unknown) =>
          typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).reverse()) : item,
        ) as unknown
        expect(canonicalJson(reversed)).toBe(canonicalJson(JSON.parse(JSON.stringify(value))))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 300 },
    )
  })

  test('digests are over own members only', () => {
    const inherited = Object.assign(Object.create({ passes: true }) as object, { own: 1 })
    expect(() => documentDigest(inherited)).toThrow()
    try {
      documentDigest(inherited)
    } catch (error) {
      expect(isTradingError(error, 'CANONICAL_JSON_INVALID')).toBe(true)
    }
  })
})
