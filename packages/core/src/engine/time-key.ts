/**
 * A time as the float64 that has the same 64 bits. Non-negative times order alike in both, so hot code compares columns and schedules
 * without building a bigint. Only comparisons are meaningful: a key is never added to.
 */
export type TimeKey = number

/** Later than every time. */
export const never: TimeKey = Infinity

const asTime = new BigInt64Array(1)
const asKey = new Float64Array(asTime.buffer)

/** The key of a non-negative time. */
export function timeKey(time: bigint): TimeKey {
  asTime[0] = time
  return asKey[0]
}

/** The time of a key. */
export function timeOfKey(key: TimeKey): bigint {
  asKey[0] = key
  return asTime[0]
}

/** A column of times seen as keys, over the same memory. */
export function timeKeys(times: BigInt64Array): Float64Array {
  return new Float64Array(times.buffer, times.byteOffset, times.length)
}
