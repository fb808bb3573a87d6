import { TradingError } from '@gatehouse/core'
import { Decompress } from 'fzstd'
import { Xxhash64 } from './xxhash64.js'
import { ZstdFrameScanner, type ZstdPiece } from './zstd-frames.js'

/**
 * Push decompressor for zstd streams of any number of frames, in plain JavaScript (`fzstd`).
 *
 * It checks what `fzstd` does not: that the last frame is whole, the content size, and the XXH64 checksum. One step decompresses one
 * block, so memory is bounded by the window (at most 128 MiB) and 128 KiB of output, whatever the input claims.
 */
export class ZstdDecoder {
  readonly #scanner = new ZstdFrameScanner()
  #frame: Decompress | undefined
  #output: Uint8Array[] = []
  #hash: Xxhash64 | undefined
  #contentSize: number | undefined
  #produced = 0
  #hasChecksum = false
  #checksum: number | undefined
  #total = 0

  /** Gives compressed bytes; call `next` until it returns `undefined` before the next push. */
  push(bytes: Uint8Array): void {
    this.#scanner.push(bytes)
  }

  /**
   * The next decompressed bytes, or `undefined` when more input is needed.
   * @throws {TradingError} `DBN_ZSTD_CORRUPT`, `DBN_ZSTD_CHECKSUM`, `DBN_ZSTD_WINDOW`, `DBN_LEGACY_DBZ`
   */
  next(): Uint8Array | undefined {
    for (;;) {
      const ready = this.#output.shift()
      if (ready !== undefined) return ready
      const piece = this.#scanner.next()
      if (piece === undefined) return undefined
      this.#step(piece)
    }
  }

  /** Says that no bytes follow. @throws {TradingError} `DBN_ZSTD_TRUNCATED` inside a frame */
  end(): void {
    this.#scanner.end()
  }

  #step(piece: ZstdPiece): void {
    switch (piece.kind) {
      case 'header':
        this.#frame = new Decompress((chunk) => this.#take(chunk))
        this.#contentSize = piece.contentSize
        this.#produced = 0
        this.#checksum = undefined
        if (piece.hasChecksum) {
          this.#hash ??= new Xxhash64()
          this.#hash.reset()
        }
        this.#hasChecksum = piece.hasChecksum
        this.#feed(withoutChecksumBit(piece.bytes), false)
        return
      case 'block':
        this.#feed(piece.bytes, piece.isLast)
        return
      case 'checksum':
        this.#checksum = piece.value
        return
      case 'end':
        this.#finishFrame()
    }
  }

  #take(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#produced += chunk.length
    this.#total += chunk.length
    if (this.#contentSize !== undefined && this.#produced > this.#contentSize) {
      throw this.#corrupt(`a frame holds more than the ${this.#contentSize} bytes it states`)
    }
    if (this.#hasChecksum) this.#hash?.update(chunk)
    // fzstd reuses nothing that it has handed out, so no copy is needed.
    this.#output.push(chunk)
  }

  #corrupt(what: string, cause?: unknown): TradingError {
    return new TradingError(
      'DBN_ZSTD_CORRUPT',
      `corrupt zstd after ${this.#total} decompressed bytes: ${what}`,
      { decompressed: this.#total },
      { cause },
    )
  }

  #feed(bytes: Uint8Array, isLast: boolean): void {
    try {
      this.#frame?.push(bytes, isLast)
    } catch (error) {
      if (error instanceof TradingError) throw error
      throw this.#corrupt(error instanceof Error ? error.message : String(error), error)
    }
  }

  #finishFrame(): void {
    this.#frame = undefined
    if (this.#contentSize !== undefined && this.#produced !== this.#contentSize) {
      throw this.#corrupt(`a frame holds ${this.#produced} of the ${this.#contentSize} bytes it states`)
    }
    if (this.#checksum === undefined || this.#hash === undefined) return
    const actual = this.#hash.digest32()
    if (actual !== this.#checksum) {
      throw new TradingError(
        'DBN_ZSTD_CHECKSUM',
        `a zstd frame has checksum ${hex(actual)}, its end says ${hex(this.#checksum)}: the file is damaged`,
        {
          decompressed: this.#total,
        },
      )
    }
  }
}

/** The checksum is ours to check; without the bit `fzstd` ends a frame with its last block. */
function withoutChecksumBit(header: Uint8Array): Uint8Array {
  const copy = new Uint8Array(header)
  copy[4] &= ~4
  return copy
}

const hex = (value: number): string => value.toString(16).padStart(8, '0')
