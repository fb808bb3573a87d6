import { type Batch } from '@gatehouse/core'
import { bookColumns, bookFeatures, type BookStream } from '@gatehouse/model-order-book'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { batchesOf, bookAround, bookMarket, booksOf, each, instrument, minutesOf, type TestBook } from './world.js'

const market = bookMarket()
const [name] = market.instruments
let batches: readonly Batch<'mbp-10'>[]

beforeAll(async () => {
  batches = await batchesOf(minutesOf(market, 3))
})

const place = (feature: string): number => {
  const at = bookColumns.findIndex((column) => column.name === feature)
  if (at < 0) throw new Error(`no feature ${feature}`)
  return at
}
const follow = (books: readonly TestBook[]): BookStream => {
  const stream = bookFeatures('TEST').open(instrument)
  each(booksOf(books), (view) => void stream.update(view))
  return stream
}
/** Enough books a few milliseconds apart to be warm, all alike. */
const calm = (count = 250): TestBook[] => Array.from({ length: count }, (_, i) => ({ ms: 20 * i, ...bookAround(100, () => 500) }))

test('every feature of every warm book is a number', () => {
  const stream = bookFeatures('synthetic').open(name)
  let rows = 0
  for (const batch of batches)
    each(batch, (view) => {
      stream.update(view)
      if (!stream.isWarm) return
      rows++
      if (!stream.values.every(Number.isFinite)) throw new Error(`row ${rows}: ${bookColumns.filter((_, k) => !Number.isFinite(stream.values[k])).map((c) => c.name).join()}`) // prettier-ignore
    })
  expect(rows).toBeGreaterThan(3_000)
})

test('reading the vector now and then changes nothing of it', () => {
  const [often, seldom] = [bookFeatures('synthetic').open(name), bookFeatures('synthetic').open(name)]
  for (const batch of batches)
    each(batch, (view) => {
      often.update(view)
      seldom.update(view)
      // Reading is what is tested: it writes the vector.
      void often.values
    })
  expect(Array.from(seldom.values)).toEqual(Array.from(often.values))
})

test('a stream restored anywhere goes on bit for bit', () => {
  const [batch] = batches
  fc.assert(
    fc.property(fc.integer({ min: 1, max: batch.length - 2 }), (cut) => {
      const features = bookFeatures('synthetic')
      const first = features.open(name)
      const second = features.open(name)
      each(batch, (view, row) => {
        if (row < cut) first.update(view)
        if (row === cut) second.restore(first.save())
        if (row >= cut) {
          first.update(view)
          second.update(view)
        }
      })
      expect(Buffer.from(second.save()).equals(Buffer.from(first.save()))).toBe(true)
      expect(second.memory).toEqual(first.memory)
    }),
    { numRuns: 8 },
  )
})

test('in the mirrored market odd features turn their sign and even ones stay', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 20, maxLength: 20 })
  const event = fc.record({
    step: fc.integer({ min: -3, max: 3 }),
    half: fc.integer({ min: 1, max: 3 }),
    sizes,
    ms: fc.integer({ min: 0, max: 400 }),
    trade: fc.option(fc.record({ side: fc.constantFrom('A', 'B', 'N'), size: fc.integer({ min: 1, max: 500 }) }), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(event, { minLength: 3, maxLength: 30 }), (events) => {
      const run = (sign: 1 | -1): BookStream => {
        let mid = 0
        let ms = 0
        return follow([
          ...calm(),
          ...events.map(({ step, half, sizes: drawn, ms: after, trade }): TestBook => {
            mid += step
            ms += after
            const book = bookAround(100 + (sign * mid) / 100, (side, i) => drawn[i + ((side === 'bid') === (sign === 1) ? 0 : 10)], half / 100) // prettier-ignore
            const side = sign === 1 || trade?.side === 'N' ? trade?.side : trade?.side === 'A' ? 'B' : 'A'
            return { ms: 5_000 + ms, ...book, trade: trade && { side: side!, size: trade.size } }
          }),
        ])
      }
      const [straight, mirrored] = [run(1).values, run(-1).values]
      bookColumns.forEach(({ parity, name: column }, k) => {
        const expected = parity === 'odd' ? -straight[k] : straight[k]
        expect(Math.abs(mirrored[k] - expected), `${column}: ${straight[k]} and ${mirrored[k]}`).toBeLessThan(1e-6)
      })
    }),
    { numRuns: 40 },
  )
})

test('imbalance, microprice and spread are those of the book', () => {
  const stream = follow([...calm(), { ms: 6_000, ...bookAround(100, (side, i) => (i === 0 ? (side === 'bid' ? 900 : 300) : 500), 0.02) }])
  expect(stream.values[place('imbalance1')]).toBeCloseTo(0.5, 12)
  expect(stream.values[place('imbalance3')]).toBeCloseTo((1900 - 1300) / 3200, 12)
  // Four ticks wide: half of it times the imbalance.
  expect(stream.values[place('microprice')]).toBeCloseTo(1, 9)
  expect(stream.values[place('spread')]).toBeCloseTo(Math.log(4), 9)
  expect([stream.values[place('isWide')], stream.spread]).toEqual([1, expect.closeTo(4, 9)])
})

test('order-flow imbalance counts what Cont, Kukanov and Stoikov count', () => {
  const book = (bid: TestBook['bids'][number], ask: TestBook['asks'][number]): Pick<TestBook, 'bids' | 'asks'> => ({
    bids: [bid],
    asks: [ask],
  })
  // All at one instant, so that nothing is forgotten between: joined 100; bid up with 50; ask cut by 30; ask up, its 470 gone; bid gone, 50 lost.
  const events = [
    book([100, 600], [100.02, 500]),
    book([100.01, 50], [100.02, 500]),
    book([100.01, 50], [100.02, 470]),
    book([100.01, 50], [100.03, 800]),
    book([100, 700], [100.03, 800]),
  ]
  const before = Array.from({ length: 250 }, (_, i) => ({ ms: 20 * i, ...book([100, 500], [100.02, 500]) }))
  const stream = follow([...before, ...events.map((event) => ({ ms: 20 * 249, ...event }))])
  const flow = 100 + 50 + 30 + 470 - 50
  // The usual size of a level is the mean over ten levels a side, of which one holds 500.
  expect(stream.values[place('flow2.5')]).toBeCloseTo(Math.log(1 + flow / 50), 2)
})

test('taken volume is signed by the aggressor and forgotten with time', () => {
  const trade = { side: 'B', size: 200 } as const
  const stream = follow([...calm(), { ms: 5_000, ...bookAround(100, () => 500), trade }, { ms: 7_500, ...bookAround(100, () => 500) }])
  expect(stream.values[place('lastSide')]).toBe(1)
  expect(stream.values[place('tradeAge')]).toBeCloseTo(Math.log(2.501), 9)
  expect(stream.values[place('taken2.5')]).toBeCloseTo(Math.log(1 + Math.exp(-1)), 9)
})

test('a book that lacks a side has no vector, and the next whole one is no move', () => {
  const stream = follow([...calm(), { ms: 5_000, bids: [], asks: [[100.01, 500]] }])
  expect([stream.isWarm, stream.isComplete, stream.lastEvent]).toEqual([true, false, 0])
  expect(stream.values.every(Number.isNaN)).toBe(true)
  each(booksOf([{ ms: 5_010, ...bookAround(90, () => 500) }]), (view) => void stream.update(view))
  expect(stream.isComplete).toBe(true)
  expect(stream.values[place('move2.5')]).toBe(0)
})

test('a pause of minutes starts the book afresh', () => {
  const stream = follow([...calm(), { ms: 90_000, ...bookAround(100, () => 500) }])
  expect([stream.isWarm, stream.events]).toEqual([false, 1])
})

test('a split or a roll starts the book afresh, a dividend does not', () => {
  const action = (kind: string) =>
    ({ schema: 'corporate-action', instrument, source: 'TEST', kind, ratio: 2, amount: 1, symbol: '' }) as never
  const stream = follow(calm())
  expect([stream.update(action('dividend')), stream.isWarm]).toEqual([false, true])
  expect([stream.update(action('split')), stream.isWarm]).toEqual([true, false])
})

test.each([NaN, Infinity, -5])('a size of %d leaves no trace in the memories', (size) => {
  const bad: TestBook = { ms: 5_000, ...bookAround(100, (side, i) => (side === 'bid' && i === 0 ? size : 500)), trade: { side: 'B', size } }
  const stream = follow([...calm(), bad, ...calm(20).map((book) => ({ ...book, ms: book.ms + 5_010 }))])
  expect(stream.values.every(Number.isFinite)).toBe(true)
  expect(stream.values[place('imbalance1')]).toBe(0)
})

test.each([Infinity, -Infinity, NaN])('a best price of %d gives no vector', (price) => {
  expect(follow([...calm(), { ms: 5_000, bids: [[price, 500]], asks: [[100.01, 500]] }]).isComplete).toBe(false)
})

test('a deeper price that is none counts as a level that is missing', () => {
  const bids = [...bookAround(100, () => 500).bids.slice(0, 4), [-Infinity, 5] as const]
  const stream = follow([...calm(), { ms: 5_000, bids, asks: bookAround(100, () => 500).asks }])
  expect(stream.values.every(Number.isFinite)).toBe(true)
})

test('the same middle of another spread is no move', () => {
  // 61800.25 as the middle of 61800.2 and .3, and of .1 and .4: decimal prices differ in their last bits.
  const wide = (half: number, ms: number): TestBook => ({ ms, ...bookAround(61800.25, () => 500, half) })
  const stream = follow([...Array.from({ length: 250 }, (_, i) => wide(0.05, 20 * i)), wide(0.15, 5_010), wide(0.05, 5_020)])
  expect(stream.values[place('lastMove')]).toBe(0)
})

test('a row of another source is refused', () => {
  const stream = bookFeatures('OTHER').open(instrument)
  expect(() => each(booksOf(calm(1)), (view) => void stream.update(view))).toThrow(
    expect.objectContaining({ code: 'MODEL_FEATURES_MISMATCH' }),
  )
})

test('an instrument without a tick size is refused', () => {
  expect(() => bookFeatures('TEST').open({ ...instrument, tickSize: 0 })).toThrow(
    expect.objectContaining({ code: 'MODEL_FEATURE_INVALID' }),
  )
})

test('a state of another instrument is refused', () => {
  const features = bookFeatures('TEST')
  const state = features.open(instrument).save()
  expect(() => features.open({ ...instrument, id: 'ELSE' }).restore(state)).toThrow(
    expect.objectContaining({ code: 'MODEL_STATE_INVALID' }),
  )
})

test('a column by itself is the column of the vector', () => {
  const features = bookFeatures('TEST')
  const { operator } = features.features[place('imbalance5')]
  const cells = new Float64Array(1 + operator.slots)
  const books = [...calm(), { ms: 6_000, ...bookAround(100, (side) => (side === 'bid' ? 400 : 100)) }]
  each(booksOf(books), (view) => operator.update(cells, 1, view, 0, 0))
  expect(cells[0]).toBe(follow(books).values[place('imbalance5')])
})
