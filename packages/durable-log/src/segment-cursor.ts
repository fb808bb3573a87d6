import type { LogErrorCode } from './error-codes.js'
import { type LogFileSystem } from './file-system.js'
import {
  decodeFrameHeader,
  decodeSegmentHeader,
  FRAME_HEADER_BYTES,
  FRAME_OVERHEAD_BYTES,
  frameBodyHolds,
  type FrameHeader,
  HASH_BYTES,
  RECORD_MARKER,
  SEAL_BYTES,
  SEAL_MARKER,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from './frame.js'
import type { IndexedFile } from './layout.js'

/**
 * - `record`: a whole, proven record; the cursor's fields describe it
 * - `seal`: the segment is complete
 * - `end`: the file ends exactly here
 * - `short`: the file ends inside a frame (or inside the segment's header) whose beginning is as it should be
 * - `damaged`: the bytes here are no continuation of the log; `damage` says why
 */
export type CursorStep = 'record' | 'seal' | 'end' | 'short' | 'damaged'

const WINDOW_BYTES = 256 * 1024

const MARKERS = [RECORD_MARKER, SEAL_MARKER].map((marker) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(marker)
  return bytes
})

/** Walks the frames of one segment file, reading ahead in a window. Used by opening, reading, following and verifying alike. */
export class SegmentCursor {
  readonly segment: IndexedFile
  /** Offset of the frame the last step looked at; after `record` see {@link nextOffset}. */
  offset = 0
  nextOffset = SEGMENT_HEADER_BYTES
  /** Index the next record must have. */
  nextIndex = 0
  /** Chain hash before the next record, hex. */
  hash = ''
  damage: { code: LogErrorCode; message: string } | undefined

  readonly #fileSystem: LogFileSystem
  readonly #fd: number
  #window = Buffer.alloc(0)
  #windowAt = 0
  #filled = 0
  #payloadAt = 0
  #payloadLength = 0

  constructor(fileSystem: LogFileSystem, segment: IndexedFile) {
    this.#fileSystem = fileSystem
    this.segment = segment
    this.#fd = fileSystem.openSync(segment.path, 'r')
  }

  /** Reads the segment's header; must be called first. `end` and `short` mean it is not whole yet. */
  start(): SegmentHeader | 'short' | 'damaged' {
    const bytes = this.#bytes(0, SEGMENT_HEADER_BYTES)
    if (bytes.length < SEGMENT_HEADER_BYTES) return 'short'
    const header = decodeSegmentHeader(bytes)
    if (header === 'newer') return this.#damaged('LOG_FORMAT', 'the segment was written by a newer version of @gatehouse/durable-log')
    if (header === 'damaged') return this.#damaged('LOG_SEGMENT_DAMAGED', "the segment's header does not match its checksum")
    if (header.firstIndex !== this.segment.index) {
      return this.#damaged(
        'LOG_SEGMENT_DAMAGED',
        `the header says the segment begins at record ${header.firstIndex}, its name says ${this.segment.index}`,
      )
    }
    this.nextIndex = header.firstIndex
    this.hash = header.previousHash
    return header
  }

  /** Steps to the next frame. After anything but `record` the position does not move, so a follower may call again. */
  next(): CursorStep {
    const at = (this.offset = this.nextOffset)
    const frame = this.#frameAt(at)
    if (typeof frame === 'string') return frame
    const body = this.#bytes(at - HASH_BYTES, HASH_BYTES + FRAME_OVERHEAD_BYTES + frame.length)
    if (body.length < HASH_BYTES + FRAME_OVERHEAD_BYTES + frame.length) return 'short'
    if (frame.index !== this.nextIndex) {
      return this.#damaged(
        'LOG_CHAIN_BROKEN',
        `${frame.isSeal ? 'a seal' : 'a record'} with index ${frame.index} stands where ${this.nextIndex} belongs`,
      )
    }
    if (!frameBodyHolds(body, HASH_BYTES, frame)) {
      return this.#damaged('LOG_FRAME_DAMAGED', `record ${frame.index} (${frame.length} bytes) does not match its checksum or the chain`)
    }
    const hashAt = HASH_BYTES + FRAME_HEADER_BYTES + frame.length
    const chained = body.toString('hex', hashAt, hashAt + HASH_BYTES)
    if (frame.isSeal) {
      // No writer does this, and a reader that believed it would come back to this segment for ever.
      if (frame.index === this.segment.index) return this.#damaged('LOG_FRAME_DAMAGED', 'a seal stands in a segment without records')
      return chained === this.hash
        ? 'seal'
        : this.#damaged('LOG_CHAIN_BROKEN', 'the seal does not carry the chain hash of the record before it')
    }
    this.#payloadAt = at + FRAME_HEADER_BYTES
    this.#payloadLength = frame.length
    this.hash = chained
    this.nextIndex += 1
    this.nextOffset = at + FRAME_OVERHEAD_BYTES + frame.length
    return 'record'
  }

  /** Steps over the next frame trusting its header only: for seeking. The first record proven after it is proven against the hash stored before it. */
  skip(): CursorStep {
    const at = (this.offset = this.nextOffset)
    const frame = this.#frameAt(at)
    if (typeof frame === 'string') return frame
    if (frame.index !== this.nextIndex) return this.next()
    if (frame.isSeal) return this.next()
    const after = at + FRAME_OVERHEAD_BYTES + frame.length
    const stored = this.#bytes(after - HASH_BYTES, HASH_BYTES)
    if (stored.length < HASH_BYTES) return 'short'
    this.hash = stored.toString('hex')
    this.nextIndex += 1
    this.nextOffset = after
    return 'record'
  }

  /** A copy of the payload of the record just stepped over. */
  payload(): Uint8Array {
    return Uint8Array.from(this.#bytes(this.#payloadAt, this.#payloadLength))
  }

  /** Size of the file now. */
  size(): number {
    return this.#fileSystem.fstatSync(this.#fd).size
  }

  /** Forget what was read ahead: a follower calls this before it looks again. */
  refresh(): void {
    this.#filled = 0
  }

  /** Are the bytes up to {@link nextOffset} still the ones this cursor read? */
  endStillHolds(): boolean {
    return this.#bytes(this.nextOffset - HASH_BYTES, HASH_BYTES).toString('hex') === this.hash
  }

  /**
   * Looks past damage at `from` for a whole frame that proves itself (checksums, and the hash stored before it) and belongs after record `index`.
   * @returns its offset, or undefined when nothing after `from` is a record of this log
   */
  findFrameAfter(from: number, index: number): { offset: number; index: number; isSeal: boolean } | undefined {
    for (let at = this.#findMarker(from); at !== undefined; at = this.#findMarker(at + 1)) {
      const head = this.#bytes(at, FRAME_HEADER_BYTES)
      const frame = head.length < FRAME_HEADER_BYTES ? undefined : decodeFrameHeader(head, 0)
      if (frame === undefined || frame.index < index) continue
      const body = this.#bytes(at - HASH_BYTES, HASH_BYTES + FRAME_OVERHEAD_BYTES + frame.length)
      if (body.length === HASH_BYTES + FRAME_OVERHEAD_BYTES + frame.length && frameBodyHolds(body, HASH_BYTES, frame)) {
        return { offset: at, index: frame.index, isSeal: frame.isSeal }
      }
    }
    return undefined
  }

  /** Offset of the next bytes that look like the beginning of a frame. */
  #findMarker(from: number): number | undefined {
    for (let at = from; ;) {
      const window = this.#bytes(at, WINDOW_BYTES)
      const found = MARKERS.map((marker) => window.indexOf(marker)).filter((offset) => offset >= 0)
      if (found.length > 0) return at + Math.min(...found)
      if (window.length < WINDOW_BYTES) return undefined
      // A marker may lie across the border.
      at += WINDOW_BYTES - 3
    }
  }

  /** Go on at a frame that {@link findFrameAfter} found. */
  resumeAt(found: { offset: number; index: number }): void {
    this.nextOffset = found.offset
    this.nextIndex = found.index
    this.hash = this.#bytes(found.offset - HASH_BYTES, HASH_BYTES).toString('hex')
    this.damage = undefined
  }

  /** Does the file end with a seal? Returns what it says, without reading what lies before. */
  sealAtEnd(): { nextIndex: number; hash: string } | undefined {
    const size = this.size()
    const bytes = size < SEGMENT_HEADER_BYTES + SEAL_BYTES ? Buffer.alloc(0) : this.#bytes(size - SEAL_BYTES, SEAL_BYTES)
    const frame = bytes.length < SEAL_BYTES ? undefined : decodeFrameHeader(bytes, 0)
    if (frame === undefined || !frame.isSeal || !frameBodyHolds(bytes, 0, frame)) return undefined
    return { nextIndex: frame.index, hash: bytes.toString('hex', FRAME_HEADER_BYTES, SEAL_BYTES) }
  }

  close(): void {
    this.#fileSystem.closeSync(this.#fd)
  }

  #frameAt(at: number): FrameHeader | 'end' | 'short' | 'damaged' {
    const head = this.#bytes(at, FRAME_HEADER_BYTES)
    if (head.length === 0) return 'end'
    if (head.length < FRAME_HEADER_BYTES) return 'short'
    return (
      decodeFrameHeader(head, 0) ??
      this.#damaged('LOG_FRAME_DAMAGED', `what should be record ${this.nextIndex} does not begin with a valid frame header`)
    )
  }

  #damaged(code: LogErrorCode, message: string): 'damaged' {
    this.damage = { code, message }
    return 'damaged'
  }

  /** Bytes `[at, at + length)` of the file, fewer at its end. Valid until the next call. */
  #bytes(at: number, length: number): Buffer {
    const from = at - this.#windowAt
    if (from >= 0 && from + length <= this.#filled) return this.#window.subarray(from, from + length)
    if (this.#window.length < Math.max(length, WINDOW_BYTES)) this.#window = Buffer.allocUnsafe(Math.max(length, WINDOW_BYTES))
    // A record larger than the window was seen: the next small ones do not need its buffer.
    else if (this.#window.length > WINDOW_BYTES && length <= WINDOW_BYTES) this.#window = Buffer.allocUnsafe(WINDOW_BYTES)
    let done = 0
    while (done < this.#window.length) {
      const count = this.#fileSystem.readSync(this.#fd, this.#window, done, this.#window.length - done, at + done)
      if (count === 0) break
      done += count
    }
    this.#windowAt = at
    this.#filled = done
    return this.#window.subarray(0, Math.min(length, done))
  }
}
