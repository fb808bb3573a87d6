import { GENESIS_HASH, SEAL_BYTES, SEGMENT_HEADER_BYTES } from './frame.js'
import type { LogFileSystem } from './file-system.js'
import { type HeadReading, type Mark, readHead } from './head-file.js'
import { HEAD_FILE, type IndexedFile, type Layout, listLog } from './layout.js'
import { SegmentCursor } from './segment-cursor.js'
import { loadSnapshot } from './snapshot.js'
import { TradingError } from './trading-error.js'
import type { LogFinding, LogHead, TornTail } from './types.js'

/** Where the log's last valid record ends, and so where a writer goes on. */
export interface LogEnd {
  readonly file: IndexedFile
  readonly offset: number
  /** The segment has its seal: the next record begins a new segment. */
  readonly isSealed: boolean
}

/** Bytes after the end that are no record and need not be one. */
export type Tail = Omit<TornTail, 'sideFile'>

/** Everything there is to know about a log at rest. */
export interface Scan {
  readonly layout: Layout
  readonly headReading: HeadReading
  readonly findings: readonly LogFinding[]
  readonly records: number
  readonly head: LogHead
  readonly firstIndex: number
  /** Undefined for a log without segments. */
  readonly end: LogEnd | undefined
  readonly tail: Tail | undefined
  /** Records that HEAD knows to have been written, and that a loss of power took because they were never synced. */
  readonly lostRecords: number
}

/** Findings that touch no record: reported by verifyLog, no reason to refuse opening. */
export const HARMLESS_FINDINGS: ReadonlySet<string> = new Set([
  'LOG_STRAY_BYTES',
  'LOG_HEAD_DAMAGED',
  'LOG_SNAPSHOT_DAMAGED',
  'LOG_POWER_LOSS',
])

/**
 * Reads the log in `directory` from end to end and reports everything wrong with it.
 * @param thorough false: of all segments but the last, only header and seal are read
 */
export function scanLog(fileSystem: LogFileSystem, directory: string, thorough: boolean): Scan {
  // HEAD first: what it claims is in the segments already, whatever a live writer adds meanwhile.
  const headReading = readHead(fileSystem, directory)
  return new Scanner(fileSystem, listLog(fileSystem, directory), headReading, thorough).run()
}

/**
 * Did the machine go down while a writer held the log open, so that unsynced bytes beyond the mark may be anything?
 * Where the kernel gives no boot id this cannot be excluded.
 */
export function powerMayHaveFailed(fileSystem: LogFileSystem, mark: Mark | undefined): boolean {
  return mark !== undefined && mark.bootId !== '' && (fileSystem.bootId() === '' || mark.bootId !== fileSystem.bootId())
}

/** What of HEAD still counts: a mark of records that were never synced does while the machine stays up. */
export function markThatCounts(fileSystem: LogFileSystem, mark: Mark | undefined): Mark | undefined {
  if (mark === undefined || mark.isSynced || !powerMayHaveFailed(fileSystem, mark)) return mark
  return { ...mark, index: 0, hash: GENESIS_HASH, segment: 0, offset: 0 }
}

/** Of a log that lost records which were never synced. */
export const powerLossMessage = (left: number, written: number): string =>
  `${left} records are left of ${written} that were written, and never synced, before the machine went down`

/** Boot id as written into HEAD while a writer holds the log; never empty, which would mean closed and synced. */
export function writerBootId(fileSystem: LogFileSystem): string {
  return fileSystem.bootId() || 'unknown'
}

/** The error that opening and reading throw for the first thing wrong. */
export function corruptError(directory: string, finding: LogFinding, all: readonly LogFinding[] = [finding]): TradingError {
  const code = finding.code === 'LOG_FORMAT' ? 'LOG_FORMAT' : 'LOG_CORRUPT'
  return new TradingError(
    code,
    `${finding.segment} at offset ${finding.offset} in ${directory}: ${finding.message}; run verifyLog for all findings, restore from a copy, or cut there with repairLog`,
    { directory, segment: finding.segment, offset: finding.offset, finding: finding.code, findings: all },
  )
}

class Scanner {
  readonly #findings: LogFinding[] = []
  readonly #anchors = new Map<number, { name: string; hash: string }>()
  #records = 0
  #nextIndex = 0
  #hash = ''
  #end: LogEnd | undefined
  #tail: Tail | undefined
  /** The scan ran into damage at the very end, which already explains missing records. */
  #endIsDamaged = false
  #lostRecords = 0
  readonly #mark: Mark | undefined

  constructor(
    readonly fileSystem: LogFileSystem,
    readonly layout: Layout,
    readonly headReading: HeadReading,
    readonly thorough: boolean,
  ) {
    this.#mark = markThatCounts(fileSystem, headReading.mark)
  }

  run(): Scan {
    const { segments } = this.layout
    const { mark } = this.headReading
    if (this.headReading.state === 'damaged') this.#find('LOG_HEAD_DAMAGED', HEAD_FILE, 0, 'a slot of HEAD fails its checksum')
    if (this.headReading.state === 'absent' && segments.length > 0) this.#find('LOG_HEAD_DAMAGED', HEAD_FILE, 0, 'HEAD is absent')
    if (mark !== undefined) this.#anchors.set(mark.index, { name: HEAD_FILE, hash: mark.hash })
    this.#loadSnapshots()
    const first = segments[0]
    this.#nextIndex = first?.index ?? 0
    this.#checkFirst(first)
    for (const [at, file] of segments.entries()) this.#scanSegment(file, at === segments.length - 1)
    this.#checkEnd()
    return {
      layout: this.layout,
      headReading: this.headReading,
      findings: this.#findings,
      records: this.#records,
      head: { index: this.#nextIndex, hash: this.#hash || '0'.repeat(64) },
      firstIndex: first?.index ?? 0,
      end: this.#end,
      tail: this.#tail,
      lostRecords: this.#lostRecords,
    }
  }

  #loadSnapshots(): void {
    for (const file of this.layout.snapshots) {
      const snapshot = loadSnapshot(this.fileSystem, file)
      if (snapshot === undefined) this.#find('LOG_SNAPSHOT_DAMAGED', file.name, 0, 'the snapshot does not match its checksum or its name')
      else if (!this.#anchors.has(file.index)) this.#anchors.set(file.index, { name: file.name, hash: snapshot.hash })
    }
  }

  /** Segments may be missing at the front only as far as compaction recorded it. */
  #checkFirst(first: IndexedFile | undefined): void {
    const mark = this.#mark
    const newestSnapshot = this.layout.snapshots.at(-1)?.index
    if (first === undefined) {
      const isNew = (mark === undefined || mark.index === 0) && newestSnapshot === undefined
      if (!isNew) this.#find('LOG_SEGMENT_MISSING', HEAD_FILE, 0, `no segment is left of ${mark?.index ?? newestSnapshot} records`)
      return
    }
    const mayBeginAt = mark?.firstIndex ?? newestSnapshot ?? 0
    if (first.index > mayBeginAt) {
      this.#find(
        'LOG_SEGMENT_MISSING',
        first.name,
        0,
        `the log begins at record ${first.index}, but nothing before record ${mayBeginAt} was compacted away`,
      )
    }
  }

  #scanSegment(file: IndexedFile, isLast: boolean): void {
    const cursor = new SegmentCursor(this.fileSystem, file)
    try {
      if (!this.#scanHeader(cursor, isLast)) return
      this.#checkAnchor(cursor)
      if (!isLast && !this.thorough) {
        const seal = cursor.sealAtEnd()
        if (seal !== undefined) {
          this.#records += seal.nextIndex - this.#nextIndex
          this.#nextIndex = seal.nextIndex
          this.#hash = seal.hash
          return
        }
        // No seal: read it through, so that the finding names the right place.
      }
      this.#scanFrames(cursor, isLast)
      this.#nextIndex = cursor.nextIndex
      this.#hash = cursor.hash
    } finally {
      cursor.close()
    }
  }

  /** True when the frames can be read: header whole, or damaged but with a provable frame later. */
  #scanHeader(cursor: SegmentCursor, isLast: boolean): boolean {
    const { name, index } = cursor.segment
    const header = cursor.start()
    if (header === 'short') {
      if (isLast && index === this.#nextIndex) {
        this.#tail = { segment: name, offset: 0, bytes: cursor.size(), reason: 'interrupted-write' }
        this.#end = { file: cursor.segment, offset: 0, isSealed: false }
      } else {
        this.#find('LOG_SEGMENT_CUT', name, 0, `the segment has only ${cursor.size()} of the ${SEGMENT_HEADER_BYTES} bytes of its header`)
        this.#endIsDamaged = isLast
      }
      return false
    }
    if (header === 'damaged') {
      const found = cursor.findFrameAfter(SEGMENT_HEADER_BYTES, index)
      if (
        isLast &&
        found === undefined &&
        index === this.#nextIndex &&
        this.#isBeyondMark(index) &&
        powerMayHaveFailed(this.fileSystem, this.headReading.mark)
      ) {
        this.#tail = { segment: name, offset: 0, bytes: cursor.size(), reason: 'power-loss' }
        this.#end = { file: cursor.segment, offset: 0, isSealed: false }
        return false
      }
      this.#find(cursor.damage!.code, name, 0, cursor.damage!.message)
      if (found === undefined) {
        this.#endIsDamaged = isLast
        return false
      }
      cursor.resumeAt(found)
      return true
    }
    if (header.firstIndex !== this.#nextIndex) {
      this.#find('LOG_SEGMENT_MISSING', name, 0, `the segment begins at record ${header.firstIndex}, but ${this.#nextIndex} should follow`)
    } else if (this.#hash !== '' && header.previousHash !== this.#hash) {
      this.#find('LOG_CHAIN_BROKEN', name, 32, 'the chain hash in the header is not that of the segment before')
    }
    if (header.firstIndex === 0 && header.previousHash !== '0'.repeat(64)) {
      this.#find('LOG_CHAIN_BROKEN', name, 32, 'the first segment does not begin with the empty chain')
    }
    return true
  }

  #scanFrames(cursor: SegmentCursor, isLast: boolean): void {
    const { name } = cursor.segment
    for (;;) {
      const step = cursor.next()
      const end = { file: cursor.segment, offset: cursor.nextOffset, isSealed: step === 'seal' }
      if (step === 'record') {
        this.#records += 1
        this.#checkAnchor(cursor)
        continue
      }
      if (isLast) this.#end = end
      if (step === 'seal') {
        const strayAt = cursor.offset + SEAL_BYTES
        const stray = cursor.size() - strayAt
        if (stray > 0) this.#find('LOG_STRAY_BYTES', name, strayAt, `${stray} bytes after the seal`)
        return
      }
      if (step === 'damaged') {
        if (this.#passDamage(cursor, isLast)) continue
        return
      }
      const left = cursor.size() - cursor.offset
      if (!isLast)
        this.#find(
          'LOG_SEGMENT_CUT',
          name,
          cursor.offset,
          `the segment ends ${step === 'end' ? 'without a seal' : 'inside a record'} although another follows`,
        )
      else if (step === 'short') this.#tail = { segment: name, offset: cursor.offset, bytes: left, reason: 'interrupted-write' }
      return
    }
  }

  /** Reports damage and goes on behind it when a record can be proven there; a tail torn by power loss is no damage. */
  #passDamage(cursor: SegmentCursor, isLast: boolean): boolean {
    const { name } = cursor.segment
    const { offset, nextIndex } = cursor
    if (isLast && this.#isBeyondMark(nextIndex) && powerMayHaveFailed(this.fileSystem, this.headReading.mark)) {
      const found = this.fileSystem.bootId() === '' ? cursor.findFrameAfter(offset + 1, nextIndex) : undefined
      if (found === undefined) {
        this.#tail = { segment: name, offset, bytes: cursor.size() - offset, reason: 'power-loss' }
        return false
      }
    }
    const { code, message } = cursor.damage!
    const found = cursor.findFrameAfter(offset + 1, nextIndex)
    if (found === undefined) {
      this.#find(code, name, offset, message)
      this.#endIsDamaged = isLast
      return false
    }
    this.#find(code, name, offset, `${message}; the log goes on at offset ${found.offset} with record ${found.index}`)
    cursor.resumeAt(found)
    return true
  }

  #isBeyondMark(index: number): boolean {
    return this.#mark !== undefined && index >= this.#mark.index
  }

  #checkAnchor(cursor: SegmentCursor): void {
    const anchor = this.#anchors.get(cursor.nextIndex)
    if (anchor !== undefined && anchor.hash !== cursor.hash) {
      this.#find(
        'LOG_CHAIN_BROKEN',
        cursor.segment.name,
        cursor.offset,
        `the chain before record ${cursor.nextIndex} is not the one that ${anchor.name} recorded`,
      )
    }
  }

  #checkEnd(): void {
    if (this.#endIsDamaged) return
    const name = this.layout.segments.at(-1)?.name ?? HEAD_FILE
    const written = this.headReading.mark?.index ?? 0
    if (this.#mark?.index !== written && written > this.#nextIndex) {
      this.#lostRecords = written - this.#nextIndex
      this.#find('LOG_POWER_LOSS', name, this.#end?.offset ?? 0, powerLossMessage(this.#nextIndex, written))
    }
    if (this.layout.segments.length === 0) return
    const recorded = Math.max(this.#mark?.index ?? 0, this.layout.snapshots.at(-1)?.index ?? 0)
    if (recorded > this.#nextIndex) {
      this.#tail = undefined
      this.#find(
        'LOG_SHORTENED',
        name,
        this.#end?.offset ?? 0,
        `the log ends after ${this.#nextIndex} records, but ${recorded} were durable`,
      )
    }
  }

  #find(code: LogFinding['code'], segment: string, offset: number, message: string): void {
    this.#findings.push({ code, segment, offset, message })
  }
}
