import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equity, type BrokerEvent, type Fill, type JournalEntry, type Order } from '@gatehouse/core'
import { ByteWriter, type KnownTexts } from '../../src/journal/byte-writer.js'
import { readEntry, splitEntries, writeEntry } from '../../src/journal/codec.js'

const instruments = [equity('ONE', { venue: 'SIM', calendar: '24x7' }), equity('TWO', { venue: 'SIM', calendar: '24x7' })]
const prefix = 'run-1-'
const texts: KnownTexts = [prefix, 'USD', 'simulated', 'simulated-']

const time = fc.bigInt({ min: 0n, max: 2_000_000_000_000_000_000n })
const number = fc.oneof(fc.double(), fc.integer())
// Ids of the run, what only looks like one, other scripts, and texts longer than a byte of length can say.
const text = fc.oneof(
  fc.nat(99_999).map((id) => `${prefix}${id}`),
  fc.constantFrom(
    '',
    prefix,
    prefix.slice(0, -1),
    'USD',
    'USDT',
    'simulated',
    'a'.repeat(126),
    'a'.repeat(127),
    `${prefix}${'é'.repeat(200)}`,
  ),
  fc.constantFrom(...[0, 1, 30, 31, 32, 200].map((length) => `simulated-${'7'.repeat(length)}`), 'simulated-é'),
  fc.string({ unit: 'binary', maxLength: 300 }),
)
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined })
const instrument = fc.constantFrom(...instruments)
const side = fc.constantFrom('buy' as const, 'sell' as const)

const order: fc.Arbitrary<Order> = fc.record({
  clientOrderId: text,
  instrument,
  side,
  quantity: number,
  type: fc.constantFrom('market' as const, 'stopLimit' as const, 'limitOnClose' as const),
  timeInForce: fc.constantFrom('day' as const, 'gtd' as const, 'opg' as const),
  limitPrice: maybe(number),
  stopPrice: maybe(number),
  trailAmount: maybe(number),
  trailFraction: maybe(number),
  expiresAt: maybe(time),
  outsideRegularHours: fc.constantFrom(undefined, true),
  reduceOnly: fc.constantFrom(undefined, true),
  account: maybe(text),
  reason: maybe(text),
  createdAt: time,
  link: maybe(fc.record({ groupId: text, role: fc.constantFrom('entry' as const, 'stopLoss' as const) })),
  decision: fc.nat(12),
})
const fill: fc.Arbitrary<Fill> = fc.record({
  type: fc.constant('fill' as const),
  executionId: text,
  clientOrderId: text,
  instrument,
  side,
  quantity: number,
  price: number,
  fee: fc.record({ currency: text, nano: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  at: time,
  liquidity: fc.constantFrom('added' as const, 'removed' as const, 'unknown' as const),
  account: text,
  corrects: maybe(text),
})
const orderEvent: fc.Arbitrary<BrokerEvent> = fc.record({
  type: fc.constant('broker-order' as const),
  clientOrderId: text,
  status: fc.constantFrom('accepted' as const, 'canceled' as const, 'replaced' as const),
  at: time,
  brokerOrderId: maybe(text),
  filledQuantity: maybe(number),
  change: maybe(fc.record({ quantity: fc.integer() })),
  message: maybe(text),
})
const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({
    type: fc.constant('decision' as const),
    at: time,
    orders: fc.array(order, { maxLength: 3 }),
    predictions: fc.array(fc.nat()),
  }),
  fc.record({ type: fc.constant('broker-event' as const), at: time, event: fc.oneof(fill, orderEvent) }),
  fc.record({
    type: fc.constant('prediction' as const),
    at: time,
    model: fc.nat(9),
    instrument: fc.nat(9),
    values: fc.float32Array({ maxLength: 20 }),
  }),
  fc.record({ type: fc.constant('log' as const), at: time, message: text, fields: text }),
  fc.record({ type: fc.constant('checkpoint' as const), at: time, state: fc.uint8Array({ maxLength: 500 }) }),
)

/** Everything at the time of the entry, as a venue in the process tells it, in half of the cases. */
const atOnce = (of: JournalEntry): JournalEntry => {
  if (of.type === 'decision') return { ...of, orders: of.orders.map((each) => ({ ...each, createdAt: of.at })) }
  if (of.type === 'broker-event' && 'at' in of.event) return { ...of, event: { ...of.event, at: of.at } }
  return of
}

/** Members that are not there and members that are `undefined` are the same in an entry. */
const plain = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || instruments.includes(value as never)) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, plain(member)]])))
}

describe('entries of a journal', () => {
  test('read back as they were written, whatever was written before them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(entry, fc.boolean()), { maxLength: 12 }), (drawn) => {
        const entries = drawn.map(([each, isAtOnce]) => (isAtOnce ? atOnce(each) : each))
        const out = new ByteWriter()
        out.known = texts
        const rowsOf = (i: number): number => i * 1_000_000_007
        entries.forEach((each, i) => writeEntry(out, each, i, { rows: rowsOf(i), phase: 1 }, (of) => instruments.indexOf(of)))
        const read = [...splitEntries(out.bytes.subarray(0, out.length), 0)]
        expect(read.map(({ rows }) => rows)).toEqual(entries.map((_, i) => rowsOf(i)))
        expect(read.map((raw) => plain(readEntry(raw, (of) => instruments[of], texts)))).toEqual(entries.map(plain))
      }),
      { numRuns: 500 },
    )
  })

  test('have the same bytes whatever was written before them: a resumed run is compared with them', () => {
    fc.assert(
      fc.property(entry, entry, (before, of) => {
        const alone = new ByteWriter()
        const after = new ByteWriter()
        for (const out of [alone, after]) out.known = texts
        writeEntry(after, before, 0, { rows: 0, phase: 0 }, () => 0)
        const start = after.length
        for (const out of [alone, after]) writeEntry(out, of, 1, { rows: 1, phase: 0 }, () => 0)
        expect(after.bytes.slice(start, after.length)).toEqual(alone.bytes.slice(0, alone.length))
      }),
    )
  })

  test('that are cut or hold an unknown kind are refused by number', () => {
    const out = new ByteWriter()
    writeEntry(out, { type: 'log', at: 5n, message: 'one', fields: '{}' }, 0, { rows: 0, phase: 0 }, () => 0)
    for (let cut = 1; cut < out.length; cut++) {
      expect(() => [...splitEntries(out.bytes.slice(0, cut), 7)]).toThrow(expect.objectContaining({ code: 'JOURNAL_DAMAGED' }))
    }
    const bytes = out.bytes.slice(0, out.length)
    bytes[0] = 62
    expect(() => [...splitEntries(bytes, 7)]).toThrow(/Entry 7 .*kind 62 is unknown/)
  })

  test('of 64 KiB and more, or after more rows than 32 bits count, read back as they were written', () => {
    const rows = [1, 2 ** 32 - 1, 2 ** 32, 2 ** 40]
    for (const size of [65_535, 65_536, 1_000_000]) {
      const out = new ByteWriter()
      const state = new Uint8Array(size).fill(7)
      for (const row of rows) writeEntry(out, { type: 'checkpoint', at: 5n, state }, 0, { rows: row, phase: 0 }, () => 0)
      const read = [...splitEntries(out.bytes.subarray(0, out.length), 0)]
      expect(read.map((raw) => raw.rows)).toEqual(rows)
      for (const raw of read) {
        const entry = readEntry(raw, () => instruments[0], texts)
        expect(entry.type === 'checkpoint' && Buffer.compare(entry.state, state)).toBe(0)
      }
    }
  })
})
