import { sessionSeconds, type DaySeconds } from './session-seconds.js'

/** As the published baselines: 60 s ahead, half an hour skipped, every fifth second; up and down are a cent or more of the mid. */
export const [horizon, skipped, every, cent] = [60, 1800, 5, 0.01]

/** Seconds of the grid that are judged. */
export const places = Array.from(
  { length: Math.floor((sessionSeconds - horizon - skipped - 1) / every) + 1 },
  (_, k) => skipped + every * k,
)
/** What came of a second: 0 down, 1 flat, 2 up. */
export const outcome = ({ mid }: DaySeconds, i: number, ahead = horizon): number => cut(mid[i + ahead] - mid[i])
const cut = (move: number): number => (move >= cent - 1e-9 ? 2 : move <= -cent + 1e-9 ? 0 : 1)

/** 1 up, 0 down, `NaN` flat: AUC passes over what has no truth. */
export const truthOf = (day: DaySeconds, i: number): number => [0, NaN, 1][outcome(day, i)]
/** Of every judged second. */
export const truthsOf = (day: DaySeconds): Float64Array => Float64Array.from(places, (i) => truthOf(day, i))

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
