// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { chars, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `status` record of DBN 1, 2, 3. `N` is `bigint` in exact objects. */
export interface StatusRecord<_N extends number | bigint = number> extends RecordHeader {
  readonly type: 'status'
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  /** See `statusActions`; numbers not listed there occur. */
  readonly action: number
  readonly reason: number
  readonly tradingEvent: number
  readonly isTrading: string
  readonly isQuoting: string
  readonly isShortSellRestricted: string
}
/** Cursor over `status` records. */
export class StatusCursor extends RecordCursor {
  readonly type = 'status'
  /** When the capture server received it, ns since the Unix epoch. */
  get tsRecv(): bigint {
    return wide(this.uint64, this.view, this.word + 4)
  }
  /** Upper half of `tsRecv`. */
  get tsRecvHigh(): number {
    return this.uint32[this.word + 5]
  }
  /** Lower half of `tsRecv`. */
  get tsRecvLow(): number {
    return this.uint32[this.word + 4]
  }

  /** See `statusActions`; numbers not listed there occur. */
  get action(): number {
    return this.uint32[this.word + 6] & 0xffff
  }

  get reason(): number {
    return this.uint32[this.word + 6] >>> 16
  }

  get tradingEvent(): number {
    return this.uint32[this.word + 7] & 0xffff
  }

  get isTrading(): string {
    return chars[this.bytes[(this.word << 2) + 30]]
  }

  get isQuoting(): string {
    return chars[this.bytes[(this.word << 2) + 31]]
  }

  get isShortSellRestricted(): string {
    return chars[this.bytes[(this.word << 2) + 32]]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): StatusRecord {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: StatusRecord = {
      type: 'status',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      action: u[w + 6] & 0xffff,
      reason: u[w + 6] >>> 16,
      tradingEvent: u[w + 7] & 0xffff,
      isTrading: chars[b[(w << 2) + 30]],
      isQuoting: chars[b[(w << 2) + 31]],
      isShortSellRestricted: chars[b[(w << 2) + 32]],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): StatusRecord<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: StatusRecord<bigint> = {
      type: 'status',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      action: u[w + 6] & 0xffff,
      reason: u[w + 6] >>> 16,
      tradingEvent: u[w + 7] & 0xffff,
      isTrading: chars[b[(w << 2) + 30]],
      isQuoting: chars[b[(w << 2) + 31]],
      isShortSellRestricted: chars[b[(w << 2) + 32]],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
