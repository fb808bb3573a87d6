import { isBarSchema, lazyColumns, type Batch, type ColumnsOf, type Cursor, type Instrument, type Schema } from '@gatehouse/core'
import { copyRun, type RecordRun } from '../codec/run.js'
import { coreColumn } from './core-column.js'
import { openRunCursor } from './run-cursors.js'

/** What a batch knows beside its bytes. */
export interface DbnBatchOptions<S extends Schema> {
  readonly schema: S
  /** Dataset the rows came from. */
  readonly source: string
  readonly instruments: readonly Instrument[]
  readonly instrumentIndex: Uint32Array
  readonly availableAt: BigInt64Array
  readonly run: RecordRun
}

/**
 * A core batch that is an overlay on DBN bytes: views read the record itself, columns are made when they are asked for.
 * Prices in columns are exact (`BigInt64Array`, units of 1e-9), in views float64. Valid until the feed is asked for the next batch.
 */
export class DbnBatch<S extends Schema = Schema> implements Batch<S> {
  readonly type = 'batch'
  readonly schema: S
  readonly source: string
  readonly length: number
  readonly instruments: readonly Instrument[]
  readonly instrumentIndex: Uint32Array
  readonly availableAt: BigInt64Array
  readonly priceDivisor = 1e9
  /** The records themselves, for code that reads DBN. */
  readonly run: RecordRun
  #columns: ColumnsOf<S> | undefined
  #isOwned = false

  constructor(options: DbnBatchOptions<S>) {
    this.schema = options.schema
    this.source = options.source
    this.instruments = options.instruments
    this.instrumentIndex = options.instrumentIndex
    this.availableAt = options.availableAt
    this.run = options.run
    this.length = options.run.length
  }

  /** Arrays by name, each made when it is first read; most readers of a batch never ask. */
  get columns(): ColumnsOf<S> {
    this.#columns ??= lazyColumns(this.schema, ({ name, kind }) => coreColumn(this.run, name, kind))
    return this.#columns
  }

  view(instruments: readonly Instrument[] = this.instruments): Cursor<S> {
    return openRunCursor(this, instruments)
  }

  retain(): Batch<S> {
    if (this.#isOwned) return this
    return this.slice(0, this.length)
  }

  /** Rows `[from, to)` in memory of their own. */
  slice(from: number, to: number): DbnBatch<S> {
    const { run } = this
    const copy = new DbnBatch<S>({
      schema: this.schema,
      source: this.source,
      instruments: this.instruments,
      instrumentIndex: this.instrumentIndex.slice(from, to),
      availableAt: this.availableAt.slice(from, to),
      run: copyRun({ ...run, wordOffset: run.wordOffset + from * run.stride, length: to - from }),
    })
    copy.#isOwned = true
    return copy
  }
}

const UNDEF = 0xffffffff

/**
 * When each row could be known: bar end, else receive time, else event time; never earlier than the row before it, because a snapshot or a
 * record with a bad receive time must not make the merge key fall.
 */
export class AvailableAt {
  #high = 0
  #low = 0

  /** Fills `out` for a run of `schema`. */
  fill(run: RecordRun, schema: Schema, tsRecvWord: number, barNs: bigint, out: BigInt64Array): void {
    const words = new Uint32Array(out.buffer, out.byteOffset, out.length * 2)
    const { uint32, stride } = run
    const isBar = isBarSchema(schema)
    const addHigh = Number(barNs >> 32n)
    const addLow = Number(barNs & 0xffffffffn)
    let high = this.#high
    let low = this.#low
    for (let row = 0, word = run.wordOffset; row < run.length; row += 1, word += stride) {
      let rowHigh = uint32[word + tsRecvWord + 1]
      let rowLow = uint32[word + tsRecvWord]
      if (isBar) {
        const sum = rowLow + addLow
        rowLow = sum >>> 0
        rowHigh += addHigh + (sum > UNDEF ? 1 : 0)
      } else if (rowHigh > 0x7fffffff) {
        // An undefined receive time: the event time stands in, and if that is undefined too, the row before.
        rowHigh = uint32[word + 3]
        rowLow = uint32[word + 2]
      }
      if (rowHigh <= 0x7fffffff && (rowHigh > high || (rowHigh === high && rowLow > low))) {
        high = rowHigh
        low = rowLow
      }
      words[2 * row] = low
      words[2 * row + 1] = high
    }
    this.#high = high
    this.#low = low
  }
}
