import { openTimeZone } from '@gatehouse/core'

const zone = openTimeZone('America/New_York')
const secondsPerDay = 86_400

/** Seconds since 1970 on New York's clocks. Exact: whole seconds of ns fit a float64. Allocates no more than reading the time did. */
export function localSeconds(at: bigint): number {
  const seconds = Math.floor(Number(at) / 1e9)
  return seconds + zone.offsetSeconds(seconds)
}

/** Days since 1970 of local seconds. */
export const dayOfLocal = (seconds: number): number => Math.floor(seconds / secondsPerDay)

/** Seconds since local midnight. */
export const clockOfLocal = (seconds: number): number => seconds - dayOfLocal(seconds) * secondsPerDay

/** The moment at which clocks in New York show `seconds` on a local day. */
export const timeOfLocal = (day: number, seconds: number): bigint => zone.timeOfLocal(day, seconds)
