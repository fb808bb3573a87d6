import { join } from 'node:path'
import { type LogFileSystem, nodeFileSystem, syncDirectory } from './file-system.js'
import { GENESIS_HASH } from './frame.js'
import { HeadFile } from './head-file.js'
import { listLog } from './layout.js'
import { WriterLock } from './lock.js'
import { cutTail } from './open-log.js'
import { corruptError, HARMLESS_FINDINGS, type Scan, scanLog, writerBootId } from './scan.js'
import { SegmentCursor } from './segment-cursor.js'
import type { LogFinding, LogHead } from './types.js'

/** What {@link repairLog} did. */
export interface LogRepair {
  /** Where the log ends now. */
  readonly head: LogHead
  /** What was wrong. Empty: the log was left as it is. */
  readonly findings: readonly LogFinding[]
  /** Files that hold what was cut off, inside the log's folder. */
  readonly movedAside: readonly string[]
}

/** The last place before the damage. */
interface Cut {
  readonly segment: string
  readonly offset: number
  readonly head: LogHead
}

/**
 * Gives up everything from the first damage on, so that the log can be opened again: the last resort, after verifyLog and in want of a copy. Nothing is
 * deleted: what is cut off goes to side files. Records behind the damage are lost to the log even where they are whole, because the chain to them is broken.
 * @throws {TradingError} `LOG_LOCKED`; `LOG_CORRUPT` when not even the first segment's header holds, so that nothing could be kept
 */
export async function repairLog(directory: string, options: { readonly fileSystem?: LogFileSystem | undefined } = {}): Promise<LogRepair> {
  const { fileSystem = nodeFileSystem } = options
  listLog(fileSystem, directory)
  const lock = await WriterLock.acquire(fileSystem, directory, { now: () => Date.now() }, 0)
  try {
    const scan = scanLog(fileSystem, directory, true)
    const stray = scan.findings.filter(({ code }) => code === 'LOG_STRAY_BYTES')
    const fatal = scan.findings.find(({ code }) => !HARMLESS_FINDINGS.has(code))
    const movedAside: string[] = []
    const cutOff = (segment: string, offset: number): void => {
      const bytes = (fileSystem.statSync(join(directory, segment))?.size ?? 0) - offset
      const torn = cutTail(fileSystem, directory, { segment, offset, bytes, reason: 'interrupted-write' })
      if (torn !== undefined) movedAside.push(torn.sideFile)
    }
    const cut = fatal === undefined ? undefined : placeBefore(fileSystem, directory, scan, fatal)
    for (const { segment, offset } of stray) if (cut === undefined || segment < cut.segment) cutOff(segment, offset)
    if (cut === undefined) return { head: scan.head, findings: scan.findings, movedAside }

    cutOff(cut.segment, cut.offset)
    const tooLate = [
      ...scan.layout.segments.filter(({ name }) => name > cut.segment),
      ...scan.layout.snapshots.filter(({ index }) => index > cut.head.index),
    ]
    for (const { name } of tooLate) movedAside.push(moveAside(fileSystem, directory, name))
    syncDirectory(fileSystem, directory)
    writeHead(fileSystem, directory, scan, cut)
    return { head: cut.head, findings: scan.findings, movedAside }
  } finally {
    lock.release()
  }
}

/** Walks to the first damage once more, for the chain hash there. */
function placeBefore(fileSystem: LogFileSystem, directory: string, { layout, findings }: Scan, fatal: LogFinding): Cut {
  let place: Cut | undefined
  for (const file of layout.segments) {
    if (place !== undefined && (file.name > fatal.segment || (file.name === fatal.segment && fatal.offset < 64))) break
    const cursor = new SegmentCursor(fileSystem, file)
    try {
      if (typeof cursor.start() === 'string') break
      while ((file.name < fatal.segment || cursor.nextOffset < fatal.offset) && cursor.next() === 'record');
      const isSealed = file.name < fatal.segment && cursor.next() === 'seal'
      place = {
        segment: file.name,
        offset: isSealed ? cursor.size() : cursor.nextOffset,
        head: { index: cursor.nextIndex, hash: cursor.hash },
      }
    } finally {
      cursor.close()
    }
  }
  if (place === undefined) throw corruptError(directory, fatal, findings)
  return place
}

function moveAside(fileSystem: LogFileSystem, directory: string, name: string): string {
  let number = 1
  while (fileSystem.statSync(join(directory, `${name}.torn-${number}`)) !== undefined) number++
  const aside = `${name}.torn-${number}`
  fileSystem.renameSync(join(directory, name), join(directory, aside))
  return aside
}

/** The mark must not go on claiming what was given up. */
function writeHead(fileSystem: LogFileSystem, directory: string, { layout, headReading }: Scan, { segment, offset, head }: Cut): void {
  const file = HeadFile.open(fileSystem, directory, headReading)
  try {
    const first = layout.segments[0].index
    const mark = {
      index: head.index,
      hash: head.hash || GENESIS_HASH,
      segment: layout.segments.find(({ name }) => name === segment)?.index ?? first,
      offset,
    }
    // Both slots: the older one may claim more.
    const isSynced = headReading.mark?.isSynced !== false
    const bootId = isSynced ? '' : writerBootId(fileSystem)
    for (let slot = 0; slot < 2; slot++) file.write({ ...mark, firstIndex: first, bootId, isSynced, isClosed: true })
    file.sync()
  } finally {
    file.close()
  }
}
