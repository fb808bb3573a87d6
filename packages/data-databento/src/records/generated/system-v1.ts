// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `system-v1` record of DBN 1. `N` is `bigint` in exact objects. */
export interface SystemV1Record<_N extends number | bigint = number> extends RecordHeader {
  readonly type: 'system-v1'
  readonly msg: string
}
/** Cursor over `system-v1` records. */
export class SystemV1Cursor extends RecordCursor {
  readonly type = 'system-v1'
  get msg(): string {
    return readCstr(this.bytes, (this.word << 2) + 16, 64)
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): SystemV1Record {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SystemV1Record = {
      type: 'system-v1',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      msg: readCstr(b, (w << 2) + 16, 64),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): SystemV1Record<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SystemV1Record<bigint> = {
      type: 'system-v1',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      msg: readCstr(b, (w << 2) + 16, 64),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
