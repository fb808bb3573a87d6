import { type NumericArray } from './dictionary.js'

/** Least and greatest value of a chunk, exact. Absent when the chunk is empty or holds a NaN, which has no place in an order. */
export interface ChunkRange {
  readonly min: number | bigint
  readonly max: number | bigint
}

/** Reads the range without making a bigint per value. */
export function rangeOf(values: NumericArray): ChunkRange | undefined {
  if (values.length === 0) return undefined
  if (values instanceof BigInt64Array) return range64(values)
  if (values instanceof Int32Array) return range32(values)
  return rangeFloat(values)
}

function range32(values: Int32Array): ChunkRange {
  let min = values[0]
  let max = min
  for (let i = 1; i < values.length; i++) {
    const value = values[i]
    if (value < min) min = value
    else if (value > max) max = value
  }
  return { min, max }
}

function range64(values: BigInt64Array): ChunkRange {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  let least = 0
  let most = 0
  let leastHigh = halves[1]
  let mostHigh = leastHigh
  let leastLow = halves[0] >>> 0
  let mostLow = leastLow
  for (let i = 1; i < values.length; i++) {
    const high = halves[2 * i + 1]
    const low = halves[2 * i] >>> 0
    if (high > mostHigh || (high === mostHigh && low > mostLow)) {
      mostHigh = high
      mostLow = low
      most = i
    } else if (high < leastHigh || (high === leastHigh && low < leastLow)) {
      leastHigh = high
      leastLow = low
      least = i
    }
  }
  return { min: values[least], max: values[most] }
}

function rangeFloat(values: Float32Array | Float64Array): ChunkRange | undefined {
  let min = values[0]
  let max = min
  let ordered = true
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value < min) min = value
    else if (value > max) max = value
    else if (value !== value) ordered = false
  }
  if (!ordered) return undefined
  // Readers may tell -0 from +0; the format asks for the wider pair.
  return { min: min === 0 ? -0 : min, max: max === 0 ? 0 : max }
}
