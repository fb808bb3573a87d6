import { TradingError } from '@gatehouse/durable-log'
import { ZstdFrameScanner, type ZstdPiece } from './frame-scanner.js'
import { zstdWasm } from './zstd-wasm.js'

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly INPUT: { readonly value: number }
  readonly begin: (windowBytes: number) => void
  readonly block: (type: number, length: number) => number
  readonly end: () => number
  readonly hash: (length: number) => void
  readonly digest: () => number
}

/** What is used of WebAssembly, whose types TypeScript has only with those of a browser. */
interface WasmHost {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: WasmHost }

let compiled: object | undefined

/**
 * Push decompressor for zstd streams of any number of frames, in 6 kB of WebAssembly that needs nothing else.
 *
 * It checks everything a frame states: lengths, offsets, tables, content size, checksum, and that the last frame is whole. One step
 * decompresses one block, so memory is bounded by the window (at most 128 MiB, taken only as it fills) and 128 KiB of output.
 */
export class ZstdDecoder {
  readonly #scanner = new ZstdFrameScanner()
  readonly #exports: Exports
  #contentSize: number | undefined
  #hasChecksum = false
  #checksum: number | undefined
  #produced = 0
  #total = 0

  constructor() {
    compiled ??= new wasm.Module(Buffer.from(zstdWasm, 'base64'))
    this.#exports = new wasm.Instance(compiled).exports as Exports
  }

  /** Memory this decoder holds: it grows with the windows of the frames it meets, to at most 194 MiB, and does not shrink. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength
  }

  /** Gives compressed bytes; call `next` until it returns `undefined` before the next push. */
  push(bytes: Uint8Array): void {
    this.#scanner.push(bytes)
  }

  /**
   * The next decompressed bytes, valid until the next call, or `undefined` when more input is needed.
   * @throws {TradingError} `ZSTD_CORRUPT`, `ZSTD_CHECKSUM`, `ZSTD_WINDOW`
   */
  next(): Uint8Array | undefined {
    for (;;) {
      const piece = this.#scanner.next()
      if (piece === undefined) return undefined
      const output = this.#step(piece)
      if (output !== undefined) return output
    }
  }

  /** Says that no bytes follow. @throws {TradingError} `ZSTD_TRUNCATED` inside a frame */
  end(): void {
    this.#scanner.end()
  }

  #step(piece: ZstdPiece): Uint8Array | undefined {
    switch (piece.kind) {
      case 'header':
        if (piece.dictionaryId !== 0) throw this.#corrupt(`a frame needs dictionary ${piece.dictionaryId}, which is not supported`)
        this.#exports.begin(piece.windowSize)
        this.#contentSize = piece.contentSize
        this.#hasChecksum = piece.hasChecksum
        this.#checksum = undefined
        this.#produced = 0
        return undefined
      case 'block':
        return this.#block(piece.bytes)
      case 'checksum':
        this.#checksum = piece.value
        return undefined
      case 'end':
        this.#finishFrame()
        return undefined
    }
  }

  #block(bytes: Uint8Array): Uint8Array | undefined {
    const { memory, INPUT, block, end, hash } = this.#exports
    const header = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16)
    new Uint8Array(memory.buffer, INPUT.value, bytes.length - 3).set(bytes.subarray(3))
    const type = (header >> 1) & 3
    const made = block(type, type === 1 ? header >> 3 : bytes.length - 3)
    if (made === -2) throw this.#corrupt('its window needs more memory than there is')
    if (made < 0) throw this.#corrupt('a block does not decode')
    if (made === 0) return undefined
    this.#produced += made
    this.#total += made
    if (this.#contentSize !== undefined && this.#produced > this.#contentSize) {
      throw this.#corrupt(`a frame holds more than the ${this.#contentSize} bytes it states`)
    }
    if (this.#hasChecksum) hash(made)
    return new Uint8Array(memory.buffer, end() - made, made)
  }

  #corrupt(what: string): TradingError {
    return new TradingError('ZSTD_CORRUPT', `corrupt zstd after ${this.#total} decompressed bytes: ${what}`, {
      decompressed: this.#total,
    })
  }

  #finishFrame(): void {
    if (this.#contentSize !== undefined && this.#produced !== this.#contentSize) {
      throw this.#corrupt(`a frame holds ${this.#produced} of the ${this.#contentSize} bytes it states`)
    }
    if (this.#checksum === undefined) return
    const actual = this.#exports.digest() >>> 0
    if (actual !== this.#checksum) {
      throw new TradingError(
        'ZSTD_CHECKSUM',
        `a zstd frame has checksum ${hex(actual)}, its end says ${hex(this.#checksum)}: the file is damaged`,
        {
          decompressed: this.#total,
        },
      )
    }
  }
}

const hex = (value: number): string => value.toString(16).padStart(8, '0')
