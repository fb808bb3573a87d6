import type { ColumnsOf } from '../interfaces/batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import { ColumnarBatch } from '../market-data/columnar-batch.js'
import { TimeColumn } from '../market-data/time-column.js'
import { ticksPerUnit } from './market-options.js'

const levelNames = ['00', '01', '02', '03', '04', '05', '06', '07', '08', '09'] as const
/** Databento's F_LAST: the book is whole after this row. */
const lastOfEvent = 128
/** Orders rest in lots of about this many shares. */
const sharesPerOrder = 120
/** From the venue to the reader, ns: the least, and what it varies by. */
const latency = 30_000
const latencySpread = 0x7fff
const nanosPerSecond = 1_000_000_000

type Level = Int32Array | Uint32Array

/** MBP-10 rows being written; the writer hands them over before they are full. */
export class BookRows {
  length = 0
  readonly #source: string
  readonly #instrument: Instrument
  readonly #capacity: number
  #sequence = 0
  #lastSecond = 0
  #lastNanos = 0
  #event!: TimeColumn
  #received!: TimeColumn
  #action!: Uint8Array
  #side!: Uint8Array
  #price!: Int32Array
  #size!: Uint32Array
  #sequences!: Uint32Array
  #depth!: Uint32Array
  #levels!: Record<string, Level>
  #bidPrices!: Int32Array[]
  #askPrices!: Int32Array[]
  #bidSizes!: Uint32Array[]
  #askSizes!: Uint32Array[]
  #bidCounts!: Uint32Array[]
  #askCounts!: Uint32Array[]

  constructor(source: string, instrument: Instrument, capacity: number) {
    this.#source = source
    this.#instrument = instrument
    this.#capacity = capacity
    this.#renew()
  }

  /** Begins a row with its event; {@link book} completes it. */
  append(second: number, nanos: number, action: number, side: number, price: number, size: number, depth: number): void {
    const row = this.length
    this.#event.set(row, second, nanos)
    let receivedNanos = nanos + latency + ((this.#sequence * 7919) & latencySpread)
    let receivedSecond = second
    if (receivedNanos >= nanosPerSecond) {
      receivedNanos -= nanosPerSecond
      receivedSecond++
    }
    // A line does not let a later message overtake an earlier one.
    if (receivedSecond < this.#lastSecond || (receivedSecond === this.#lastSecond && receivedNanos < this.#lastNanos)) {
      receivedSecond = this.#lastSecond
      receivedNanos = this.#lastNanos
    }
    this.#lastSecond = receivedSecond
    this.#lastNanos = receivedNanos
    this.#received.set(row, receivedSecond, receivedNanos)
    this.#action[row] = action
    this.#side[row] = side
    this.#price[row] = price
    this.#size[row] = size
    this.#sequences[row] = this.#sequence++
    this.#depth[row] = depth
  }

  /** The ten best levels after the event, one tick apart, and on to the next row. */
  book(bestBid: number, bestAsk: number, bids: Float64Array, asks: Float64Array): void {
    const row = this.length++
    for (let level = 0; level < 10; level++) {
      this.#bidPrices[level][row] = bestBid - level
      this.#askPrices[level][row] = bestAsk + level
      const bid = bids[level]
      const ask = asks[level]
      this.#bidSizes[level][row] = bid
      this.#askSizes[level][row] = ask
      this.#bidCounts[level][row] = 1 + bid / sharesPerOrder
      this.#askCounts[level][row] = 1 + ask / sharesPerOrder
    }
  }

  take(): ColumnarBatch<'mbp-10'> {
    const { length } = this
    const cut = <T extends { subarray(from: number, to: number): T }>(values: T): T => values.subarray(0, length)
    const levels = Object.fromEntries(Object.entries(this.#levels).map(([name, values]) => [name, values.subarray(0, length)]))
    const batch = new ColumnarBatch<'mbp-10'>({
      schema: 'mbp-10',
      source: this.#source,
      instruments: [this.#instrument],
      instrumentIndex: new Uint32Array(length),
      availableAt: cut(this.#received.times),
      priceDivisor: ticksPerUnit,
      columns: {
        tsEvent: cut(this.#event.times),
        tsRecv: cut(this.#received.times),
        action: cut(this.#action),
        side: cut(this.#side),
        price: cut(this.#price),
        size: cut(this.#size),
        flags: new Uint8Array(length).fill(lastOfEvent),
        sequence: cut(this.#sequences),
        depth: cut(this.#depth),
        ...levels,
      } as unknown as ColumnsOf<'mbp-10'>,
    })
    this.#renew()
    return batch
  }

  #renew(): void {
    const capacity = this.#capacity
    this.length = 0
    this.#event = new TimeColumn(capacity)
    this.#received = new TimeColumn(capacity)
    this.#action = new Uint8Array(capacity)
    this.#side = new Uint8Array(capacity)
    this.#price = new Int32Array(capacity)
    this.#size = new Uint32Array(capacity)
    this.#sequences = new Uint32Array(capacity)
    this.#depth = new Uint32Array(capacity)
    this.#levels = {}
    const make = <T extends Level>(prefix: string, Type: new (length: number) => T): T[] =>
      levelNames.map((name) => {
        const values = new Type(capacity)
        this.#levels[prefix + name] = values
        return values
      })
    this.#bidPrices = make('bidPx', Int32Array)
    this.#askPrices = make('askPx', Int32Array)
    this.#bidSizes = make('bidSz', Uint32Array)
    this.#askSizes = make('askSz', Uint32Array)
    this.#bidCounts = make('bidCt', Uint32Array)
    this.#askCounts = make('askCt', Uint32Array)
  }
}
