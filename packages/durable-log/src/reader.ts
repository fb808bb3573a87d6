import { setImmediate } from 'node:timers/promises'
import { Bell } from './bell.js'
import { type LogFileSystem, nodeFileSystem } from './file-system.js'
import { systemCode } from './system-code.js'
import { type Mark, readHead } from './head-file.js'
import { type IndexedFile, listLog } from './layout.js'
import { corruptError, markThatCounts, powerLossMessage, powerMayHaveFailed } from './scan.js'
import { SegmentCursor } from './segment-cursor.js'
import { TradingError } from './trading-error.js'
import type { LogFinding, LogRecord, ReadOptions } from './types.js'

/** Options of {@link readLog}. */
export interface ReadLogOptions extends ReadOptions {
  /** At the end, wait for more instead of stopping; ends only by `signal` or by leaving the loop. Default false. */
  readonly follow?: boolean | undefined
  /** Default node:fs. */
  readonly fileSystem?: LogFileSystem | undefined
}

/**
 * Reads the log in `directory`, oldest record first, without taking its lock: beside a live writer, or after it died. A record is given out only
 * whole and proven; an interrupted write at the end is not shown.
 * @throws {TradingError} `LOG_NOT_FOUND`, `LOG_COMPACTED`, `LOG_CORRUPT` when the damage is reached, `LOG_DIVERGED` (following only)
 */
export function readLog(directory: string, options: ReadLogOptions = {}): AsyncIterable<LogRecord> {
  const { from, follow = false, signal, fileSystem = nodeFileSystem } = options
  return readRecords({ fileSystem, directory, from, follow, signal, until: Number.POSITIVE_INFINITY })
}

interface Reading {
  readonly fileSystem: LogFileSystem
  readonly directory: string
  readonly from: number | undefined
  /** Records from here on are not wanted. */
  readonly until: number
  readonly follow: boolean
  readonly signal: AbortSignal | undefined
}

/** A long read lets others have the event loop this often. */
const RECORDS_PER_TURN = 512

/** What {@link readLog} and `DurableLog.read` share. */
export async function* readRecords(reading: Reading): AsyncGenerator<LogRecord, void, undefined> {
  const { from, signal } = reading
  if (from !== undefined && (!Number.isSafeInteger(from) || from < 0)) {
    throw new TradingError('LOG_INVALID_OPTION', `from must be a whole number of at least 0, not ${String(from)}`, { from })
  }
  signal?.throwIfAborted()
  const walk = new Walk(reading)
  const bell = reading.follow ? new Bell(reading.directory, signal) : undefined
  try {
    for (let steps = 1; ; steps++) {
      const found = walk.next()
      if (found === 'end') {
        if (bell === undefined) return
        await bell.rings()
        walk.refresh()
      } else if (found !== 'skipped') {
        yield found
      }
      if (steps % RECORDS_PER_TURN === 0) await setImmediate()
      signal?.throwIfAborted()
    }
  } finally {
    walk.close()
    bell?.close()
  }
}

/** Walks from segment to segment; `end` means nothing more for now. */
class Walk {
  readonly #reading: Reading
  /** Read before any segment: what it claims is there. */
  readonly #mark: Mark | undefined
  /** What of it no loss of power can have undone. */
  readonly #counts: Mark | undefined
  #cursor: SegmentCursor | undefined
  /** Where the segment before ended. */
  #expected: { index: number; hash: string } | undefined
  #from: number | undefined
  /** A surprising step is looked at twice before it is believed: a live writer may have been in the middle of it. */
  #isSecondLook = false

  constructor(reading: Reading) {
    this.#reading = reading
    this.#from = reading.from
    this.#mark = readHead(reading.fileSystem, reading.directory).mark
    this.#counts = markThatCounts(reading.fileSystem, this.#mark)
  }

  next(): LogRecord | 'skipped' | 'end' {
    const cursor = (this.#cursor ??= this.#openNext())
    if (cursor === undefined) return 'end'
    const from = this.#from ?? cursor.nextIndex
    if (cursor.nextIndex >= this.#reading.until) return 'end'
    const step = cursor.nextIndex < from ? cursor.skip() : cursor.next()
    switch (step) {
      case 'record':
        this.#isSecondLook = false
        return this.#took(cursor, from)
      case 'seal':
        this.#expected = { index: cursor.nextIndex, hash: cursor.hash }
        this.#leave()
        return 'skipped'
      case 'damaged':
        return this.#lookAgain() ?? this.#atDamage(cursor)
      case 'short':
      case 'end':
        return this.#atEnd(cursor)
    }
  }

  /** Before going on after a wait. @throws {TradingError} `LOG_DIVERGED` */
  refresh(): void {
    const cursor = this.#cursor
    if (cursor === undefined) return
    cursor.refresh()
    if (cursor.endStillHolds()) return
    const { directory } = this.#reading
    throw new TradingError(
      'LOG_DIVERGED',
      `the writer of ${directory} took back records before ${cursor.nextIndex} that this reader has shown; drop what was built from them and read again`,
      { directory, segment: cursor.segment.name, offset: cursor.nextOffset, index: cursor.nextIndex },
    )
  }

  close(): void {
    this.#leave()
  }

  #leave(): void {
    this.#cursor?.close()
    this.#cursor = undefined
    this.#isSecondLook = false
  }

  #took(cursor: SegmentCursor, from: number): LogRecord | 'skipped' {
    const { nextIndex, hash, segment, offset } = cursor
    if (nextIndex === this.#mark?.index && hash !== this.#mark.hash) {
      throw this.#corrupt(
        'LOG_CHAIN_BROKEN',
        segment.name,
        offset,
        `the chain before record ${nextIndex} is not the one that HEAD recorded`,
      )
    }
    if (nextIndex <= from) return 'skipped'
    this.#from = nextIndex
    return { index: nextIndex - 1, payload: cursor.payload(), hash, segment: segment.name, offset }
  }

  #lookAgain(): 'skipped' | undefined {
    if (this.#isSecondLook) return undefined
    this.#isSecondLook = true
    this.#cursor?.refresh()
    return 'skipped'
  }

  #atDamage(cursor: SegmentCursor): 'end' {
    const isLast = !this.#hasSegmentAfter(cursor.segment)
    const isBeyondMark = this.#counts !== undefined && cursor.nextIndex >= this.#counts.index
    if (isLast && isBeyondMark && powerMayHaveFailed(this.#reading.fileSystem, this.#mark)) {
      this.#requireWhole(cursor.nextIndex, cursor.segment.name, cursor.offset)
      return 'end'
    }
    throw this.#corrupt(cursor.damage!.code, cursor.segment.name, cursor.offset, cursor.damage!.message)
  }

  #atEnd(cursor: SegmentCursor): 'skipped' | 'end' {
    if (this.#hasSegmentAfter(cursor.segment)) {
      const again = this.#lookAgain()
      if (again !== undefined) return again
      throw this.#corrupt('LOG_SEGMENT_CUT', cursor.segment.name, cursor.offset, 'the segment ends without a seal although another follows')
    }
    this.#requireWhole(cursor.nextIndex, cursor.segment.name, cursor.offset)
    return 'end'
  }

  /** What HEAD claims must be there. @param left records found, up to `offset` of `segment` */
  #requireWhole(left: number, segment: string, offset: number): void {
    const { index = 0 } = this.#mark ?? {}
    if (index <= left) return
    throw this.#counts === this.#mark
      ? this.#corrupt('LOG_SHORTENED', segment, offset, `the log ends after ${left} records, but HEAD knows of ${index}`)
      : this.#corrupt('LOG_POWER_LOSS', segment, offset, powerLossMessage(left, index))
  }

  #hasSegmentAfter({ index }: IndexedFile): boolean {
    return listLog(this.#reading.fileSystem, this.#reading.directory).segments.some((segment) => segment.index > index)
  }

  /** Opens the segment that comes next, when it is there and its header is whole. */
  #openNext(): SegmentCursor | undefined {
    const { fileSystem, directory } = this.#reading
    const file = this.#expected === undefined ? this.#findFirst() : this.#findExpected(this.#expected)
    if (file === undefined) return undefined
    const cursor = this.#open(file)
    try {
      const header = cursor.start()
      const isLast = listLog(fileSystem, directory).segments.at(-1)?.index === file.index
      if (header === 'short' || header === 'damaged') {
        // What a power loss left of a segment without records. It is opened afresh the next time.
        const isBeyondMark = file.index >= (this.#counts?.index ?? 0)
        if (isLast && isBeyondMark && (header === 'short' || powerMayHaveFailed(fileSystem, this.#mark))) {
          this.#requireWhole(file.index, file.name, 0)
          cursor.close()
          return undefined
        }
        throw this.#corrupt(
          cursor.damage?.code ?? 'LOG_SEGMENT_CUT',
          file.name,
          0,
          cursor.damage?.message ?? 'the segment has no whole header',
        )
      }
      const expected = this.#expected
      if (expected !== undefined && header.previousHash !== expected.hash) {
        throw this.#corrupt('LOG_CHAIN_BROKEN', file.name, 32, 'the chain hash in the header is not that of the segment before')
      }
      return cursor
    } catch (error) {
      cursor.close()
      throw error
    }
  }

  #findFirst(): IndexedFile | undefined {
    const { fileSystem, directory } = this.#reading
    const { segments, snapshots } = listLog(fileSystem, directory)
    const first = segments.at(0)
    if (first === undefined) {
      if ((this.#counts?.index ?? 0) > 0)
        throw this.#corrupt('LOG_SEGMENT_MISSING', 'HEAD', 0, `no segment is left of ${this.#counts!.index} records`)
      this.#requireWhole(0, 'HEAD', 0)
      return undefined
    }
    // Read after listing: compaction records where the log begins before it drops anything.
    const mayBeginAt = readHead(fileSystem, directory).mark?.firstIndex ?? snapshots.at(-1)?.index ?? 0
    if (first.index > mayBeginAt) {
      throw this.#corrupt(
        'LOG_SEGMENT_MISSING',
        first.name,
        0,
        `the log begins at record ${first.index}, but nothing before record ${mayBeginAt} was compacted away`,
      )
    }
    const from = this.#from ?? first.index
    const holding = segments.findLast(({ index }) => index <= from)
    if (holding === undefined) throw this.#compacted(from, first.index)
    return holding
  }

  #findExpected({ index }: { index: number }): IndexedFile | undefined {
    const { segments } = listLog(this.#reading.fileSystem, this.#reading.directory)
    const file = segments.find((segment) => segment.index === index)
    if (file !== undefined) return file
    const first = segments.at(0)
    if (first === undefined || first.index < index) {
      const later = segments.find((segment) => segment.index > index)
      if (later !== undefined)
        throw this.#corrupt('LOG_SEGMENT_MISSING', later.name, 0, `the segment begins at record ${later.index}, but ${index} should follow`)
      this.#requireWhole(index, segments.at(-1)?.name ?? 'HEAD', 0)
      return undefined
    }
    throw this.#compacted(index, first.index)
  }

  #open(file: IndexedFile): SegmentCursor {
    try {
      return new SegmentCursor(this.#reading.fileSystem, file)
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') throw this.#compacted(file.index, undefined, cause)
      const { directory } = this.#reading
      throw new TradingError(
        'LOG_OPEN_FAILED',
        `cannot open ${file.name} in ${directory}: ${String(cause)}`,
        { directory, segment: file.name },
        { cause },
      )
    }
  }

  #compacted(wanted: number, first: number | undefined, cause?: unknown): TradingError {
    const { directory } = this.#reading
    const message = `record ${wanted} in ${directory} was dropped by compaction; start from readSnapshot and read from its index`
    return new TradingError('LOG_COMPACTED', message, { directory, wanted, first }, { cause })
  }

  #corrupt(code: LogFinding['code'], segment: string, offset: number, message: string): TradingError {
    return corruptError(this.#reading.directory, { code, segment, offset, message })
  }
}
