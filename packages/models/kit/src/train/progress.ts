import { type CallOptions } from '@gatehouse/contracts'

export interface ProgressReporter {
  /** True at most every 50 ms: time to let other work run. */
  isDue(): boolean
  /** `done` units are finished; `note` says how it goes. The stage carries the time left. */
  advance(done: number, note?: string): void
}

/** Reports progress with the time left, from the mean time a unit took. */
export function progressReporter({ onProgress }: CallOptions, stage: string, unit: string, total: number): ProgressReporter {
  const started = performance.now()
  let turn = started
  let first: number | undefined
  return {
    isDue() {
      if (performance.now() - turn < 50) return false
      turn = performance.now()
      return true
    },
    advance(done, note) {
      // A resumed run starts past zero: only units done here say how long one takes.
      first ??= done - 1
      const left = ((performance.now() - started) / (done - first)) * (total - done)
      const parts = [stage, ...(note === undefined ? [] : [note]), ...(done < total ? [`about ${duration(left)} left`] : [])]
      onProgress?.({ stage: parts.join(', '), done, total, unit })
    },
  }
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
