import { type SchemaElement } from 'hyparquet'
import { type NumericArray } from './dictionary.js'

/** Physical kinds of column the fast path writes. `TEXT` is UTF-8, dictionary encoded. */
export type ColumnType = 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE' | 'TEXT'

/** One column of a file: every column is REQUIRED, so a reader spends nothing on levels. */
export interface ColumnSpec {
  readonly name: string
  readonly type: ColumnType
}

/** Strings as indices into a list, the way they are stored. `dictionary` entries need not all be used, nor be distinct. */
export interface TextValues {
  readonly codes: Int32Array
  readonly dictionary: readonly string[]
}

/** The values of one column: the typed array of its type, or indexed strings. */
export type ColumnValues = NumericArray | TextValues

/** Rows in a column. */
export function rowCount(values: ColumnValues): number {
  return 'codes' in values ? values.codes.length : values.length
}

/** Type guard for indexed strings. */
export function isText(values: ColumnValues): values is TextValues {
  return 'codes' in values
}

const arrays = { INT32: Int32Array, INT64: BigInt64Array, FLOAT: Float32Array, DOUBLE: Float64Array } as const

/** True when `values` is what a column of `type` takes. */
export function fits(type: ColumnType, values: ColumnValues): boolean {
  return type === 'TEXT' ? isText(values) : values instanceof arrays[type]
}

/** The schema of a flat file of REQUIRED columns, as `hyparquet-writer` serialises it. */
export function schemaOf(columns: readonly ColumnSpec[]): SchemaElement[] {
  return [
    { name: 'schema', num_children: columns.length },
    ...columns.map(({ name, type }, index): SchemaElement => {
      const element: SchemaElement = { name, type: type === 'TEXT' ? 'BYTE_ARRAY' : type, repetition_type: 'REQUIRED', field_id: index + 1 }
      return type === 'TEXT' ? { ...element, converted_type: 'UTF8', logical_type: { type: 'STRING' } } : element
    }),
  ]
}
