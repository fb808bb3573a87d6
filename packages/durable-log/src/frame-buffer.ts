import { encodeFrame, FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, HASH_BYTES } from './frame.js'
import type { LogHead, LogPosition } from './types.js'

const KEEP_BYTES = 1024 * 1024

/**
 * Frames encoded and not yet written, behind the chain hash they continue: one reused buffer, written with one call.
 * Units are what is acknowledged together: one append, or one batch.
 */
export class FrameBuffer {
  /** First byte to write. */
  readonly start = HASH_BYTES
  /** Behind the last byte to write. */
  end = HASH_BYTES
  bytes = Buffer.allocUnsafe(64 * 1024)
  #head: LogHead

  constructor(head: LogHead) {
    this.#head = head
    this.restart(head)
  }

  /** Where the chain will be once everything in here is written. */
  get head(): LogHead {
    return this.#head
  }

  get length(): number {
    return this.end - this.start
  }

  /** Encodes one record behind the others. @param segmentSize bytes of `segment` before anything in here */
  add(payload: Uint8Array, segment: string, segmentSize: number): LogPosition {
    this.#reserve(payload.length + FRAME_OVERHEAD_BYTES)
    const { index } = this.#head
    const offset = segmentSize + this.length
    const hash = encodeFrame(this.bytes, this.end, index, payload)
    this.end += payload.length + FRAME_OVERHEAD_BYTES
    this.#head = { index: index + 1, hash }
    return { index, segment, offset, hash }
  }

  /** Empties the buffer; the next record continues `head`. */
  restart(head: LogHead): void {
    if (this.bytes.length > KEEP_BYTES) this.bytes = Buffer.allocUnsafe(KEEP_BYTES)
    this.#head = head
    this.bytes.write(head.hash, 0, 'hex')
    this.end = this.start
  }

  #reserve(more: number): void {
    if (this.end + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.end + more))
    this.bytes.copy(grown, 0, 0, this.end)
    this.bytes = grown
  }
}

/** Bytes a payload takes in a segment. */
export const framedBytes = (payload: Uint8Array): number => payload.length + FRAME_HEADER_BYTES + HASH_BYTES
