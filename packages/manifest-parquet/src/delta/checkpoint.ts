import { TradingError } from '@gatehouse/durable-log'
import { parquetReadObjects, type CompressionCodec, type SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { decompress } from '../codec/compression.js'
import { type Action, checkAction, isObject } from './actions.js'
import { type TableState } from './table-state.js'

const readable: CompressionCodec[] = ['SNAPPY', 'ZSTD', 'GZIP']
const compressors = Object.fromEntries(
  readable.map((codec) => [codec, (input: Uint8Array, length: number) => decompress(codec, input, length)]),
)

const optional = { repetition_type: 'OPTIONAL' } as const
const required = { repetition_type: 'REQUIRED' } as const
const text = (name: string): SchemaElement => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional })
const int32 = (name: string): SchemaElement => ({ name, type: 'INT32', ...optional })
const int64 = (name: string): SchemaElement => ({ name, type: 'INT64', ...optional })
const bool = (name: string): SchemaElement => ({ name, type: 'BOOLEAN', ...optional })
const struct = (name: string, ...fields: SchemaElement[][]): SchemaElement[] => [
  { name, num_children: fields.length, ...optional },
  ...fields.flat(),
]
const map = (name: string): SchemaElement[] => [
  { name, num_children: 1, converted_type: 'MAP', ...optional },
  { name: 'key_value', num_children: 2, repetition_type: 'REPEATED' },
  { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...required },
  text('value'),
]
const list = (name: string): SchemaElement[] => [
  { name, num_children: 1, converted_type: 'LIST', ...optional },
  { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
  text('element'),
]

/** The classic checkpoint of Delta's protocol, version 1. */
const columns: readonly (readonly [keyof Action, SchemaElement[]])[] = [
  ['txn', struct('txn', [text('appId')], [int64('version')], [int64('lastUpdated')])],
  [
    'add',
    struct('add', [text('path')], map('partitionValues'), [int64('size')], [int64('modificationTime')], [bool('dataChange')], map('tags'), [
      text('stats'),
    ]),
  ],
  [
    'remove',
    struct(
      'remove',
      [text('path')],
      [int64('deletionTimestamp')],
      [bool('dataChange')],
      [bool('extendedFileMetadata')],
      map('partitionValues'),
      [int64('size')],
      map('tags'),
    ),
  ],
  [
    'metaData',
    struct(
      'metaData',
      [text('id')],
      [text('name')],
      [text('description')],
      struct('format', [text('provider')], map('options')),
      [text('schemaString')],
      list('partitionColumns'),
      map('configuration'),
      [int64('createdTime')],
    ),
  ],
  ['protocol', struct('protocol', [int32('minReaderVersion')], [int32('minWriterVersion')])],
]
const schema: SchemaElement[] = [{ name: 'root', num_children: columns.length }, ...columns.flatMap(([, elements]) => elements)]

/** What a checkpoint states of a table, in one order: the same state gives the same actions. */
export function checkpointActions(state: TableState, table: string): Action[] {
  const { metaData, protocol } = state.described(table)
  return [
    { protocol },
    { metaData },
    ...sorted(state.transactions).map(([appId, version]) => ({ txn: { appId, version } })),
    ...sorted(state.tombstones).map(([, remove]) => ({ remove })),
    // A checkpoint states what is there, not that it changed.
    ...sorted(state.files).map(([, add]) => ({ add: { ...add, dataChange: false } })),
  ]
}

/** The Parquet bytes of a checkpoint, as Delta's protocol has them. */
export function writeCheckpoint(rows: readonly Action[]): Uint8Array {
  const writer = new ByteWriter(1 << 16)
  const parquet = new ParquetWriter({ writer, schema, codec: 'SNAPPY', statistics: false, createdBy: 'gatehouse' })
  void parquet.write({ columnData: columns.map(([name]) => ({ name, data: rows.map((row) => stored(row[name])) })), rowGroupSize: 1 << 30 })
  void parquet.finish()
  return writer.getBytes()
}

function sorted<T>(entries: ReadonlyMap<string, T>): [string, T][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

const longs = new Set(['version', 'lastUpdated', 'size', 'modificationTime', 'deletionTimestamp', 'createdTime'])

/** Numbers of 64-bit columns as bigints, as the writer wants them. */
function stored(action: object | undefined): unknown {
  if (action === undefined) return null
  return Object.fromEntries(
    Object.entries(action).map(([key, value]) => [key, longs.has(key) && typeof value === 'number' ? BigInt(value) : (value as unknown)]),
  )
}

/**
 * Reads the actions of one checkpoint file, ours or another engine's.
 * @throws {TradingError} `MANIFEST_CHECKPOINT_CORRUPT`
 */
export async function readCheckpoint(bytes: Uint8Array, file: string): Promise<Action[]> {
  let rows: Record<string, unknown>[]
  try {
    rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors, utf8: false })
  } catch (error) {
    throw new TradingError('MANIFEST_CHECKPOINT_CORRUPT', `the checkpoint ${file} does not read`, { file }, { cause: error })
  }
  return rows.map((row, index) => {
    const set = Object.entries(row).filter(([, value]) => isObject(value))
    return checkAction(Object.fromEntries(set.map(([name, value]) => [name, plain(value)])), file, index + 1)
  })
}

/** Bigints as numbers (none of a log's exceeds 2^53) and nulls as absent. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) => (member === null || member === undefined ? [] : [[key, plain(member)]])),
    )
  }
  return value
}
