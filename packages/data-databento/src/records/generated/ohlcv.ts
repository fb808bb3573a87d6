// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `ohlcv` record of DBN 1, 2, 3. `N` is `bigint` in exact objects. */
export interface OhlcvRecord<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'ohlcv'
  readonly open: N
  readonly high: N
  readonly low: N
  readonly close: N
  /** Quantity traded in the bar. */
  readonly volume: N
}
/** Cursor over `ohlcv` records. */
export class OhlcvCursor extends RecordCursor {
  readonly type = 'ohlcv'
  /** `NaN` when undefined. */
  get open(): number {
    return scaled(this.int32[this.word + 5], this.uint32[this.word + 4])
  }
  /** Exact, in units of 1e-9. */
  get openRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 16, true)
  }

  /** `NaN` when undefined. */
  get high(): number {
    return scaled(this.int32[this.word + 7], this.uint32[this.word + 6])
  }
  /** Exact, in units of 1e-9. */
  get highRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 24, true)
  }

  /** `NaN` when undefined. */
  get low(): number {
    return scaled(this.int32[this.word + 9], this.uint32[this.word + 8])
  }
  /** Exact, in units of 1e-9. */
  get lowRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 32, true)
  }

  /** `NaN` when undefined. */
  get close(): number {
    return scaled(this.int32[this.word + 11], this.uint32[this.word + 10])
  }
  /** Exact, in units of 1e-9. */
  get closeRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 40, true)
  }

  /** Quantity traded in the bar. */
  get volume(): number {
    return this.uint32[this.word + 13] * 4294967296 + this.uint32[this.word + 12]
  }
  /** Exact. */
  get volumeRaw(): bigint {
    return wide(this.uint64, this.view, this.word + 12)
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): OhlcvRecord {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const q = this.uint64
    const v = this.view

    const record: OhlcvRecord = {
      type: 'ohlcv',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      open: scaled(i[w + 5], u[w + 4]),
      high: scaled(i[w + 7], u[w + 6]),
      low: scaled(i[w + 9], u[w + 8]),
      close: scaled(i[w + 11], u[w + 10]),
      volume: u[w + 13] * 4294967296 + u[w + 12],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): OhlcvRecord<bigint> {
    const w = this.word
    const u = this.uint32
    const q = this.uint64
    const v = this.view

    const record: OhlcvRecord<bigint> = {
      type: 'ohlcv',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      open: v.getBigInt64((w << 2) + 16, true),
      high: v.getBigInt64((w << 2) + 24, true),
      low: v.getBigInt64((w << 2) + 32, true),
      close: v.getBigInt64((w << 2) + 40, true),
      volume: wide(q, v, w + 12),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
