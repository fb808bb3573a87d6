import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { createBatch, type Batch, type ColumnsOf, type Instrument } from '@gatehouse/core'

const depth = 10
const [modify, trade, buyer, seller, none] = [0x4d, 0x54, 0x42, 0x41, 0x4e]

interface Message {
  readonly e?: string
  readonly U?: number
  readonly u?: number
  readonly lastUpdateId?: number
  readonly bids?: readonly (readonly [string, string])[]
  readonly asks?: readonly (readonly [string, string])[]
  readonly b?: readonly (readonly [string, string])[]
  readonly a?: readonly (readonly [string, string])[]
  readonly p?: string
  readonly q?: string
  readonly m?: boolean
}

/**
 * Ten-level books of a captured Binance websocket stream (hftbacktest's recordings: `<local ns> <JSON>` lines): one row for every depth update after the
 * REST snapshot, with the book after it, and one for every trade. Times are those of the recording machine; the exchange's own clock runs ahead of it.
 */
export function readCapture(path: string, instrument: Instrument, source: string): Batch<'mbp-10'> {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n')
  const messages = lines
    .filter((line) => line.length > 0)
    .map((line) => {
      const space = line.indexOf(' ')
      const parsed = JSON.parse(line.slice(space + 1)) as Message & { readonly data?: Message }
      return { time: BigInt(line.slice(0, space)), message: parsed.data ?? parsed }
    })
  const snapshot = messages.findIndex(({ message }) => message.lastUpdateId !== undefined)
  if (snapshot < 0) throw new Error(`${path}: no REST snapshot among ${messages.length} lines`)
  const { lastUpdateId = 0, bids = [], asks = [] } = messages[snapshot].message
  const book = { bids: new Side(-1, instrument.tickSize), asks: new Side(1, instrument.tickSize) }
  book.bids.apply(bids)
  book.asks.apply(asks)
  const rows = new Rows()
  messages.forEach(({ time, message }, at) => {
    if (message.e === 'depthUpdate' && message.u! > lastUpdateId) {
      // Updates that came before the snapshot's answer but follow it by number belong to the book, and are known only now.
      book.bids.apply(message.b!)
      book.asks.apply(message.a!)
      if (at > snapshot) rows.push(time, { action: modify, side: none, price: 0, size: 0 }, book)
    } else if (message.e === 'trade' && at > snapshot && Number(message.q) > 0)
      rows.push(time, { action: trade, side: message.m === true ? seller : buyer, price: Number(message.p), size: Number(message.q) }, book)
  })
  return rows.batch(instrument, source)
}

/** One side of a book: sizes by price in ticks, and the prices in order, best first. */
class Side {
  readonly #sizes = new Map<number, number>()
  readonly prices: number[] = []

  constructor(
    private readonly direction: 1 | -1,
    private readonly tickSize: number,
  ) {}

  apply(levels: readonly (readonly [string, string])[]): void {
    for (const [price, size] of levels) this.#set(Math.round(Number(price) / this.tickSize), Number(size))
  }

  size(ticks: number): number {
    return this.#sizes.get(ticks)!
  }

  #set(ticks: number, size: number): void {
    const isKnown = this.#sizes.has(ticks)
    if (size > 0) {
      this.#sizes.set(ticks, size)
      if (!isKnown) this.prices.splice(this.#place(ticks), 0, ticks)
    } else if (isKnown) {
      this.#sizes.delete(ticks)
      this.prices.splice(this.#place(ticks), 1)
    }
  }

  #place(ticks: number): number {
    let [low, high] = [0, this.prices.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.direction * (this.prices[middle] - ticks) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

interface RowEvent {
  readonly action: number
  readonly side: number
  readonly price: number
  readonly size: number
}

class Rows {
  readonly #times: bigint[] = []
  readonly #events: RowEvent[] = []
  readonly #levels: number[][] = []

  push(time: bigint, event: RowEvent, { bids, asks }: { readonly bids: Side; readonly asks: Side }): void {
    this.#times.push(time)
    this.#events.push(event)
    const level = ({ prices }: Side, side: Side, i: number): [number, number] =>
      i < prices.length ? [prices[i], side.size(prices[i])] : [NaN, 0]
    this.#levels.push(Array.from({ length: depth }, (_, i) => [...level(bids, bids, i), ...level(asks, asks, i)]).flat())
  }

  batch(instrument: Instrument, source: string): Batch<'mbp-10'> {
    const count = this.#times.length
    const times = BigInt64Array.from(this.#times)
    const prices = (k: number) => Float64Array.from(this.#levels, (level) => level[k] * instrument.tickSize)
    const columns = Object.fromEntries(
      Array.from({ length: depth }, (_, i): [string, unknown][] => [
        [`bidPx0${i}`, prices(4 * i)],
        [`bidSz0${i}`, Float64Array.from(this.#levels, (level) => level[4 * i + 1])],
        [`askPx0${i}`, prices(4 * i + 2)],
        [`askSz0${i}`, Float64Array.from(this.#levels, (level) => level[4 * i + 3])],
        [`bidCt0${i}`, new Uint32Array(count)],
        [`askCt0${i}`, new Uint32Array(count)],
      ]).flat(),
    )
    return createBatch({
      schema: 'mbp-10',
      source,
      instruments: [instrument],
      columns: {
        tsEvent: times,
        tsRecv: times,
        action: Uint8Array.from(this.#events, ({ action }) => action),
        side: Uint8Array.from(this.#events, ({ side }) => side),
        price: Float64Array.from(this.#events, ({ price }) => price),
        size: Float64Array.from(this.#events, ({ size }) => size),
        flags: new Uint8Array(count),
        sequence: Uint32Array.from({ length: count }, (_, i) => i),
        depth: new Uint32Array(count),
        ...columns,
      } as unknown as ColumnsOf<'mbp-10'>,
    })
  }
}
