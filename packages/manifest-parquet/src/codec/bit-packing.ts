import { type ByteSink } from './byte-sink.js'

/**
 * Appends `count` unsigned values of `width` bits (1..32), least significant bit first, as Parquet packs them.
 * `count * width` must be a multiple of 8.
 */
export function packBits(values: Int32Array | Uint32Array, from: number, count: number, width: number, out: ByteSink): void {
  out.reserve((count * width) / 8 + 8)
  const bytes = out.bytes
  let at = out.at
  let held = 0
  let bits = 0
  for (let i = from, end = from + count; i < end; i++) {
    const value = values[i]
    held |= value << bits
    bits += width
    if (bits >= 32) {
      bytes[at] = held
      bytes[at + 1] = held >>> 8
      bytes[at + 2] = held >>> 16
      bytes[at + 3] = held >>> 24
      at += 4
      bits -= 32
      // What did not fit; a shift by 32 would be a shift by 0.
      held = bits === 0 ? 0 : value >>> (width - bits)
    }
  }
  for (; bits > 0; bits -= 8, held >>>= 8) bytes[at++] = held
  out.at = at
}

/**
 * Reads `count` unsigned values of `width` bits (0..32) into `target` from `to` on.
 * The caller has checked that the bytes are there.
 */
export function unpackBits(view: DataView, from: number, width: number, target: Int32Array, to: number, count: number): void {
  if (width === 0) {
    target.fill(0, to, to + count)
  } else if (width === 8) {
    for (let i = 0; i < count; i++) target[to + i] = view.getUint8(from + i)
  } else if (width < 8) {
    const done = unpackNarrow(view, from, width, target, to, count)
    unpackEach(view, from * 8 + done * width, width, target, to + done, count - done)
  } else {
    unpackEach(view, from * 8, width, target, to, count)
  }
}

/** Values of 1 to 7 bits, eight at a time out of two words. @returns how many were read: whole eights that leave a word behind them */
function unpackNarrow(view: DataView, from: number, width: number, target: Int32Array, to: number, count: number): number {
  const mask = (1 << width) - 1
  const second = width >> 1
  const shift = (width & 1) * 4
  const [two, three] = [width * 2, width * 3]
  const groups = Math.min(count >> 3, Math.floor((view.byteLength - from - second - 4) / width))
  let at = from
  let row = to
  for (let group = 0; group < groups; group++) {
    const low = view.getInt32(at, true)
    const high = view.getInt32(at + second, true) >>> shift
    target[row] = low & mask
    target[row + 1] = (low >>> width) & mask
    target[row + 2] = (low >>> two) & mask
    target[row + 3] = (low >>> three) & mask
    target[row + 4] = high & mask
    target[row + 5] = (high >>> width) & mask
    target[row + 6] = (high >>> two) & mask
    target[row + 7] = (high >>> three) & mask
    at += width
    row += 8
  }
  return Math.max(0, groups) * 8
}

/** Values of any width from any bit on: one word each while there is one, byte by byte at the end. */
function unpackEach(view: DataView, firstBit: number, width: number, target: Int32Array, to: number, count: number): void {
  const mask = width === 32 ? -1 : (1 << width) - 1
  let bit = firstBit
  let i = 0
  // 25 bits and a shift of up to 7 fit a word.
  const within = width <= 25 ? Math.min(count, Math.floor(((view.byteLength - 4) * 8 - firstBit) / width)) : 0
  for (; i < within; i++, bit += width) target[to + i] = (view.getInt32(bit >>> 3, true) >>> (bit & 7)) & mask
  for (; i < count; i++, bit += width) {
    let at = bit >>> 3
    const shift = bit & 7
    let value = view.getUint8(at++) >>> shift
    for (let have = 8 - shift; have < width; have += 8) value |= view.getUint8(at++) << have
    target[to + i] = value & mask
  }
}
