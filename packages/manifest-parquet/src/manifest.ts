import { createHash } from 'node:crypto'
import { systemClock, type CallOptions, type Clock, type ManifestPin } from '@gatehouse/contracts'
import { type LogFileSystem, TradingError } from '@gatehouse/durable-log'
import { type Batch, type Calendar, type Manifest, type ManifestTransaction } from '@gatehouse/core'
import { invalidOption, requireNumbers, requireOneOf } from './check-options.js'
import { type Codec, requireCodec } from './codec/compression.js'
import { type Action, isObject } from './delta/actions.js'
import { sha256 } from './delta/chain.js'
import { DeltaLog, type Proposal } from './delta/delta-log.js'
import { nodeTableFileSystem, type TableFileSystem } from './delta/file-system.js'
import { requireWritable } from './delta/protocol.js'
import { type TableState } from './delta/table-state.js'
import { compactTable, type CompactOptions, type CompactReport } from './maintain/compact.js'
import { type LineageEntry, lineageOf } from './maintain/lineage.js'
import { checkQuality, type QualityOptions, type QualityReport } from './maintain/quality.js'
import { applyRetention, type RetentionPolicy, type RetentionReport } from './maintain/retention.js'
import { dropPin, savedPins, savePin } from './maintain/saved-pins.js'
import {
  columnOf,
  layoutFrom,
  layoutOf,
  metaDataOf,
  type PartitionBy,
  partitionings,
  requireFits,
  type TableLayout,
} from './table/layout.js'
import { pinOf } from './table/pin.js'
import { PendingAppends } from './table/pending-appends.js'
import { TableSnapshot } from './table/snapshot.js'

/** How to open a manifest. What a table already fixes (codec, partitions) is read from it. */
export interface ManifestOptions {
  /** folder of the table, made on the first append */
  readonly directory: string
  /** of a table that is yet to be made; default `snappy`, the same bytes on every Node version. `zstd` is smaller and needs Node 22.15 to write */
  readonly codec?: Codec | undefined
  /** of a table that is yet to be made; default by schema: `instrument-date` for books and trades, `month` for bars within the day, else none */
  readonly partitionBy?: PartitionBy | undefined
  /** what produced the rows, kept in every commit: program, configuration hash, source ids */
  readonly lineage?: Readonly<Record<string, string>> | undefined
  /** stamps commits; default the system's */
  readonly clock?: Clock | undefined
  /** a checkpoint of the log after every so many commits; default 100, 0 for none */
  readonly checkpointEvery?: number | undefined
  /** rows held in memory before they are written out ahead of the commit, in bytes; default 64 MiB */
  readonly pendingBytes?: number | undefined
  /** seams for fault injection; default node:fs */
  readonly fileSystem?: TableFileSystem | undefined
  readonly logFileSystem?: LogFileSystem | undefined
}

/**
 * Opens a manifest: one schema of one source as Parquet files under a Delta Lake log. Nothing is written before the first append.
 * @throws {TradingError} `MANIFEST_INVALID_OPTION`, `MANIFEST_LOG_GAP`, `MANIFEST_LOG_CORRUPT`, `MANIFEST_CHAIN_BROKEN`, `MANIFEST_FOREIGN_COMMIT`,
 * `MANIFEST_NOT_OURS`, `MANIFEST_UNSUPPORTED_FEATURE`, `PARQUET_NO_ZSTD`
 */
export async function openManifest(options: ManifestOptions): Promise<ParquetManifest> {
  if (!isObject(options)) throw invalidOption('options', options, 'an object with a directory')
  const { directory, fileSystem, checkpointEvery, pendingBytes, codec, partitionBy, lineage } = options
  if (typeof directory !== 'string' || directory === '') throw invalidOption('directory', directory, 'a path')
  requireNumbers({ checkpointEvery, pendingBytes })
  requireOneOf('partitionBy', partitionBy, partitionings)
  if (lineage !== undefined && !(isObject(lineage) && Object.values(lineage).every((text) => typeof text === 'string')))
    throw invalidOption('lineage', lineage, 'an object of texts')
  if (codec !== undefined) requireCodec(codec)
  const log = new DeltaLog({ directory, fileSystem, checkpointEvery })
  const state = await log.refresh()
  if (state.version >= 0) layoutFrom(state.described(directory).metaData, directory)
  return new ParquetManifest(options, log)
}

const defaultPendingBytes = 64 << 20

/** A manifest of Parquet files under a Delta Lake log, on a local file system. */
export class ParquetManifest implements Manifest {
  readonly #options: ManifestOptions
  readonly #log: DeltaLog
  readonly #clock: Clock
  readonly #fileSystem: TableFileSystem
  #pending: Promise<PendingAppends> | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #closed = false
  #closing: Promise<void> | undefined

  /** @internal use {@link openManifest} */
  constructor(options: ManifestOptions, log: DeltaLog) {
    this.#options = options
    this.#log = log
    this.#clock = options.clock ?? systemClock
    this.#fileSystem = options.fileSystem ?? nodeTableFileSystem
  }

  get directory(): string {
    return this.#log.directory
  }

  /** @internal for the functions of this package that work on an open manifest */
  get log(): DeltaLog {
    return this.#log
  }

  /**
   * Adds rows. Durable against loss of power when resolved; visible after {@link commit}.
   * A transaction that this process or any commit already holds does nothing. Sequences of one `appId` rise, and one writer at a time uses it.
   * @throws {TradingError} `MANIFEST_SCHEMA_MISMATCH`, `MANIFEST_UNSORTED`, `MANIFEST_TXN_ORDER`, `MANIFEST_NO_SPACE`, `MANIFEST_WRITE_FAILED`, `MANIFEST_CLOSED`
   */
  append(batch: Batch, txn: ManifestTransaction): Promise<void> {
    return this.appendAll([batch], txn)
  }

  /** {@link append} of several batches as one transaction: one wait for the disk. */
  appendAll(batches: readonly Batch[], txn: ManifestTransaction): Promise<void> {
    return this.#serial(async () => {
      // What a log cannot hold must not get into one.
      if (typeof txn?.appId !== 'string' || txn.appId === '') throw invalidOption('appId', txn?.appId, 'a text that names the producer')
      if (!Number.isSafeInteger(txn.sequence) || txn.sequence < 0) throw invalidOption('sequence', txn.sequence, 'a whole number from 0 on')
      if (batches.length === 0) return
      // Before a table is made: what a table that was here has left must not be taken for this one's.
      const pending = await this.#open()
      const layout = await this.#ensureTable(batches[0])
      requireCodec(layout.codec)
      for (const batch of batches) requireFits(layout, batch)
      await pending.append(batches, txn, layout, this.#log.head)
    })
  }

  /**
   * Takes back every append of `appId` that no commit holds: for a producer that fails halfway and will begin again.
   * @throws {TradingError} `MANIFEST_TXN_CONFLICT` when its rows were already written out together with another's
   */
  discard(appId: string): Promise<void> {
    return this.#serial(async () => {
      const { head } = this.#log
      if (head.version >= 0) await (await this.#open()).discard(appId, this.#layout(head))
    })
  }

  /** The last sequence of `appId` that is acknowledged, committed or not: where a producer goes on after a restart. */
  lastSequence(appId: string): Promise<number | undefined> {
    return this.#serial(async () => {
      const pending = await this.#open()
      return pending.lastSequence(appId, await this.#log.refresh())
    })
  }

  /**
   * Makes what was appended visible in one version, and names it. With nothing appended, names the newest version.
   * @throws {TradingError} `MANIFEST_EMPTY` while there is no table, `MANIFEST_NO_SPACE`, `MANIFEST_WRITE_FAILED`
   */
  commit({ signal, onProgress }: CallOptions = {}): Promise<ManifestPin> {
    return this.#serial(async () => {
      signal?.throwIfAborted()
      const pending = await this.#open()
      if (this.#log.head.version < 0) await this.#log.refresh()
      if (this.#log.head.version < 0)
        throw new TradingError('MANIFEST_EMPTY', `${this.directory} has no table yet: append first`, { directory: this.directory })
      const state = await this.#log.commit((before, timestamp) => {
        signal?.throwIfAborted()
        requireWritable(before.protocol!, this.directory)
        return pending.propose(before, this.#layout(before), { timestamp, lineage: this.#options.lineage, onProgress })
      }, this.#nowMs)
      await pending.committed()
      return pinOf(state, this.#layout(state))
    })
  }

  /**
   * The rows of a pin, or of the newest version this process knows (see {@link refresh}).
   * @throws {TradingError} `MANIFEST_EMPTY` for `latest` while there is no table
   */
  at(pin: ManifestPin | 'latest'): TableSnapshot {
    if (pin !== 'latest' && !isObject(pin)) throw invalidOption('at', pin, `a pin or 'latest'; pinAt gives the pin of a version or a time`)
    if (pin !== 'latest') return new TableSnapshot(this.#log, pin)
    const { head } = this.#log
    if (head.version < 0) throw new TradingError('MANIFEST_EMPTY', `${this.directory} has no table yet`, { directory: this.directory })
    return new TableSnapshot(this.#log, pinOf(head, this.#layout(head)))
  }

  /** Takes up what other writers have committed, and names the newest version. */
  async refresh(): Promise<ManifestPin> {
    const state = await this.#log.refresh()
    if (state.version < 0) throw new TradingError('MANIFEST_EMPTY', `${this.directory} has no table yet`, { directory: this.directory })
    return pinOf(state, this.#layout(state))
  }

  /**
   * The pin of a version, or of the last one committed at or before a time.
   * @throws {TradingError} `MANIFEST_NO_VERSION`
   */
  async pinAt(at: { readonly version: number } | { readonly time: bigint }): Promise<ManifestPin> {
    if (!('version' in at) && typeof at.time !== 'bigint') throw invalidOption('time', at.time, 'a bigint, nanoseconds since 1970')
    await this.#log.refresh()
    const version = 'version' in at ? at.version : await this.#log.versionAt(Number(at.time / 1_000_000n))
    if (version === undefined) throw new TradingError('MANIFEST_NO_VERSION', `${this.directory} has no version as old as that`, { ...at })
    const state = await this.#log.at(version)
    return pinOf(state, this.#layout(state))
  }

  /** Joins small files; see {@link CompactOptions}. Every pin keeps its files. */
  compact(options: CompactOptions = {}): Promise<CompactReport> {
    return this.#serial(() => compactTable(this.#context, options))
  }

  /** Deletes files that no version in use, no pin and no unfinished commit needs, past their time. */
  retention(policy: RetentionPolicy = {}): Promise<RetentionReport> {
    return this.#serial(() => applyRetention(this.#context, policy))
  }

  /** Who wrote what from which source: one entry a version, oldest first. */
  lineage(range: { readonly from?: number | undefined; readonly to?: number | undefined } = {}): AsyncGenerator<LineageEntry> {
    return lineageOf(this.#log, range.from, range.to)
  }

  /**
   * What is wrong with the rows of the newest version, or of a pin: gaps against the calendar, duplicates, crossed books, outliers.
   * Streams: memory does not grow with the rows.
   */
  quality(calendar: Calendar, options: QualityOptions = {}): Promise<QualityReport> {
    return checkQuality(this.at(options.pin ?? 'latest'), calendar, options)
  }

  /**
   * Keeps a pin under a name with the table: retention honours it.
   * @throws {TradingError} `MANIFEST_PIN_MISMATCH` for a pin of another table, `MANIFEST_INVALID_OPTION` for a name that is no plain file name
   */
  async savePin(name: string, pin: ManifestPin): Promise<void> {
    await this.at(pin).resolve()
    return savePin(this.#fileSystem, this.directory, name, pin)
  }

  /** Forgets a saved pin. */
  dropPin(name: string): Promise<void> {
    return dropPin(this.#fileSystem, this.directory, name)
  }

  /** Saved pins by name. */
  savedPins(): Promise<ReadonlyMap<string, ManifestPin>> {
    return savedPins(this.#fileSystem, this.directory)
  }

  /** Waits for calls under way and gives the write-ahead log back. What is acknowledged and not committed stays for the next opening. */
  close(): Promise<void> {
    return (this.#closing ??= this.#serial(async () => {
      this.#closed = true
      await (await this.#pending)?.close()
    }))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #context(): { log: DeltaLog; fileSystem: TableFileSystem; nowMs: () => number } {
    return { log: this.#log, fileSystem: this.#fileSystem, nowMs: this.#nowMs }
  }

  readonly #nowMs = (): number => Number(this.#clock.now() / 1_000_000n)

  /** One call at a time, in call order; a failed one does not stop the next. */
  #serial<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#closed)
        throw new TradingError('MANIFEST_CLOSED', `the manifest ${this.directory} is closed: open it again`, { directory: this.directory })
      return action()
    })
    this.#queue = result.catch(() => undefined)
    return result
  }

  #open(): Promise<PendingAppends> {
    const { pendingBytes = defaultPendingBytes, logFileSystem } = this.#options
    const opening = (this.#pending ??= PendingAppends.open({ log: this.#log, fileSystem: this.#fileSystem, logFileSystem, pendingBytes }))
    // A failed opening (no space, a lock) may succeed the next time.
    opening.catch(() => (this.#pending = undefined))
    return opening
  }

  #layout(state: TableState): TableLayout {
    return layoutFrom(state.described(this.directory).metaData, this.directory)
  }

  /** The table's layout; the first batch decides it. Two writers may race: whoever is second uses what the first one made. */
  async #ensureTable(batch: Batch): Promise<TableLayout> {
    if (this.#log.head.version >= 0) return this.#layout(this.#log.head)
    const { codec = 'snappy', partitionBy, lineage } = this.#options
    const layout = layoutOf(batch, codec, partitionBy)
    const state = await this.#log.commit(
      (before, timestamp) => (before.version >= 0 ? undefined : createTable(layout, batch, timestamp, lineage)),
      this.#nowMs,
    )
    return this.#layout(state)
  }
}

function createTable(
  layout: TableLayout,
  first: Batch,
  createdTime: number,
  lineage: Readonly<Record<string, string>> | undefined,
): Proposal {
  // No random identity: the same calls under the same clock give the same log. Tables that begin with other rows have another.
  const rows = createHash('sha256')
  for (const { name } of layout.columns) {
    const values = columnOf(first, name)
    rows.update(ArrayBuffer.isView(values) ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : JSON.stringify(values))
  }
  const { availableAt, instrumentIndex, instruments } = first
  const places = Array.from(instrumentIndex, (place) => instruments[place].id).join()
  const digest = sha256(
    JSON.stringify([layout.source, layout.schema, layout.partitionBy, createdTime, availableAt.join(), places, rows.digest('hex')]),
  )
  const id = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5')
  const actions: Action[] = [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData: metaDataOf(layout, id, createdTime) }]
  return {
    info: { operation: 'CREATE TABLE', operationParameters: {}, isBlindAppend: true, engineInfo: 'gatehouse', ...(lineage && { lineage }) },
    actions,
  }
}
