const word = new BigInt64Array(1)
/** Its halves, the lower one first on the little-endian machines that there are: `Number(time)` would be boxed. */
const halves = new Int32Array(word.buffer)
const billion = 1_000_000_000

/**
 * Whole seconds since 1970 into cell `to`, the nanoseconds after them into the next: exactly, and without the bigints that a division would leave on the heap.
 */
export function splitTime(cells: Float64Array, to: number, time: bigint): void {
  word[0] = time
  // Float64 knows the second up to its neighbour; the lower half of the remainder tells which, and how far into it.
  let seconds = Math.floor((halves[1] * 2 ** 32 + (halves[0] >>> 0)) / billion)
  let rest = (halves[0] - Math.imul(seconds, billion)) | 0
  if (rest < 0) {
    seconds--
    rest += billion
  } else if (rest >= billion) {
    seconds++
    rest -= billion
  }
  cells[to] = seconds
  cells[to + 1] = rest
}
