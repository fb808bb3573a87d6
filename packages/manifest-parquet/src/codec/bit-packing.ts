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
export function unpackBits(bytes: Uint8Array, from: number, width: number, target: Int32Array, to: number, count: number): void {
  if (width === 0) {
    target.fill(0, to, to + count)
  } else if (width === 8) {
    for (let i = 0; i < count; i++) target[to + i] = bytes[from + i]
  } else if (width <= 24) {
    const mask = (1 << width) - 1
    let at = from
    let held = 0
    let bits = 0
    for (let i = to, end = to + count; i < end; i++) {
      while (bits < width) {
        held |= bytes[at++] << bits
        bits += 8
      }
      target[i] = held & mask
      held >>>= width
      bits -= width
    }
  } else {
    // Up to 39 bits are held, which a double holds exactly.
    const scale = 2 ** width
    let at = from
    let held = 0
    let bits = 0
    for (let i = to, end = to + count; i < end; i++) {
      while (bits < width) {
        held += bytes[at++] * 2 ** bits
        bits += 8
      }
      const rest = Math.floor(held / scale)
      target[i] = held - rest * scale
      held = rest
      bits -= width
    }
  }
}
