import { join } from 'node:path'
import { type LogFileSystem, syncDirectory, writeFully } from './file-system.js'
import { encodeSeal, encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './frame.js'
import { segmentName } from './layout.js'
import { TradingError } from './trading-error.js'
import type { LogHead } from './types.js'

/** A segment open for appending. Knows how many bytes of it count; everything after them is a failed write. */
export class SegmentFile {
  readonly name: string
  readonly firstIndex: number
  isSealed: boolean
  /** Bytes that count. */
  size: number

  readonly #fileSystem: LogFileSystem
  readonly #fd: number
  // The kernel reports a failed write-back once to each open file. A file of its own for the thread pool's fdatasync makes sure that neither it nor
  // the one on this thread can swallow the report that the other needs to see.
  readonly #syncFd: number
  #isSyncing = false
  #isClosed = false

  private constructor(fileSystem: LogFileSystem, firstIndex: number, fd: number, syncFd: number, size: number, isSealed: boolean) {
    this.#fileSystem = fileSystem
    this.#fd = fd
    this.#syncFd = syncFd
    this.name = segmentName(firstIndex)
    this.firstIndex = firstIndex
    this.size = size
    this.isSealed = isSealed
  }

  /**
   * Makes a segment that survives power loss, entry and header, before any record is written to it: finished under another name and renamed, so that
   * nobody meets half a header. An empty segment of that name is replaced; an ousted writer that still has it open then writes into nothing.
   * @throws {TradingError} `LOG_LOCK_LOST` when records are in it already: then another writer was here
   */
  static create(fileSystem: LogFileSystem, directory: string, header: SegmentHeader): SegmentFile {
    const name = segmentName(header.firstIndex)
    const path = join(directory, name)
    if ((fileSystem.statSync(path)?.size ?? 0) > SEGMENT_HEADER_BYTES) {
      const message = `${path} was begun by another writer; stop this one, find out who else writes, open again`
      throw new TradingError('LOG_LOCK_LOST', message, { directory, segment: name })
    }
    const temporary = `${path}.new`
    const fd = fileSystem.openSync(temporary, 'w')
    try {
      writeFully(fileSystem, fd, encodeSegmentHeader(header), 0)
      fileSystem.fsyncSync(fd)
    } finally {
      fileSystem.closeSync(fd)
    }
    fileSystem.renameSync(temporary, path)
    syncDirectory(fileSystem, directory)
    return SegmentFile.reopen(fileSystem, directory, header.firstIndex, SEGMENT_HEADER_BYTES, false)
  }

  /** Opens an existing segment to go on at `size`. Appending (O_APPEND), so that an ousted writer can never overwrite what its successor wrote. */
  static reopen(fileSystem: LogFileSystem, directory: string, firstIndex: number, size: number, isSealed: boolean): SegmentFile {
    const path = join(directory, segmentName(firstIndex))
    const fd = fileSystem.openSync(path, 'a')
    try {
      return new SegmentFile(fileSystem, firstIndex, fd, fileSystem.openSync(path, 'r+'), size, isSealed)
    } catch (error) {
      fileSystem.closeSync(fd)
      throw error
    }
  }

  /**
   * Appends `bytes[from, to)`.
   * @returns how many bytes were written, and the error if not all were. `size` is not moved: the caller says with {@link keep} what counts
   */
  append(bytes: Uint8Array, from: number, to: number): { written: number; failure: Error | undefined } {
    let at = from
    try {
      while (at < to) {
        const count = this.#fileSystem.writeSync(this.#fd, bytes, at, to - at, null)
        if (count === 0) throw Object.assign(new Error('write returned 0 bytes'), { code: 'EIO' })
        at += count
      }
    } catch (error) {
      return { written: at - from, failure: asError(error) }
    }
    return { written: at - from, failure: undefined }
  }

  /** The next `bytes` of the file count. */
  keep(bytes: number): void {
    this.size += bytes
  }

  /** Cuts off what does not count. @returns the error when that cannot be known to have worked */
  takeBack(): Error | undefined {
    try {
      this.#fileSystem.ftruncateSync(this.#fd, this.size)
      const { size } = this.#fileSystem.fstatSync(this.#fd)
      return size === this.size ? undefined : new Error(`${this.name} has ${size} bytes after being cut to ${this.size}`)
    } catch (error) {
      return asError(error)
    }
  }

  /** Writes the seal that ends this segment before `head.index`. @returns the error if it was not written whole */
  seal(head: LogHead): Error | undefined {
    const bytes = encodeSeal(head.index, head.hash)
    const { failure } = this.append(bytes, 0, bytes.length)
    if (failure === undefined) {
      this.keep(bytes.length)
      this.isSealed = true
    }
    return failure
  }

  /** Bytes the file really has: more than `size` when somebody else wrote to it. */
  actualSize(): number {
    return this.#fileSystem.fstatSync(this.#fd).size
  }

  syncSync(): void {
    this.#fileSystem.fdatasyncSync(this.#fd)
  }

  /** fdatasync on the thread pool, one at a time. The file stays open until it is done. */
  sync(done: (error: Error | null) => void): void {
    this.#isSyncing = true
    this.#fileSystem.fdatasync(this.#syncFd, (error) => {
      this.#isSyncing = false
      let failure = error
      try {
        if (this.#isClosed) this.#fileSystem.closeSync(this.#syncFd)
      } catch (closing) {
        failure ??= asError(closing)
      }
      done(failure)
    })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#fileSystem.closeSync(this.#fd)
    if (!this.#isSyncing) this.#fileSystem.closeSync(this.#syncFd)
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
