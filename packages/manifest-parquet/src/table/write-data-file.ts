import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ParquetEncoder } from '../codec/parquet-encoder.js'
import { isText } from '../codec/column-spec.js'
import { type AddAction } from '../delta/actions.js'
import { publish, startFile } from '../delta/durable-file.js'
import { type TableFileSystem } from '../delta/file-system.js'
import { encodePath, partitionFolder } from '../delta/paths.js'
import { instrumentsToJson } from './instruments.js'
import { fileColumns, type TableLayout, timeColumn } from './layout.js'
import { type StoredRows } from './stored-rows.js'

/** An `add` action without what only the commit knows. */
export interface DataFile {
  readonly path: string
  readonly partitionValues: Readonly<Record<string, string>>
  readonly size: number
  readonly stats: string
  readonly tags: Readonly<Record<string, string>>
}

/** Symbols are named in the log while there are this few: a scan by symbol then opens no other file. */
const mostSymbols = 32

export interface WriteContext {
  readonly directory: string
  readonly layout: TableLayout
  readonly fileSystem: TableFileSystem
  /** which appends the rows came from; part of the file, so that equal rows of two transactions are two files */
  readonly transactions: string
}

/** Writes rows to `data/<partition>/<sha256>.parquet`; durable when resolved. The same rows and transactions give the same name and bytes. */
export async function writeDataFile(stored: StoredRows, { directory, layout, fileSystem, transactions }: WriteContext): Promise<DataFile> {
  const columns = fileColumns(layout)
  const encoder = new ParquetEncoder({
    columns,
    codec: layout.codec,
    metadata: {
      'gatehouse.schema': layout.schema,
      'gatehouse.source': layout.source,
      'gatehouse.priceDivisor': String(layout.priceDivisor),
      'gatehouse.transactions': transactions,
      'gatehouse.instruments': instrumentsToJson(stored.instruments),
    },
  })
  const folders = ['data', ...Object.entries(stored.partition).map(([column, value]) => partitionFolder(column, value))]
  const file = await startFile(fileSystem, join(directory, ...folders))
  const hash = createHash('sha256')
  let size = 0
  const append = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes)
    size += bytes.length
    await file.append(bytes)
  }
  try {
    for (let from = 0; from < stored.rows; from += layout.rowGroupRows) {
      const to = Math.min(stored.rows, from + layout.rowGroupRows)
      const group = stored.columns.map((values) =>
        isText(values) ? { ...values, codes: values.codes.subarray(from, to) } : values.subarray(from, to),
      )
      await append(encoder.rowGroup(group))
    }
    await append(encoder.finish())
    await file.finish()
    const sha256 = hash.digest('hex')
    const path = [...folders, `${sha256}.parquet`]
    await publish(fileSystem, file, join(directory, ...path))
    const times = stored.columns[0] as BigInt64Array
    return {
      path: encodePath(path.join('/')),
      partitionValues: stored.partition,
      size,
      stats: statistics(encoder, stored.rows, columns),
      tags: {
        sha256,
        rows: String(stored.rows),
        from: String(times[0]),
        to: String(times[times.length - 1]),
        ...symbolTag(stored),
      },
    }
  } catch (error) {
    await file.discard()
    throw error
  }
}

function symbolTag({ instruments }: StoredRows): Record<string, string> {
  const names = new Set(instruments.flatMap(({ id, symbol }) => [id, symbol]))
  return names.size <= mostSymbols ? { symbols: JSON.stringify([...names].sort()) } : {}
}

/** Delta's statistics: rows, and the range of times and sequence. 64-bit integers are written as digits. */
function statistics(encoder: ParquetEncoder, rows: number, columns: readonly { name: string }[]): string {
  const ranges = encoder.ranges()
  const min: string[] = []
  const max: string[] = []
  columns.forEach(({ name }, index) => {
    const range = ranges[index]
    if (!range || !(name === timeColumn || name === 'sequence' || name.startsWith('ts'))) return
    min.push(`${JSON.stringify(name)}:${String(range.min)}`)
    max.push(`${JSON.stringify(name)}:${String(range.max)}`)
  })
  return `{"numRecords":${rows},"minValues":{${min.join(',')}},"maxValues":{${max.join(',')}}}`
}

/** The log's `add` for a written file. */
export function addOf(file: DataFile, modificationTime: number, order: string, dataChange = true): AddAction {
  return {
    path: file.path,
    partitionValues: file.partitionValues,
    size: file.size,
    modificationTime,
    dataChange,
    stats: file.stats,
    tags: { ...file.tags, order },
  }
}
