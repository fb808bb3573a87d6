import type { Batch, ColumnName, ColumnsOf } from '../interfaces/batch.js'
import { schemaColumns, type Schema } from '../interfaces/schema.js'
import { ColumnarBatch } from './columnar-batch.js'

type Values = { readonly length: number; [row: number]: unknown }
interface TypedValues extends Values {
  subarray(from: number, to: number): Values
  constructor: new (length: number) => Values
}

/** Names of a schema's columns, in its order. */
export function columnNames<S extends Schema>(schema: S): readonly ColumnName<S>[] {
  return schemaColumns[schema].map(({ name }) => name)
}

function rebuild<S extends Schema>(batch: Batch<S>, pick: (values: Values) => Values): ColumnarBatch<S> {
  const values = batch.columns as unknown as Readonly<Record<string, Values>>
  const columns = Object.fromEntries(columnNames(batch.schema).map((name) => [name, pick(values[name])]))
  return new ColumnarBatch({
    schema: batch.schema,
    source: batch.source,
    instruments: batch.instruments,
    instrumentIndex: pick(batch.instrumentIndex) as Uint32Array,
    availableAt: pick(batch.availableAt) as unknown as BigInt64Array,
    priceDivisor: batch.priceDivisor,
    columns: columns as unknown as ColumnsOf<S>,
  })
}

/** Rows `[from, to)` over the same memory; the batch itself when that is all of it. */
export function sliceBatch<S extends Schema>(batch: Batch<S>, from: number, to: number): Batch<S> {
  if (from === 0 && to === batch.length) return batch
  // The digest of a recorded run belongs to the whole of it, so a part carries no reference.
  return rebuild(batch, (values) =>
    Array.isArray(values) ? (values.slice(from, to) as Values) : (values as TypedValues).subarray(from, to),
  )
}

/** The given rows, in memory of their own. */
export function selectRows<S extends Schema>(batch: Batch<S>, rows: Uint32Array): ColumnarBatch<S> {
  return rebuild(batch, (values) => {
    if (Array.isArray(values)) return Array.from(rows, (row) => values[row] as string)
    const picked = new (values as TypedValues).constructor(rows.length)
    for (let row = 0; row < rows.length; row++) picked[row] = values[rows[row]]
    return picked
  })
}

/** First row at or after a time (binary search over `availableAt`); `length` when there is none. */
export function firstRowAt(batch: Pick<Batch, 'availableAt' | 'length'>, time: bigint): number {
  let from = 0
  let to = batch.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (batch.availableAt[middle] < time) from = middle + 1
    else to = middle
  }
  return from
}
