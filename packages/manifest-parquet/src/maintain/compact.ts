import { createHash } from 'node:crypto'
import { type CallOptions } from '@gatehouse/contracts'
import { TradingError } from '@gatehouse/durable-log'
import { requireNumbers } from '../check-options.js'
import { type Batch } from '@gatehouse/core'
import { type Action, type AddAction } from '../delta/actions.js'
import { sha256 } from '../delta/chain.js'
import { type DeltaLog } from '../delta/delta-log.js'
import { type TableFileSystem } from '../delta/file-system.js'
import { decodePath } from '../delta/paths.js'
import { type TableState } from '../delta/table-state.js'
import { scanFiles } from '../scan/scan.js'
import { InstrumentPool } from '../table/instruments.js'
import { layoutFrom, type TableLayout } from '../table/layout.js'
import { ownRows, storeBatch } from '../table/stored-rows.js'
import { orderedFiles, type TableFile, tableFile } from '../table/table-files.js'
import { addOf, type DataFile, DataFileWriter } from '../table/write-data-file.js'
import { RowHash } from './row-hash.js'

export interface CompactOptions extends CallOptions {
  /** files smaller than this are joined, and joined up to about this; default 128 MiB */
  readonly targetBytes?: number | undefined
}

/** What a compaction did. */
export interface CompactReport {
  readonly removed: number
  readonly added: number
  readonly rows: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

const defaultTarget = 128 << 20
const lastTime = 2n ** 63n - 1n

type OrderedFile = TableFile & { readonly order: number }

export interface CompactContext {
  readonly log: DeltaLog
  readonly fileSystem: TableFileSystem
  readonly nowMs: () => number
}

/**
 * Joins small files of one partition into larger ones, a commit for each. Before a commit the rows of the new file are read back from
 * the disk and proven equal, in number, content and order, to those of the old files, which stay on the disk for the pins that name them.
 * @throws {TradingError} `MANIFEST_ROWS_DIFFER` when they are not equal: nothing is committed
 */
export async function compactTable({ log, fileSystem, nowMs }: CompactContext, options: CompactOptions): Promise<CompactReport> {
  const { targetBytes = defaultTarget, signal, onProgress } = options
  requireNumbers({ targetBytes })
  const state = await log.refresh()
  const layout = layoutFrom(state.described(log.directory).metaData, log.directory)
  const report = { removed: 0, added: 0, rows: 0, bytesBefore: 0, bytesAfter: 0 }
  const groups = smallNeighbours(state, targetBytes)
  for (const [done, files] of groups.entries()) {
    signal?.throwIfAborted()
    onProgress?.({ stage: 'joining files', done, total: groups.length, unit: 'groups' })
    const adds = files.map(({ path }) => state.files.get(path)!)
    const joined = await rewrite(files, adds, layout, { log, fileSystem, nowMs }, signal)
    const committed = await commitJoined(log, nowMs, adds, joined)
    if (!committed) continue
    report.removed += adds.length
    report.added += 1
    report.rows += Number(joined.tags.rows)
    report.bytesBefore += adds.reduce((sum, { size }) => sum + size, 0)
    report.bytesAfter += joined.size
  }
  return report
}

/** Runs of small files that follow one another in commit order within a partition: joining those keeps the order of every scan. */
function smallNeighbours(state: TableState, targetBytes: number): OrderedFile[][] {
  const partitions = new Map<string, OrderedFile[]>()
  for (const file of orderedFiles(state)) {
    const key = JSON.stringify(state.files.get(file.path)!.partitionValues)
    const list = partitions.get(key)
    if (list) list.push(file)
    else partitions.set(key, [file])
  }
  const groups: OrderedFile[][] = []
  for (const files of partitions.values()) {
    let group: OrderedFile[] = []
    let bytes = 0
    const end = (): void => {
      if (group.length > 1) groups.push(group)
      group = []
      bytes = 0
    }
    for (const file of files) {
      const { size } = state.files.get(file.path)!
      if (size >= targetBytes || bytes + size > targetBytes) end()
      if (size >= targetBytes) continue
      group.push(file)
      bytes += size
    }
    end()
  }
  return groups
}

async function rewrite(
  files: readonly OrderedFile[],
  adds: readonly AddAction[],
  layout: TableLayout,
  { log, fileSystem }: CompactContext,
  signal: AbortSignal | undefined,
): Promise<DataFile> {
  const { directory } = log
  const partition = adds[0].partitionValues as Readonly<Record<string, string>>
  const transactions = JSON.stringify({ joined: adds.map(({ tags }) => tags!.sha256) })
  const writer = new DataFileWriter(partition, { directory, layout, fileSystem, transactions })
  const before = new OrderedRows(layout)
  let joined: DataFile
  try {
    for await (const batch of scanFiles(layout, plan(directory, layout), files, signal)) {
      before.add(batch)
      for (const stored of storeBatch(layout, batch)) await writer.add(ownRows(stored))
    }
    joined = await writer.finish()
  } catch (error) {
    await writer.discard()
    throw error
  }
  const after = new OrderedRows(layout)
  const written = { ...tableFile(addOf(joined, 0, '0.0')), order: 0 }
  for await (const batch of scanFiles(layout, plan(directory, layout), [written], signal)) after.add(batch)
  const stated = adds.reduce((sum, { tags }) => sum + Number(tags!.rows), 0)
  if (before.digest() !== after.digest() || before.rows !== stated) {
    throw new TradingError('MANIFEST_ROWS_DIFFER', `joining ${files.length} files would change rows: nothing was committed`, {
      files: files.map(({ path }) => path),
      before: before.digest(),
      after: after.digest(),
    })
  }
  return joined
}

const plan = (directory: string, layout: TableLayout) => ({
  directory,
  columns: layout.columns,
  from: 0n,
  to: lastTime,
  symbols: undefined,
  pool: new InstrumentPool(),
})

/** Rows by content, and the order of their times and instruments, whatever batches they come in. */
class OrderedRows {
  readonly #content = new RowHash()
  readonly #order = createHash('sha256')
  readonly #layout: TableLayout

  constructor(layout: TableLayout) {
    this.#layout = layout
  }

  get rows(): number {
    return this.#content.rows
  }

  add(batch: Batch): void {
    this.#content.add(batch, this.#layout.columns)
    const { availableAt, instruments, instrumentIndex, length } = batch
    const keys = new BigInt64Array(length * 2)
    const ids = instruments.map(({ id }) => BigInt(`0x${sha256(id).slice(0, 15)}`))
    for (let row = 0; row < length; row++) {
      keys[2 * row] = availableAt[row]
      keys[2 * row + 1] = ids[instrumentIndex[row]]
    }
    this.#order.update(new Uint8Array(keys.buffer))
  }

  digest(): string {
    return `${this.#content.rows} rows, content ${this.#content.toString()}, order ${this.#order.copy().digest('hex')}`
  }
}

/** Commits the exchange; false when another writer has replaced one of the files meanwhile. */
async function commitJoined(log: DeltaLog, nowMs: () => number, adds: readonly AddAction[], joined: DataFile): Promise<boolean> {
  let committed = false
  await log.commit((state, timestamp) => {
    committed = adds.every(({ path }) => state.files.has(decodePath(path)))
    if (!committed) return undefined
    // The new file takes the place of the first one it holds.
    const order = adds[0].tags!.order
    const actions: Action[] = [
      ...adds.map(({ path, partitionValues, size, tags }) => ({
        remove: {
          path,
          deletionTimestamp: timestamp,
          dataChange: false,
          extendedFileMetadata: true,
          partitionValues,
          size,
          ...(tags && { tags }),
        },
      })),
      { add: addOf(joined, timestamp, order, false) },
    ]
    return { info: { operation: 'OPTIMIZE', operationParameters: {}, isBlindAppend: false, engineInfo: 'gatehouse' }, actions }
  }, nowMs)
  return committed
}
