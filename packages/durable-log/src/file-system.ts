import * as fs from 'node:fs'
import { currentBootId } from './process-identity.js'

/** What the log asks of `stat`. */
export interface FileStatus {
  readonly size: number
  readonly ino: number
  readonly mtimeMs: number
}

/**
 * The file operations the log is built on: the seam where faults are injected. Names and meaning are node:fs's; errors carry node's `code`.
 * Everything that decides an acknowledgement goes through here, and nothing else touches the log's folder.
 */
export interface LogFileSystem {
  openSync(path: string, flags: string): number
  closeSync(fd: number): void
  /** May write fewer bytes than asked. `position` null appends (or follows the file position). */
  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number
  readSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number
  fdatasyncSync(fd: number): void
  fdatasync(fd: number, done: (error: Error | null) => void): void
  /** For files and, opened with `r`, folders. */
  fsyncSync(fd: number): void
  ftruncateSync(fd: number, size: number): void
  fstatSync(fd: number): FileStatus
  /** `undefined` when nothing is there. */
  statSync(path: string): FileStatus | undefined
  readdirSync(path: string): string[]
  mkdirSync(path: string): void
  linkSync(from: string, to: string): void
  renameSync(from: string, to: string): void
  unlinkSync(path: string): void
  /** Sets the modification time: the lock's heartbeat. */
  futimesSync(fd: number, atMs: number): void
  /** Names the machine's current boot, empty where the kernel does not say: a new one means that unsynced bytes may be gone. */
  bootId(): string
}

/** node:fs as a {@link LogFileSystem}. */
export const nodeFileSystem: LogFileSystem = {
  openSync: (path, flags) => fs.openSync(path, flags, 0o644),
  closeSync: (fd) => fs.closeSync(fd),
  writeSync: (fd, buffer, offset, length, position) => fs.writeSync(fd, buffer, offset, length, position),
  readSync: (fd, buffer, offset, length, position) => fs.readSync(fd, buffer, offset, length, position),
  fdatasyncSync: (fd) => fs.fdatasyncSync(fd),
  fdatasync: (fd, done) => fs.fdatasync(fd, done),
  fsyncSync: (fd) => fs.fsyncSync(fd),
  ftruncateSync: (fd, size) => fs.ftruncateSync(fd, size),
  fstatSync: (fd) => fs.fstatSync(fd),
  statSync: (path) => fs.statSync(path, { throwIfNoEntry: false }),
  readdirSync: (path) => fs.readdirSync(path),
  mkdirSync: (path) => void fs.mkdirSync(path, { recursive: true }),
  linkSync: (from, to) => fs.linkSync(from, to),
  renameSync: (from, to) => fs.renameSync(from, to),
  unlinkSync: (path) => fs.unlinkSync(path),
  futimesSync: (fd, atMs) => fs.futimesSync(fd, atMs / 1000, atMs / 1000),
  bootId: currentBootId,
}

/** The same files, of which nothing is synced. */
export function neverSynced(files: LogFileSystem): LogFileSystem {
  return {
    openSync: (path, flags) => files.openSync(path, flags),
    closeSync: (fd) => files.closeSync(fd),
    writeSync: (fd, buffer, offset, length, position) => files.writeSync(fd, buffer, offset, length, position),
    readSync: (fd, buffer, offset, length, position) => files.readSync(fd, buffer, offset, length, position),
    fdatasyncSync: () => {},
    fdatasync: (_, done) => done(null),
    fsyncSync: () => {},
    ftruncateSync: (fd, size) => files.ftruncateSync(fd, size),
    fstatSync: (fd) => files.fstatSync(fd),
    statSync: (path) => files.statSync(path),
    readdirSync: (path) => files.readdirSync(path),
    mkdirSync: (path) => files.mkdirSync(path),
    linkSync: (from, to) => files.linkSync(from, to),
    renameSync: (from, to) => files.renameSync(from, to),
    unlinkSync: (path) => files.unlinkSync(path),
    futimesSync: (fd, atMs) => files.futimesSync(fd, atMs),
    bootId: () => files.bootId(),
  }
}

/** Makes entries of a folder (created, renamed, removed) survive loss of power. */
export function syncDirectory(fileSystem: LogFileSystem, directory: string): void {
  const fd = fileSystem.openSync(directory, 'r')
  try {
    fileSystem.fsyncSync(fd)
  } finally {
    fileSystem.closeSync(fd)
  }
}

/** Writes all of `bytes` at `position`, going on after short writes. */
export function writeFully(fileSystem: LogFileSystem, fd: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) {
    const written = fileSystem.writeSync(fd, bytes, done, bytes.length - done, position + done)
    if (written === 0) throw Object.assign(new Error('write returned 0 bytes'), { code: 'EIO' })
    done += written
  }
}

/** Reads up to `length` bytes at `position`; shorter only at the end of the file. */
export function readFully(fileSystem: LogFileSystem, fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const count = fileSystem.readSync(fd, bytes, done, length - done, position + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}
