import { TradingError } from '@gatehouse/durable-log'
import { type Batch, type ColumnKind, type Schema, schemaColumns } from '@gatehouse/core'
import { type Codec, codecNames } from '../codec/compression.js'
import { type ColumnType } from '../codec/column-spec.js'
import { isObject, type MetaDataAction } from '../delta/actions.js'

/** Array types a batch's column may have. */
export type ArrayName = 'Float64Array' | 'Int32Array' | 'BigInt64Array' | 'BigUint64Array' | 'Uint32Array' | 'Uint8Array' | 'Array'

/** How one column of a batch is stored. */
export interface StoredColumn {
  readonly name: string
  readonly kind: ColumnKind
  readonly array: ArrayName
  readonly type: ColumnType
}

/** What files of a table are split by. `instrument` and `date`/`month` (UTC, of `availableAt`) become folders. */
export type PartitionBy = (typeof partitionings)[number]
export const partitionings = ['none', 'month', 'date', 'instrument-date'] as const

/** One table: one schema of one source, with the array types its first batch had. */
export interface TableLayout {
  readonly schema: Schema
  readonly source: string
  readonly priceDivisor: number
  readonly codec: Codec
  readonly partitionBy: PartitionBy
  readonly rowGroupRows: number
  /** after `availableAt` and `instrument`, which every file begins with */
  readonly columns: readonly StoredColumn[]
}

/** When each row could be known, ns: the order of every file. */
export const timeColumn = 'availableAt'
/** `Instrument.id` of each row. */
export const instrumentColumn = 'instrument'

const typeOfArray: Readonly<Record<ArrayName, ColumnType>> = {
  Float64Array: 'DOUBLE',
  Int32Array: 'INT32',
  BigInt64Array: 'INT64',
  BigUint64Array: 'INT64',
  // Sizes and counts rarely reach 2^31; those that do are stored as negative numbers and come back unchanged.
  Uint32Array: 'INT32',
  Uint8Array: 'INT32',
  Array: 'TEXT',
}
const deltaTypes: Readonly<Record<ColumnType, string>> = {
  INT32: 'integer',
  INT64: 'long',
  FLOAT: 'float',
  DOUBLE: 'double',
  TEXT: 'string',
}

/** Bytes of a decoded row group that a merge over many files can afford for each. */
const mergedGroupBytes = 8 << 20
const largestGroup = 131_072
/** Texts may be articles: fewer of them share a page. */
const textGroup = 8192

/** The layout that a table gets from its first batch. */
export function layoutOf(batch: Batch, codec: Codec, partitionBy: PartitionBy = defaultPartition(batch.schema)): TableLayout {
  const columns = schemaColumns[batch.schema].map(({ name, kind }): StoredColumn => {
    const array = arrayName(batch, name)
    // Sequence numbers do pass 2^31, and people compare them in SQL; letters read as letters there.
    const type = kind === 'char' ? 'TEXT' : name === 'sequence' && array === 'Uint32Array' ? 'INT64' : typeOfArray[array]
    return { name, kind, array, type }
  })
  const rowBytes = columns.reduce((sum, { type }) => sum + (type === 'INT32' ? 4 : 8), 16)
  const merged = 2 ** Math.floor(Math.log2(mergedGroupBytes / rowBytes))
  const hasTexts = columns.some(({ kind }) => kind === 'text')
  return {
    schema: batch.schema,
    source: batch.source,
    priceDivisor: batch.priceDivisor,
    codec,
    partitionBy,
    rowGroupRows: hasTexts ? textGroup : partitionBy === 'instrument-date' ? Math.min(largestGroup, Math.max(8192, merged)) : largestGroup,
    columns,
  }
}

function defaultPartition(schema: Schema): PartitionBy {
  if (schema === 'ohlcv-1s' || schema === 'ohlcv-1m') return 'month'
  const dense: readonly Schema[] = ['trades', 'tbbo', 'mbp-1', 'bbo-1s', 'mbp-10', 'mbo']
  return dense.includes(schema) ? 'instrument-date' : 'none'
}

/** A column of a batch of any schema. */
export function columnOf({ columns }: Batch, name: string): unknown {
  return (columns as unknown as Readonly<Record<string, unknown>>)[name]
}

function arrayName(batch: Batch, name: string): ArrayName {
  const values = columnOf(batch, name)
  if (values === undefined)
    throw new TradingError('MANIFEST_SCHEMA_MISMATCH', `the batch of ${batch.schema} lacks column ${name}`, { column: name })
  const found = (values as object).constructor.name
  if (Object.hasOwn(typeOfArray, found)) return found as ArrayName
  throw new TradingError('MANIFEST_SCHEMA_MISMATCH', `column ${name} is a ${found}, which is not stored`, { column: name, found })
}

/**
 * Refuses a batch that is not of this table.
 * @throws {TradingError} `MANIFEST_SCHEMA_MISMATCH`
 */
export function requireFits(layout: TableLayout, batch: Batch): void {
  const refuse = (what: string, expected: unknown, found: unknown): TradingError =>
    new TradingError(
      'MANIFEST_SCHEMA_MISMATCH',
      `the manifest holds ${layout.schema} of ${layout.source} with ${what} ${String(expected)}; the batch has ${String(found)}: open another manifest for it`,
      { what, expected, found },
    )
  if (batch.schema !== layout.schema) throw refuse('schema', layout.schema, batch.schema)
  if (batch.source !== layout.source) throw refuse('source', layout.source, batch.source)
  if (batch.priceDivisor !== layout.priceDivisor) throw refuse('price divisor', layout.priceDivisor, batch.priceDivisor)
  for (const { name, array } of layout.columns) {
    const found = arrayName(batch, name)
    if (found !== array) throw refuse(`column ${name} as`, array, found)
    const rows = (columnOf(batch, name) as { length: number }).length
    if (rows !== batch.length) throw refuse(`column ${name} of`, `${batch.length} rows`, `${rows} rows`)
  }
}

/** Column that a partitioned table gets behind the data, so that a loose file still says where it belongs. */
export function dateColumn({ partitionBy }: TableLayout): string | undefined {
  return partitionBy === 'none' ? undefined : partitionBy === 'month' ? 'month' : 'date'
}

/** All columns of a file, in order. */
export function fileColumns(layout: TableLayout): { name: string; type: ColumnType }[] {
  const date = dateColumn(layout)
  return [
    { name: timeColumn, type: 'INT64' },
    { name: instrumentColumn, type: 'TEXT' },
    ...layout.columns.map(({ name, type }) => ({ name: storedName(name), type })),
    ...(date ? [{ name: date, type: 'TEXT' as const }] : []),
  ]
}

/** Data columns keep their names; none may hide ours. */
export function storedName(name: string): string {
  return name === instrumentColumn || name === timeColumn || name === 'date' || name === 'month' ? `${name}_` : name
}

/** The Delta metadata of a table with this layout. */
export function metaDataOf(layout: TableLayout, id: string, createdTime: number): MetaDataAction {
  const fields = fileColumns(layout).map(({ name, type }) => {
    const column = layout.columns.find((candidate) => storedName(candidate.name) === name)
    const metadata = column ? { 'gatehouse.name': column.name, 'gatehouse.kind': column.kind, 'gatehouse.array': column.array } : {}
    return { name, type: deltaTypes[type], nullable: false, metadata }
  })
  const date = dateColumn(layout)
  return {
    id,
    name: `${layout.source} ${layout.schema}`,
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify({ type: 'struct', fields }),
    partitionColumns: [...(layout.partitionBy === 'instrument-date' ? [instrumentColumn] : []), ...(date ? [date] : [])],
    configuration: {
      'delta.appendOnly': 'true',
      'delta.enableExpiredLogCleanup': 'false',
      'gatehouse.layout': '1',
      'gatehouse.schema': layout.schema,
      'gatehouse.source': layout.source,
      'gatehouse.priceDivisor': String(layout.priceDivisor),
      'gatehouse.codec': layout.codec,
      'gatehouse.partitionBy': layout.partitionBy,
      'gatehouse.rowGroupRows': String(layout.rowGroupRows),
    },
    createdTime,
  }
}

/**
 * Reads a table's layout back.
 * @throws {TradingError} `MANIFEST_NOT_OURS` for a Delta table that another program made
 */
export function layoutFrom(metaData: MetaDataAction, directory: string): TableLayout {
  const { configuration, schemaString } = metaData
  const schema = configuration['gatehouse.schema']
  if (configuration['gatehouse.layout'] !== '1' || schema === undefined || !Object.hasOwn(schemaColumns, schema)) {
    throw new TradingError(
      'MANIFEST_NOT_OURS',
      `${directory} is a Delta table that this package did not make: import its files into a manifest`,
      { directory },
    )
  }
  const layout: TableLayout = {
    schema: schema as Schema,
    source: configuration['gatehouse.source'],
    priceDivisor: Number(configuration['gatehouse.priceDivisor']),
    codec: configuration['gatehouse.codec'] as Codec,
    partitionBy: configuration['gatehouse.partitionBy'] as PartitionBy,
    rowGroupRows: Number(configuration['gatehouse.rowGroupRows']),
    columns: columnsFrom(schemaString),
  }
  const { source, priceDivisor, codec, partitionBy, rowGroupRows, columns } = layout
  const isWhole =
    typeof source === 'string' &&
    priceDivisor > 0 &&
    Object.hasOwn(codecNames, codec) &&
    partitionings.includes(partitionBy) &&
    Number.isInteger(rowGroupRows) &&
    rowGroupRows > 0 &&
    columns.length > 0 &&
    columns.every(({ array }) => Object.hasOwn(typeOfArray, array))
  if (isWhole) return layout
  throw new TradingError('MANIFEST_LOG_CORRUPT', `the log of ${directory} describes a table of ${schema} that none can be`, { directory })
}

function columnsFrom(schemaString: string): StoredColumn[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(schemaString)
  } catch (error) {
    throw new TradingError('MANIFEST_LOG_CORRUPT', 'the schema of the table is not JSON', { schemaString }, { cause: error })
  }
  const columns: StoredColumn[] = []
  for (const field of isObject(parsed) && Array.isArray(parsed.fields) ? (parsed.fields as unknown[]) : []) {
    if (!isObject(field) || !isObject(field.metadata)) continue
    const { 'gatehouse.name': name, 'gatehouse.kind': kind, 'gatehouse.array': array } = field.metadata
    const type = (Object.keys(deltaTypes) as ColumnType[]).find((candidate) => deltaTypes[candidate] === field.type)
    if (typeof name === 'string' && type) columns.push({ name, kind: kind as ColumnKind, array: array as ArrayName, type })
  }
  return columns
}
