import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BboSampler, DbnDecoder, encodeRecord, Flag, LevelBook, MbpBuilder, OrderBook, type RecordRun } from '@gatehouse/data-databento'

interface Message {
  readonly action: string
  readonly orderId: bigint
  readonly side: string
  readonly price: number
  readonly size: number
  readonly flags?: number
  readonly tsRecv?: bigint
}

function runOf(messages: readonly Message[]): RecordRun {
  const bytes = Buffer.concat(
    messages.map((message) =>
      encodeRecord({ rtype: 0xa0, publisherId: 1, instrumentId: 7, flags: Flag.last, tsEvent: 1n, tsRecv: 1n, ...message }),
    ),
  )
  const decoder = new DbnDecoder({ fragment: 3 })
  decoder.push(bytes)
  const run = decoder.next()
  if (run === undefined) throw new Error('no run')
  return run
}

function bookOf(messages: readonly Message[]): OrderBook {
  const book = new OrderBook()
  const run = runOf(messages)
  for (let row = 0; row < run.length; row += 1) book.apply(run, row)
  return book
}

const add = (orderId: bigint, side: string, price: number, size: number): Message => ({ action: 'A', orderId, side, price, size })

describe('OrderBook', () => {
  test('an order that shrinks keeps its place in the queue, one that grows loses it', () => {
    const book = bookOf([
      add(1n, 'B', 10, 5),
      add(2n, 'B', 10, 5),
      add(3n, 'B', 10, 5),
      { ...add(1n, 'B', 10, 2), action: 'M' },
      { ...add(2n, 'B', 10, 9), action: 'M' },
    ])
    expect([...book.queue('B', 0)].map(({ orderId }) => orderId)).toEqual([1n, 3n, 2n])
    expect(book.queuePosition(2n)).toEqual({ side: 'B', price: 10, size: 9, ordersAhead: 2, sizeAhead: 7 })
  })

  test('trades, fills and none leave the book as it is', () => {
    const book = bookOf([add(1n, 'A', 10, 5), ...['T', 'F', 'N'].map((action) => ({ ...add(1n, 'A', 10, 5), action }))])
    expect(book.level('A', 0)).toEqual({ price: 10, size: 5, count: 1 })
  })

  test('a clear empties both sides', () => {
    const book = bookOf([add(1n, 'A', 10, 5), add(2n, 'B', 9, 5), { ...add(0n, 'N', NaN, 0), action: 'R' }])
    expect([book.level('A', 0), book.level('B', 0), book.orderCount]).toEqual([undefined, undefined, 0])
  })

  test('a top-of-book add stands for its whole side, and an undefined price empties it', () => {
    const messages = [add(1n, 'B', 10, 5), add(2n, 'B', 9, 5), add(3n, 'A', 11, 5), { ...add(0n, 'B', 8, 7), flags: Flag.last | Flag.tob }]
    expect(bookOf(messages).level('B', 0)).toEqual({ price: 8, size: 7, count: 1 })
    expect(bookOf(messages).orderCount).toBe(2)
    expect(bookOf([...messages, { ...add(0n, 'B', NaN, 0), flags: Flag.last | Flag.tob }]).level('B', 0)).toBeUndefined()
  })

  test('messages about unknown orders are counted', () => {
    const book = bookOf([{ ...add(5n, 'B', 10, 5), action: 'C' }])
    expect(book.unknownOrders).toBe(1)
  })

  test('order ids beyond 2^53 are told apart', () => {
    const book = bookOf([add(2n ** 63n, 'B', 10, 1), add(2n ** 63n + 1n, 'B', 10, 2), { ...add(2n ** 63n, 'B', 10, 1), action: 'C' }])
    expect([...book.queue('B', 0)]).toEqual([{ orderId: 2n ** 63n + 1n, size: 2 }])
  })

  test('agrees with a plain model on any sequence of messages', () => {
    const message = fc.record({
      action: fc.constantFrom('A', 'A', 'A', 'C', 'M', 'T', 'F'),
      orderId: fc.bigInt(1n, 40n),
      side: fc.constantFrom('A', 'B'),
      price: fc.integer({ min: 1, max: 25 }),
      size: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 300 }), (messages) => {
        const model = new Map<bigint, { side: string; price: number; size: number; rank: number }>()
        messages.forEach(({ action, orderId, side, price, size }, rank) => {
          const known = model.get(orderId)
          if (action === 'A') model.set(orderId, { side, price, size, rank })
          else if (action === 'C' && known !== undefined) {
            known.size -= size
            if (known.size <= 0) model.delete(orderId)
          } else if (action === 'M') {
            const keeps = known !== undefined && known.price === price && size <= known.size
            model.set(orderId, { side: known?.side ?? side, price, size, rank: keeps ? known.rank : rank })
          }
        })
        const book = bookOf(messages)
        for (const side of ['A', 'B'] as const) {
          const orders = [...model].filter(([, order]) => order.side === side)
          const prices = [...new Set(orders.map(([, { price }]) => price))].sort((a, b) => (side === 'B' ? b - a : a - b))
          prices.forEach((price, index) => {
            const queue = orders.filter(([, order]) => order.price === price).sort(([, a], [, b]) => a.rank - b.rank)
            expect([...book.queue(side, index)]).toEqual(queue.map(([orderId, { size }]) => ({ orderId, size })))
            expect(book.level(side, index)?.price).toBe(price)
          })
          expect(book.level(side, prices.length)).toBeUndefined()
        }
        expect(book.orderCount).toBe(model.size)
      }),
      { numRuns: 200 },
    )
  })
})

describe('MBP and BBO from MBO', () => {
  const second = 1_000_000_000n

  test('MBP-1 has a row for each change of the best level only', () => {
    const rows: unknown[] = []
    const builder = new MbpBuilder({ levels: 1 })
    const run = runOf([add(1n, 'B', 10, 5), add(2n, 'B', 9, 5), add(3n, 'A', 11, 2), { ...add(2n, 'B', 9, 5), action: 'C' }])
    const book = new LevelBook()
    builder.apply(run, (out) => {
      for (let row = 0; row < out.length; row += 1) {
        book.apply(out, row)
        rows.push([book.level('B', 0)?.size, book.level('A', 0)?.price])
      }
    })
    expect(rows).toEqual([
      [5, undefined],
      [5, 11],
    ])
  })

  test('BBO repeats the last state for every interval that ends', () => {
    const builder = new MbpBuilder({ levels: 1 })
    const sampler = new BboSampler('bbo-1s')
    const samples: unknown[] = []
    const take = (record: RecordRun): void => {
      const { view } = record.window
      samples.push([view.getBigUint64(32, true) / second, view.getBigInt64(48, true) / second, view.getUint32(64, true)])
    }
    const at = (message: Message, tsRecv: bigint): Message => ({ ...message, tsRecv })
    builder.apply(
      runOf([at(add(1n, 'B', 10, 5), second), at(add(2n, 'B', 11, 3), 2n * second), at(add(3n, 'B', 12, 1), 5n * second)]),
      (rows) => sampler.apply(rows, take),
    )
    sampler.advanceTo(6n * second, take)
    expect(samples).toEqual([
      [2n, 10n, 5],
      [3n, 11n, 3],
      [4n, 11n, 3],
      [5n, 11n, 3],
      [6n, 12n, 1],
    ])
  })
})
