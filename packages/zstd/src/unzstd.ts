import { TradingError } from '@gatehouse/durable-log'
import * as zlib from 'node:zlib'
import { ZstdFrameScanner } from './frame-scanner.js'
import { zstdWithNode, type ZstdBackend } from './node-zstd.js'
import { ZstdDecoder } from './zstd-decoder.js'

export interface UnzstdOptions {
  /** default: `node:zlib` where it can */
  readonly backend?: ZstdBackend | undefined
  /** memory for the result, at least `length` bytes; the result may be a view of it, or of memory of its own */
  readonly into?: Uint8Array | undefined
}

// Node 22.15 has it; 20 has not, and its types do not know the name.
const decompressSync = Reflect.get(zlib, 'zstdDecompressSync') as
  ((bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) | undefined

/** One decoder serves every call, and is let go when a large window has grown it. */
let shared: ZstdDecoder | undefined
const mostKeptBytes = 16 << 20

/**
 * Decompresses bytes that are known to stand for exactly `length` bytes, in any number of frames. Takes time and memory in proportion to both,
 * whatever the bytes are.
 * @throws {TradingError} `ZSTD_LENGTH` when they stand for more or less, `ZSTD_CORRUPT`, `ZSTD_CHECKSUM`, `ZSTD_TRUNCATED`, `ZSTD_WINDOW`, `ZSTD_BACKEND`
 */
export function unzstd(bytes: Uint8Array, length: number, { backend = 'auto', into }: UnzstdOptions = {}): Uint8Array {
  if (zstdWithNode(backend) && decompressSync !== undefined && framesOf(bytes) === 1) {
    try {
      const output = decompressSync(bytes, { maxOutputLength: length || 1 })
      if (output.length === length) return output
    } catch {
      // What is wrong is said by our own decoder, in the same words on every Node.
    }
  }
  return decode(bytes, length, into)
}

/** Frames of a whole stream, by their lengths alone. `node:zlib` ignores what follows the first; before Node 26 even another frame. */
function framesOf(bytes: Uint8Array): number {
  const scanner = new ZstdFrameScanner()
  scanner.push(bytes)
  while (scanner.next() !== undefined);
  scanner.end()
  return scanner.frames
}

function decode(bytes: Uint8Array, length: number, into: Uint8Array | undefined): Uint8Array {
  const decoder = shared ?? new ZstdDecoder()
  // A decoder that failed stands inside a frame: it is not used again.
  shared = undefined
  const target = into !== undefined && into.length >= length ? into.subarray(0, length) : new Uint8Array(length)
  let done = 0
  decoder.push(bytes)
  for (let output = decoder.next(); output !== undefined; output = decoder.next()) {
    if (done + output.length > length) throw wrongLength(`more than the ${length} bytes`, length)
    target.set(output, done)
    done += output.length
  }
  decoder.end()
  if (done !== length) throw wrongLength(`${done} of the ${length} bytes`, length)
  if (decoder.memoryBytes <= mostKeptBytes) shared = decoder
  return target
}

function wrongLength(what: string, length: number): TradingError {
  return new TradingError('ZSTD_LENGTH', `a zstd stream holds ${what} that were stated elsewhere`, { length })
}
