import { TradingError } from '@gatehouse/durable-log'
import { ByteCursor } from './byte-cursor.js'
import { type ByteSink } from './byte-sink.js'

const blockSize = 1 << 16
const hashBits = 14
/** Positions within the block by hash of the four bytes there. */
const table = new Uint16Array(1 << hashBits)

/**
 * Appends the snappy form of `input`. Written here, and not taken from a native build, so that the same bytes come out everywhere.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export function snappyCompress(input: Uint8Array, out: ByteSink): void {
  out.varint(input.length)
  out.reserve(input.length + Math.ceil(input.length / 6) + 32)
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  for (let start = 0; start < input.length; start += blockSize) {
    compressBlock(input, view, start, Math.min(start + blockSize, input.length), out)
  }
}

function compressBlock(input: Uint8Array, view: DataView, start: number, end: number, out: ByteSink): void {
  table.fill(0)
  const bytes = out.bytes
  let at = out.at
  let emitted = start
  const lastStart = end - 15
  let position = start + 1
  let misses = 32
  while (position < lastStart) {
    const word = view.getInt32(position, true)
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits)
    const candidate = start + table[slot]
    table[slot] = position - start
    if (candidate >= position || view.getInt32(candidate, true) !== word) {
      // Incompressible stretches are crossed in growing steps.
      position += misses++ >>> 5
      continue
    }
    misses = 32
    if (emitted < position) at = literal(input, emitted, position, bytes, at)
    const offset = position - candidate
    let length = 4
    while (position + length + 4 <= end && view.getInt32(candidate + length, true) === view.getInt32(position + length, true)) length += 4
    while (position + length < end && input[candidate + length] === input[position + length]) length++
    at = copy(offset, length, bytes, at)
    position += length
    emitted = position
    if (position < lastStart) {
      const behind = view.getInt32(position - 1, true)
      table[Math.imul(behind, 0x1e35a7bd) >>> (32 - hashBits)] = position - 1 - start
    }
  }
  if (emitted < end) at = literal(input, emitted, end, bytes, at)
  out.at = at
}

function literal(input: Uint8Array, from: number, to: number, bytes: Uint8Array, start: number): number {
  let at = start
  const length = to - from
  if (length <= 60) bytes[at++] = (length - 1) << 2
  else if (length <= 256) {
    bytes[at++] = 60 << 2
    bytes[at++] = length - 1
  } else {
    bytes[at++] = 61 << 2
    bytes[at++] = length - 1
    bytes[at++] = (length - 1) >>> 8
  }
  if (length < 48) for (let i = from; i < to; i++) bytes[at++] = input[i]
  else {
    bytes.set(input.subarray(from, to), at)
    at += length
  }
  return at
}

function copy(offset: number, length: number, bytes: Uint8Array, start: number): number {
  let at = start
  let left = length
  while (left >= 68) {
    at = longCopy(offset, 64, bytes, at)
    left -= 64
  }
  if (left > 64) {
    at = longCopy(offset, 60, bytes, at)
    left -= 60
  }
  if (left >= 12 || offset >= 2048) return longCopy(offset, left, bytes, at)
  bytes[at++] = 1 | ((left - 4) << 2) | ((offset >>> 8) << 5)
  bytes[at++] = offset
  return at
}

function longCopy(offset: number, length: number, bytes: Uint8Array, start: number): number {
  bytes[start] = 2 | ((length - 1) << 2)
  bytes[start + 1] = offset
  bytes[start + 2] = offset >>> 8
  return start + 3
}

/** Bytes that {@link snappyUncompress} may write past the end: it copies four at a time. */
export const snappySlack = 64

/**
 * Restores exactly `length` bytes into `target`, which has room for {@link snappySlack} more; anything else in the stream is corruption.
 */
export function snappyUncompress(input: Uint8Array, target: Uint8Array, length: number): void {
  const cursor = new ByteCursor(input)
  const stated = cursor.varint()
  if (stated !== length) throw corrupt(`says it holds ${stated} bytes, its page header ${length}`)
  const source = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const out = new DataView(target.buffer, target.byteOffset, target.byteLength)
  let at = cursor.at
  let to = 0
  const end = input.length
  const wideEnd = end - snappySlack
  while (at < end) {
    const tag = input[at++]
    let count: number
    if ((tag & 3) === 0) {
      count = tag >>> 2
      if (count >= 60) {
        const extra = count - 59
        if (at + extra > end) throw corrupt('ends inside a literal')
        count = 0
        for (let i = 0; i < extra; i++) count += input[at + i] * 2 ** (8 * i)
        at += extra
      }
      count++
      if (at + count > end || to + count > length) throw corrupt('has a literal that is too long')
      if (count <= snappySlack && at < wideEnd) {
        for (let i = 0; i < count; i += 4) out.setInt32(to + i, source.getInt32(at + i, true), true)
      } else target.set(input.subarray(at, at + count), to)
      at += count
      to += count
      continue
    }
    let offset: number
    if ((tag & 3) === 1) {
      count = ((tag >>> 2) & 7) + 4
      offset = ((tag >>> 5) << 8) | input[at]
      at += 1
    } else if ((tag & 3) === 2) {
      count = (tag >>> 2) + 1
      offset = input[at] | (input[at + 1] << 8)
      at += 2
    } else {
      count = (tag >>> 2) + 1
      offset = (input[at] | (input[at + 1] << 8) | (input[at + 2] << 16) | (input[at + 3] << 24)) >>> 0
      at += 4
    }
    if (at > end || offset === 0 || offset > to || to + count > length) throw corrupt('has a copy that points outside')
    const from = to - offset
    if (offset >= 4) for (let i = 0; i < count; i += 4) out.setInt32(to + i, out.getInt32(from + i, true), true)
    else for (let i = 0; i < count; i++) target[to + i] = target[from + i]
    to += count
  }
  if (to !== length) throw corrupt(`ends after ${to} of ${length} bytes`)
}

function corrupt(what: string): TradingError {
  return new TradingError('PARQUET_CORRUPT', `a snappy page ${what}`)
}
