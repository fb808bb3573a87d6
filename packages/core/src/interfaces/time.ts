import type { TimeNs } from '@gatehouse/contracts'

export type { Clock, TimeNs } from '@gatehouse/contracts'

/** Half-open: `from` is included, `to` is not. Nanoseconds since the Unix epoch, UTC. */
export interface TimeRange {
  readonly from: TimeNs
  readonly to: TimeNs
}

/** Who decides what `now` is: `'backtest'` follows the data, `'realtime'` follows the machine. */
export type TimeMode = 'backtest' | 'realtime'
