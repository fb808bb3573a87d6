import type { ColumnsOf } from '../interfaces/batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { BarSchema } from '../interfaces/schema.js'
import { ColumnarBatch } from './columnar-batch.js'
import { TimeColumn } from './time-column.js'

export interface BarBuilderOptions {
  readonly schema: BarSchema
  readonly source: string
  readonly instruments: readonly Instrument[]
  /** Rows in a full batch. */
  readonly capacity: number
  /** Integer prices (ticks) divided by this are prices. Float64 prices when left out. */
  readonly priceDivisor?: number | undefined
}

/**
 * Bars being written row by row into columns. The caller keeps `availableAt` in order; {@link take} hands the rows over as a batch that owns
 * its memory, and the builder goes on with new columns.
 */
export class BarBuilder {
  length = 0
  readonly #options: BarBuilderOptions
  #index!: Uint32Array
  #start!: TimeColumn
  #available!: TimeColumn
  #open!: Int32Array | Float64Array
  #high!: Int32Array | Float64Array
  #low!: Int32Array | Float64Array
  #close!: Int32Array | Float64Array
  #volume!: Float64Array

  constructor(options: BarBuilderOptions) {
    this.#options = options
    this.#renew()
  }

  get isFull(): boolean {
    return this.length === this.#options.capacity
  }

  /** Times in whole seconds since 1970 and nanoseconds within them. */
  times(instrument: number, startSeconds: number, startNanos: number, availableSeconds: number, availableNanos: number): void {
    const row = this.length
    this.#index[row] = instrument
    this.#start.set(row, startSeconds, startNanos)
    this.#available.set(row, availableSeconds, availableNanos)
  }

  /** Prices and volume of the row whose times were just given, and on to the next. */
  values(open: number, high: number, low: number, close: number, volume: number): void {
    const row = this.length++
    this.#open[row] = open
    this.#high[row] = high
    this.#low[row] = low
    this.#close[row] = close
    this.#volume[row] = volume
  }

  take(): ColumnarBatch<BarSchema> {
    const { schema, source, instruments, priceDivisor = 1, capacity } = this.#options
    const { length } = this
    const cut = <T extends { subarray(from: number, to: number): T }>(values: T): T =>
      length === capacity ? values : values.subarray(0, length)
    const columns: ColumnsOf<BarSchema> = {
      tsEvent: cut(this.#start.times),
      open: cut<Int32Array | Float64Array>(this.#open),
      high: cut<Int32Array | Float64Array>(this.#high),
      low: cut<Int32Array | Float64Array>(this.#low),
      close: cut<Int32Array | Float64Array>(this.#close),
      volume: cut(this.#volume),
    }
    // Every writer checks its rows as it writes them, so the checks of createBatch would only repeat theirs.
    const batch = new ColumnarBatch<BarSchema>({
      schema,
      source,
      instruments,
      instrumentIndex: cut(this.#index),
      availableAt: cut(this.#available.times),
      priceDivisor,
      columns,
    })
    this.#renew()
    return batch
  }

  #renew(): void {
    const { capacity, priceDivisor } = this.#options
    const prices = () => (priceDivisor === undefined ? new Float64Array(capacity) : new Int32Array(capacity))
    this.length = 0
    this.#index = new Uint32Array(capacity)
    this.#start = new TimeColumn(capacity)
    this.#available = new TimeColumn(capacity)
    this.#open = prices()
    this.#high = prices()
    this.#low = prices()
    this.#close = prices()
    this.#volume = new Float64Array(capacity)
  }
}
