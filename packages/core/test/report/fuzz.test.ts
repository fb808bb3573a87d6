import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createReport, type RunRecord } from '../../src/report/index.js'
import { conventions } from '../../src/statistics/index.js'

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e9, noNaN: true }) },
  { weight: 6, arbitrary: fc.double({ min: 900, max: 1100, noNaN: true }) },
  fc.constantFrom(0, NaN, Infinity, -Infinity, 1e-300, 1e300),
)
const step = fc.constantFrom(0n, 1n, 1_000_000_000n, 60_000_000_000n, 86_400_000_000_000n, 2_600_000_000_000_000n)

const column = (length: number) => fc.array(value, { minLength: length, maxLength: length }).map((values) => Float64Array.from(values))
const finite = (length: number) => column(length).map((values) => values.map((number) => (Number.isFinite(number) ? number : 7)))
const times = (length: number) =>
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2_000_000_000_000_000_000n }), fc.array(step, { minLength: length, maxLength: length }))
    .map(([start, steps]) => {
      let at = start
      return BigInt64Array.from(steps, (length_) => (at += length_))
    })
const curve = fc.integer({ min: 0, max: 60 }).chain((length) => fc.record({ times: times(length), values: column(length) }))

const record: fc.Arbitrary<RunRecord> = fc.integer({ min: 0, max: 30 }).chain((fills) =>
  fc.record({
    name: fc.string(),
    environment: fc.constantFrom('simulated', 'paper', 'live'),
    currency: fc.string({ maxLength: 4 }),
    initialEquity: fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
    equity: curve,
    instruments: fc.constant([{ symbol: 'A' }, { symbol: 'B', multiplier: 50 }]),
    fills: fc.record({
      times: times(fills),
      instruments: fc.array(fc.constantFrom(0, 1), { minLength: fills, maxLength: fills }).map((rows) => Uint32Array.from(rows)),
      quantities: finite(fills),
      prices: finite(fills),
      fees: finite(fills),
    }),
    benchmark: fc.option(
      curve.map((series) => ({ name: 'index', ...series })),
      { nil: undefined },
    ),
    prices: fc.option(
      curve.map((series) => [{ instrument: 0, times: series.times, close: series.values }]),
      { nil: undefined },
    ),
    orders: fc.record({
      submitted: fc.nat(9),
      filled: fc.nat(9),
      canceled: fc.nat(9),
      rejected: fc.nat(9),
      expired: fc.nat(9),
      working: fc.nat(9),
    }),
    openPositions: fc.constantFrom(undefined, [{ instrument: 1, quantity: -2, averagePrice: 3, lastPrice: NaN }]),
  }),
)

describe('whatever a run was', () => {
  test('its report is made, and nothing undefined is drawn', () => {
    fc.assert(
      fc.property(record, fc.constantFrom(conventions.gatehouse, conventions.lean, conventions.backtestingPy), (run, chosen) => {
        const report = createReport(run, { conventions: chosen })
        const html = report.toHtml()
        expect(/ (?:d|x|y|x1|x2|y1|y2|cx|cy|width|height|viewBox)="[^"]*(?:NaN|Infinity|undefined)[^"]*"/.exec(html)?.[0]).toBeUndefined()
        expect(/>(?:NaN|undefined|-?Infinity)</.exec(html)?.[0]).toBeUndefined()
        expect(report.toString()).not.toMatch(/NaN|Infinity/)
        expect(JSON.stringify(report)).not.toMatch(/NaN|Infinity/)
      }),
      { numRuns: 80, seed: 20 },
    )
  })
})
