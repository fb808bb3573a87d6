import { TradingError } from '@gatehouse/durable-log'
import { packBits, unpackBits } from './bit-packing.js'
import { type ByteCursor } from './byte-cursor.js'
import { type ByteSink } from './byte-sink.js'

/** Runs this long leave bit-packing: a run costs two to five bytes whatever its length. */
const shortestRun = 8
/** A bit-packed stretch of 504 values has a one-byte header in every reader's fast path. */
const mostGroups = 63

const padded = new Int32Array(8)

/** Appends `codes` (0 .. 2^width - 1) in Parquet's hybrid of runs and bit-packed groups of eight. */
export function encodeHybrid(codes: Int32Array, width: number, out: ByteSink): void {
  const count = codes.length
  if (width === 0) return void out.varint(count * 2)
  const runBytes = (width + 7) >> 3
  let i = 0
  while (i < count) {
    const value = codes[i]
    let end = i + 1
    while (end < count && codes[end] === value) end++
    if (end - i >= shortestRun) {
      out.varint((end - i) * 2)
      out.reserve(4)
      for (let byte = 0; byte < runBytes; byte++) out.bytes[out.at++] = value >>> (8 * byte)
      i = end
      continue
    }
    out.reserve(1 + (mostGroups + 1) * width + 8)
    const headerAt = out.at++
    const groupsEnd = i + Math.min(mostGroups, (count - i) >> 3) * 8
    const start = i
    i = packGroups(codes, i, groupsEnd, width, out)
    let groups = (i - start) >> 3
    if (groups < mostGroups && count - i < 8 && i < count) {
      padded.fill(0)
      padded.set(codes.subarray(i, count))
      packBits(padded, 0, 8, width, out)
      groups++
      i = count
    }
    out.bytes[headerAt] = groups * 2 + 1
  }
}

/** Packs groups of eight until one begins a run. @returns where it stopped; room has been reserved */
function packGroups(codes: Int32Array, start: number, end: number, width: number, out: ByteSink): number {
  const bytes = out.bytes
  let at = out.at
  let i = start
  for (; i < end; i += 8) {
    const first = codes[i]
    if (
      first === codes[i + 1] &&
      first === codes[i + 2] &&
      first === codes[i + 3] &&
      first === codes[i + 4] &&
      first === codes[i + 5] &&
      first === codes[i + 6] &&
      first === codes[i + 7]
    ) {
      break
    }
    let held = 0
    let bits = 0
    for (let k = i; k < i + 8; k++) {
      const code = codes[k]
      held |= code << bits
      bits += width
      if (bits >= 32) {
        bytes[at] = held
        bytes[at + 1] = held >>> 8
        bytes[at + 2] = held >>> 16
        bytes[at + 3] = held >>> 24
        at += 4
        bits -= 32
        held = bits === 0 ? 0 : code >>> (width - bits)
      }
    }
    for (; bits > 0; bits -= 8, held >>>= 8) bytes[at++] = held
  }
  out.at = at
  return i
}

/** Decodes `count` values of the hybrid into `target` from `to` on. */
export function decodeHybrid(cursor: ByteCursor, width: number, target: Int32Array, to: number, count: number): void {
  if (width > 32) throw new TradingError('PARQUET_CORRUPT', `a run-length page is ${width} bits wide`, { width })
  const runBytes = (width + 7) >> 3
  let done = 0
  while (done < count) {
    const head = cursor.varint()
    if (head % 2 === 0) {
      const run = Math.min(head / 2, count - done)
      if (run === 0) throw new TradingError('PARQUET_CORRUPT', 'a run-length page holds an empty run', { at: cursor.at })
      const at = cursor.skip(runBytes)
      let value = 0
      for (let byte = 0; byte < runBytes; byte++) value |= cursor.bytes[at + byte] << (8 * byte)
      // A call of `fill` costs as much as some tens of stores.
      if (run < 32) for (let i = to + done, end = i + run; i < end; i++) target[i] = value
      else target.fill(value, to + done, to + done + run)
      done += run
    } else {
      const held = ((head - 1) / 2) * 8
      const take = Math.min(held, count - done)
      if (take === 0) throw new TradingError('PARQUET_CORRUPT', 'a run-length page holds an empty bit-packed group', { at: cursor.at })
      // Some writers cut the padding of the last group.
      const whole = (held * width) / 8
      const left = cursor.bytes.length - cursor.at
      const at = cursor.skip(left < whole && left >= Math.ceil((take * width) / 8) ? left : whole)
      unpackBits(cursor.view, at, width, target, to + done, take)
      done += take
    }
  }
}
