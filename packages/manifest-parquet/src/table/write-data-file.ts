import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ParquetEncoder } from '../codec/parquet-encoder.js'
import { type Instrument } from '@gatehouse/core'
import { type ColumnValues, isText } from '../codec/column-spec.js'
import { type AddAction } from '../delta/actions.js'
import { sha256 } from '../delta/chain.js'
import { type DurableFile, publish, startFile } from '../delta/durable-file.js'
import { type TableFileSystem } from '../delta/file-system.js'
import { encodePath, partitionFolder } from '../delta/paths.js'
import { instrumentsToJson } from './instruments.js'
import { fileColumns, type TableLayout, timeColumn } from './layout.js'
import { mergeRows, type StoredRows } from './stored-rows.js'

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
export async function writeDataFile(stored: StoredRows, context: WriteContext): Promise<DataFile> {
  const writer = new DataFileWriter(stored.partition, context)
  try {
    await writer.add(stored)
    return await writer.finish()
  } catch (error) {
    await writer.discard()
    throw error
  }
}

/** A data file being written, a row group at a time: what is not yet a whole row group waits in memory. */
export class DataFileWriter {
  readonly #context: WriteContext
  readonly #encoder: ParquetEncoder
  readonly #folders: readonly string[]
  readonly #partition: Readonly<Record<string, string>>
  readonly #hash = createHash('sha256')
  readonly #instruments = new Set<Instrument>()
  #file: DurableFile | undefined
  #waiting: StoredRows[] = []
  #waitingRows = 0
  #size = 0
  #first: bigint | undefined
  #last = 0n

  constructor(partition: Readonly<Record<string, string>>, context: WriteContext) {
    this.#context = context
    this.#partition = partition
    this.#encoder = new ParquetEncoder({ columns: fileColumns(context.layout), codec: context.layout.codec, prove: true })
    this.#folders = ['data', ...Object.entries(partition).map(([column, value]) => partitionFolder(column, value))]
  }

  get rows(): number {
    return this.#encoder.rows + this.#waitingRows
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size
  }

  /** Adds rows behind the others; their time may not be before what was added. The writer keeps them until they fill a row group. */
  async add(stored: StoredRows): Promise<void> {
    if (stored.rows === 0) return
    const times = stored.columns[0] as BigInt64Array
    this.#first ??= times[0]
    this.#last = times[times.length - 1]
    for (const instrument of stored.instruments) this.#instruments.add(instrument)
    this.#waiting.push(stored)
    this.#waitingRows += stored.rows
    if (this.#waitingRows >= this.#context.layout.rowGroupRows) await this.#flush(false)
  }

  async finish(): Promise<DataFile> {
    const { directory, layout, fileSystem, transactions } = this.#context
    await this.#flush(true)
    const footer = this.#encoder.finish({
      'gatehouse.schema': layout.schema,
      'gatehouse.source': layout.source,
      'gatehouse.priceDivisor': String(layout.priceDivisor),
      'gatehouse.transactions': transactions,
      'gatehouse.instruments': instrumentsToJson([...this.#instruments]),
    })
    const footerDigest = sha256(footer)
    await this.#append(footer)
    const file = this.#file!
    await file.finish()
    const digest = this.#hash.digest('hex')
    const path = [...this.#folders, `${digest}.parquet`]
    await publish(fileSystem, file, join(directory, ...path))
    const rows = this.#encoder.rows
    return {
      path: encodePath(path.join('/')),
      partitionValues: this.#partition,
      size: this.#size,
      stats: statistics(this.#encoder, rows, fileColumns(layout)),
      tags: {
        sha256: digest,
        footer: footerDigest,
        rows: String(rows),
        from: String(this.#first ?? 0n),
        to: String(this.#last),
        ...symbolTag(this.#instruments),
      },
    }
  }

  async discard(): Promise<void> {
    await this.#file?.discard()
  }

  async #flush(all: boolean): Promise<void> {
    if (this.#waitingRows === 0) return
    const { rowGroupRows } = this.#context.layout
    const stored = mergeRows(this.#waiting)
    let from = 0
    while (stored.rows - from >= rowGroupRows || (all && from < stored.rows)) {
      const to = Math.min(stored.rows, from + rowGroupRows)
      await this.#append(this.#encoder.rowGroup(stored.columns.map((values) => cut(values, from, to))))
      from = to
    }
    const left = stored.rows - from
    this.#waiting = left === 0 ? [] : [{ ...stored, rows: left, columns: stored.columns.map((values) => cut(values, from, stored.rows)) }]
    this.#waitingRows = left
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const { directory, fileSystem } = this.#context
    this.#file ??= await startFile(fileSystem, join(directory, ...this.#folders))
    this.#hash.update(bytes)
    this.#size += bytes.length
    await this.#file.append(bytes)
  }
}

function cut(values: ColumnValues, from: number, to: number): ColumnValues {
  return isText(values) ? { ...values, codes: values.codes.subarray(from, to) } : values.subarray(from, to)
}

function symbolTag(instruments: Iterable<Instrument>): Record<string, string> {
  const names = new Set<string>()
  for (const { id, symbol } of instruments) names.add(id).add(symbol)
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
