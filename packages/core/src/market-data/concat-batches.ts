import type { Batch, ColumnsOf } from '../interfaces/batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Schema } from '../interfaces/schema.js'
import { ColumnarBatch } from './columnar-batch.js'
import { columnNames, sliceBatch } from './select-rows.js'

/** A run of rows `[from, to)` of a batch. */
export interface RowRun {
  readonly batch: Batch
  readonly from: number
  readonly to: number
}

type Values = ArrayLike<unknown> & { readonly length: number }
interface TypedValues {
  readonly length: number
  [row: number]: unknown
  set(values: Values, offset: number): void
  subarray(from: number, to: number): Values
  constructor: new (length: number) => TypedValues
}

const columnOf = (batch: Batch, name: string): Values => (batch.columns as unknown as Readonly<Record<string, Values>>)[name]

/** Whether rows of two batches can stand in one: same schema, source, divisor and kinds of arrays. */
export function canConcat(a: Batch, b: Batch): boolean {
  if (a === b) return true
  return (
    a.schema === b.schema &&
    a.source === b.source &&
    a.priceDivisor === b.priceDivisor &&
    columnNames(a.schema).every((name) => columnOf(a, name).constructor === columnOf(b, name).constructor)
  )
}

/** One batch of the runs' rows in the order given, in memory of its own (the run itself when there is one). All must agree as {@link canConcat} says. */
export function concatBatches(runs: readonly RowRun[]): Batch {
  const [{ batch: first }] = runs
  if (runs.length === 1) return sliceBatch(first, runs[0].from, runs[0].to)
  const rows = runs.reduce((sum, { from, to }) => sum + to - from, 0)
  const places = new Map<string, number>()
  const instruments: Instrument[] = []
  const instrumentIndex = new Uint32Array(rows)
  const maps = new Map<Batch, Uint32Array>()
  let at = 0
  for (const { batch, from, to } of runs) {
    let map = maps.get(batch)
    if (map === undefined) {
      map = Uint32Array.from(batch.instruments, (instrument) => {
        const place = places.get(instrument.id) ?? instruments.push(instrument) - 1
        places.set(instrument.id, place)
        return place
      })
      maps.set(batch, map)
    }
    for (let row = from; row < to; row++) instrumentIndex[at++] = map[batch.instrumentIndex[row]]
  }
  const joined = (pick: (batch: Batch) => Values): Values => {
    const sample = pick(first)
    if (Array.isArray(sample)) return runs.flatMap(({ batch, from, to }) => (pick(batch) as unknown[]).slice(from, to))
    const values = new (sample as TypedValues).constructor(rows)
    let offset = 0
    for (const { batch, from, to } of runs) {
      const source = pick(batch) as TypedValues
      if (to - from < 8) for (let row = from; row < to; row++) values[offset++] = source[row]
      else {
        values.set(source.subarray(from, to), offset)
        offset += to - from
      }
    }
    return values
  }
  const columns = Object.fromEntries(columnNames(first.schema).map((name) => [name, joined((batch) => columnOf(batch, name))]))
  return new ColumnarBatch<Schema>({
    schema: first.schema,
    source: first.source,
    instruments,
    instrumentIndex,
    availableAt: joined((batch) => batch.availableAt) as unknown as BigInt64Array,
    priceDivisor: first.priceDivisor,
    columns: columns as unknown as ColumnsOf<Schema>,
  })
}
