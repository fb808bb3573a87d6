import { join } from 'node:path'
import { type LogFileSystem, syncDirectory, writeFully } from './file-system.js'
import { systemCode } from './system-code.js'
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

  private constructor(fileSystem: LogFileSystem, directory: string, firstIndex: number, fd: number, size: number, isSealed: boolean) {
    this.#fileSystem = fileSystem
    this.#fd = fd
    this.#syncFd = fileSystem.openSync(join(directory, segmentName(firstIndex)), 'r+')
    this.name = segmentName(firstIndex)
    this.firstIndex = firstIndex
    this.size = size
    this.isSealed = isSealed
  }

  /**
   * Makes a segment that survives power loss, entry and header, before any record is written to it. An earlier attempt that failed half-way, or a
   * crash in the middle of one, may have left a file with a header at most: nothing in it was ever acknowledged.
   * @throws {TradingError} `LOG_LOCK_LOST` when records are in it already: then another writer was here
   */
  static create(fileSystem: LogFileSystem, directory: string, header: SegmentHeader): SegmentFile {
    const path = join(directory, segmentName(header.firstIndex))
    if ((fileSystem.statSync(path)?.size ?? 0) > SEGMENT_HEADER_BYTES) {
      const message = `${path} was begun by another writer; stop this one, find out who else writes, open again`
      throw new TradingError('LOG_LOCK_LOST', message, { directory, segment: segmentName(header.firstIndex) })
    }
    const fd = fileSystem.openSync(path, 'a')
    try {
      fileSystem.ftruncateSync(fd, 0)
      writeFully(fileSystem, fd, encodeSegmentHeader(header), 0)
      fileSystem.fsyncSync(fd)
      syncDirectory(fileSystem, directory)
      return new SegmentFile(fileSystem, directory, header.firstIndex, fd, SEGMENT_HEADER_BYTES, false)
    } catch (error) {
      fileSystem.closeSync(fd)
      fileSystem.unlinkSync(path)
      throw error
    }
  }

  /** Opens an existing segment to go on at `size`. Appending (O_APPEND), so that an ousted writer can never overwrite what its successor wrote. */
  static reopen(fileSystem: LogFileSystem, directory: string, firstIndex: number, size: number, isSealed: boolean): SegmentFile {
    const fd = fileSystem.openSync(join(directory, segmentName(firstIndex)), 'a')
    return new SegmentFile(fileSystem, directory, firstIndex, fd, size, isSealed)
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

/** True for the errors of a full disk or quota. */
export function isOutOfSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(systemCode(error) ?? '')
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
