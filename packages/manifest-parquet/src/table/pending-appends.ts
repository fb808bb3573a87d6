import { type Progress } from '@gatehouse/contracts'
import { type LogFileSystem, TradingError } from '@gatehouse/durable-log'
import { type Batch, type ManifestTransaction } from '@gatehouse/core'
import { isText } from '../codec/column-spec.js'
import { type Action } from '../delta/actions.js'
import { type Proposal } from '../delta/delta-log.js'
import { type TableFileSystem } from '../delta/file-system.js'
import { type TableState } from '../delta/table-state.js'
import { type TableLayout } from './layout.js'
import { formatSequences } from './sequences.js'
import { mergeRows, ownRows, storeBatch, type StoredRows } from './stored-rows.js'
import { encodePending, type PendingAppend, WriteAhead } from './write-ahead.js'
import { addOf, type DataFile, writeDataFile } from './write-data-file.js'

export interface PendingOptions {
  readonly directory: string
  readonly fileSystem: TableFileSystem
  readonly logFileSystem?: LogFileSystem | undefined
  readonly pendingBytes: number
}

export interface ProposalOptions {
  /** time of the commit, ms */
  readonly timestamp: number
  readonly lineage: Readonly<Record<string, string>> | undefined
  readonly onProgress: ((progress: Progress) => void) | undefined
}

/** Appends from here on are written as files at once: the rows would only travel twice through the write-ahead log. */
const directBytes = 16 << 20
/** The write-ahead log is emptied after a commit once it has grown past this. */
const clearAfterBytes = 8 << 20

/** What has been acknowledged and not committed: in the write-ahead log, and in memory as it will be written. */
export class PendingAppends {
  readonly #options: PendingOptions
  readonly #writeAhead: WriteAhead
  #appends: PendingAppend[]
  #heldBytes = 0
  #loggedBytes = 0
  readonly #failed = new Map<string, number>()
  #written: { readonly key: string; readonly files: readonly DataFile[] } | undefined

  private constructor(options: PendingOptions, writeAhead: WriteAhead) {
    this.#options = options
    this.#writeAhead = writeAhead
    // Two dead writers may have acknowledged the same transaction: the first one stands.
    const seen = new Set<string>()
    this.#appends = [...writeAhead.recovered]
      .sort((a, b) => (a.appId < b.appId ? -1 : a.appId > b.appId ? 1 : a.sequence - b.sequence))
      .filter(({ appId, sequence }) => !seen.has(`${appId}\n${sequence}`) && seen.add(`${appId}\n${sequence}`))
    if (writeAhead.recovered.length > 0) this.#loggedBytes = clearAfterBytes
  }

  /** Opens the write-ahead log and takes up what a crash left in it. */
  static async open(options: PendingOptions): Promise<PendingAppends> {
    return new PendingAppends(options, await WriteAhead.open(options))
  }

  lastSequence(appId: string, state: TableState): number | undefined {
    let last = state.transactions.get(appId)
    for (const pending of this.#appends) if (pending.appId === appId && pending.sequence > (last ?? -1)) last = pending.sequence
    return last
  }

  /** Acknowledges a batch: on the disk when resolved. */
  async append(batch: Batch, { appId, sequence }: ManifestTransaction, layout: TableLayout, state: TableState): Promise<void> {
    const failed = this.#failed.get(appId)
    if (failed !== undefined && sequence > failed) {
      throw new TradingError('MANIFEST_TXN_ORDER', `sequence ${failed} of ${appId} failed: repeat it before ${sequence}`, {
        appId,
        sequence,
        failed,
      })
    }
    const last = this.lastSequence(appId, state)
    if (last !== undefined && sequence <= last) return
    try {
      const rows = storeBatch(layout, batch)
      const bytes = rows.reduce((sum, stored) => sum + bytesOf(stored), 0)
      const isDirect = bytes >= directBytes
      const files = isDirect ? await this.#writeFiles(rows, layout, JSON.stringify({ [appId]: String(sequence) })) : []
      const pending: PendingAppend = { appId, sequence, seenVersion: state.version, rows: isDirect ? [] : rows, files }
      const payload = encodePending(layout, pending)
      await this.#writeAhead.log.append(payload, { durability: 'power' })
      this.#failed.delete(appId)
      this.#loggedBytes += payload.length
      // Producers reuse their memory after the call.
      this.#appends.push({ ...pending, rows: pending.rows.map(ownRows) })
      if (!isDirect) this.#heldBytes += bytes
    } catch (error) {
      this.#failed.set(appId, sequence)
      throw error
    }
  }

  /** True when the rows held in memory should be committed or written out. */
  get isFull(): boolean {
    return this.#heldBytes >= this.#options.pendingBytes
  }

  /** The commit of everything pending that `state` does not hold yet. */
  async propose(
    state: TableState,
    layout: TableLayout,
    { timestamp, lineage, onProgress }: ProposalOptions,
  ): Promise<Proposal | undefined> {
    this.#appends = this.#appends.filter(({ appId, sequence }) => sequence > (state.transactions.get(appId) ?? -1))
    if (this.#appends.length === 0) return undefined
    const sequences = new Map<string, number[]>()
    for (const { appId, sequence } of this.#appends) sequences.set(appId, [...(sequences.get(appId) ?? []), sequence])
    const transactions = JSON.stringify(Object.fromEntries([...sequences].map(([appId, list]) => [appId, formatSequences(list)])))
    const files = await this.#filesFor(transactions, layout, onProgress)
    const version = state.version + 1
    const actions: Action[] = [
      ...[...sequences].map(([appId, list]) => ({ txn: { appId, version: Math.max(...list) } })),
      ...files.map((file, place) => ({ add: addOf(file, timestamp, `${version}.${place}`) })),
    ]
    return {
      info: {
        operation: 'WRITE',
        operationParameters: { mode: 'Append', transactions },
        isBlindAppend: true,
        engineInfo: 'gatehouse',
        ...(lineage && { lineage }),
      },
      actions,
    }
  }

  /** Drops what a commit now holds. */
  async committed(state: TableState): Promise<void> {
    this.#appends = this.#appends.filter(({ appId, sequence }) => sequence > (state.transactions.get(appId) ?? -1))
    this.#heldBytes = this.#appends.reduce((sum, { rows }) => sum + rows.reduce((bytes, stored) => bytes + bytesOf(stored), 0), 0)
    this.#written = undefined
    if (this.#appends.length > 0 || this.#loggedBytes < clearAfterBytes) return
    await this.#writeAhead.clear()
    this.#loggedBytes = 0
  }

  async close(): Promise<void> {
    if (this.#appends.length === 0 && this.#loggedBytes > 0) await this.#writeAhead.clear()
    await this.#writeAhead.close()
  }

  /** Files of the pending appends; written once however often a race is lost, as long as the appends stay the same. */
  async #filesFor(
    transactions: string,
    layout: TableLayout,
    onProgress: ((progress: Progress) => void) | undefined,
  ): Promise<readonly DataFile[]> {
    if (this.#written?.key === transactions) return this.#written.files
    const parts = new Map<string, StoredRows[]>()
    for (const { rows } of this.#appends) {
      for (const stored of rows) {
        const key = JSON.stringify(stored.partition)
        parts.set(key, [...(parts.get(key) ?? []), stored])
      }
    }
    const merged = [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => mergeRows(stored))
    const direct = this.#appends.flatMap(({ files }) => files)
    const files = [...direct, ...(await this.#writeFiles(merged, layout, transactions, onProgress))]
    this.#written = { key: transactions, files }
    return files
  }

  async #writeFiles(
    parts: readonly StoredRows[],
    layout: TableLayout,
    transactions: string,
    onProgress?: (progress: Progress) => void,
  ): Promise<DataFile[]> {
    const { directory, fileSystem } = this.#options
    const files: DataFile[] = []
    for (const [done, stored] of parts.entries()) {
      onProgress?.({ stage: 'writing files', done, total: parts.length, unit: 'files' })
      if (stored.rows > 0) files.push(await writeDataFile(stored, { directory, layout, fileSystem, transactions }))
    }
    return files
  }
}

function bytesOf({ columns }: StoredRows): number {
  return columns.reduce((sum, values) => sum + (isText(values) ? values.codes.byteLength : values.byteLength), 0)
}
