import { hash as digest } from 'node:crypto'
import { join } from 'node:path'
import { type LogFileSystem, nodeFileSystem, readFully, syncDirectory, writeFully } from './file-system.js'
import { HASH_BYTES } from './frame.js'
import { type IndexedFile, listLog, snapshotName } from './layout.js'
import { TradingError } from './trading-error.js'
import type { LogHead, LogSnapshot } from './types.js'

/* magic 8 | index u64 | chain hash 32 | state | sha256 of all before 32 */
const MAGIC = Buffer.from('GHSNAP\0\x01', 'latin1')
const HEADER_BYTES = 8 + 8 + HASH_BYTES

/** Writes `state` as the snapshot standing before `head.index`; at `power` when it returns. */
export function writeSnapshot(fileSystem: LogFileSystem, directory: string, head: LogHead, state: Uint8Array): void {
  const bytes = Buffer.alloc(HEADER_BYTES + state.length + HASH_BYTES)
  MAGIC.copy(bytes)
  bytes.writeBigUInt64LE(BigInt(head.index), 8)
  bytes.write(head.hash, 16, 'hex')
  bytes.set(state, HEADER_BYTES)
  bytes.write(digest('sha256', bytes.subarray(0, HEADER_BYTES + state.length), 'hex'), HEADER_BYTES + state.length, 'hex')
  const path = join(directory, snapshotName(head.index))
  const temporary = `${path}.new`
  const fd = fileSystem.openSync(temporary, 'w')
  try {
    writeFully(fileSystem, fd, bytes, 0)
    fileSystem.fsyncSync(fd)
  } catch (error) {
    fileSystem.ftruncateSync(fd, 0)
    throw error
  } finally {
    fileSystem.closeSync(fd)
  }
  fileSystem.renameSync(temporary, path)
  syncDirectory(fileSystem, directory)
}

/** Reads one snapshot file. Undefined when it does not match its checksum or its name. */
export function loadSnapshot(fileSystem: LogFileSystem, file: IndexedFile): LogSnapshot | undefined {
  const fd = fileSystem.openSync(file.path, 'r')
  let bytes: Buffer
  try {
    bytes = readFully(fileSystem, fd, 0, fileSystem.fstatSync(fd).size)
  } finally {
    fileSystem.closeSync(fd)
  }
  const end = bytes.length - HASH_BYTES
  if (end < HEADER_BYTES || bytes.compare(MAGIC, 0, 8, 0, 8) !== 0) return undefined
  if (digest('sha256', bytes.subarray(0, end), 'hex') !== bytes.toString('hex', end)) return undefined
  const index = Number(bytes.readBigUInt64LE(8))
  if (index !== file.index) return undefined
  return { index, hash: bytes.toString('hex', 16, HEADER_BYTES), state: Uint8Array.from(bytes.subarray(HEADER_BYTES, end)) }
}

/**
 * The newest snapshot of the log in `directory`; undefined when none was ever made. Takes no lock.
 * A damaged newest snapshot is passed over for an older one only while the log still holds every record since that one.
 * @throws {TradingError} `LOG_SNAPSHOT_DAMAGED`, `LOG_NOT_FOUND`
 */
export async function readSnapshot(
  directory: string,
  options: { readonly fileSystem?: LogFileSystem | undefined } = {},
): Promise<LogSnapshot | undefined> {
  return newestSnapshot(options.fileSystem ?? nodeFileSystem, directory)
}

/** As {@link readSnapshot}, at once. */
export function newestSnapshot(fileSystem: LogFileSystem, directory: string): LogSnapshot | undefined {
  const { snapshots, segments } = listLog(fileSystem, directory)
  if (snapshots.length === 0) return undefined
  const firstIndex = segments[0]?.index ?? 0
  for (const file of snapshots.toReversed()) {
    const snapshot = file.index < firstIndex ? undefined : loadSnapshot(fileSystem, file)
    if (snapshot !== undefined) return snapshot
  }
  const { name } = snapshots[snapshots.length - 1]
  throw new TradingError(
    'LOG_SNAPSHOT_DAMAGED',
    `${name} in ${directory} does not match its checksum and no older snapshot reaches the records that are left; restore it from a copy`,
    { directory, segment: name, offset: 0 },
  )
}
