import { type ByteSink } from './byte-sink.js'
import { packBits } from './bit-packing.js'

const blockSize = 128
const miniblocks = 4
const miniblockSize = blockSize / miniblocks
const two32 = 4294967296

const offsets = new Float64Array(blockSize)
const low = new Uint32Array(blockSize)
const high = new Uint32Array(blockSize)
const offsets32 = new Uint32Array(blockSize)

/**
 * DELTA_BINARY_PACKED of 32-bit integers: blocks of 128, four miniblocks. Deltas wrap at 32 bits, as the format asks.
 * @see https://parquet.apache.org/docs/file-format/data-pages/encodings/#delta-encoding-delta_binary_packed--5
 */
export function encodeDelta32(values: Int32Array, out: ByteSink): void {
  const count = header(values.length, out)
  if (count === 0) return void out.varint(0)
  out.zigzag64(BigInt(values[0]))
  for (let start = 1; start < count; start += blockSize) {
    const inBlock = Math.min(blockSize, count - start)
    let least = 2147483647
    let before = values[start - 1]
    for (let i = 0; i < inBlock; i++) {
      const value = values[start + i]
      const delta = (value - before) | 0
      offsets32[i] = delta
      if (delta < least) least = delta
      before = value
    }
    for (let i = 0; i < inBlock; i++) offsets32[i] = offsets32[i] - least
    offsets32.fill(0, inBlock)
    out.zigzag64(BigInt(least))
    out.reserve(miniblocks)
    const widthsAt = out.at
    out.at += miniblocks
    for (let block = 0; block < miniblocks; block++) {
      const from = block * miniblockSize
      let all = 0
      for (let i = from; i < from + miniblockSize; i++) all |= offsets32[i]
      const width = 32 - Math.clz32(all)
      out.bytes[widthsAt + block] = width
      if (width > 0) packBits(offsets32, from, miniblockSize, width, out)
    }
  }
}

/**
 * DELTA_BINARY_PACKED of 64-bit integers, in pairs of 32-bit halves so that no bigint is made per value.
 * @returns false, leaving `out` as it was, when neighbours differ by 2^53 or more: such columns do not gain from deltas
 */
export function encodeDelta64(values: BigInt64Array, out: ByteSink): boolean {
  const start = out.at
  const count = header(values.length, out)
  if (count === 0) {
    out.varint(0)
    return true
  }
  out.zigzag64(values[0])
  const halves = new Int32Array(values.buffer, values.byteOffset, count * 2)
  for (let from = 1; from < count; from += blockSize) {
    const inBlock = Math.min(blockSize, count - from)
    let least = Infinity
    let most = -Infinity
    let beforeLow = halves[2 * from - 2] >>> 0
    let beforeHigh = halves[2 * from - 1]
    for (let i = 0; i < inBlock; i++) {
      const valueLow = halves[2 * (from + i)] >>> 0
      const valueHigh = halves[2 * (from + i) + 1]
      const delta = (valueHigh - beforeHigh) * two32 + (valueLow - beforeLow)
      offsets[i] = delta
      if (delta < least) least = delta
      if (delta > most) most = delta
      beforeLow = valueLow
      beforeHigh = valueHigh
    }
    if (most > Number.MAX_SAFE_INTEGER || least < -Number.MAX_SAFE_INTEGER || most - least > Number.MAX_SAFE_INTEGER) {
      out.at = start
      return false
    }
    if (Math.abs(least) >= 2 ** 52) out.zigzag64(BigInt(least))
    else out.varint(least < 0 ? -least * 2 - 1 : least * 2)
    out.reserve(miniblocks)
    const widthsAt = out.at
    out.at += miniblocks
    for (let block = 0; block < miniblocks; block++) {
      // Packing may move the buffer, so the place of the width is looked up after it.
      const width = packOffsets(block * miniblockSize, Math.min((block + 1) * miniblockSize, inBlock), least, out)
      out.bytes[widthsAt + block] = width
    }
  }
  return true
}

/** Packs one miniblock of `offsets` above `least`; values past `end` are zero. Returns the bit width. */
function packOffsets(from: number, end: number, least: number, out: ByteSink): number {
  let most = 0
  for (let i = from; i < end; i++) {
    const offset = offsets[i] - least
    if (offset > most) most = offset
  }
  if (most === 0) return 0
  if (most < two32) {
    for (let i = from; i < end; i++) low[i] = offsets[i] - least
    low.fill(0, Math.max(from, end), from + miniblockSize)
    const width = 32 - Math.clz32(most)
    packBits(low, from, miniblockSize, width, out)
    return width
  }
  for (let i = from; i < end; i++) {
    const offset = offsets[i] - least
    const upper = Math.floor(offset / two32)
    high[i] = upper
    low[i] = offset - upper * two32
  }
  low.fill(0, Math.max(from, end), from + miniblockSize)
  high.fill(0, Math.max(from, end), from + miniblockSize)
  const upperWidth = 32 - Math.clz32(Math.floor(most / two32))
  packWide(from, upperWidth, out)
  return 32 + upperWidth
}

/** Interleaves the low 32 bits and the `upperWidth` high bits of one miniblock. */
function packWide(from: number, upperWidth: number, out: ByteSink): void {
  out.reserve((miniblockSize * (32 + upperWidth)) / 8 + 8)
  const bytes = out.bytes
  let at = out.at
  let held = 0
  let bits = 0
  for (let i = from; i < from + miniblockSize; i++) {
    const lower = low[i]
    held |= lower << bits
    bytes[at] = held
    bytes[at + 1] = held >>> 8
    bytes[at + 2] = held >>> 16
    bytes[at + 3] = held >>> 24
    at += 4
    held = bits === 0 ? 0 : lower >>> (32 - bits)
    const upper = high[i]
    held |= upper << bits
    bits += upperWidth
    if (bits >= 32) {
      bytes[at] = held
      bytes[at + 1] = held >>> 8
      bytes[at + 2] = held >>> 16
      bytes[at + 3] = held >>> 24
      at += 4
      bits -= 32
      held = bits === 0 ? 0 : upper >>> (upperWidth - bits)
    }
  }
  for (; bits > 0; bits -= 8, held >>>= 8) bytes[at++] = held
  out.at = at
}

function header(count: number, out: ByteSink): number {
  out.varint(blockSize)
  out.varint(miniblocks)
  out.varint(count)
  return count
}
