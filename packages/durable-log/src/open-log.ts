import { join } from 'node:path'
import { type LogFileSystem, neverSynced, nodeFileSystem, readFully, syncDirectory, writeFully } from './file-system.js'
import { systemCode } from './system-code.js'
import { GENESIS_HASH, SEGMENT_HEADER_BYTES } from './frame.js'
import { HeadFile, type Mark } from './head-file.js'
import { WriterLock } from './lock.js'
import { LogWriter } from './log-writer.js'
import { corruptError, HARMLESS_FINDINGS, markThatCounts, type Scan, scanLog, type Tail, writerBootId } from './scan.js'
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
  const { verify = 'all', neverSync = false, fileSystem = nodeFileSystem, clock = systemClock } = options
  requireNumber('segmentBytes', segmentBytes, 1024)
  requireNumber('syncWithinMs', syncWithinMs, 0)
  requireNumber('lockWaitMs', lockWaitMs, 0)
  requireNumber('queueBytes', queueBytes, 1)
  requireWord('durability', durability, ['process', 'power'])
  requireWord('verify', verify, ['all', 'tail'])
  if (neverSync && durability === 'power')
    throw new TradingError('LOG_INVALID_OPTION', 'a log that is never synced cannot have durability power', { neverSync, durability })
  if (typeof directory !== 'string' || directory === '')
    throw new TradingError('LOG_INVALID_OPTION', 'directory must be a path', { directory })

  let lock: WriterLock | undefined
  try {
    const files = neverSync ? neverSynced(fileSystem) : fileSystem
    files.mkdirSync(directory)
    lock = await WriterLock.acquire(files, directory, clock, lockWaitMs)
    const recovered = recover({ fileSystem: files, directory, lock, isThorough: verify === 'all', neverSync })
    return new LogWriter({
      directory,
      durability,
      segmentBytes,
      syncWithinMs,
      queueBytes,
      neverSync,
      fileSystem: files,
      lock,
      ...recovered,
    })
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

interface Opening {
  readonly fileSystem: LogFileSystem
  readonly directory: string
  readonly lock: WriterLock
  readonly isThorough: boolean
  readonly neverSync: boolean
}

function recover({ fileSystem, directory, lock, isThorough, neverSync }: Opening): Recovered {
  const scan = scanLog(fileSystem, directory, isThorough)
  const fatal = scan.findings.filter((finding) => !HARMLESS_FINDINGS.has(finding.code))
  if (fatal.length > 0) throw corruptError(directory, fatal[0], scan.findings)

  const mark = markThatCounts(fileSystem, scan.headReading.mark)
  const isNew = scan.headReading.state === 'absent' && scan.layout.segments.length === 0
  const wasClosed = mark?.isClosed ?? isNew
  const head = HeadFile.open(fileSystem, directory, scan.headReading)
  try {
    // From here on the log counts as open: if the machine goes down, the boot id in HEAD tells the next opening so.
    const hold = {
      index: 0,
      hash: GENESIS_HASH,
      segment: 0,
      offset: SEGMENT_HEADER_BYTES,
      firstIndex: scan.firstIndex,
      isSynced: true,
      ...mark,
      isClosed: false,
      bootId: writerBootId(fileSystem),
    }
    if (mark === undefined || wasClosed) head.write(hold)
    const tornTail = scan.tail && cutTail(fileSystem, directory, scan.tail)
    const resyncedBytes = neverSync ? 0 : resync(fileSystem, directory, scan, mark)
    const segment = continueAt(fileSystem, directory, scan, lock, wasClosed)
    const { index, hash } = scan.head
    head.write({ ...hold, index, hash, segment: segment.firstIndex, offset: segment.size, isSynced: !neverSync })
    head.sync()
    const recovery: LogRecovery = {
      cleanlyClosed: wasClosed && tornTail === undefined && scan.lostRecords === 0,
      tornTail,
      staleLock: lock.tookOver,
      headLost: scan.headReading.mark === undefined && scan.records > 0,
      resyncedBytes,
      lostRecords: scan.lostRecords,
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
 * the disk never got; a later fdatasync would not bring them there. The same bytes written again are dirty again. Of a log that was never synced
 * that is every segment, and the folder.
 */
function resync(fileSystem: LogFileSystem, directory: string, { end, layout }: Scan, mark: Mark | undefined): number {
  if (end === undefined) return 0
  const isNeverSynced = mark?.isSynced === false
  let resynced = 0
  for (const file of isNeverSynced ? layout.segments : [end.file]) {
    const from = mark?.segment === file.index && mark.isSynced ? mark.offset : 0
    const fd = fileSystem.openSync(join(directory, file.name), 'r+')
    try {
      const to = file === end.file && !end.isSealed ? end.offset : fileSystem.fstatSync(fd).size
      const bytes = readFully(fileSystem, fd, from, Math.max(0, to - from))
      writeFully(fileSystem, fd, bytes, from)
      fileSystem.fsyncSync(fd)
      resynced += bytes.length
    } finally {
      fileSystem.closeSync(fd)
    }
  }
  if (isNeverSynced) syncDirectory(fileSystem, directory)
  return resynced
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
