import { TradingError } from '@gatehouse/durable-log'
import { type ByteCursor } from './byte-cursor.js'
import { unpackBits } from './bit-packing.js'

/** Flips unsigned order into signed order. */
const signBit = -0x80000000
/** Bounds the scratch that a hostile header could ask for; writers in the field use 32 to 256. */
const longestMiniblock = 1 << 16

/** Steps of 30 bits above a least one below this fit 32 bits. */
const narrowLimit = 1 << 30

let scratch = new Int32Array(1024)

interface DeltaHeader {
  readonly perMiniblock: number
  readonly miniblocks: number
}

/** Decodes DELTA_BINARY_PACKED 32-bit integers into `target` from `to` on; the page must hold exactly `count`. */
export function decodeDelta32(cursor: ByteCursor, target: Int32Array, to: number, count: number): void {
  const { perMiniblock, miniblocks } = readHeader(cursor, count)
  cursor.zigzag64()
  let value = cursor.low
  if (count === 0) return
  target[to] = value
  let done = 1
  while (done < count) {
    cursor.zigzag64()
    const least = cursor.low
    const widths = cursor.skip(miniblocks)
    for (let block = 0; block < miniblocks && done < count; block++) {
      const width = checkedWidth(cursor.bytes[widths + block], 32)
      const take = Math.min(perMiniblock, count - done)
      const from = miniblock(cursor, width, perMiniblock, take)
      const end = to + done + take
      if (width === 0) {
        for (let i = to + done; i < end; i++) target[i] = value = (value + least) | 0
      } else {
        unpackBits(cursor.view, from, width, scratch, 0, take)
        for (let i = to + done, k = 0; i < end; i++, k++) target[i] = value = (value + least + scratch[k]) | 0
      }
      done += take
    }
  }
}

/** Decodes DELTA_BINARY_PACKED 64-bit integers, in 32-bit halves so that no bigint is made per value. */
export function decodeDelta64(cursor: ByteCursor, target: BigInt64Array, to: number, count: number): void {
  const { perMiniblock, miniblocks } = readHeader(cursor, count)
  cursor.zigzag64()
  if (count === 0) return
  const halves = new Int32Array(target.buffer, target.byteOffset + to * 8, count * 2)
  let valueLow = cursor.low
  let valueHigh = cursor.high
  halves[0] = valueLow
  halves[1] = valueHigh
  let done = 1
  while (done < count) {
    cursor.zigzag64()
    const leastLow = cursor.low
    const leastHigh = cursor.high
    const isNarrow = leastHigh === leastLow >> 31 && leastLow >= -narrowLimit && leastLow < narrowLimit
    const widths = cursor.skip(miniblocks)
    for (let block = 0; block < miniblocks && done < count; block++) {
      const width = checkedWidth(cursor.bytes[widths + block], 64)
      const take = Math.min(perMiniblock, count - done)
      const from = miniblock(cursor, width, perMiniblock, take)
      if (isNarrow && width <= 30) {
        if (width === 0) scratch.fill(0, 0, take)
        else unpackBits(cursor.view, from, width, scratch, 0, take)
        for (let i = 0, at = done * 2; i < take; i++, at += 2) {
          // A step that fits 32 bits: one sum, whose carry shows as an unsigned sum below its summand, and the sign of the step.
          const step = (leastLow + scratch[i]) | 0
          valueLow = (valueLow + step) | 0
          valueHigh = (valueHigh + (step >> 31) + ((valueLow ^ signBit) < (step ^ signBit) ? 1 : 0)) | 0
          halves[at] = valueLow
          halves[at + 1] = valueHigh
        }
        done += take
        continue
      }
      if (width > 32) unpackWide(cursor.bytes, from, width, take)
      else unpackBits(cursor.view, from, width, scratch, 0, take)
      const upperStart = width > 32 ? scratch.length / 2 : -1
      for (let i = 0, at = done * 2; i < take; i++, at += 2) {
        // 64-bit sums in 32-bit integers: a carry shows as an unsigned sum below its summand.
        const first = (valueLow + leastLow) | 0
        const second = (first + scratch[i]) | 0
        const carry = ((first ^ signBit) < (valueLow ^ signBit) ? 1 : 0) + ((second ^ signBit) < (first ^ signBit) ? 1 : 0)
        valueLow = second
        valueHigh = (valueHigh + leastHigh + carry + (upperStart < 0 ? 0 : scratch[upperStart + i])) | 0
        halves[at] = valueLow
        halves[at + 1] = valueHigh
      }
      done += take
    }
  }
}

function readHeader(cursor: ByteCursor, count: number): DeltaHeader {
  const blockSize = cursor.varint()
  const miniblocks = cursor.varint()
  const total = cursor.varint()
  const perMiniblock = blockSize / miniblocks
  if (!Number.isInteger(perMiniblock) || perMiniblock % 8 !== 0 || perMiniblock < 8 || perMiniblock > longestMiniblock) {
    throw new TradingError('PARQUET_CORRUPT', `a delta page has blocks of ${blockSize} in ${miniblocks} miniblocks`, {
      blockSize,
      miniblocks,
    })
  }
  if (total !== count) {
    throw new TradingError('PARQUET_CORRUPT', `a delta page says it holds ${total} values, its header ${count}`, { total, count })
  }
  if (scratch.length < perMiniblock * 2) scratch = new Int32Array(perMiniblock * 2)
  return { perMiniblock, miniblocks }
}

function checkedWidth(width: number, most: number): number {
  if (width > most)
    throw new TradingError('PARQUET_CORRUPT', `a delta miniblock is ${width} bits wide; the type has ${most}`, { width, most })
  return width
}

/** Claims a miniblock's bytes. The last one may be cut short after the values it needs. */
function miniblock(cursor: ByteCursor, width: number, perMiniblock: number, take: number): number {
  const whole = (perMiniblock * width) / 8
  const left = cursor.bytes.length - cursor.at
  return cursor.skip(take < perMiniblock && left < whole && left >= Math.ceil((take * width) / 8) ? left : whole)
}

/** Values of 33..64 bits: low halves into `scratch`, high halves behind them. */
function unpackWide(bytes: Uint8Array, from: number, width: number, take: number): void {
  const upperWidth = width - 32
  const upperStart = scratch.length / 2
  let bit = from * 8
  for (let i = 0; i < take; i++, bit += width) {
    scratch[i] = takeBits(bytes, bit, 32)
    scratch[upperStart + i] = takeBits(bytes, bit + 32, upperWidth)
  }
}

/** Up to 32 bits from any bit position, as a signed number with the same low bits. */
function takeBits(bytes: Uint8Array, bit: number, width: number): number {
  let at = bit >>> 3
  const shift = bit & 7
  let value = bytes[at++] >>> shift
  for (let have = 8 - shift; have < width; have += 8) value |= bytes[at++] << have
  return width === 32 ? value : value & ((1 << width) - 1)
}
