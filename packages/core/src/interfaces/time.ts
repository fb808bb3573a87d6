/** Nanoseconds since the Unix epoch, UTC. Lossless; hot code compares columns without building one (see `Batch.availableAt`). */
export type TimeNs = bigint

/** Half-open: `from` is included, `to` is not. */
export interface TimeRange {
  readonly from: TimeNs
  readonly to: TimeNs
}

/** Where the time comes from: virtual in a backtest, the machine's in real time. Passed in, never read from a global. */
export interface Clock {
  now(): TimeNs
}

/** Who decides what `now` is: `'backtest'` follows the data, `'realtime'` follows the machine. */
export type TimeMode = 'backtest' | 'realtime'
