import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { type DurableLog, isTradingError, type LogFileSystem, openLog, readLog, TradingError } from '@gatehouse/durable-log'
import { memorySource } from '../codec/byte-source.js'
import { type ColumnValues } from '../codec/column-spec.js'
import { ParquetEncoder } from '../codec/parquet-encoder.js'
import { ParquetFile } from '../codec/parquet-file.js'
import { systemCode, type TableFileSystem } from '../delta/file-system.js'
import { decodePath } from '../delta/paths.js'
import { InstrumentPool, instrumentsToJson } from './instruments.js'
import { fileColumns, type TableLayout } from './layout.js'
import { type StoredRows } from './stored-rows.js'
import { type DataFile } from './write-data-file.js'

/** One acknowledged transaction. */
export interface PendingTransaction {
  readonly appId: string
  readonly sequence: number
  /** the table's version when it was acknowledged: a commit that holds it is a later one */
  readonly seenVersion: number
}

/** Acknowledged rows that no commit holds yet: small appends as rows, large ones as files already written. */
export interface PendingAppend {
  /** one, or all those whose rows were written out together when memory filled up */
  readonly transactions: readonly PendingTransaction[]
  readonly rows: readonly StoredRows[]
  readonly files: readonly DataFile[]
  /** takes back every append of this application so far */
  readonly discarded?: string | undefined
}

interface RecordHead {
  /** id of the table they are for */
  readonly table: string
  readonly transactions: readonly PendingTransaction[]
  readonly parts: readonly { readonly partition: Record<string, string>; readonly instruments: string; readonly bytes: number }[]
  readonly files: readonly DataFile[]
  readonly discarded?: string | undefined
}

const writeAheadFolder = '_wal'
/** Writers at once on one table. */
const mostWriters = 64

/** The bytes of an append: a JSON head, then an uncompressed Parquet image for each partition. */
export function encodePending(table: string, layout: TableLayout, pending: PendingAppend): Uint8Array {
  const images = pending.rows.map((stored) => {
    const encoder = new ParquetEncoder({ columns: fileColumns(layout), codec: 'uncompressed' })
    return Buffer.concat([encoder.rowGroup(stored.columns).slice(), encoder.finish()])
  })
  const { transactions, files, discarded } = pending
  const parts = pending.rows.map(({ partition, instruments }, index) => ({
    partition,
    instruments: instrumentsToJson(instruments),
    bytes: images[index].length,
  }))
  const head = Buffer.from(JSON.stringify({ table, transactions, parts, files, discarded } satisfies RecordHead))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(head.length)
  return Buffer.concat([length, head, ...images])
}

/**
 * Reads {@link encodePending} back.
 * @param table id of the table at hand, `undefined` while there is none
 * @throws {TradingError} `MANIFEST_WRITE_AHEAD` for rows of another table: they were acknowledged there, so they are neither mixed in nor forgotten
 */
export async function decodePending(payload: Uint8Array, table: string | undefined, pool: InstrumentPool): Promise<PendingAppend> {
  const { head, start } = decodeHead(payload)
  if (head.table !== table) {
    throw new TradingError(
      'MANIFEST_WRITE_AHEAD',
      `the write-ahead log holds rows of table ${head.table}, which is not here: restore that table's log, or move ${writeAheadFolder} away`,
      { holds: head.table, table },
    )
  }
  const rows: StoredRows[] = []
  let at = start
  for (const { partition, instruments, bytes } of head.parts) {
    const file = await ParquetFile.open(memorySource(payload.subarray(at, at + bytes), 'a write-ahead record'))
    const columns = file.groups === 0 ? [] : await file.readGroup(0)
    rows.push({
      partition,
      rows: file.rows,
      instruments: pool.parse(instruments),
      columns: columns.map(({ values }) => values as ColumnValues),
    })
    at += bytes
  }
  const { transactions, files, discarded } = head
  return { transactions, rows, files, discarded }
}

/** Id of the table as its log states it now; `undefined` while there is no table. */
type TableId = () => Promise<string | undefined>

export interface WriteAheadOptions {
  readonly tableId: TableId
  readonly fileSystem: TableFileSystem
  readonly logFileSystem?: LogFileSystem | undefined
}

/**
 * The write-ahead logs of one table: one that this process appends to, and those that dead writers left, whose rows it takes over.
 * A log that a living writer holds is left alone.
 */
export class WriteAhead {
  private constructor(
    readonly recovered: readonly PendingAppend[],
    readonly log: DurableLog,
    private readonly adopted: readonly DurableLog[],
    private readonly tableId: TableId,
  ) {}

  static async open(directory: string, { fileSystem, logFileSystem, tableId }: WriteAheadOptions): Promise<WriteAhead> {
    const folder = join(directory, writeAheadFolder)
    const found = (await fileSystem.readdir(folder)).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(a) - Number(b))
    const open: DurableLog[] = []
    const recovered: PendingAppend[] = []
    const pool = new InstrumentPool()
    try {
      for (const name of found) {
        const log = await tryOpen(join(folder, name), logFileSystem)
        if (!log) continue
        open.push(log)
        for await (const { payload } of log.read()) takeUp(recovered, await decodePending(payload, await tableId(), pool))
      }
      for (let number = 0; open.length === 0; number++) {
        if (number === mostWriters) {
          throw new TradingError('MANIFEST_TOO_MANY_WRITERS', `${mostWriters} writers hold ${directory}: close some`, { directory })
        }
        if (found.includes(String(number))) continue
        const log = await tryOpen(join(folder, String(number)), logFileSystem)
        if (log) open.push(log)
      }
    } catch (error) {
      await Promise.allSettled(open.map((log) => log.close()))
      throw error
    }
    return new WriteAhead(recovered, open[0], open.slice(1), tableId)
  }

  /** Every record of the logs this process holds, as they were taken up when it opened. */
  async read(): Promise<PendingAppend[]> {
    const found: PendingAppend[] = []
    const pool = new InstrumentPool()
    for (const log of [this.log, ...this.adopted]) {
      for await (const { payload } of log.read()) takeUp(found, await decodePending(payload, await this.tableId(), pool))
    }
    return found
  }

  /** Forgets everything appended: a commit holds it. */
  async clear(): Promise<void> {
    for (const log of [this.log, ...this.adopted]) {
      if (log.head.index === 0) continue
      await log.snapshot(new Uint8Array(0))
      await log.compact()
    }
  }

  async close(): Promise<void> {
    for (const log of [...this.adopted, this.log]) await log.close()
  }
}

/** Paths of data files that some write-ahead log names, of living writers and dead ones: a commit may still take them. */
export async function pendingFiles(directory: string, fileSystem: TableFileSystem): Promise<string[]> {
  const folder = join(directory, writeAheadFolder)
  const paths: string[] = []
  for (const name of (await fileSystem.readdir(folder)).filter((entry) => /^\d+$/.test(entry))) {
    for await (const { payload } of readLog(join(folder, name))) {
      paths.push(...decodeHead(payload).head.files.map(({ path }) => decodePath(path)))
    }
  }
  return paths
}

function decodeHead(payload: Uint8Array): { head: RecordHead; start: number } {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const start = 4 + view.readUInt32LE(0)
  return { head: JSON.parse(view.toString('utf8', 4, start)) as RecordHead, start }
}

function takeUp(recovered: PendingAppend[], append: PendingAppend): void {
  if (append.discarded === undefined) return void recovered.push(append)
  const kept = recovered.filter(({ transactions }) => !transactions.some(({ appId }) => appId === append.discarded))
  recovered.splice(0, recovered.length, ...kept)
}

async function tryOpen(directory: string, fileSystem: LogFileSystem | undefined): Promise<DurableLog | undefined> {
  try {
    return await openLog({ directory, durability: 'power', fileSystem })
  } catch (error) {
    if (isTradingError(error, 'LOG_LOCKED')) return undefined
    if (isTradingError(error)) {
      const system = systemCode(error.cause)
      throw new TradingError(
        system === 'EACCES' || system === 'EROFS' ? 'MANIFEST_READ_ONLY' : 'MANIFEST_WRITE_AHEAD',
        `the write-ahead log ${directory} does not open: ${error.message}`,
        { directory, code: error.code },
        { cause: error },
      )
    }
    throw error
  }
}
