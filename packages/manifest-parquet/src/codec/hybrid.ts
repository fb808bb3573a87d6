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
    let run = 1
    while (i + run < count && codes[i + run] === value) run++
    if (run >= shortestRun) {
      out.varint(run * 2)
      out.reserve(4)
      for (let byte = 0; byte < runBytes; byte++) out.bytes[out.at++] = value >>> (8 * byte)
      i += run
      continue
    }
    const start = i
    let groups = 0
    while (i < count && groups < mostGroups && !startsRun(codes, i, count)) {
      i += 8
      groups++
    }
    out.varint(groups * 2 + 1)
    const whole = Math.min(groups, Math.floor((count - start) / 8))
    packBits(codes, start, whole * 8, width, out)
    if (whole < groups) {
      padded.fill(0)
      padded.set(codes.subarray(start + whole * 8, count))
      packBits(padded, 0, 8, width, out)
      i = count
    }
  }
}

function startsRun(codes: Int32Array, at: number, count: number): boolean {
  if (at + shortestRun > count) return false
  const value = codes[at]
  for (let i = at + 1; i < at + shortestRun; i++) if (codes[i] !== value) return false
  return true
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
      target.fill(value, to + done, to + done + run)
      done += run
    } else {
      const held = ((head - 1) / 2) * 8
      const take = Math.min(held, count - done)
      if (take === 0) throw new TradingError('PARQUET_CORRUPT', 'a run-length page holds an empty bit-packed group', { at: cursor.at })
      // Some writers cut the padding of the last group.
      const whole = (held * width) / 8
      const left = cursor.bytes.length - cursor.at
      const at = cursor.skip(left < whole && left >= Math.ceil((take * width) / 8) ? left : whole)
      unpackBits(cursor.bytes, at, width, target, to + done, take)
      done += take
    }
  }
}
