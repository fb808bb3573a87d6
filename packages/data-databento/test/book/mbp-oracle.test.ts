import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { MbpBuilder } from '../../src/book/mbp.js'
import { OrderBooks } from '../../src/book/books.js'
import { DbnDecoder } from '../../src/codec/decoder.js'
import { encodeRecord } from '../../src/codec/encoder.js'
import { openDbn } from '../../src/file/open-dbn.js'
import { createCursor, type Mbp10Record } from '../../src/records/generated/index.js'
import { gunzipText, sharedPath } from '../support/fixtures.js'

const nasdaq = sharedPath('data/l2-nasdaq')
const cme = sharedPath('data/l2-cme')

/** Rows of a CSV file without quotes, by column name. */
function csv(file: string): Record<string, string>[] {
  const [head = '', ...lines] = gunzipText(file).trimEnd().split('\n')
  const names = head.trimEnd().split(',')
  return lines.map((line) =>
    Object.fromEntries(
      line
        .trimEnd()
        .split(',')
        .map((value, index) => [names[index], value]),
    ),
  )
}

const nanos = (iso: string): bigint => BigInt(Date.parse(`${iso.slice(0, 19)}Z`)) * 1_000_000n + BigInt(iso.slice(20, -1).padEnd(9, '0'))
const raw = (price: string): bigint => {
  if (price === '') return 0x7fffffffffffffffn
  const [whole = '0', part = ''] = price.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'))
}

const mboRecord = (row: Record<string, string>): Uint8Array =>
  encodeRecord({
    rtype: 0xa0,
    publisherId: Number(row['publisher_id']),
    instrumentId: Number(row['instrument_id']),
    tsEvent: nanos(row['ts_event'] ?? ''),
    tsRecv: nanos(row['ts_recv'] ?? ''),
    orderId: BigInt(row['order_id'] ?? 0),
    price: raw(row['price'] ?? ''),
    size: Number(row['size']),
    flags: Number(row['flags']),
    channelId: Number(row['channel_id']),
    action: row['action'],
    side: row['side'],
    tsInDelta: Number(row['ts_in_delta']),
    sequence: Number(row['sequence']),
  })

/** The oracle's row in the words of a record. Its `ts_recv` repeats `ts_event`, so receive times are not compared. */
function expected(row: Record<string, string>): unknown {
  return {
    instrumentId: Number(row['instrument_id']),
    tsEvent: nanos(row['ts_event'] ?? ''),
    action: row['action'],
    side: row['side'],
    depth: Number(row['depth']),
    price: raw(row['price'] ?? ''),
    size: Number(row['size']),
    flags: Number(row['flags']),
    tsInDelta: Number(row['ts_in_delta']),
    sequence: Number(row['sequence']),
    levels: Array.from({ length: 10 }, (_, level) => {
      const of = (name: string): string => row[`${name}_${String(level).padStart(2, '0')}`] ?? ''
      return {
        bidPx: raw(of('bid_px')),
        askPx: raw(of('ask_px')),
        bidSz: Number(of('bid_sz')),
        askSz: Number(of('ask_sz')),
        bidCt: Number(of('bid_ct')),
        askCt: Number(of('ask_ct')),
      }
    }),
  }
}

function actual({
  instrumentId,
  tsEvent,
  action,
  side,
  depth,
  price,
  size,
  flags,
  tsInDelta,
  sequence,
  levels,
}: Mbp10Record<bigint>): unknown {
  return { instrumentId, tsEvent, action, side, depth, price, size, flags, tsInDelta, sequence, levels }
}

function mbpRows(bytes: Uint8Array, builder: MbpBuilder): Mbp10Record<bigint>[] {
  const rows: Mbp10Record<bigint>[] = []
  const take = (run: Parameters<Parameters<MbpBuilder['apply']>[1]>[0]): void => {
    const cursor = createCursor(run)
    for (let row = 0; row < run.length; row += 1) {
      cursor.word = run.wordOffset + row * run.stride
      const object = cursor.toExactObject()
      if (object.type === 'mbp-10') rows.push(object)
    }
  }
  const decoder = new DbnDecoder({ fragment: 3 })
  decoder.push(bytes)
  for (let run = decoder.next(); run !== undefined; run = decoder.next()) builder.apply(run, take)
  builder.flush(take)
  return rows
}

describe.skipIf(!existsSync(nasdaq))('MBO to MBP-10 against the published file of the same day (XNAS.ITCH, ARL)', () => {
  let messages: Buffer
  let reference: readonly ReturnType<typeof expected>[]
  // Not in the body of the suite: that runs even when the suite is skipped.
  beforeAll(() => {
    messages = Buffer.concat(csv(`${nasdaq}/ARL_20250717_mbo.csv.gz`).map(mboRecord))
    reference = csv(`${nasdaq}/ARL_20250717_mbp10_reference.csv.gz`).map(expected)
  })

  test('all 3,928 rows are equal, level by level', () => {
    const rows = mbpRows(messages, new MbpBuilder({ tradeSide: 'book' })).map(actual)
    expect(rows).toHaveLength(3928)
    rows.forEach((row, index) => expect(row, `row ${index}`).toEqual(reference[index]))
  })

  test('by default a trade carries the side of the aggressor', () => {
    const trades = mbpRows(messages, new MbpBuilder()).filter(({ action }) => action === 'T')
    expect(trades).toHaveLength(46)
    expect(trades.filter(({ side }) => side === 'B')).toHaveLength(9)
  })
})

describe.skipIf(!existsSync(cme))('the book of ES futures (GLBX.MDP3)', () => {
  const day = `${cme}/esh4-glbx-mdp3-20231225.mbo.dbn.zst`

  test('rebuilds with no unknown order and is crossed at no more than the opening instant', async () => {
    const books = new OrderBooks()
    const dbn = await openDbn(day)
    let crossed = 0
    let settled = 0
    await dbn.forEachRun((run) => {
      for (let row = 0; row < run.length; row += 1) {
        const book = books.of(run, row)
        book.apply(run, row)
        if (!book.isSettled) continue
        settled += 1
        const bid = book.level('B', 0)
        const ask = book.level('A', 0)
        // Before the session opens (23:00 UTC) an auction book may be crossed.
        const open = run.window.view.getBigUint64((run.wordOffset + row * run.stride) * 4 + 8, true) > 1703545200000000000n
        if (open && bid !== undefined && ask !== undefined && bid.price >= ask.price) crossed += 1
      }
    })
    const [only] = [...books.entries()]
    expect(only?.book.unknownOrders).toBe(0)
    expect(settled).toBeGreaterThan(40_000)
    expect(crossed).toBeLessThanOrEqual(1)
  })

  test('levels are the sum of the orders in their queues', async () => {
    const books = new OrderBooks()
    const dbn = await openDbn(day)
    await dbn.forEachRun((run) => {
      for (let row = 0; row < run.length; row += 1) books.of(run, row).apply(run, row)
    })
    const [only] = [...books.entries()]
    let orders = 0
    for (const side of ['B', 'A'] as const) {
      for (let index = 0; ; index += 1) {
        const level = only?.book.level(side, index)
        if (level === undefined) break
        const queue = [...(only?.book.queue(side, index) ?? [])]
        orders += queue.length
        expect(queue).toHaveLength(level.count)
        expect(queue.reduce((sum, { size }) => sum + size, 0)).toBe(level.size)
        const last = queue.at(-1)
        expect(last && only?.book.queuePosition(last.orderId)).toMatchObject({
          side,
          ordersAhead: level.count - 1,
          sizeAhead: level.size - (last?.size ?? 0),
        })
      }
    }
    expect(orders).toBe(only?.book.orderCount)
  })
})
