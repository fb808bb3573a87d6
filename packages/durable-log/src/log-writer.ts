import { setImmediate } from 'node:timers'
import { compactLog } from './compaction.js'
import type { LogFileSystem } from './file-system.js'
import { FrameBuffer, framedBytes } from './frame-buffer.js'
import { MAX_PAYLOAD_BYTES, SEGMENT_HEADER_BYTES } from './frame.js'
import type { HeadFile, Mark } from './head-file.js'
import type { WriterLock } from './lock.js'
import { readRecords } from './reader.js'
import { type Scan, writerBootId } from './scan.js'
import { SegmentFile } from './segment-file.js'
import { writeSnapshot } from './snapshot.js'
import { type Place, SyncScheduler } from './sync-scheduler.js'
import { isTradingError, TradingError } from './trading-error.js'
import { isOutOfSpace, WriteErrors } from './write-errors.js'
import type { AppendOptions, Durability, DurableLog, LogHead, LogPosition, LogRecord, LogRecovery, ReadOptions } from './types.js'

/** What `openLog` hands over. */
export interface LogWriterParts {
  readonly directory: string
  readonly durability: Durability
  readonly segmentBytes: number
  readonly syncWithinMs: number
  readonly queueBytes: number
  readonly neverSync: boolean
  readonly fileSystem: LogFileSystem
  readonly lock: WriterLock
  readonly head: HeadFile
  readonly segment: SegmentFile
  readonly scan: Scan
  readonly recovery: LogRecovery
}

/** One append, or one batch: acknowledged or refused as a whole. */
interface Unit {
  readonly positions: readonly LogPosition[]
  /** Where its bytes end in the frame buffer. */
  readonly end: number
  readonly headAfter: LogHead
  readonly durability: Durability
  readonly resolve: (position: LogPosition) => void
  readonly reject: (error: TradingError) => void
}

/** `append` writes at once when this much is waiting for the end of the event loop's turn. */
const WRITE_AT_BYTES = 1024 * 1024

/**
 * The writer. Writes are synchronous (a few microseconds into the page cache, and the only way that `append` and `appendSync` keep one order);
 * fdatasync runs on the thread pool and is shared by all who wait for it.
 */
export class LogWriter implements DurableLog {
  readonly directory: string
  readonly recovery: LogRecovery

  readonly #parts: LogWriterParts
  readonly #frames: FrameBuffer
  readonly #syncs: SyncScheduler
  readonly #errors: WriteErrors
  #segment: SegmentFile
  #firstIndex: number
  /** Everything before this is written. */
  #written: LogHead
  #units: Unit[] = []
  #flushScheduled = false
  #bootId: string
  #isClosed = false
  #failure: TradingError | undefined
  #closing: Promise<void> | undefined

  constructor(parts: LogWriterParts) {
    this.#parts = parts
    this.directory = parts.directory
    this.recovery = parts.recovery
    this.#segment = parts.segment
    this.#firstIndex = parts.scan.firstIndex
    this.#written = parts.scan.head
    this.#bootId = writerBootId(parts.fileSystem)
    this.#frames = new FrameBuffer(parts.scan.head)
    this.#errors = new WriteErrors(parts.directory)
    const host = {
      here: () => this.#here(),
      isStopped: () => this.#failure !== undefined,
      synced: (place: Place) => this.#checkLock() && this.#writeMark(place),
      syncFailed: (cause: unknown) => this.#poison(this.#errors.syncFailed(this.#segment, cause)),
    }
    this.#syncs = new SyncScheduler(host, parts.neverSync ? 0 : parts.syncWithinMs, parts.scan.head.index)
  }

  get head(): LogHead {
    return this.#written
  }

  append(payload: Uint8Array, options?: AppendOptions): Promise<LogPosition> {
    return new Promise((resolve, reject) => {
      this.#requireUsable()
      this.#requireFits(payload)
      const durability = this.#durability(options)
      this.#makeRoom(framedBytes(payload))
      const position = this.#frames.add(payload, this.#segment.name, this.#segment.size)
      this.#units.push({ positions: [position], end: this.#frames.end, headAfter: this.#frames.head, durability, resolve, reject })
      if (this.#frames.length >= WRITE_AT_BYTES) this.#flush()
      else this.#scheduleFlush()
      // Back-pressure that holds even against a caller who never awaits: past the bound, this call itself waits for the disk.
      if (this.#syncs.waitingBytes > this.#parts.queueBytes) this.#syncNow()
    })
  }

  appendSync(payload: Uint8Array, options?: AppendOptions): LogPosition {
    this.#requireUsable()
    this.#requireFits(payload)
    const durability = this.#durability(options)
    if (this.#units.length > 0) {
      this.#flush()
      this.#requireUsable()
    }
    this.#makeRoom(framedBytes(payload))
    const position = this.#frames.add(payload, this.#segment.name, this.#segment.size)
    this.#writeNow()
    if (durability === 'power') this.#syncNow()
    return position
  }

  appendAllSync(payloads: readonly Uint8Array[], options?: AppendOptions): readonly LogPosition[] {
    this.#requireUsable()
    const positions: LogPosition[] = []
    let bytes = 0
    for (const payload of payloads) {
      this.#requireFits(payload)
      bytes += framedBytes(payload)
    }
    if (bytes === 0) return positions
    const durability = this.#durability(options)
    this.#flush()
    this.#requireUsable()
    this.#makeRoom(bytes)
    for (const payload of payloads) positions.push(this.#frames.add(payload, this.#segment.name, this.#segment.size))
    this.#writeNow()
    if (durability === 'power') this.#syncNow()
    return positions
  }

  async sync(): Promise<void> {
    this.#requireUsable()
    this.#requireSyncs('sync')
    this.#flush()
    this.#requireUsable()
    await this.#syncs.upTo(this.#written.index)
  }

  async *read(options: ReadOptions = {}): AsyncGenerator<LogRecord, void, undefined> {
    this.#requireUsable()
    this.#flush()
    const { from, signal } = options
    yield* readRecords({
      fileSystem: this.#parts.fileSystem,
      directory: this.directory,
      from,
      signal,
      until: this.#written.index,
      follow: false,
    })
  }

  async snapshot(state: Uint8Array): Promise<void> {
    this.#requireUsable()
    this.#requireSyncs('snapshot')
    this.#flush()
    this.#requireUsable()
    const head = this.#written
    const copy = Uint8Array.from(state)
    await this.#syncs.upTo(head.index)
    this.#requireUsable()
    try {
      this.#parts.head.sync()
      writeSnapshot(this.#parts.fileSystem, this.directory, head, copy)
    } catch (cause) {
      throw this.#ioError('write a snapshot', cause)
    }
  }

  async compact(options: { readonly keepSegments?: number | undefined } = {}): Promise<readonly string[]> {
    this.#requireUsable()
    this.#requireSyncs('compact')
    const { keepSegments = 0 } = options
    if (!Number.isInteger(keepSegments) || keepSegments < 0) {
      throw new TradingError('LOG_INVALID_OPTION', `keepSegments must be a whole number of at least 0, not ${String(keepSegments)}`, {
        keepSegments,
      })
    }
    try {
      return compactLog(this.#parts.fileSystem, this.directory, keepSegments, (firstIndex) => {
        this.#syncNow()
        this.#firstIndex = firstIndex
        // Both slots: the older one, should it ever be all that is left, must not call a dropped segment missing.
        for (let slot = 0; slot < 2; slot++) this.#parts.head.write(this.#markAt(this.#here()))
        this.#parts.head.sync()
      })
    } catch (cause) {
      throw isTradingError(cause) ? cause : this.#ioError('compact', cause)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #requireUsable(): void {
    if (this.#closing !== undefined) throw this.#errors.closed()
    if (this.#failure !== undefined) throw this.#failure.code === 'LOG_LOCK_LOST' ? this.#failure : this.#errors.poisoned(this.#failure)
  }

  /** @returns the durability asked for */
  #durability(options: AppendOptions | undefined): Durability {
    const durability = options?.durability ?? this.#parts.durability
    if (durability === 'power') this.#requireSyncs('append at power')
    return durability
  }

  #requireSyncs(doing: string): void {
    if (!this.#parts.neverSync) return
    const { directory } = this
    throw new TradingError('LOG_INVALID_OPTION', `cannot ${doing}: the log in ${directory} was opened with neverSync`, { directory })
  }

  #requireFits(payload: Uint8Array): void {
    if (payload.length <= MAX_PAYLOAD_BYTES) return
    const message = `a record of ${payload.length} bytes is larger than ${MAX_PAYLOAD_BYTES}; split it, or log the digest of a file`
    throw new TradingError('LOG_RECORD_TOO_LARGE', message, { bytes: payload.length, limit: MAX_PAYLOAD_BYTES })
  }

  #here(): Place {
    return { head: this.#written, segment: this.#segment, offset: this.#segment.size }
  }

  /** Rolls when `bytes` more would grow the segment past its size. A record larger than a segment gets one of its own. */
  #makeRoom(bytes: number): void {
    if (this.#hasRoom(bytes)) return
    this.#flush()
    this.#requireUsable()
    // Asked again: when that write failed, the segment may still be empty, and an empty one is never sealed.
    if (!this.#hasRoom(bytes)) this.#roll()
  }

  #hasRoom(bytes: number): boolean {
    const filled = this.#segment.size + this.#frames.length
    return !this.#segment.isSealed && (filled === SEGMENT_HEADER_BYTES || filled + bytes <= this.#parts.segmentBytes)
  }

  #roll(): void {
    const { fileSystem } = this.#parts
    if (!this.#segment.isSealed) {
      const failure = this.#segment.seal(this.#written)
      if (failure !== undefined) throw this.#takeBack(failure)
    }
    const sealed = this.#segment
    if (!this.#syncs.syncNow() || !this.#checkLock()) throw this.#failure!
    try {
      this.#parts.head.sync()
      this.#segment = SegmentFile.create(fileSystem, this.directory, { firstIndex: this.#written.index, previousHash: this.#written.hash })
    } catch (cause) {
      if (isTradingError(cause)) this.#poison(cause)
      throw isTradingError(cause) ? cause : this.#ioError('begin a new segment', cause)
    }
    sealed.close()
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    setImmediate(() => {
      this.#flushScheduled = false
      this.#flush()
    })
  }

  /** Writes what is encoded, then acknowledges or refuses each unit. Never throws: failures go to the units. */
  #flush(): void {
    const units = this.#units
    if (units.length === 0) return
    this.#units = []
    const frames = this.#frames
    const { written, failure } = this.#segment.append(frames.bytes, frames.start, frames.end)
    // After a short write the records that did get through whole are as durable as any other.
    let kept = 0
    while (kept < units.length && units[kept].end - frames.start <= written) kept++
    if (kept > 0) {
      this.#segment.keep(units[kept - 1].end - frames.start)
      this.#written = units[kept - 1].headAfter
    }
    const refusal = failure === undefined ? undefined : this.#takeBack(failure)
    frames.restart(this.#written)
    if (this.#checkLock()) this.#acknowledge(units.slice(0, kept), frames.start)
    else kept = 0
    const error = this.#failure?.code === 'LOG_LOCK_LOST' ? this.#failure : refusal
    if (error !== undefined) for (const unit of units.slice(kept)) unit.reject(error)
    this.#syncs.schedule()
  }

  /** Writes what is encoded, all of it or nothing, for a caller on this stack: no unit, no closure. */
  #writeNow(): void {
    const frames = this.#frames
    const { head, length } = frames
    const { failure } = this.#segment.append(frames.bytes, frames.start, frames.end)
    if (failure !== undefined) {
      const refusal = this.#takeBack(failure)
      frames.restart(this.#written)
      throw refusal
    }
    this.#segment.keep(length)
    this.#written = head
    frames.restart(head)
    if (!this.#checkLock()) throw this.#failure!
    this.#syncs.schedule()
  }

  /** Those who wait for `power` are put in line. @param start where the first unit begins in the frame buffer */
  #acknowledge(units: readonly Unit[], start: number): void {
    let from = start
    for (const { positions, end, headAfter, durability, resolve, reject } of units) {
      const bytes = end - from
      from = end
      if (durability === 'process') resolve(positions[0])
      else if (this.#failure !== undefined) reject(this.#failure)
      else this.#syncs.add({ index: headAfter.index, bytes, resolve: () => resolve(positions[0]), reject })
    }
  }

  /** After a failed write: cuts off what was written of it. When that does not work the end of the log is unknown, and the log stops. */
  #takeBack(failure: unknown): TradingError {
    if (!this.#checkLock()) return this.#failure!
    const stuck = this.#segment.takeBack()
    if (stuck === undefined) return this.#ioError('append', failure)
    const error = this.#errors.stuck(this.#segment, failure)
    this.#poison(error)
    return error
  }

  #ioError(doing: string, cause: unknown): TradingError {
    return this.#errors.failed(doing, this.#segment, cause)
  }

  /** False, and the log is stopped, when LOCK is no longer ours. Asked between a write or a sync and its acknowledgement. */
  #checkLock(): boolean {
    if (this.#failure?.code === 'LOG_LOCK_LOST') return false
    let cause: unknown
    try {
      if (this.#parts.lock.isHeld()) return true
    } catch (error) {
      cause = error
    }
    this.#poison(this.#errors.lockLost(cause))
    return false
  }

  /** Stops the log: whoever waits is refused, every later call too. */
  #poison(error: TradingError): void {
    this.#failure ??= error
    this.#syncs.refuseAll(this.#failure)
  }

  /** Flushes and syncs on this thread. */
  #syncNow(): void {
    this.#flush()
    this.#requireUsable()
    if (!this.#syncs.syncNow()) throw this.#failure!
  }

  #markAt({ head, segment, offset }: Place): Mark {
    return {
      index: head.index,
      hash: head.hash,
      segment: segment.firstIndex,
      offset,
      firstIndex: this.#firstIndex,
      bootId: this.#bootId,
      isSynced: !this.#parts.neverSync,
      isClosed: this.#isClosed,
    }
  }

  /**
   * The mark lags rather than stops the log when HEAD cannot be written for want of space: it then claims less, never more. Any other failure stops
   * the log, though what was synced is.
   */
  #writeMark(place: Place): true {
    try {
      this.#parts.head.write(this.#markAt(place))
    } catch (cause) {
      if (!isOutOfSpace(cause)) this.#poison(this.#ioError('write HEAD', cause))
    }
    return true
  }

  async #close(): Promise<void> {
    const { head, lock } = this.#parts
    let failure: TradingError | undefined
    try {
      this.#flush()
      // A log that had stopped before was reported already; one that fails in closing is reported here.
      const wasUsable = this.#failure === undefined
      if (wasUsable && this.#syncs.syncNow()) {
        // What was never synced is whole only while the machine stays up.
        if (!this.#parts.neverSync) this.#bootId = ''
        this.#isClosed = true
        head.write(this.#markAt(this.#here()))
        head.sync()
      } else if (wasUsable) failure = this.#failure
    } catch (cause) {
      failure = this.#ioError('close the log', cause)
    }
    await this.#syncs.close()
    try {
      this.#segment.close()
      head.close()
    } finally {
      lock.release()
    }
    if (failure !== undefined) throw failure
  }
}
