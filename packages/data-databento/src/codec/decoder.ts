import { TradingError } from '@gatehouse/core'
import { layoutOf, layouts, MAX_RECORD_BYTES, type DbnVersion, type Layout } from '../layout/layout.js'
import { decodeMetadata, PRELUDE_BYTES, readPrelude, upgradeMetadata, type Metadata } from './metadata.js'
import { createRun, type RecordRun } from './run.js'
import { upgradeOf, type Upgrade } from './upgrade.js'
import { createWindow, isLittleEndian, type Window } from './window.js'

/** How a stream is decoded. */
export interface DecoderOptions {
  /** Give records and metadata as DBN 3 has them (the default, as in the official clients), or as they were written. */
  readonly upgrade?: boolean | undefined
  /** For a fragment: records without metadata. `'auto'` tells versions apart by the size of each record. */
  readonly fragment?: DbnVersion | 'auto' | undefined
  /** For a fragment: whether records end with `ts_out`. */
  readonly tsOut?: boolean | undefined
  /** Metadata above this is refused before it is stored. Default 256 MiB; a full OPRA day has 6 MB. */
  readonly maxMetadataBytes?: number | undefined
}

/** Zeroed bytes a window must have before its data, so that a record cut by the previous chunk can be joined without moving the rest. */
export const HEADROOM_BYTES = 1024
const SLICE_BYTES = 1 << 18
/** `D`, `B`: what the first bytes of a DBN header would be as length and rtype. No record has this type. */
const HEADER_KEY = 0x4244

interface TypeEntry {
  readonly strideWords: number
  readonly layout: Layout | undefined
  readonly tsOutWord: number
  readonly upgrade: Upgrade | undefined
}

/**
 * Push decoder for DBN, without input or output of its own: give it bytes, take runs of records.
 * ```ts no-run
 * decoder.push(bytes)
 * for (let run = decoder.next(); run !== undefined; run = decoder.next()) use(run)
 * decoder.end() // after the last push
 * ```
 * Every record that is whole is handed out before an error is thrown; after an error the decoder stays failed.
 * Memory is bounded by the metadata plus one slice, whatever the size of a push.
 */
export class DbnDecoder {
  readonly #upgrade: boolean
  readonly #fragment: DbnVersion | 'auto' | undefined
  readonly #maxMetadataBytes: number
  #metadata: Metadata | undefined
  #version: DbnVersion | 'auto' = 'auto'
  #tsOut: boolean
  /** Bytes of prelude and metadata so far. */
  #head: Buffer | undefined
  #headBytes = 0
  /** Where records are read: `[#position, #limit)` of `#window` is not decoded yet. */
  #window: Window
  #own: Window | undefined
  #position = 0
  #limit = 0
  /** Pushed and not yet moved into the window. */
  #pending: Uint8Array | undefined
  #pendingAt = 0
  /** Offset in the stream of byte 0 of the window. */
  #base = 0
  #types: (TypeEntry | undefined)[] = new Array<TypeEntry | undefined>(256).fill(undefined)
  #failure: Error | undefined

  constructor({ upgrade = true, fragment, tsOut = false, maxMetadataBytes = 1 << 28 }: DecoderOptions = {}) {
    if (!isLittleEndian) throw new TradingError('DBN_BIG_ENDIAN', 'DBN overlays need a little-endian machine')
    this.#upgrade = upgrade
    this.#fragment = fragment
    this.#tsOut = tsOut
    this.#maxMetadataBytes = maxMetadataBytes
    this.#window = createWindow(0)
    if (fragment !== undefined) this.#version = fragment
  }

  /** The head of the stream once it has been read; `undefined` before that and for fragments. Upgraded when the records are. */
  get metadata(): Metadata | undefined {
    return this.#metadata
  }

  /** Whether records may follow: the metadata has been read, or there is none. */
  get isReady(): boolean {
    return this.#metadata !== undefined || this.#fragment !== undefined
  }

  /** Bytes of the stream that have been decoded, metadata included. */
  get offset(): number {
    return this.#metadata === undefined && this.#fragment === undefined ? this.#headBytes : this.#base + this.#position
  }

  /**
   * Gives bytes. They are copied piece by piece as `next` asks for more, so leave them alone until `next` has returned `undefined`.
   */
  push(bytes: Uint8Array): void {
    this.#throwIfFailed()
    if (this.#pending !== undefined) throw new RangeError('push: call next() until it returns undefined before pushing more')
    if (bytes.length === 0) return
    this.#pending = bytes
    this.#pendingAt = 0
    if (!this.isReady) this.#readHead()
  }

  /**
   * Gives bytes `[start, end)` of a window without copying them. A record cut at the end of the last push is completed by writing
   * its first part just before `start`: keep {@link HEADROOM_BYTES} free there. Copies when the records would not be word-aligned.
   */
  pushWindow(window: Window, start: number, end: number): void {
    this.#throwIfFailed()
    const carried = this.#limit - this.#position
    const from = start - carried
    if (!this.isReady || from < 0 || (from & 3) !== 0) {
      this.push(window.bytes.subarray(start, end))
      return
    }
    window.bytes.set(this.#window.bytes.subarray(this.#position, this.#limit), from)
    this.#base += this.#position - from
    this.#window = window
    this.#position = from
    this.#limit = end
  }

  /**
   * The next run of records, or `undefined` when more bytes are needed. A run is valid until `next` or `push` is called again.
   * @throws {TradingError} `DBN_RECORD_LENGTH`, `DBN_RECORD_SHORT`, `DBN_SECOND_HEADER`, each with its byte offset in the stream
   */
  next(): RecordRun | undefined {
    this.#throwIfFailed()
    if (!this.isReady) return undefined
    for (;;) {
      const run = this.#scan()
      if (run !== undefined) return run
      if (this.#pending === undefined) return undefined
      this.#refill(this.#pending)
    }
  }

  /**
   * Says that no bytes follow.
   * @throws {TradingError} `DBN_NOT_DBN` on an empty or too short input, `DBN_METADATA_TRUNCATED`, `DBN_RECORD_TRUNCATED` with the bytes left over
   */
  end(): void {
    this.#throwIfFailed()
    if (!this.isReady) {
      const head = this.#head?.subarray(0, this.#headBytes) ?? Buffer.alloc(0)
      if (head.length < PRELUDE_BYTES) {
        throw this.#fail('DBN_NOT_DBN', `the input ended after ${head.length} bytes, a DBN stream has at least ${PRELUDE_BYTES}`, {
          offset: head.length,
        })
      }
      const expected = PRELUDE_BYTES + readPrelude(head).metadataBytes
      throw this.#fail('DBN_METADATA_TRUNCATED', `the input ended at byte ${head.length}, inside metadata of ${expected} bytes`, {
        offset: head.length,
        expected,
      })
    }
    const left = this.#limit - this.#position
    if (left > 0) {
      const offset = this.#base + this.#position
      const stated = (this.#window.bytes[this.#position] ?? 0) * 4
      throw this.#fail(
        'DBN_RECORD_TRUNCATED',
        `the input ended inside a record: ${left} bytes are left at byte ${offset}${left > 1 ? `, the record states ${stated}` : ''}`,
        {
          offset,
          leftOver: left,
        },
      )
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #fail(code: Uppercase<string>, message: string, details: Readonly<Record<string, unknown>>): TradingError {
    const error = new TradingError(code, message, details)
    this.#failure = error
    return error
  }

  /** Collects prelude and metadata from the pending bytes; grows only as bytes arrive, so a false length costs nothing. */
  #readHead(): void {
    try {
      if (this.#headBytes < PRELUDE_BYTES) this.#takeHead(PRELUDE_BYTES)
      if (this.#headBytes < PRELUDE_BYTES || this.#head === undefined) return
      const { metadataBytes } = readPrelude(this.#head.subarray(0, PRELUDE_BYTES))
      if (metadataBytes > this.#maxMetadataBytes) {
        throw new TradingError(
          'DBN_METADATA_INVALID',
          `metadata of ${metadataBytes} bytes is above the limit of ${this.#maxMetadataBytes}: the file is damaged or truncated, or raise maxMetadataBytes`,
          { offset: 4, metadataBytes },
        )
      }
      const total = PRELUDE_BYTES + metadataBytes
      this.#takeHead(total)
      if (this.#headBytes < total) return
      const metadata = decodeMetadata(this.#head.subarray(0, total))
      this.#version = metadata.version
      this.#tsOut = metadata.tsOut
      this.#metadata = this.#upgrade ? upgradeMetadata(metadata) : metadata
      this.#head = undefined
      this.#base = total
    } catch (error) {
      this.#failure = error as Error
      throw error
    }
  }

  #takeHead(wanted: number): void {
    const pending = this.#pending
    if (pending === undefined) return
    const count = Math.min(wanted - this.#headBytes, pending.length - this.#pendingAt)
    const needed = this.#headBytes + count
    if (this.#head === undefined || this.#head.length < needed) {
      const grown = Buffer.alloc(Math.max(needed, Math.min(wanted, 2 * (this.#head?.length ?? 128))))
      if (this.#head !== undefined) grown.set(this.#head.subarray(0, this.#headBytes))
      this.#head = grown
    }
    this.#head.set(pending.subarray(this.#pendingAt, this.#pendingAt + count), this.#headBytes)
    this.#headBytes += count
    this.#advancePending(pending, count)
  }

  #advancePending(pending: Uint8Array, count: number): void {
    this.#pendingAt += count
    if (this.#pendingAt === pending.length) this.#pending = undefined
  }

  /** Moves the next slice of the pending bytes behind what is left of the last one, in a buffer of our own. */
  #refill(pending: Uint8Array): void {
    const carried = this.#limit - this.#position
    const count = Math.min(pending.length - this.#pendingAt, SLICE_BYTES)
    const needed = carried + count
    let own = this.#own
    if (own === undefined || own.bytes.length < needed) {
      // Exactly one step from the first small push to the full slice: short streams stay small.
      own = createWindow(needed <= 1 << 14 ? 1 << 14 : SLICE_BYTES + MAX_RECORD_BYTES)
    }
    own.bytes.set(this.#window.bytes.subarray(this.#position, this.#limit), 0)
    own.bytes.set(pending.subarray(this.#pendingAt, this.#pendingAt + count), carried)
    this.#base += this.#position
    this.#own = own
    this.#window = own
    this.#position = 0
    this.#limit = needed
    this.#advancePending(pending, count)
  }

  #scan(): RecordRun | undefined {
    const { uint32 } = this.#window
    const first = this.#position >>> 2
    const endWord = this.#limit >>> 2
    if (first >= endWord) return undefined
    const key = uint32[first] & 0xffff
    const stride = key & 0xff
    const rtype = key >>> 8
    if (key === HEADER_KEY) this.#refuseSecondHeader()
    // The length is checked before the bytes are there: a bad record is an error, not a truncated one.
    const entry = this.#types[rtype]
    const type = entry !== undefined && entry.strideWords === stride ? entry : this.#learn(rtype, stride)
    let next = first + stride
    if (next > endWord) return undefined
    const lastStart = key === HEADER_KEY ? 0 : endWord - stride
    while (next <= lastStart && (uint32[next] & 0xffff) === key) next += stride
    this.#position = next << 2
    const length = (next - first) / stride
    const { layout, tsOutWord } = type
    const run = createRun(this.#window, { rtype, layout, wordOffset: first, stride, length, tsOutWord })
    return type.upgrade === undefined ? run : type.upgrade.apply(run)
  }

  /** Checks a (type, length) pair when it is met first. */
  #learn(rtype: number, stride: number): TypeEntry {
    const bytes = stride * 4
    const offset = this.#base + this.#position
    if (stride < 4) {
      throw this.#fail('DBN_RECORD_LENGTH', `record at byte ${offset} states a length of ${bytes} bytes, below the 16-byte header`, {
        offset,
        bytes,
        rtype,
      })
    }
    const layout = this.#layoutFor(rtype, bytes)
    if (layout !== undefined && bytes < layout.size) {
      throw this.#fail(
        'DBN_RECORD_SHORT',
        `record at byte ${offset} has rtype 0x${rtype.toString(16)} (${layout.name}) but ${bytes} of its ${layout.size} bytes`,
        { offset, bytes, rtype, expected: layout.size },
      )
    }
    const hasTsOut = this.#tsOut && bytes >= (layout?.size ?? 16) + 8
    const tsOutWord = hasTsOut ? stride - 2 : -1
    const upgrade = this.#upgrade && layout !== undefined ? upgradeOf(layout, hasTsOut) : undefined
    const entry: TypeEntry = { strideWords: stride, layout, tsOutWord, upgrade }
    this.#types[rtype] = entry
    return entry
  }

  #layoutFor(rtype: number, bytes: number): Layout | undefined {
    if (this.#version !== 'auto') return layoutOf(rtype, this.#version)
    const fitting = [...layouts.values()].filter((layout) => layout.rtypes.includes(rtype)).sort((a, b) => a.size - b.size)
    const body = bytes - (this.#tsOut ? 8 : 0)
    return fitting.findLast((layout) => layout.size <= body) ?? fitting[0]
  }

  /** A header where a record should be means that somebody joined two files: decoding on would invent records. */
  #refuseSecondHeader(): void {
    if (this.#window.bytes[this.#position + 2] === 0x4e) {
      const offset = this.#base + this.#position
      throw this.#fail('DBN_SECOND_HEADER', `a second DBN header begins at byte ${offset}: two files were joined; decode them one by one`, {
        offset,
      })
    }
  }
}
