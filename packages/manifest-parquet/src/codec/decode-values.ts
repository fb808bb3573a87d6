import { TradingError } from '@gatehouse/durable-log'
import { type Encoding } from 'hyparquet'
import { type ByteCursor } from './byte-cursor.js'
import { decodeByteStreamSplit } from './byte-stream-split.js'
import { decodeDelta32, decodeDelta64 } from './delta-decode.js'
import { type NumericArray } from './dictionary.js'
import { decodeHybrid } from './hybrid.js'

let codes = new Int32Array(0)

/** A dictionary page as 32-bit words, and whether its entries may be moved as doubles without changing a bit. */
export interface NumericDictionary {
  readonly size: number
  readonly words: Int32Array
  readonly doubles: Float64Array | undefined
}

/** Reads a PLAIN dictionary page of 4- or 8-byte entries. */
export function readDictionary(bytes: Uint8Array, size: number, width: 4 | 8): NumericDictionary {
  if (bytes.length < size * width)
    throw new TradingError('PARQUET_CORRUPT', `a dictionary of ${size} entries has ${bytes.length} bytes`, { size })
  // A copy for alignment; `slice` of a Buffer would not make one.
  const copy = new Uint8Array(bytes.subarray(0, size * width))
  const words = new Int32Array(copy.buffer)
  return { size, words, doubles: width === 8 && !holdsNaN(words) ? new Float64Array(copy.buffer) : undefined }
}

/** A NaN pattern may be rewritten when it travels through a double register, so such entries are moved as two words. */
function holdsNaN(words: Int32Array): boolean {
  for (let i = 1; i < words.length; i += 2) if ((words[i] & 0x7ff00000) === 0x7ff00000) return true
  return false
}

/** Decodes `count` values of one page into `target` from `to` on. */
export function decodeNumbers(
  cursor: ByteCursor,
  encoding: Encoding,
  dictionary: NumericDictionary | undefined,
  target: NumericArray,
  to: number,
  count: number,
): void {
  const width = target.BYTES_PER_ELEMENT
  if (encoding === 'PLAIN') {
    const at = cursor.skip(count * width)
    new Uint8Array(target.buffer, target.byteOffset + to * width, count * width).set(cursor.bytes.subarray(at, at + count * width))
  } else if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    if (!dictionary) throw new TradingError('PARQUET_CORRUPT', 'a page refers to a dictionary the chunk does not hold')
    gather(decodeCodes(cursor, count), dictionary, target, to, count)
  } else if (encoding === 'DELTA_BINARY_PACKED' && target instanceof Int32Array) {
    decodeDelta32(cursor, target, to, count)
  } else if (encoding === 'DELTA_BINARY_PACKED' && target instanceof BigInt64Array) {
    decodeDelta64(cursor, target, to, count)
  } else if (encoding === 'BYTE_STREAM_SPLIT') {
    const at = cursor.skip(count * width)
    decodeByteStreamSplit(cursor.bytes, at, count, width, new Uint8Array(target.buffer, target.byteOffset), to * width)
  } else {
    throw new TradingError('PARQUET_UNSUPPORTED', `a page of numbers is encoded as ${encoding}`, { encoding })
  }
}

/** Decodes a page of dictionary indices; the array is reused by the next call. Whoever looks them up checks them, see {@link requireWithin}. */
export function decodeCodes(cursor: ByteCursor, count: number): Int32Array {
  if (codes.length < count) codes = new Int32Array(count)
  decodeHybrid(cursor, count === 0 ? 0 : cursor.byte(), codes, 0, count)
  return codes
}

/**
 * Refuses a page with an index past its dictionary.
 * @param excess the bitwise or of `(size - 1 - code) | code` over all codes: its sign bit tells
 */
export function requireWithin(excess: number, size: number): void {
  if (excess < 0) throw new TradingError('PARQUET_CORRUPT', `a page refers to an entry past a dictionary of ${size}`, { size })
}

function gather(from: Int32Array, { words, doubles, size }: NumericDictionary, target: NumericArray, to: number, count: number): void {
  const last = size - 1
  let excess = 0
  if (target.BYTES_PER_ELEMENT === 4) {
    const out = new Int32Array(target.buffer, target.byteOffset + to * 4, count)
    for (let i = 0; i < count; i++) {
      const code = from[i]
      excess |= (last - code) | code
      out[i] = words[code]
    }
  } else if (doubles) {
    const out = new Float64Array(target.buffer, target.byteOffset + to * 8, count)
    for (let i = 0; i < count; i++) {
      const code = from[i]
      excess |= (last - code) | code
      out[i] = doubles[code]
    }
  } else {
    const out = new Int32Array(target.buffer, target.byteOffset + to * 8, count * 2)
    for (let i = 0; i < count; i++) {
      const code = from[i]
      excess |= (last - code) | code
      out[2 * i] = words[2 * code]
      out[2 * i + 1] = words[2 * code + 1]
    }
  }
  requireWithin(excess, size)
}
