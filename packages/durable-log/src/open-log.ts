import { join } from 'node:path'
import { type LogFileSystem, nodeFileSystem, readFully, syncDirectory, writeFully } from './file-system.js'
import { systemCode } from './system-code.js'
import { GENESIS_HASH, SEGMENT_HEADER_BYTES } from './frame.js'
import { HeadFile } from './head-file.js'
import { WriterLock } from './lock.js'
import { LogWriter } from './log-writer.js'
import { corruptError, HARMLESS_FINDINGS, type LogEnd, type Scan, scanLog, type Tail, writerBootId } from './scan.js'
import { SegmentFile } from './segment-file.js'
import { isTradingError, TradingError } from './trading-error.js'
import { isOutOfSpace } from './write-errors.js'
import type { DurableLog, LogClock, LogOptions, LogRecovery, TornTail } from './types.js'

const systemClock: LogClock = { now: () => Date.now() }

/**
 * Opens the log in `options.directory` for its single writer, making it when it is not there. What an interrupted write left behind is cut and
 * reported in `recovery`; anything wrong before that refuses.
 * @throws {TradingError} `LOG_LOCKED`, `LOG_CORRUPT` (details: segment, offset, findings), `LOG_FORMAT`, `LOG_INVALID_OPTION`, `LOG_NO_SPACE`, `LOG_OPEN_FAILED`
 */
export async function openLog(options: LogOptions): Promise<DurableLog> {
  const {
    directory,
    durability = 'process',
    segmentBytes = 64 * 1024 * 1024,
    syncWithinMs = 10,
    lockWaitMs = 0,
    queueBytes = 8 * 1024 * 1024,
  } = options
  const { verify = 'all', fileSystem = nodeFileSystem, clock = systemClock } = options
  requireNumber('segmentBytes', segmentBytes, 1024)
  requireNumber('syncWithinMs', syncWithinMs, 0)
  requireNumber('lockWaitMs', lockWaitMs, 0)
  requireNumber('queueBytes', queueBytes, 1)
  requireWord('durability', durability, ['process', 'power'])
  requireWord('verify', verify, ['all', 'tail'])
  if (typeof directory !== 'string' || directory === '')
    throw new TradingError('LOG_INVALID_OPTION', 'directory must be a path', { directory })

  let lock: WriterLock | undefined
  try {
    fileSystem.mkdirSync(directory)
    lock = await WriterLock.acquire(fileSystem, directory, clock, lockWaitMs)
    const { recovery, segment, head, scan } = recover(fileSystem, directory, lock, verify === 'all')
    return new LogWriter({ directory, durability, segmentBytes, syncWithinMs, queueBytes, fileSystem, lock, head, segment, scan, recovery })
  } catch (cause) {
    lock?.release()
    if (isTradingError(cause)) throw cause
    const details = { directory, system: systemCode(cause) }
    if (isOutOfSpace(cause))
      throw new TradingError('LOG_NO_SPACE', `no space to open the log in ${directory}; free some and open it again`, details, { cause })
    throw new TradingError('LOG_OPEN_FAILED', `cannot open the log in ${directory}: ${String(cause)}`, details, { cause })
  }
}

interface Recovered {
  readonly recovery: LogRecovery
  readonly segment: SegmentFile
  readonly head: HeadFile
  readonly scan: Scan
}

function recover(fileSystem: LogFileSystem, directory: string, lock: WriterLock, thorough: boolean): Recovered {
  const scan = scanLog(fileSystem, directory, thorough)
  const fatal = scan.findings.filter((finding) => !HARMLESS_FINDINGS.has(finding.code))
  if (fatal.length > 0) throw corruptError(directory, fatal[0], scan.findings)

  const mark = scan.headReading.mark
  const wasClosed = mark === undefined ? scan.layout.segments.length === 0 : mark.bootId === ''
  const head = HeadFile.open(fileSystem, directory, scan.headReading)
  try {
    // From here on the log counts as open: if the machine goes down, the boot id in HEAD tells the next opening so.
    const hold = {
      index: 0,
      hash: GENESIS_HASH,
      segment: 0,
      offset: SEGMENT_HEADER_BYTES,
      firstIndex: scan.firstIndex,
      ...mark,
      bootId: writerBootId(fileSystem),
    }
    if (mark === undefined || wasClosed) head.write(hold)
    const tornTail = scan.tail && cutTail(fileSystem, directory, scan.tail)
    const resyncedBytes = scan.end === undefined ? 0 : resync(fileSystem, directory, scan, scan.end)
    const segment = continueAt(fileSystem, directory, scan, lock, wasClosed)
    head.write({ ...hold, index: scan.head.index, hash: scan.head.hash, segment: segment.firstIndex, offset: segment.size })
    head.sync()
    const recovery: LogRecovery = {
      cleanlyClosed: wasClosed && tornTail === undefined,
      tornTail,
      staleLock: lock.tookOver,
      headLost: scan.headReading.mark === undefined && scan.records > 0,
      resyncedBytes,
      records: scan.records,
    }
    return { recovery, segment, head, scan }
  } catch (error) {
    head.close()
    throw error
  }
}

/** Moves the torn bytes into a side file, and only once they are safe there cuts them off. */
export function cutTail(fileSystem: LogFileSystem, directory: string, tail: Tail): TornTail | undefined {
  const path = join(directory, tail.segment)
  if (tail.bytes === 0) return undefined
  const fd = fileSystem.openSync(path, 'r+')
  try {
    const bytes = readFully(fileSystem, fd, tail.offset, tail.bytes)
    const sideFile = writeSideFile(fileSystem, directory, tail.segment, bytes)
    fileSystem.ftruncateSync(fd, tail.offset)
    fileSystem.fsyncSync(fd)
    return { ...tail, sideFile }
  } finally {
    fileSystem.closeSync(fd)
  }
}

/** Writes `bytes` durably into the first free `<segment>.torn-<n>`. @returns its name */
function writeSideFile(fileSystem: LogFileSystem, directory: string, segment: string, bytes: Uint8Array): string {
  let number = 1
  while (fileSystem.statSync(join(directory, `${segment}.torn-${number}`)) !== undefined) number++
  const name = `${segment}.torn-${number}`
  const fd = fileSystem.openSync(join(directory, name), 'wx')
  try {
    writeFully(fileSystem, fd, bytes, 0)
    fileSystem.fsyncSync(fd)
  } finally {
    fileSystem.closeSync(fd)
  }
  syncDirectory(fileSystem, directory)
  return name
}

/**
 * Writes again, in place, the bytes past the durable mark, and syncs. After a failed fdatasync the kernel may hold pages that it believes clean but
 * the disk never got; a later fdatasync would not bring them there. The same bytes written again are dirty again.
 */
function resync(fileSystem: LogFileSystem, directory: string, { headReading: { mark } }: Scan, { file, offset, isSealed }: LogEnd): number {
  const from = mark?.segment === file.index ? mark.offset : 0
  const fd = fileSystem.openSync(join(directory, file.name), 'r+')
  try {
    const end = isSealed ? fileSystem.fstatSync(fd).size : offset
    const bytes = readFully(fileSystem, fd, from, Math.max(0, end - from))
    writeFully(fileSystem, fd, bytes, from)
    fileSystem.fsyncSync(fd)
    return bytes.length
  } finally {
    fileSystem.closeSync(fd)
  }
}

/** The segment the writer goes on in. */
function continueAt(fileSystem: LogFileSystem, directory: string, scan: Scan, lock: WriterLock, wasClosed: boolean): SegmentFile {
  const header = { firstIndex: scan.head.index, previousHash: scan.head.hash }
  const { end } = scan
  if (end === undefined || end.offset < SEGMENT_HEADER_BYTES) return SegmentFile.create(fileSystem, directory, header)
  const segment = SegmentFile.reopen(fileSystem, directory, end.file.index, end.offset, end.isSealed)
  // A predecessor not proven dead may still write into its segment. Sealing it sends whatever it writes behind the seal, where nobody reads.
  const predecessorMayWrite = lock.holderMayLive || (!wasClosed && lock.tookOver === undefined)
  if (!predecessorMayWrite || end.isSealed) return segment
  if (segment.size === SEGMENT_HEADER_BYTES) {
    // An empty segment cannot be sealed; a new file takes its name instead.
    segment.close()
    return SegmentFile.create(fileSystem, directory, header)
  }
  const failure = segment.seal(scan.head)
  if (failure !== undefined) throw failure
  if (segment.actualSize() !== segment.size) {
    throw new TradingError(
      'LOG_LOCKED',
      `somebody else still writes to ${segment.name} in ${directory}; stop that writer and open the log again`,
      { directory },
    )
  }
  segment.syncSync()
  segment.close()
  return SegmentFile.create(fileSystem, directory, header)
}

function requireNumber(name: string, value: number, least: number): void {
  if (!Number.isFinite(value) || value < least) {
    throw new TradingError('LOG_INVALID_OPTION', `${name} must be a number of at least ${least}, not ${String(value)}`, { [name]: value })
  }
}

function requireWord(name: string, value: string, words: readonly string[]): void {
  if (!words.includes(value))
    throw new TradingError('LOG_INVALID_OPTION', `${name} must be ${words.join(' or ')}, not ${String(value)}`, { [name]: value })
}
