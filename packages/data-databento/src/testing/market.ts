import type { RecordRun } from '../codec/run.js'
import { RType, rtypeOf, type DbnSchema } from '../layout/enums.js'
import { isControl } from '../live/recent-records.js'
import { createWindow, type Window } from '../codec/window.js'

/** A record of the simulated market: where it lies and what it is. */
export interface MarketRecord {
  readonly window: Window
  readonly at: number
  readonly bytes: number
  readonly rtype: number
  readonly instrumentId: number
  /** The time by which the gateway filters on replay. */
  readonly time: bigint
}

/** Schemas whose replay is by receive time. */
const byReceiveTime: ReadonlySet<number> = new Set([RType.bbo1s, RType.bbo1m, RType.cbbo1s, RType.cbbo1m])

/** Records of a run, copied, one by one. */
export function marketRecords(run: RecordRun): MarketRecord[] {
  if (isControl(run.rtype)) return []
  const stride = run.stride * 4
  const window = createWindow(stride * run.length)
  window.bytes.set(run.bytes.subarray(run.wordOffset * 4, run.wordOffset * 4 + stride * run.length))
  return Array.from({ length: run.length }, (_, row) => {
    const at = row * stride
    return {
      window,
      at,
      bytes: stride,
      rtype: run.rtype,
      instrumentId: window.view.getUint32(at + 4, true),
      time: window.view.getBigUint64(at + (byReceiveTime.has(run.rtype) ? 32 : 8), true),
    }
  })
}

/** What a session asked for, as the gateway keeps it. */
export interface SimulatedSubscription {
  readonly schema: DbnSchema
  readonly stypeIn: string
  readonly symbols: ReadonlySet<string>
  readonly isAll: boolean
  readonly snapshot: boolean
  readonly start: bigint | undefined
  readonly id: number
  /** Ids that the symbols resolved to. */
  readonly instruments: ReadonlySet<number>
}

/** Whether a record is wanted by a subscription. */
export function wants(subscription: SimulatedSubscription, record: MarketRecord): boolean {
  return record.rtype === rtypeOf(subscription.schema) && (subscription.isAll || subscription.instruments.has(record.instrumentId))
}
