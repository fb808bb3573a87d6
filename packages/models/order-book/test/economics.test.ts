import { inMemory, percentFees, run, simulatedBroker, type Strategy } from '@gatehouse/core'
import { random, type Judging } from '@gatehouse/model-kit'
import { orderBook } from '@gatehouse/model-order-book'
import { expect, test } from 'vitest'
import { outputWidth } from '../src/prediction.js'
import type { BookRows } from '../src/rows.js'
import { bookAround, booksOf, instrument, type TestBook } from './world.js'

const [orders, mid] = [100, 100]
const extra = { directionPriors: [0.3, 0.4, 0.3], spreadPriors: [0.2, 0.6, 0.2], meanMove: 1, narrowerTicks: 1, widerTicks: 1 }

/** Pairs of books, now and at the horizon; the first middle is one whose tick float32 holds. */
function world(seed: number) {
  const draw = random(seed)
  const tick = () => Math.floor(6 * draw.uniform())
  const pairs = Array.from({ length: orders }, () => ({ spread: 2 * (1 + tick()), later: 2 * (1 + tick()), move: tick() - tick() }))
  const books = pairs.flatMap(({ spread, later, move }, i): TestBook[] => [
    { ms: 2000 * i, ...bookAround(mid, () => 1000, spread / 200) },
    { ms: 2000 * i + 1000, ...bookAround(mid + move / 100, () => 1000, later / 200) },
  ])
  const of = (pick: (pair: (typeof pairs)[number]) => number) => Float32Array.from(pairs, pick)
  const time = BigInt64Array.from(pairs, (_, i) => BigInt(i))
  const none = new Float64Array(orders)
  const rows: BookRows = {
    count: orders,
    table: new Float32Array(orders),
    width: 1,
    labels: new Map(['direction', 'spread'].map((head) => [head, new Int32Array(orders)])),
    t0: time,
    t1: time,
    instrument: new Int32Array(orders),
    spread: of(({ spread }) => spread),
    laterSpread: of(({ later }) => later),
    tickBp: of(() => 1),
    move: Float64Array.from(pairs, ({ move }) => Math.log((mid + move / 100) / mid)),
    meanMove: none,
    scaleBp: of(() => 2),
    impactBp: of(() => 0),
    flow: none,
    imbalance: of(() => 0),
  }
  const values = Float32Array.from({ length: outputWidth * orders }, () => draw.uniform() / 3)
  const judging: Judging<BookRows> = { rows, test: Int32Array.from(rows.spread.keys()), values, width: outputWidth, outputs: [], extra }
  return { judging, books }
}

/** What the engine pays for a unit at each book, taking at once: a book that stands for a millisecond more is met by the order that was decided on it. */
async function fills(books: readonly TestBook[], side: 'buy' | 'sell'): Promise<number[]> {
  const prices: number[] = []
  let row = 0
  const strategy = (): Strategy => ({
    name: 'takes-at-once',
    onBook(_, { orders }) {
      if (row++ % 2 === 0) expect(orders[side](instrument, 1)).toEqual(expect.objectContaining({ approved: true }))
    },
    onFill: ({ price }) => void prices.push(price),
  })
  const batch = booksOf(books.flatMap((book) => [book, { ...book, ms: book.ms + 1 }]))
  await run({ time: 'backtest', strategy, feeds: [inMemory([batch])], broker: simulatedBroker({ cash: 1e9, fees: percentFees(0) }) })
  return prices
}

test.each([1, 2, 3])('what waiting saves is the difference of the engine’s fills now and at the horizon, seed %i', async (seed) => {
  const { judging, books } = world(seed)
  const { definition } = orderBook()
  const saved = new Float64Array(orders)
  for (const side of ['buy', 'sell'] as const) {
    const prices = await fills(books, side)
    expect(prices).toHaveLength(2 * orders)
    const sign = side === 'buy' ? 1 : -1
    for (let i = 0; i < orders; i++) {
      const [down, , up, narrower, , wider] = judging.values.subarray(i * outputWidth)
      const expected = ((narrower - wider) * extra.narrowerTicks) / 2 - sign * (up - down) * extra.meanMove * judging.rows.scaleBp[i]
      if (expected > 0) saved[i] += ((sign * (prices[2 * i] - prices[2 * i + 1])) / mid / 2) * 1e4
    }
  }
  const statistic = definition.measure(judging).find(({ name }) => name === 'costSavingBps')!.statistic
  for (let i = 0; i < orders; i++) expect(Math.abs(statistic(new Float64Array(orders).fill(1, i, i + 1)) - saved[i]), `order ${i}`).toBeLessThan(1e-9) // prettier-ignore
})
