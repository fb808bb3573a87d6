// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `system` record of DBN 2, 3. `N` is `bigint` in exact objects. */
export interface SystemRecord<_N extends number | bigint = number> extends RecordHeader {
  readonly type: 'system'
  readonly msg: string
  readonly code: number
}
/** Cursor over `system` records. */
export class SystemCursor extends RecordCursor {
  readonly type = 'system'
  get msg(): string {
    return readCstr(this.bytes, (this.word << 2) + 16, 303)
  }

  get code(): number {
    return this.bytes[(this.word << 2) + 319]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): SystemRecord {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SystemRecord = {
      type: 'system',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      msg: readCstr(b, (w << 2) + 16, 303),
      code: b[(w << 2) + 319],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): SystemRecord<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SystemRecord<bigint> = {
      type: 'system',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      msg: readCstr(b, (w << 2) + 16, 303),
      code: b[(w << 2) + 319],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
