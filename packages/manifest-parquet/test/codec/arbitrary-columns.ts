import fc from 'fast-check'
import type { ColumnSpec, ColumnValues } from '@gatehouse/manifest-parquet'

/** Shapes that push every encoder: constants, runs, few values, walks, extremes, noise. */
const ints = (min: number, max: number) =>
  fc.oneof(
    fc.array(fc.integer({ min, max }), { maxLength: 700 }),
    fc.array(fc.constantFrom(min, max, 0, -1, 1), { maxLength: 700 }),
    fc
      .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 700 }))
      .map(([value, count]) => new Array<number>(count).fill(value)),
    fc.array(fc.integer({ min: -3, max: 9 }), { maxLength: 700 }).map((steps) => {
      let at = 100
      return steps.map((step) => (at += step))
    }),
    fc
      .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 40 })), { maxLength: 40 })
      .map((runs) => runs.flatMap(([value, count]) => new Array<number>(count).fill(value))),
  )

const bigs = fc.oneof(
  ints(-2147483648, 2147483647).map((values) => values.map(BigInt)),
  fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 400 }),
  fc.array(fc.bigInt({ min: 0n, max: 2n ** 51n }), { maxLength: 400 }).map((steps) => {
    let at = 1_700_000_000_000_000_000n
    return steps.map((step) => BigInt.asIntN(64, (at += step)))
  }),
  fc.array(fc.constantFrom(-1n, 0n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 52n, -(2n ** 53n)), { maxLength: 400 }),
)

const doubles = fc.oneof(
  fc.array(fc.double(), { maxLength: 500 }),
  ints(0, 50).map((ticks) => ticks.map((tick) => tick / 100)),
  fc.array(fc.constantFrom(NaN, -0, 0, Infinity, -Infinity, 1.5), { maxLength: 500 }),
)

const texts = fc
  .tuple(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 60 }), fc.array(fc.nat(), { maxLength: 600 }))
  .map(([dictionary, codes]) => ({
    dictionary,
    codes: Int32Array.from(codes, (code) => code % dictionary.length),
  }))

/** Few strings in runs of every length: strings are always dictionary encoded, so this is what reaches every turn of the run-length hybrid. */
const runs = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.array(fc.tuple(fc.nat({ max: 299 }), fc.integer({ min: 1, max: 30 })), { maxLength: 90 }))
  .map(([size, stretches]) => ({
    dictionary: Array.from({ length: size }, (_, i) => `s${i}`),
    codes: Int32Array.from(stretches.flatMap(([code, length]) => new Array<number>(length).fill(code % size))),
  }))

export const column: fc.Arbitrary<{ type: ColumnSpec['type']; values: ColumnValues }> = fc.oneof(
  ints(-2147483648, 2147483647).map((values) => ({ type: 'INT32' as const, values: Int32Array.from(values) })),
  bigs.map((values) => ({ type: 'INT64' as const, values: BigInt64Array.from(values) })),
  doubles.map((values) => ({ type: 'DOUBLE' as const, values: Float64Array.from(values) })),
  doubles.map((values) => ({ type: 'FLOAT' as const, values: Float32Array.from(values) })),
  texts.map((values) => ({ type: 'TEXT' as const, values })),
  runs.map((values) => ({ type: 'TEXT' as const, values })),
)

/** Bytes of a column, so that NaN payloads and negative zeros are compared too. */
export function bitsOf(values: ColumnValues): unknown {
  if ('codes' in values) return Array.from(values.codes, (code) => values.dictionary[code])
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex')
}
