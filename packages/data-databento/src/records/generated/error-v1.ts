// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `error-v1` record of DBN 1. `N` is `bigint` in exact objects. */
export interface ErrorV1Record<_N extends number | bigint = number> extends RecordHeader {
  readonly type: 'error-v1'
  readonly err: string
}
/** Cursor over `error-v1` records. */
export class ErrorV1Cursor extends RecordCursor {
  readonly type = 'error-v1'
  get err(): string {
    return readCstr(this.bytes, (this.word << 2) + 16, 64)
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): ErrorV1Record {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: ErrorV1Record = {
      type: 'error-v1',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      err: readCstr(b, (w << 2) + 16, 64),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): ErrorV1Record<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: ErrorV1Record<bigint> = {
      type: 'error-v1',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      err: readCstr(b, (w << 2) + 16, 64),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
