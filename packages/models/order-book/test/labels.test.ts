import { bookFeatures, orderBook, readBookRows, type BookRows, type OrderBookOptions } from '@gatehouse/model-order-book'
import { type Dataset } from '@gatehouse/core'
import { expect, test } from 'vitest'
import { resolveOptions } from '../src/options.js'
import { bookAround, booksOf, instrument, start, type TestBook } from './world.js'

const datasetOf = (books: readonly TestBook[]): Dataset => ({
  name: 'hand',
  source: 'TEST',
  pins: [],
  instruments: [instrument],
  range: { from: start, to: start + 10n ** 12n },
  async *batches(schema) {
    if (schema === 'mbp-10') yield booksOf(books)
  },
})
const rowsOf = (books: readonly TestBook[], options: OrderBookOptions): Promise<BookRows> =>
  readBookRows(datasetOf(books), resolveOptions(options), { features: bookFeatures('TEST') })

/** A second of warm-up in steps of 5 ms, then one book each 100 ms. */
const script = (books: readonly Partial<TestBook & { readonly mid: number; readonly half: number }>[]): TestBook[] => [
  ...Array.from({ length: 200 }, (_, i) => ({ ms: 5 * i, ...bookAround(100, () => 500) })),
  ...books.map(({ mid = 100, half = 0.01, trade }, i): TestBook => ({
    ms: 1_000 + 100 * i + 50,
    ...bookAround(mid, () => 500, half),
    trade,
  })),
]
const labels = (rows: BookRows, head: string): number[] => Array.from(rows.labels.get(head)!)

test('direction is the mean middle of the steps ahead against now, or the last one', async () => {
  const books = script([{}, {}, { mid: 100.02 }, { mid: 99.99 }, { mid: 99.99 }, {}])
  const [mean, end] = [await rowsOf(books, { horizon: 2 }), await rowsOf(books, { horizon: 2, direction: 'end' })]
  // Rows at 1.0, 1.1, … s show the books of 0.995, 1.05, … s.
  expect(mean.count).toBe(6)
  expect(labels(mean, 'direction')).toEqual([1, 2, 2, 0, -1, -1])
  expect(labels(end, 'direction')).toEqual([1, 2, 0, 0, -1, -1])
})

test('small moves are flat when asked for', async () => {
  const books = script([{}, {}, { mid: 100.02 }, { mid: 100.02 }, {}, {}])
  const rows = await rowsOf(books, { horizon: 1, flatBp: 3 })
  expect(labels(rows, 'direction')).toEqual([1, 1, 1, 1, 1, -1])
})

test('the spread narrows, stays or widens over the horizon', async () => {
  const rows = await rowsOf(script([{}, { half: 0.02 }, { half: 0.02 }, {}, {}, {}]), { horizon: 1 })
  expect(labels(rows, 'spread')).toEqual([1, 2, 1, 0, 1, -1])
  expect(Array.from(rows.spread, Math.round)).toEqual([2, 2, 4, 4, 2, 2])
})

test('impact is the move from before a step with an aggressor, in basis points', async () => {
  const buy = { side: 'B', size: 100 } as const
  const rows = await rowsOf(script([{}, { mid: 100.01, trade: buy }, { mid: 100.02 }, { mid: 100.02 }, {}, {}]), { horizon: 1 })
  expect(Array.from(rows.flow)).toEqual([0, 0, 100, 0, 0, 0])
  expect(rows.impactBp[2]).toBeCloseTo(1e4 * Math.log(100.02 / 100), 4)
  expect(Array.from(rows.impactBp).filter((x) => !Number.isNaN(x))).toHaveLength(1)
  expect(rows.labels.get('impact')![2]).toBeCloseTo(rows.impactBp[2] / rows.scaleBp[2], 5)
})

test('a label is known when its horizon has passed, and says so', async () => {
  const rows = await rowsOf(script(Array.from({ length: 8 }, () => ({}))), { horizon: 3 })
  expect(Array.from(rows.t1.slice(0, 5), (t1, i) => t1 - rows.t0[i])).toEqual(Array.from({ length: 5 }, () => 300_000_000n))
})

test('no label reaches over a pause or a book without a side', async () => {
  const empty = { bids: [], asks: [] }
  const later = script([{}, {}, {}]).map((book) => ({ ...book, ms: book.ms + 120_000 }))
  const rows = await rowsOf([...script([{}, {}, {}]), { ms: 1_350, ...empty }, ...later], { horizon: 2 })
  expect(labels(rows, 'direction')).toEqual([1, 1, -1, -1, 1, -1, -1])
})

test('with a stride every so many steps are rows, with the labels they had', async () => {
  const books = script([{}, {}, { mid: 100.02 }, { mid: 99.99 }, {}, {}, {}])
  const [all, some] = [await rowsOf(books, { horizon: 2 }), await rowsOf(books, { horizon: 2, stride: 3 })]
  const kept = Array.from(all.t0.keys()).filter((row) => all.t0[row] % 300_000_000n === 0n)
  expect(Array.from(some.t0)).toEqual(kept.map((row) => all.t0[row]))
  expect(labels(some, 'direction')).toEqual(kept.map((row) => labels(all, 'direction')[row]))
})

test('a step may be a number of events', async () => {
  const rows = await rowsOf(script(Array.from({ length: 60 }, () => ({}))), { step: { events: 20 }, horizon: 1 })
  expect(rows.count).toBe(4)
  expect(rows.t0[1] - rows.t0[0]).toBe(20n * 100_000_000n - 45_000_000n)
})

test('the last row of a step is decided by what came before its instant', async () => {
  // The clock of a run rings at 1.1 s before it hands over the book of 1.1 s.
  const books = [...script([{}]), { ms: 1_100, ...bookAround(101, () => 500) }, { ms: 1_150, ...bookAround(101, () => 500) }]
  const rows = await rowsOf([...books, { ms: 1_250, ...bookAround(101, () => 500) }], { horizon: 1 })
  expect(labels(rows, 'direction').slice(0, 3)).toEqual([1, 2, -1])
})

test.each([
  ['step', { step: { ms: 0 } }],
  ['horizon', { horizon: 1.5 }],
  ['stride', { stride: 0 }],
  ['staleMs', { staleMs: NaN }],
  ['flatBp', { flatBp: -1 }],
] as const)('an impossible %s is refused by name', (option, options) => {
  expect(() => orderBook(options)).toThrow(
    expect.objectContaining({ code: 'MODEL_INPUT_INVALID', details: expect.objectContaining({ option }) as never }),
  )
})
