import { dirname } from 'node:path'
import { type FileStatus, type LogFileSystem, nodeFileSystem, readFully } from '../file-system.js'
import { systemCode } from '../system-code.js'
import { seededRandom } from './random.js'
import { type PowerLossMode, UndoLog } from './undo-log.js'

/** What a {@link Fault} can strike. `sync` is fsync and fdatasync of files, `syncDirectory` fsync of folders. */
export type FaultyOperation = 'open' | 'read' | 'write' | 'sync' | 'syncDirectory' | 'truncate' | 'link' | 'rename' | 'unlink' | 'stat'

/** One thing that will go wrong. */
export interface Fault {
  readonly operation: FaultyOperation
  /** The system's error code: `ENOSPC`, `EIO`, `EDQUOT`, `EMFILE`, … */
  readonly code: string
  /** Only for files whose path matches; default all. */
  readonly path?: RegExp | undefined
  /** Let so many matching operations through first; default 0. */
  readonly after?: number | undefined
  /** How many operations fail; default 1, `Infinity` for ever. */
  readonly times?: number | undefined
  /** Writes only: put so many bytes of the failing write into the file first, as a short write; default 0. */
  readonly shortBytes?: number | undefined
}

/** How {@link faultyFileSystem} starts. */
export interface FaultyFileSystemOptions {
  /** Decides what survives a power loss. Default 1. */
  readonly seed?: number | undefined
  /** Room on the pretended disk; default no limit. A write past it is short, the next one fails with ENOSPC. */
  readonly freeBytes?: number | undefined
  readonly faults?: readonly Fault[] | undefined
  /** fsync and fdatasync of files report success and keep nothing, like a disk with a volatile cache. For testing that a test would notice. */
  readonly syncLies?: boolean | undefined
  /** What lies below; default node:fs. */
  readonly base?: LogFileSystem | undefined
}

/** A file system that fails on demand, over a real one. */
export interface FaultyFileSystem extends LogFileSystem {
  /** Room left; set it to make the disk full or to make space. */
  freeBytes: number
  /**
   * Operations that still work; after them every one fails with EIO, as for a process about to die: nothing reaches the disk any more. Set it, then
   * call {@link powerLoss} or {@link restart}, which set it back to `Infinity`. Default `Infinity`.
   */
  haltAfter: number
  /** How many operations were made to fail so far. */
  readonly struck: number
  /** @returns takes the fault away again */
  inject(fault: Fault): () => void
  /**
   * The machine goes down and comes up again: unsynced bytes and unsynced folder entries are lost in part or whole, every open file is gone (the old
   * log can do nothing any more), and the boot id is another. @param mode default: drawn from the seed
   */
  powerLoss(mode?: PowerLossMode): void
  /** Every open file is gone, as when the process is killed; everything written stays. The boot id is another, so that the lock counts as stale. */
  restart(): void
}

interface OpenFile {
  readonly fd: number
  readonly path: string
  readonly inode: number
  readonly isAppending: boolean
  readonly isDirectory: boolean
}

interface ArmedFault {
  readonly fault: Fault
  toSkip: number
  toStrike: number
  isHalfDone: boolean
}

/** A folder entry that changed and was not synced, and how to take it back. */
interface EntryChange {
  readonly directory: string
  readonly undo: () => void
}

/**
 * A {@link LogFileSystem} that injects faults and simulates loss of power: the second half of every durability claim. Strict about power: a file's
 * bytes survive only its fsync or fdatasync, a folder's entries only the folder's fsync, and entry changes survive in order.
 */
export function faultyFileSystem(options: FaultyFileSystemOptions = {}): FaultyFileSystem {
  return new FaultyFiles(options)
}

class FaultyFiles implements FaultyFileSystem {
  freeBytes: number
  haltAfter = Number.POSITIVE_INFINITY
  struck = 0

  readonly #base: LogFileSystem
  readonly #random: () => number
  readonly #syncLies: boolean
  readonly #armed = new Set<ArmedFault>()
  readonly #open = new Map<number, OpenFile>()
  /** Descriptors that died with the machine; whoever held them may still close them. */
  readonly #gone = new Set<number>()
  readonly #undo = new Map<number, { paths: Set<string>; log: UndoLog }>()
  #entries: EntryChange[] = []
  // Own descriptor numbers: a log left over from before a power loss must not reach files opened after it.
  #nextFd = 1_000_000
  #boots = 0

  constructor({
    seed = 1,
    freeBytes = Number.POSITIVE_INFINITY,
    syncLies = false,
    faults = [],
    base = nodeFileSystem,
  }: FaultyFileSystemOptions) {
    this.#base = base
    this.#random = seededRandom(seed)
    this.freeBytes = freeBytes
    this.#syncLies = syncLies
    for (const fault of faults) this.inject(fault)
  }

  inject(fault: Fault): () => void {
    const armed = { fault, toSkip: fault.after ?? 0, toStrike: fault.times ?? 1, isHalfDone: false }
    this.#armed.add(armed)
    return () => this.#armed.delete(armed)
  }

  powerLoss(mode?: PowerLossMode): void {
    const modes = ['nothing', 'prefix', 'pages'] as const
    const fate = mode ?? modes[Math.floor(this.#random() * modes.length)]
    for (const { paths, log } of this.#undo.values()) {
      // Several paths are links of one file: it is changed through one of them.
      const path = [...paths].find((link) => this.#base.statSync(link) !== undefined)
      if (log.isDirty && path !== undefined) this.#rewrite(path, (current) => log.afterPowerLoss(current, fate, this.#random))
    }
    const kept = fate === 'nothing' ? 0 : Math.floor(this.#random() * (this.#entries.length + 1))
    for (const { undo } of this.#entries.slice(kept).toReversed()) undo()
    this.restart()
  }

  restart(): void {
    for (const [own, { fd }] of this.#open) {
      this.#base.closeSync(fd)
      this.#gone.add(own)
    }
    this.#open.clear()
    this.#undo.clear()
    this.#entries = []
    this.haltAfter = Number.POSITIVE_INFINITY
    this.#boots += 1
  }

  bootId(): string {
    return this.#boots === 0 ? this.#base.bootId() || 'boot-0' : `boot-${this.#boots}`
  }

  openSync(path: string, flags: string): number {
    this.#strike('open', path)
    const isNew = flags !== 'r' && flags !== 'r+' && this.#base.statSync(path) === undefined
    // Readable as well, because what a write or a truncation replaces is kept for undoing.
    const fd = this.#base.openSync(path, flags.startsWith('r') || flags.endsWith('+') ? flags : `${flags}+`)
    const { ino } = this.#base.fstatSync(fd)
    const isDirectory = flags === 'r' && isFolder(this.#base, path)
    const own = this.#nextFd++
    this.#open.set(own, { fd, path, inode: ino, isAppending: flags.startsWith('a'), isDirectory })
    if (isNew) {
      this.#undo.delete(ino)
      this.#entryChanged(path, () => this.#removeEntry(path))
    }
    return own
  }

  closeSync(fd: number): void {
    if (this.#gone.delete(fd)) return
    this.#base.closeSync(this.#file(fd).fd)
    this.#open.delete(fd)
  }

  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number {
    const file = this.#file(fd)
    let allowed = length
    const armed = this.#find('write', file.path)
    if (armed !== undefined) {
      const short = Math.min(armed.fault.shortBytes ?? 0, length)
      if (short === 0 || armed.isHalfDone) this.#fail(armed, file.path)
      armed.isHalfDone = true
      allowed = short
    }
    const { size } = this.#base.fstatSync(file.fd)
    const at = file.isAppending || position === null ? size : position
    const grows = Math.max(0, at + allowed - size)
    if (grows > this.freeBytes) {
      allowed -= grows - this.freeBytes
      if (allowed <= 0) {
        this.struck += 1
        throw systemError('ENOSPC', 'write', file.path)
      }
    }
    this.#track(file).willWrite(this.#base, file.fd, at, allowed)
    const written = this.#base.writeSync(file.fd, buffer, offset, allowed, file.isAppending ? null : at)
    this.freeBytes -= Math.max(0, at + written - size)
    return written
  }

  readSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    const file = this.#file(fd)
    this.#strike('read', file.path)
    return this.#base.readSync(file.fd, buffer, offset, length, position)
  }

  fdatasyncSync(fd: number): void {
    this.fsyncSync(fd)
  }

  fdatasync(fd: number, done: (error: Error | null) => void): void {
    const file = this.#file(fd)
    // What counts as synced is what was written before the call; the answer comes later, and not at all from a machine that is down.
    let failure: Error | null = null
    try {
      this.fsyncSync(fd)
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
    }
    setImmediate(() => done(this.#open.get(fd) === file ? failure : systemError('EIO', 'fdatasync', file.path)))
  }

  fsyncSync(fd: number): void {
    const file = this.#file(fd)
    if (file.isDirectory) {
      this.#strike('syncDirectory', file.path)
      this.#entries = this.#entries.filter(({ directory }) => directory !== file.path)
      return
    }
    this.#strike('sync', file.path)
    if (!this.#syncLies) this.#undo.get(file.inode)?.log.synced()
  }

  ftruncateSync(fd: number, size: number): void {
    const file = this.#file(fd)
    this.#strike('truncate', file.path)
    const before = this.#base.fstatSync(file.fd).size
    if (before === size) return
    this.#track(file).willTruncate(this.#base, file.fd, size)
    this.#base.ftruncateSync(file.fd, size)
    this.freeBytes += Math.max(0, before - size)
  }

  fstatSync(fd: number): FileStatus {
    return this.#base.fstatSync(this.#file(fd).fd)
  }

  statSync(path: string): FileStatus | undefined {
    this.#strike('stat', path)
    return this.#base.statSync(path)
  }

  readdirSync(path: string): string[] {
    this.#strike('read', path)
    return this.#base.readdirSync(path)
  }

  mkdirSync(path: string): void {
    this.#base.mkdirSync(path)
  }

  linkSync(from: string, to: string): void {
    this.#strike('link', to)
    this.#base.linkSync(from, to)
    const inode = this.#base.statSync(to)?.ino
    if (inode !== undefined) this.#undo.get(inode)?.paths.add(to)
    this.#entryChanged(to, () => this.#removeEntry(to))
  }

  renameSync(from: string, to: string): void {
    this.#strike('rename', to)
    const replaced = this.#contentOf(to)
    const moved = this.#contentOf(from)
    this.#base.renameSync(from, to)
    const inode = this.#base.statSync(to)?.ino
    const tracked = inode === undefined ? undefined : this.#undo.get(inode)
    tracked?.paths.delete(from)
    tracked?.paths.add(to)
    this.#entryChanged(to, () => {
      this.#restoreEntry(to, replaced)
      this.#restoreEntry(from, moved)
    })
  }

  unlinkSync(path: string): void {
    this.#strike('unlink', path)
    const content = this.#contentOf(path)
    const inode = this.#base.statSync(path)?.ino
    this.#base.unlinkSync(path)
    if (inode !== undefined) this.#undo.get(inode)?.paths.delete(path)
    this.freeBytes += content?.length ?? 0
    this.#entryChanged(path, () => this.#restoreEntry(path, content))
  }

  futimesSync(fd: number, atMs: number): void {
    this.#base.futimesSync(this.#file(fd).fd, atMs)
  }

  #file(fd: number): OpenFile {
    const file = this.#open.get(fd)
    if (file === undefined) throw systemError('EIO', 'the machine went down, or bad descriptor', String(fd))
    return file
  }

  #find(operation: FaultyOperation, path: string): ArmedFault | undefined {
    if (this.haltAfter <= 0) throw systemError('EIO', 'halted', path)
    this.haltAfter -= 1
    for (const armed of this.#armed) {
      const { fault } = armed
      if (fault.operation !== operation || fault.path?.test(path) === false) continue
      if (armed.toSkip > 0) armed.toSkip -= 1
      else if (armed.toStrike > 0) return armed
    }
    return undefined
  }

  #strike(operation: FaultyOperation, path: string): void {
    const armed = this.#find(operation, path)
    if (armed !== undefined) this.#fail(armed, path)
  }

  #fail(armed: ArmedFault, path: string): never {
    armed.toStrike -= 1
    armed.isHalfDone = false
    this.struck += 1
    throw systemError(armed.fault.code, armed.fault.operation, path)
  }

  #track(file: OpenFile): UndoLog {
    let tracked = this.#undo.get(file.inode)
    if (tracked === undefined) {
      tracked = { paths: new Set([file.path]), log: new UndoLog() }
      this.#undo.set(file.inode, tracked)
    }
    return tracked.log
  }

  #entryChanged(path: string, undo: () => void): void {
    this.#entries.push({ directory: dirname(path), undo })
  }

  /** What the file at `path` durably holds; undefined when there is none. */
  #contentOf(path: string): Buffer | undefined {
    const status = this.#base.statSync(path)
    if (status === undefined) return undefined
    const fd = this.#base.openSync(path, 'r')
    try {
      const current = readFully(this.#base, fd, 0, status.size)
      return this.#undo.get(status.ino)?.log.afterPowerLoss(current, 'nothing', this.#random) ?? current
    } finally {
      this.#base.closeSync(fd)
    }
  }

  #rewrite(path: string, change: (current: Buffer) => Buffer): void {
    const status = this.#base.statSync(path)
    if (status === undefined) return
    const fd = this.#base.openSync(path, 'r+')
    try {
      const after = change(readFully(this.#base, fd, 0, status.size))
      this.#base.ftruncateSync(fd, 0)
      for (let done = 0; done < after.length;) done += this.#base.writeSync(fd, after, done, after.length - done, done)
    } finally {
      this.#base.closeSync(fd)
    }
  }

  #restoreEntry(path: string, content: Buffer | undefined): void {
    this.#removeEntry(path)
    if (content === undefined) return
    this.#base.closeSync(this.#base.openSync(path, 'w'))
    this.#rewrite(path, () => content)
  }

  #removeEntry(path: string): void {
    try {
      this.#base.unlinkSync(path)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
  }
}

function isFolder(base: LogFileSystem, path: string): boolean {
  try {
    base.readdirSync(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return false
    throw error
  }
}

function systemError(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: injected, ${operation} '${path}'`), { code, syscall: operation, path })
}
