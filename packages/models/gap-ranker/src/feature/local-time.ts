import { openTimeZone } from '@gatehouse/core'
import { splitTime } from '@gatehouse/model-kit'

const zone = openTimeZone('America/New_York')
const secondsPerDay = 86_400

const clock = new Float64Array(2)

/** Whole seconds since 1970 on New York's clocks. Allocates no more than reading the time did. */
export function localSeconds(at: bigint): number {
  splitTime(clock, 0, at)
  return clock[0] + zone.offsetSeconds(clock[0])
}

/** Days since 1970 of local seconds. */
export const dayOfLocal = (seconds: number): number => Math.floor(seconds / secondsPerDay)

/** Seconds since local midnight. */
export const clockOfLocal = (seconds: number): number => seconds - dayOfLocal(seconds) * secondsPerDay

/** The moment at which clocks in New York show `seconds` on a local day. */
export const timeOfLocal = (day: number, seconds: number): bigint => zone.timeOfLocal(day, seconds)
