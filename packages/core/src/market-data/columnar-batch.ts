import { TradingError } from '@gatehouse/contracts'
import type { Batch, ColumnsOf, MarketDataReference } from '../interfaces/batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import { barNs, isBarSchema, schemaColumns, type ColumnKind, type ColumnSpec, type Schema } from '../interfaces/schema.js'
import type { Cursor } from '../interfaces/view.js'
import { openCursor } from './cursors.js'

/** What {@link createBatch} needs beside the columns. */
export interface BatchOptions<S extends Schema> {
  readonly schema: S
  readonly source: string
  readonly instruments: readonly Instrument[]
  readonly columns: ColumnsOf<S>
  /** Index into `instruments` per row; all 0 when left out. */
  readonly instrumentIndex?: Uint32Array | undefined
  /** When each row could be known; derived when left out: bar end for bars, else `tsRecv`, else `tsEvent`. */
  readonly availableAt?: BigInt64Array | undefined
  /** Integer prices divided by this are prices; 1 by default. */
  readonly priceDivisor?: number | undefined
  readonly reference?: MarketDataReference | undefined
}

const arraysOfKind: Readonly<Record<ColumnKind, readonly string[]>> = {
  time: ['BigInt64Array'],
  id: ['BigUint64Array'],
  price: ['Float64Array', 'Int32Array', 'BigInt64Array'],
  size: ['Float64Array', 'Uint32Array'],
  count: ['Uint32Array'],
  char: ['Uint8Array'],
  flags: ['Uint8Array'],
  number: ['Float64Array'],
  text: ['Array'],
}

/** A batch that owns its memory: one array a column. */
export class ColumnarBatch<S extends Schema = Schema> implements Batch<S> {
  readonly type = 'batch'
  readonly schema: S
  readonly source: string
  readonly length: number
  readonly instruments: readonly Instrument[]
  readonly instrumentIndex: Uint32Array
  readonly availableAt: BigInt64Array
  readonly priceDivisor: number
  readonly columns: ColumnsOf<S>
  readonly reference: MarketDataReference | undefined

  constructor(options: Required<Omit<BatchOptions<S>, 'reference'>> & Pick<BatchOptions<S>, 'reference'>) {
    this.schema = options.schema
    this.source = options.source
    this.instruments = options.instruments
    this.instrumentIndex = options.instrumentIndex as Uint32Array
    this.availableAt = options.availableAt as BigInt64Array
    this.priceDivisor = options.priceDivisor as number
    this.columns = options.columns
    this.reference = options.reference
    this.length = this.availableAt.length
  }

  view(instruments: readonly Instrument[] = this.instruments): Cursor<S> {
    return openCursor(this, instruments)
  }

  retain(): Batch<S> {
    return this
  }

  /** Rows `[from, to)`, in memory of their own. */
  slice(from: number, to: number): ColumnarBatch<S> {
    const columns = Object.fromEntries(
      Object.entries(this.columns as Record<string, { slice(from: number, to: number): unknown }>).map(([name, values]) => [
        name,
        values.slice(from, to),
      ]),
    ) as unknown as ColumnsOf<S>
    return new ColumnarBatch({
      schema: this.schema,
      source: this.source,
      instruments: this.instruments,
      instrumentIndex: this.instrumentIndex.slice(from, to),
      availableAt: this.availableAt.slice(from, to),
      priceDivisor: this.priceDivisor,
      columns,
    })
  }
}

/** Bar end, receive time or event time: when each row could be known. */
function deriveAvailableAt<S extends Schema>(schema: S, columns: Readonly<Record<string, unknown>>): BigInt64Array {
  const tsEvent = columns['tsEvent'] as BigInt64Array
  if (isBarSchema(schema)) return tsEvent.map((start) => start + barNs[schema])
  return (columns['tsRecv'] as BigInt64Array | undefined) ?? tsEvent
}

/**
 * A batch over the given arrays (not copied).
 * @throws {TradingError} `BATCH_INVALID` when a column is missing, has the wrong array type or length, or `availableAt` falls; it names the column and row
 */
export function createBatch<S extends Schema>(options: BatchOptions<S>): ColumnarBatch<S> {
  const { schema, source, instruments, columns, priceDivisor = 1 } = options
  const byName = columns as unknown as Readonly<Record<string, { readonly length: number } | undefined>>
  const specs: readonly ColumnSpec[] = schemaColumns[schema]
  const length = byName[specs[0].name]?.length ?? 0
  for (const { name, kind } of specs) {
    const values = byName[name]
    if (values === undefined) throw invalid(schema, `column ${name} is missing`, { column: name })
    const arrayType = values.constructor.name
    if (!arraysOfKind[kind].includes(arrayType)) {
      throw invalid(schema, `column ${name} is a ${arrayType}; ${kind} columns are ${arraysOfKind[kind].join(' or ')}`, {
        column: name,
        arrayType,
      })
    }
    if (values.length !== length)
      throw invalid(schema, `column ${name} has ${values.length} rows, ${specs[0].name} has ${length}`, { column: name })
  }
  const instrumentIndex = options.instrumentIndex ?? new Uint32Array(length)
  const availableAt = options.availableAt ?? deriveAvailableAt(schema, byName)
  if (instrumentIndex.length !== length || availableAt.length !== length) {
    throw invalid(
      schema,
      `instrumentIndex has ${instrumentIndex.length} and availableAt ${availableAt.length} rows, the columns ${length}`,
      {},
    )
  }
  for (let row = 0; row < length; row++) {
    if (instrumentIndex[row] >= instruments.length) {
      throw invalid(schema, `row ${row} names instrument ${instrumentIndex[row]} of ${instruments.length}`, { row })
    }
    if (availableAt[row] < (row === 0 ? 0n : availableAt[row - 1])) {
      throw invalid(schema, `availableAt falls at row ${row}: sort rows by the time they could be known`, {
        row,
        availableAt: availableAt[row],
      })
    }
  }
  return new ColumnarBatch({
    schema,
    source,
    instruments,
    instrumentIndex,
    availableAt,
    priceDivisor,
    columns,
    reference: options.reference,
  })
}

function invalid(schema: Schema, problem: string, details: Readonly<Record<string, unknown>>): TradingError {
  return new TradingError('BATCH_INVALID', `${schema} batch: ${problem}`, { schema, ...details })
}
