import type { LogFileSystem } from '../file-system.js'
import { readFully } from '../file-system.js'

/** What became of unsynced bytes when the power failed. */
export type PowerLossMode =
  /** nothing unsynced reached the disk */
  | 'nothing'
  /** writes reached it in order, up to some moment, possibly in the middle of one */
  | 'prefix'
  /** any of the unsynced 4 KiB pages reached it; the file may have its new length with zeros where pages are missing */
  | 'pages'

interface Change {
  readonly at: number
  /** Bytes that were there before (fewer where the file ended). */
  readonly before: Buffer
  /** Bytes there after; empty for a truncation. */
  readonly length: number
  readonly sizeBefore: number
}

const PAGE_BYTES = 4096

/** What has been done to one file since it was last synced, with what is needed to undo it. */
export class UndoLog {
  #changes: Change[] = []

  get isDirty(): boolean {
    return this.#changes.length > 0
  }

  /** Before `length` bytes are written at `at`. */
  willWrite(fileSystem: LogFileSystem, fd: number, at: number, length: number): void {
    const sizeBefore = fileSystem.fstatSync(fd).size
    const before = at < sizeBefore ? readFully(fileSystem, fd, at, Math.min(length, sizeBefore - at)) : Buffer.alloc(0)
    this.#changes.push({ at, before, length, sizeBefore })
  }

  /** Before the file is cut (or grown) to `size`. */
  willTruncate(fileSystem: LogFileSystem, fd: number, size: number): void {
    const sizeBefore = fileSystem.fstatSync(fd).size
    const before = size < sizeBefore ? readFully(fileSystem, fd, size, sizeBefore - size) : Buffer.alloc(0)
    this.#changes.push({ at: size, before, length: 0, sizeBefore })
  }

  synced(): void {
    this.#changes = []
  }

  /** The file as it is after the power failed. @param current the file as the page cache has it */
  afterPowerLoss(current: Buffer, mode: PowerLossMode, random: () => number): Buffer {
    if (mode === 'nothing') return this.#undo(current, 0)
    if (mode === 'prefix') return this.#prefix(current, random)
    const durable = this.#undo(current, 0)
    const hasNewLength = random() < 0.5
    const result = Buffer.alloc(hasNewLength ? current.length : durable.length)
    durable.copy(result)
    for (let at = 0; at < current.length; at += PAGE_BYTES) {
      const isChanged = !current.subarray(at, at + PAGE_BYTES).equals(durable.subarray(at, at + PAGE_BYTES))
      if (isChanged && random() < 0.5) current.copy(result, at, at, at + PAGE_BYTES)
    }
    return result
  }

  /** Undoes the changes from number `from` on, newest first. */
  #undo(current: Buffer, from: number): Buffer {
    let bytes = current
    for (const { at, before, sizeBefore } of this.#changes.slice(from).toReversed()) {
      const restored = Buffer.alloc(sizeBefore)
      bytes.copy(restored)
      before.copy(restored, at)
      bytes = restored
    }
    return bytes
  }

  #prefix(current: Buffer, random: () => number): Buffer {
    const kept = Math.floor(random() * (this.#changes.length + 1))
    const bytes = this.#undo(current, kept)
    const torn = this.#changes.at(kept)
    if (torn === undefined || torn.length === 0) return bytes
    const through = Math.floor(random() * torn.length)
    const after = this.#undo(current, kept + 1)
    return Buffer.concat([bytes.subarray(0, torn.at), after.subarray(torn.at, torn.at + through), bytes.subarray(torn.at + through)])
  }
}
