import { TradingError } from '@gatehouse/durable-log'

/** What the frame scanner found, in order; pieces are views of the bytes that were pushed, or of a small carry. */
export type ZstdPiece =
  /** A frame begins; the bytes are its header. */
  | {
      readonly kind: 'header'
      readonly bytes: Uint8Array
      readonly contentSize: number | undefined
      readonly hasChecksum: boolean
      readonly windowSize: number
      readonly dictionaryId: number
    }
  /** A whole block with its 3-byte header. */
  | { readonly kind: 'block'; readonly bytes: Uint8Array; readonly isLast: boolean }
  /** The 4-byte checksum after the last block. */
  | { readonly kind: 'checksum'; readonly bytes: Uint8Array; readonly value: number }
  /** The frame is complete. */
  | { readonly kind: 'end' }

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50
const MAX_BLOCK = 128 * 1024
const LEAST_CARRY = 1024
/** The zstd tool's own limit: a larger window would let a few bytes ask for gigabytes. */
const MAX_WINDOW = 128 * 1024 * 1024

/** True when bytes begin with the magic number of a zstd frame or of a skippable one. */
export function isZstd(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false
  const magic = word(bytes, 0)
  return magic === MAGIC || (magic & 0xfffffff0) >>> 0 === SKIPPABLE
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)) + bytes[at + 3] * 0x1000000) >>> 0
}

/**
 * Finds frames and blocks in a zstd stream from their lengths alone, without decompressing.
 *
 * Files in the field hold several frames, and `node:zlib` before Node 26 stops after the first without an error: whoever decompresses
 * must begin anew at every frame. Block by block, a decompressor's output is bounded by 128 KiB a step.
 */
export class ZstdFrameScanner {
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #carry = new Uint8Array(0)
  /** Offset of the next byte in the stream. */
  #offset = 0
  #state: 'magic' | 'skip' | 'block' | 'checksum' = 'magic'
  #skipLeft = 0
  #hasChecksum = false
  #frames = 0

  /** Frames that have begun. */
  get frames(): number {
    return this.#frames
  }

  /** Gives bytes; call `next` until it returns `undefined` before the next push. */
  push(bytes: Uint8Array): void {
    const left = this.#bytes.length - this.#at
    if (left === 0) {
      this.#bytes = bytes
      this.#at = 0
      return
    }
    // What is left lies at the beginning of the carry. Bytes are added in place, so that a block that comes byte by byte is not copied each time.
    const length = left + bytes.length
    if (this.#carry.length < length) this.#moveToCarry(Math.max(length, 2 * this.#carry.length))
    this.#carry.set(bytes, left)
    this.#bytes = this.#carry.subarray(0, length)
  }

  /** Puts what is left into new memory: pieces that were given out stay as they are. */
  #moveToCarry(capacity: number): void {
    const carry = new Uint8Array(capacity)
    carry.set(this.#bytes.subarray(this.#at))
    this.#bytes = carry.subarray(0, this.#bytes.length - this.#at)
    this.#at = 0
    this.#carry = carry
  }

  /**
   * The next piece, or `undefined` when more bytes are needed.
   * @throws {TradingError} `ZSTD_CORRUPT`, `ZSTD_WINDOW`
   */
  next(): ZstdPiece | undefined {
    const piece = this.#scan()
    if (piece === undefined) {
      const left = this.#bytes.length - this.#at
      // What is left over is copied, so that whoever pushed it may use the buffer again.
      if (left > 0 && (this.#at > 0 || this.#bytes.buffer !== this.#carry.buffer)) this.#moveToCarry(Math.max(left, LEAST_CARRY))
    }
    return piece
  }

  #scan(): ZstdPiece | undefined {
    for (;;) {
      const available = this.#bytes.length - this.#at
      switch (this.#state) {
        case 'skip': {
          const count = Math.min(available, this.#skipLeft)
          this.#take(count)
          this.#skipLeft -= count
          if (this.#skipLeft > 0) return undefined
          this.#state = 'magic'
          break
        }
        case 'magic': {
          const piece = this.#header(available)
          if (piece !== 'again') return piece
          break
        }
        case 'block':
          return this.#block(available)
        case 'checksum': {
          if (!this.#hasChecksum) {
            this.#state = 'magic'
            return { kind: 'end' }
          }
          if (available < 4) return undefined
          const value = word(this.#bytes, this.#at)
          this.#hasChecksum = false
          return { kind: 'checksum', bytes: this.#take(4), value }
        }
      }
    }
  }

  /** Says that no bytes follow. @throws {TradingError} `ZSTD_TRUNCATED` inside a frame */
  end(): void {
    const left = this.#bytes.length - this.#at
    if (this.#state !== 'magic' || left > 0) {
      throw new TradingError(
        'ZSTD_TRUNCATED',
        `the zstd stream ended early at byte ${this.#offset + left}, inside a frame: the download was cut`,
        {
          offset: this.#offset + left,
        },
      )
    }
  }

  #take(count: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    this.#offset += count
    return bytes
  }

  #corrupt(what: string): TradingError {
    return new TradingError('ZSTD_CORRUPT', `zstd at byte ${this.#offset}: ${what}`, { offset: this.#offset })
  }

  #header(available: number): ZstdPiece | undefined | 'again' {
    if (available < 4) return undefined
    const magic = word(this.#bytes, this.#at)
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      if (available < 8) return undefined
      this.#skipLeft = word(this.#bytes, this.#at + 4)
      this.#take(8)
      this.#state = 'skip'
      return 'again'
    }
    if (magic !== MAGIC)
      throw this.#corrupt(`a frame should begin here, found ${magic.toString(16).padStart(8, '0')} instead of ${MAGIC.toString(16)}`)
    if (available < 5) return undefined
    const descriptor = this.#bytes[this.#at + 4]
    const isSingle = (descriptor & 0x20) !== 0
    const sizeCode = descriptor >> 6
    const sizeBytes = sizeCode === 0 ? (isSingle ? 1 : 0) : 1 << sizeCode
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]
    const length = 5 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes
    if (available < length) return undefined
    if ((descriptor & 8) !== 0) throw this.#corrupt('a reserved bit of the frame header is set')
    const contentSize = this.#contentSize(this.#at + length - sizeBytes, sizeBytes)
    const windowByte = this.#bytes[this.#at + 5]
    const base = 2 ** (10 + (windowByte >> 3))
    const window = isSingle ? (contentSize ?? 0) : base + (base / 8) * (windowByte & 7)
    if (window > MAX_WINDOW) {
      throw new TradingError(
        'ZSTD_WINDOW',
        `zstd frame at byte ${this.#offset} needs a window of ${window} bytes, above the limit of ${MAX_WINDOW}`,
        {
          offset: this.#offset,
          window,
        },
      )
    }
    this.#hasChecksum = (descriptor & 4) !== 0
    this.#state = 'block'
    this.#frames += 1
    let dictionaryId = 0
    for (let byte = 0; byte < dictionaryBytes; byte += 1)
      dictionaryId += this.#bytes[this.#at + length - sizeBytes - dictionaryBytes + byte] * 2 ** (8 * byte)
    return { kind: 'header', bytes: this.#take(length), contentSize, hasChecksum: this.#hasChecksum, windowSize: window, dictionaryId }
  }

  #contentSize(at: number, bytes: number): number | undefined {
    switch (bytes) {
      case 0:
        return undefined
      case 1:
        return this.#bytes[at]
      case 2:
        return (this.#bytes[at] | (this.#bytes[at + 1] << 8)) + 256
      case 4:
        return word(this.#bytes, at)
      default:
        return word(this.#bytes, at) + word(this.#bytes, at + 4) * 4294967296
    }
  }

  #block(available: number): ZstdPiece | undefined {
    if (available < 3) return undefined
    const header = this.#bytes[this.#at] | (this.#bytes[this.#at + 1] << 8) | (this.#bytes[this.#at + 2] << 16)
    const type = (header >> 1) & 3
    const size = header >> 3
    if (type === 3) throw this.#corrupt('a block has the reserved type')
    if (size > MAX_BLOCK) throw this.#corrupt(`a block of ${size} bytes is above the format’s limit of ${MAX_BLOCK}`)
    const length = 3 + (type === 1 ? 1 : size)
    if (available < length) return undefined
    const isLast = (header & 1) !== 0
    if (isLast) this.#state = 'checksum'
    return { kind: 'block', bytes: this.#take(length), isLast }
  }
}
