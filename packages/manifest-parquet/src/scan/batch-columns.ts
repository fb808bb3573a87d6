import { TradingError } from '@gatehouse/durable-log'
import { type Instrument } from '@gatehouse/core'
import { type ColumnValues, isText } from '../codec/column-spec.js'
import { type StoredColumn } from '../table/layout.js'

/** A column as a batch has it. */
export type BatchArray = Float64Array | Int32Array | BigInt64Array | BigUint64Array | Uint32Array | Uint8Array | string[]

/** Rows of one row group in the form batches have. */
export interface GroupRows {
  readonly rows: number
  readonly availableAt: BigInt64Array
  /** index into `instruments` per row */
  readonly instrumentIndex: Uint32Array
  readonly instruments: readonly Instrument[]
  readonly columns: readonly BatchArray[]
}

const constructors = { Float64Array, Int32Array, BigInt64Array, BigUint64Array, Uint32Array, Uint8Array }

/** A new array for a column. */
export function newArray({ array }: StoredColumn, rows: number): BatchArray {
  return array === 'Array' ? new Array<string>(rows).fill('') : new constructors[array](rows)
}

/** Turns a stored column back into what the batch had; views where the bits are the same. */
export function restoreColumn({ kind, array, type, name }: StoredColumn, values: ColumnValues): BatchArray {
  if (isText(values)) {
    if (kind === 'char') return letterCodes(values.codes, values.dictionary)
    return Array.from(values.codes, (code) => values.dictionary[code])
  }
  switch (array) {
    case 'Uint8Array':
      return Uint8Array.from(values as Int32Array)
    case 'Uint32Array':
      if (type === 'INT64') return lowHalves(values as BigInt64Array)
      return new Uint32Array(values.buffer as ArrayBuffer, values.byteOffset, values.length)
    case 'BigUint64Array':
      return new BigUint64Array(values.buffer as ArrayBuffer, values.byteOffset, values.length)
    case 'Float64Array':
    case 'Int32Array':
    case 'BigInt64Array':
      if (values instanceof constructors[array]) return values
      break
    case 'Array':
      break
  }
  throw new TradingError('MANIFEST_FILE_CORRUPT', `column ${name} is not stored as its table says`, { name, array })
}

function letterCodes(codes: Int32Array, dictionary: readonly string[]): Uint8Array {
  const ascii = Uint8Array.from(dictionary, (text) => (text === '' ? 0 : text.charCodeAt(0)))
  const letters = new Uint8Array(codes.length)
  for (let row = 0; row < codes.length; row++) letters[row] = ascii[codes[row]]
  return letters
}

function lowHalves(values: BigInt64Array): Uint32Array {
  const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const low = new Uint32Array(values.length)
  for (let row = 0; row < low.length; row++) low[row] = halves[2 * row]
  return low
}
