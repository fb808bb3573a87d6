/**
 * Reading long time columns without a bigint a row: a time is two 32-bit halves of the same memory, and most questions need no more
 * than a float64 of each.
 */

// Every platform Node runs on in practice is little-endian; on another the halves are swapped.
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
const LOW = isLittleEndian ? 0 : 1
const HIGH = 1 - LOW

/** The first row whose time is before the row above it; -1 when times never descend. */
export function firstDescent(times: BigInt64Array): number {
  const high = new Int32Array(times.buffer, times.byteOffset, times.length * 2)
  const low = new Uint32Array(times.buffer, times.byteOffset, times.length * 2)
  for (let row = 1; row < times.length; row++) {
    const at = 2 * row
    const above = at - 2
    if (high[at + HIGH] > high[above + HIGH]) continue
    if (high[at + HIGH] < high[above + HIGH] || low[at + LOW] < low[above + LOW]) return row
  }
  return -1
}

/**
 * Reads times as seconds since the epoch, precise to a quarter of a microsecond, without a copy. Equal times give equal seconds, and
 * order is kept to that precision: enough to draw, to sample by periods of seconds and more, and to measure durations.
 */
export function secondsReader(times: BigInt64Array): (row: number) => number {
  const high = new Int32Array(times.buffer, times.byteOffset, times.length * 2)
  const low = new Uint32Array(times.buffer, times.byteOffset, times.length * 2)
  return (row) => (high[2 * row + HIGH] * 4_294_967_296 + low[2 * row + LOW]) / 1e9
}

/** All times by {@link secondsReader}, as a column. */
export function secondsOf(times: BigInt64Array): Float64Array {
  const secondsAt = secondsReader(times)
  const seconds = new Float64Array(times.length)
  for (let row = 0; row < seconds.length; row++) seconds[row] = secondsAt(row)
  return seconds
}
