import { systemClock } from '@gatehouse/contracts'
import type { Clock, TimeNs } from '../interfaces/time.js'

/** A clock that a real-time run can wait on. */
export interface RunClock extends Clock {
  /** Milliseconds of this machine until the clock shows a time; 0 when it has passed. */
  millisecondsUntil(at: TimeNs): number
}

/** The machine's clock. */
export const wallClock: RunClock = {
  now: () => systemClock.now(),
  millisecondsUntil: (at) => Math.max(0, Number(at - systemClock.now()) / 1e6),
}

/**
 * A clock that starts at a time and runs `speed` times as fast as the machine's: recorded data in real-time mode, faster.
 * @param options.from what it shows first
 * @param options.speed machine seconds to clock seconds, such as 60
 */
export function acceleratedClock({ from, speed }: { readonly from: TimeNs; readonly speed: number }): RunClock {
  const startedAt = performance.now()
  const now = (): TimeNs => from + BigInt(Math.floor((performance.now() - startedAt) * speed * 1e6))
  return { now, millisecondsUntil: (at) => Math.max(0, Number(at - now()) / 1e6 / speed) }
}
