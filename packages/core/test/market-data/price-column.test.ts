import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { priceAt } from '@gatehouse/core'

describe('a price', () => {
  test('of 64 bits is the one that Number makes of the bigint, and undefined is NaN', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 2n }), fc.constantFrom(1, 100, 1e9), (value, divisor) => {
        expect(priceAt(BigInt64Array.of(0n, value), 1, divisor)).toBe(Number(value) / divisor)
      }),
    )
    expect(priceAt(BigInt64Array.of(2n ** 63n - 1n), 0, 1e9)).toBeNaN()
  })
  test('of 32 bits is the integer divided, and undefined is NaN', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 - 2 ** 31, max: 2 ** 31 - 1 }), fc.constantFrom(1, 100, 10_000), (value, divisor) => {
        expect(priceAt(Int32Array.of(0, value), 1, divisor)).toBe(value / divisor)
      }),
    )
    expect(priceAt(Int32Array.of(-(2 ** 31)), 0, 100)).toBeNaN()
  })
})

test.each(['Float64Array', 'Int32Array', 'BigInt64Array'])(
  'a million prices read of a book in a %s allocate nothing',
  (kind) => {
    const program = join(import.meta.dirname, 'read-prices.ts')
    const flags = [
      '--expose-gc',
      '--min-semi-space-size=64',
      '--max-semi-space-size=64',
      '--conditions=@gatehouse/source',
      '--import',
      'tsx',
    ]
    expect(Number(execFileSync(process.execPath, [...flags, program, kind], { encoding: 'utf8' }))).toBeLessThan(0.5)
  },
  60_000,
)
