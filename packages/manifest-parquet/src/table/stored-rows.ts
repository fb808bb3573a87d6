import { TradingError } from '@gatehouse/durable-log'
import { type Batch, type Instrument } from '@gatehouse/core'
import { type ColumnValues, isText } from '../codec/column-spec.js'
import { type NumericArray } from '../codec/dictionary.js'
import { columnOf, dateColumn, type StoredColumn, type TableLayout } from './layout.js'

/** Rows of one partition in the form files hold: columns in file order, sorted by `availableAt`. */
export interface StoredRows {
  readonly partition: Readonly<Record<string, string>>
  readonly rows: number
  readonly columns: readonly ColumnValues[]
  readonly instruments: readonly Instrument[]
}

const nsPerDay = 86_400_000_000_000n
const letters = Array.from({ length: 256 }, (_, code) => (code === 0 ? '' : String.fromCharCode(code)))

/** Splits a batch by partition, keeping the order of rows. Columns may share the batch's memory: {@link ownRows} ends that. */
export function storeBatch(layout: TableLayout, batch: Batch): StoredRows[] {
  requireSorted(batch)
  const stored = layout.columns.map((column) => storeColumn(column, columnOf(batch, column.name)))
  return split(layout, batch).map(({ partition, rows }) => {
    const time = rows ? pick(batch.availableAt, rows) : batch.availableAt
    const { codes, instruments } = usedInstruments(batch, rows)
    const count = time.length
    const date = dateColumn(layout)
    return {
      partition,
      rows: count,
      instruments,
      columns: [
        time,
        { codes, dictionary: instruments.map(({ id }) => id) },
        ...stored.map((values) => (rows ? pick(values, rows) : values)),
        ...(date ? [{ codes: new Int32Array(count), dictionary: [partition[date]] }] : []),
      ],
    }
  })
}

function requireSorted({ availableAt, schema }: Batch): void {
  const halves = new Float64Array(availableAt.buffer, availableAt.byteOffset, availableAt.length)
  for (let row = 1; row < availableAt.length; row++) {
    // Non-negative nanoseconds compare alike as doubles.
    if (!(halves[row] >= halves[row - 1])) {
      throw new TradingError('MANIFEST_UNSORTED', `${schema} batch: availableAt falls at row ${row}; batches come in that order`, { row })
    }
  }
  if (availableAt.length > 0 && availableAt[0] < 0n)
    throw new TradingError('MANIFEST_UNSORTED', `${schema} batch: availableAt is before 1970`, { row: 0 })
}

interface Part {
  readonly partition: Readonly<Record<string, string>>
  /** `undefined` for all rows */
  readonly rows: Int32Array | undefined
}

function split(layout: TableLayout, batch: Batch): Part[] {
  const { partitionBy } = layout
  if (partitionBy === 'none') return [{ partition: {}, rows: undefined }]
  const byInstrument = partitionBy === 'instrument-date'
  const parts = new Map<string, { partition: Record<string, string>; rows: number[] }>()
  const { availableAt, instrumentIndex, instruments } = batch
  let dayEnd = -1n
  let dayStart = 0n
  let date = ''
  let lastIndex = -1
  let current: number[] = []
  for (let row = 0; row < batch.length; row++) {
    const time = availableAt[row]
    const sameDay = time >= dayStart && time < dayEnd
    if (!sameDay) {
      dayStart = time - (time % nsPerDay)
      dayEnd = dayStart + nsPerDay
      date = new Date(Number(dayStart / 1_000_000n)).toISOString().slice(0, partitionBy === 'month' ? 7 : 10)
    }
    const index = byInstrument ? instrumentIndex[row] : 0
    if (!sameDay || index !== lastIndex) {
      const id = byInstrument ? instruments[index].id : ''
      const key = `${id}\n${date}`
      let part = parts.get(key)
      if (!part) {
        const column = partitionBy === 'month' ? 'month' : 'date'
        parts.set(key, (part = { partition: { ...(byInstrument && { instrument: id }), [column]: date }, rows: [] }))
      }
      current = part.rows
      lastIndex = index
    }
    current.push(row)
  }
  const only = parts.size === 1
  return [...parts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { partition, rows }]) => ({ partition, rows: only ? undefined : Int32Array.from(rows) }))
}

/** Instruments that occur, in order of first appearance, and each row's index among them. */
function usedInstruments(batch: Batch, rows: Int32Array | undefined): { codes: Int32Array; instruments: Instrument[] } {
  const count = rows?.length ?? batch.length
  const codes = new Int32Array(count)
  const places = new Int32Array(batch.instruments.length).fill(-1)
  const instruments: Instrument[] = []
  for (let i = 0; i < count; i++) {
    const index = batch.instrumentIndex[rows ? rows[i] : i]
    if (places[index] < 0) places[index] = instruments.push(batch.instruments[index]) - 1
    codes[i] = places[index]
  }
  return { codes, instruments }
}

function storeColumn({ kind, array, type }: StoredColumn, values: unknown): ColumnValues {
  if (kind === 'char') return { codes: Int32Array.from(values as Uint8Array), dictionary: letters }
  if (array === 'Array') return indexed(values as readonly string[])
  if (array === 'Uint32Array' && type === 'INT64') return BigInt64Array.from(values as ArrayLike<bigint>, BigInt)
  if (array === 'Uint8Array') return Int32Array.from(values as Uint8Array)
  if (array === 'Uint32Array') {
    const { buffer, byteOffset, length } = values as Uint32Array
    return new Int32Array(buffer, byteOffset, length)
  }
  if (array === 'BigUint64Array') {
    const { buffer, byteOffset, length } = values as BigUint64Array
    return new BigInt64Array(buffer, byteOffset, length)
  }
  return values as NumericArray
}

function indexed(texts: readonly string[]): ColumnValues {
  const places = new Map<string, number>()
  const codes = new Int32Array(texts.length)
  for (let row = 0; row < texts.length; row++) {
    let place = places.get(texts[row])
    if (place === undefined) places.set(texts[row], (place = places.size))
    codes[row] = place
  }
  return { codes, dictionary: [...places.keys()] }
}

function pick<T extends ColumnValues>(values: T, rows: Int32Array): T {
  if (isText(values)) return { ...values, codes: pick(values.codes, rows) }
  const picked = new (values.constructor as new (length: number) => NumericArray)(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]]
  return picked as T
}

/** The same rows in memory of their own: what a producer reuses is copied. */
export function ownRows(stored: StoredRows): StoredRows {
  return {
    ...stored,
    columns: stored.columns.map((values) => (isText(values) ? { ...values, codes: values.codes.slice() } : values.slice())),
  }
}

/** Rows of one partition from several appends as one, in `availableAt` order; rows of one instant keep the order of the appends. */
export function mergeRows(parts: readonly StoredRows[]): StoredRows {
  if (parts.length === 1) return parts[0]
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const instruments: Instrument[] = []
  const known = new Map<Instrument, number>()
  for (const part of parts)
    for (const instrument of part.instruments) if (!known.has(instrument)) known.set(instrument, instruments.push(instrument) - 1)
  const joined = parts[0].columns.map((_, index) =>
    join(
      parts.map(({ columns }) => columns[index]),
      rows,
    ),
  )
  const order = sortedOrder(joined[0] as BigInt64Array)
  return { partition: parts[0].partition, rows, instruments, columns: order ? joined.map((values) => pick(values, order)) : joined }
}

function join(values: readonly ColumnValues[], rows: number): ColumnValues {
  const first = values[0]
  if (isText(first)) {
    const dictionary: string[] = []
    const codes = new Int32Array(rows)
    let at = 0
    for (const part of values) {
      if (!isText(part)) continue
      const shift = dictionary.length
      for (const text of part.dictionary) dictionary.push(text)
      for (const code of part.codes) codes[at++] = code + shift
    }
    return { codes, dictionary }
  }
  const all = new (first.constructor as new (length: number) => NumericArray)(rows)
  let at = 0
  for (const part of values as readonly NumericArray[]) {
    all.set(part as never, at)
    at += part.length
  }
  return all
}

/** A stable order by time, `undefined` when rows already are in it. */
function sortedOrder(times: BigInt64Array): Int32Array | undefined {
  const keys = new Float64Array(times.buffer, times.byteOffset, times.length)
  let sorted = true
  for (let row = 1; row < keys.length && sorted; row++) sorted = keys[row] >= keys[row - 1]
  if (sorted) return undefined
  const order = Int32Array.from({ length: keys.length }, (_, row) => row)
  return order.sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b))
}
