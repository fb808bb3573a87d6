// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `error` record of DBN 2, 3. `N` is `bigint` in exact objects. */
export interface ErrorRecord<_N extends number | bigint = number> extends RecordHeader {
  readonly type: 'error'
  readonly err: string
  readonly code: number
  readonly isLast: number
}
/** Cursor over `error` records. */
export class ErrorCursor extends RecordCursor {
  readonly type = 'error'
  get err(): string {
    return readCstr(this.bytes, (this.word << 2) + 16, 302)
  }

  get code(): number {
    return this.bytes[(this.word << 2) + 318]
  }

  get isLast(): number {
    return this.bytes[(this.word << 2) + 319]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): ErrorRecord {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: ErrorRecord = {
      type: 'error',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      err: readCstr(b, (w << 2) + 16, 302),
      code: b[(w << 2) + 318],
      isLast: b[(w << 2) + 319],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): ErrorRecord<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: ErrorRecord<bigint> = {
      type: 'error',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      err: readCstr(b, (w << 2) + 16, 302),
      code: b[(w << 2) + 318],
      isLast: b[(w << 2) + 319],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
