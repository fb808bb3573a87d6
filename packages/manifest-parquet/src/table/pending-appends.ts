import { type Progress } from '@gatehouse/contracts'
import { type LogFileSystem, TradingError } from '@gatehouse/durable-log'
import { type Batch, type ManifestTransaction } from '@gatehouse/core'
import { isText } from '../codec/column-spec.js'
import { type Action } from '../delta/actions.js'
import { type DeltaLog, type Proposal } from '../delta/delta-log.js'
import { type TableFileSystem } from '../delta/file-system.js'
import { type TableState } from '../delta/table-state.js'
import { type TableLayout } from './layout.js'
import { formatSequences, holdsSequence } from './sequences.js'
import { mergeRows, ownRows, storeBatch, type StoredRows } from './stored-rows.js'
import { encodePending, type PendingAppend, type PendingTransaction, WriteAhead } from './write-ahead.js'
import { addOf, type DataFile, writeDataFile } from './write-data-file.js'

export interface PendingOptions {
  readonly log: DeltaLog
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

/** Appends from here on are written as files at once: their rows would only travel twice through the write-ahead log. */
const directBytes = 16 << 20
/** The write-ahead log is emptied after a commit once it has grown past this. */
const clearAfterBytes = 8 << 20

/** What has been acknowledged and not committed: in the write-ahead log, and in memory as it will be written. */
export class PendingAppends {
  readonly #options: PendingOptions
  readonly #writeAhead: WriteAhead
  #appends: PendingAppend[] = []
  #heldBytes = 0
  #loggedBytes = 0
  readonly #last = new Map<string, number>()
  readonly #failed = new Map<string, number>()
  #written: { readonly key: string; readonly files: readonly DataFile[] } | undefined

  private constructor(options: PendingOptions, writeAhead: WriteAhead) {
    this.#options = options
    this.#writeAhead = writeAhead
  }

  /** Opens the write-ahead log and takes up what a crash left in it. */
  static async open(options: PendingOptions): Promise<PendingAppends> {
    const { log } = options
    // Asked for once a record is at hand: a table is there before anything is written ahead for it.
    const tableId = async (): Promise<string | undefined> => (log.head.metaData ?? (await log.refresh()).metaData)?.id
    const writeAhead = await WriteAhead.open(log.directory, { ...options, tableId })
    const pending = new PendingAppends(options, writeAhead)
    try {
      await pending.#recover(writeAhead.recovered, await log.refresh())
    } catch (error) {
      await writeAhead.close()
      throw error
    }
    return pending
  }

  /** The last acknowledged sequence of an application, pending or committed. */
  lastSequence(appId: string, state: TableState): number | undefined {
    const pending = this.#last.get(appId)
    const committed = state.transactions.get(appId)
    return pending === undefined || (committed !== undefined && committed > pending) ? committed : pending
  }

  /** Acknowledges a batch: on the disk when resolved. */
  async append(batches: readonly Batch[], { appId, sequence }: ManifestTransaction, layout: TableLayout, state: TableState): Promise<void> {
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
      const stored = batches.flatMap((batch) => storeBatch(layout, batch))
      const rows = batches.length === 1 ? stored : grouped(stored)
      const transactions = [{ appId, sequence, seenVersion: state.version }]
      const isDirect = bytesOf(rows) >= directBytes
      const files = isDirect ? await this.#writeFiles(rows, layout, describe(transactions)) : []
      await this.#record({ transactions, rows: isDirect ? [] : rows, files }, layout)
    } catch (error) {
      this.#failed.set(appId, sequence)
      throw error
    }
    this.#failed.delete(appId)
    this.#last.set(appId, sequence)
    if (this.#heldBytes >= this.#options.pendingBytes) await this.#writeOut(layout)
  }

  /** Takes back what an application has appended and nothing has committed. */
  async discard(appId: string, layout: TableLayout): Promise<void> {
    const isTheirs = ({ transactions }: PendingAppend): boolean => transactions.some((transaction) => transaction.appId === appId)
    const theirs = this.#appends.filter(isTheirs)
    this.#failed.delete(appId)
    if (theirs.length === 0) return
    if (theirs.some(({ transactions }) => transactions.some((transaction) => transaction.appId !== appId))) {
      throw new TradingError(
        'MANIFEST_TXN_CONFLICT',
        `rows of ${appId} were written out together with others: commit, they can no longer be taken back`,
        { appId },
      )
    }
    await this.#log(layout, { transactions: [], rows: [], files: [], discarded: appId })
    this.#last.delete(appId)
    this.#hold(this.#appends.filter((append) => !isTheirs(append)))
  }

  /** The commit of everything pending that `state` does not hold yet. */
  async propose(
    state: TableState,
    layout: TableLayout,
    { timestamp, lineage, onProgress }: ProposalOptions,
  ): Promise<Proposal | undefined> {
    await this.#dropCommitted(state)
    if (this.#appends.length === 0) return undefined
    const all = this.#appends.flatMap(({ transactions }) => transactions)
    const transactions = describe(all)
    const files = await this.#filesFor(transactions, layout, onProgress)
    const version = state.version + 1
    const latest = new Map<string, number>()
    for (const { appId, sequence } of all) latest.set(appId, Math.max(sequence, latest.get(appId) ?? state.transactions.get(appId) ?? 0))
    const actions: Action[] = [
      ...[...latest].map(([appId, sequence]) => ({ txn: { appId, version: sequence } })),
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

  /** Drops everything that was proposed: a commit holds it now. */
  async committed(): Promise<void> {
    this.#hold([])
    this.#last.clear()
    if (this.#loggedBytes < clearAfterBytes) return
    await this.#writeAhead.clear()
    this.#loggedBytes = 0
  }

  async close(): Promise<void> {
    try {
      if (this.#appends.length === 0 && this.#loggedBytes > 0) await this.#writeAhead.clear()
    } finally {
      await this.#writeAhead.close()
    }
  }

  #hold(appends: PendingAppend[]): void {
    this.#appends = appends
    this.#heldBytes = appends.reduce((sum, { rows }) => sum + bytesOf(rows), 0)
    this.#written = undefined
  }

  async #log(layout: TableLayout, pending: PendingAppend): Promise<void> {
    const payload = encodePending(this.#options.log.head.metaData!.id, layout, pending)
    await this.#writeAhead.log.append(payload, { durability: 'power' })
    this.#loggedBytes += payload.length
  }

  /** Puts an append into the write-ahead log and, in memory of its own, behind the others. */
  async #record(append: PendingAppend, layout: TableLayout): Promise<void> {
    await this.#log(layout, append)
    this.#heldBytes += bytesOf(append.rows)
    // Producers reuse their memory after the call.
    this.#appends.push({ ...append, rows: append.rows.map(ownRows) })
  }

  /** Writes the rows held in memory to files ahead of the commit, so that memory stays bounded however much is appended. */
  async #writeOut(layout: TableLayout): Promise<void> {
    const held = this.#appends.filter(({ rows }) => rows.length > 0)
    const transactions = held.flatMap((append) => append.transactions)
    const files = await this.#writeFiles(grouped(rowsOf(held)), layout, describe(transactions))
    await this.#log(layout, { transactions, rows: [], files })
    this.#hold([...this.#appends.filter(({ rows }) => rows.length === 0), { transactions, rows: [], files }])
  }

  async #recover(recovered: readonly PendingAppend[], state: TableState): Promise<void> {
    if (recovered.length === 0) return
    this.#loggedBytes = clearAfterBytes
    const committed = await this.#committedAmong(
      recovered.flatMap(({ transactions }) => transactions),
      state,
    )
    const open = recovered.filter(({ transactions }) => !transactions.some((transaction) => committed.has(keyOf(transaction))))
    // Files written out for several appends stand for them; where one of those is committed, the others' own records do.
    const writtenOut = new Set(
      open.filter(({ transactions }) => transactions.length > 1).flatMap(({ transactions }) => transactions.map(keyOf)),
    )
    const seen = new Set<string>()
    const appends = open.filter(({ transactions }) => {
      const [first] = transactions
      if (transactions.length > 1) return true
      // Two dead writers may have acknowledged the same transaction: the first one stands.
      if (writtenOut.has(keyOf(first)) || seen.has(keyOf(first))) return false
      seen.add(keyOf(first))
      return true
    })
    this.#hold(appends)
    for (const { appId, sequence } of appends.flatMap(({ transactions }) => transactions)) {
      this.#last.set(appId, Math.max(sequence, this.#last.get(appId) ?? 0))
    }
  }

  async #dropCommitted(state: TableState): Promise<void> {
    const committed = await this.#committedAmong(
      this.#appends.flatMap(({ transactions }) => transactions),
      state,
    )
    if (committed.size === 0) return
    const isCommitted = (transaction: PendingTransaction): boolean => committed.has(keyOf(transaction))
    if (this.#appends.some(({ transactions }) => transactions.some(isCommitted) && !transactions.every(isCommitted))) {
      // Rows of several transactions were written out together, and another writer, who took them over from a log, has committed some
      // of them: the write-ahead log still holds each on its own.
      await this.#recover(await this.#writeAhead.read(), state)
      return
    }
    this.#hold(this.#appends.filter(({ transactions }) => !transactions.every(isCommitted)))
  }

  /**
   * Which transactions a commit holds. The table keeps only the highest sequence of an application, so for anything below it the
   * commits since the acknowledgement are asked: each names all of its transactions.
   */
  async #committedAmong(transactions: readonly PendingTransaction[], state: TableState): Promise<Set<string>> {
    const doubtful = transactions.filter(({ appId, sequence }) => sequence <= (state.transactions.get(appId) ?? -1))
    const committed = new Set<string>()
    if (doubtful.length === 0) return committed
    const since = doubtful.reduce((least, { seenVersion }) => Math.min(least, seenVersion), Infinity)
    for (let version = Math.max(0, since + 1); version <= state.version; version++) {
      const info = (await this.#options.log.entry(version)).find(({ commitInfo }) => commitInfo)?.commitInfo
      const held = JSON.parse(info?.operationParameters?.transactions ?? '{}') as Record<string, string>
      for (const transaction of doubtful) {
        const { appId, sequence } = transaction
        // An application may be called `constructor`.
        if (Object.hasOwn(held, appId) && holdsSequence(held[appId], sequence)) committed.add(keyOf(transaction))
      }
    }
    return committed
  }

  /** Files of the pending appends; written once however often a race is lost, as long as the appends stay the same. */
  async #filesFor(
    transactions: string,
    layout: TableLayout,
    onProgress: ((progress: Progress) => void) | undefined,
  ): Promise<readonly DataFile[]> {
    if (this.#written?.key === transactions) return this.#written.files
    const direct = this.#appends.flatMap(({ files }) => files)
    const files = [...direct, ...(await this.#writeFiles(grouped(rowsOf(this.#appends)), layout, transactions, onProgress))]
    this.#written = { key: transactions, files }
    return files
  }

  async #writeFiles(
    parts: readonly StoredRows[],
    layout: TableLayout,
    transactions: string,
    onProgress?: (progress: Progress) => void,
  ): Promise<DataFile[]> {
    const { log, fileSystem } = this.#options
    const files: DataFile[] = []
    for (const [done, stored] of parts.entries()) {
      onProgress?.({ stage: 'writing files', done, total: parts.length, unit: 'files' })
      if (stored.rows > 0) files.push(await writeDataFile(stored, { directory: log.directory, layout, fileSystem, transactions }))
    }
    return files
  }
}

function rowsOf(appends: readonly PendingAppend[]): StoredRows[] {
  return appends.flatMap(({ rows }) => rows)
}

/** Rows as one for each partition. */
function grouped(rows: readonly StoredRows[]): StoredRows[] {
  const parts = new Map<string, StoredRows[]>()
  for (const stored of rows) {
    const key = JSON.stringify(stored.partition)
    const part = parts.get(key)
    if (part) part.push(stored)
    else parts.set(key, [stored])
  }
  return [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => mergeRows(stored))
}

/** Transactions as JSON, `{"recorder":"1-7"}`. */
function describe(transactions: readonly PendingTransaction[]): string {
  const sequences = new Map<string, number[]>()
  for (const { appId, sequence } of transactions) {
    const list = sequences.get(appId)
    if (list) list.push(sequence)
    else sequences.set(appId, [sequence])
  }
  return JSON.stringify(Object.fromEntries([...sequences].map(([appId, list]) => [appId, formatSequences(list)])))
}

function keyOf({ appId, sequence }: PendingTransaction): string {
  return `${sequence} ${appId}`
}

function bytesOf(rows: readonly StoredRows[]): number {
  return rows.reduce(
    (sum, { columns }) => sum + columns.reduce((all, values) => all + (isText(values) ? values.codes.byteLength : values.byteLength), 0),
    0,
  )
}
