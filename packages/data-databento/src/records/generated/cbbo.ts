// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { chars, scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'
import type { ConsolidatedBidAskPair } from './consolidated-bid-ask-pair.js'

/** A `cbbo` record of DBN 1, 2, 3. `N` is `bigint` in exact objects. */
export interface CbboRecord<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'cbbo'
  readonly price: N
  readonly size: number
  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  readonly side: string
  /** Bits of `Flag`. */
  readonly flags: number
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  readonly levels: readonly ConsolidatedBidAskPair<N>[]
}
/** Cursor over `cbbo` records. */
export class CbboCursor extends RecordCursor {
  readonly type = 'cbbo'
  /** `NaN` when undefined. */
  get price(): number {
    return scaled(this.int32[this.word + 5], this.uint32[this.word + 4])
  }
  /** Exact, in units of 1e-9. */
  get priceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 16, true)
  }

  get size(): number {
    return this.uint32[this.word + 6]
  }

  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  get side(): string {
    return chars[this.bytes[(this.word << 2) + 29]]
  }

  /** Bits of `Flag`. */
  get flags(): number {
    return this.bytes[(this.word << 2) + 30]
  }

  /** When the capture server received it, ns since the Unix epoch. */
  get tsRecv(): bigint {
    return wide(this.uint64, this.view, this.word + 8)
  }
  /** Upper half of `tsRecv`. */
  get tsRecvHigh(): number {
    return this.uint32[this.word + 9]
  }
  /** Lower half of `tsRecv`. */
  get tsRecvLow(): number {
    return this.uint32[this.word + 8]
  }

  /** Price of a level, `NaN` where there is none; 0 is the best. */
  bidPx(level: number): number {
    if (level !== 0) return NaN
    const w = this.word + 12
    return scaled(this.int32[w + 1], this.uint32[w])
  }
  /** Exact, in units of 1e-9. */
  bidPxRaw(level: number): bigint {
    return this.view.getBigInt64((this.word + 12 + level * 8) << 2, true)
  }

  /** Price of a level, `NaN` where there is none; 0 is the best. */
  askPx(level: number): number {
    if (level !== 0) return NaN
    const w = this.word + 14
    return scaled(this.int32[w + 1], this.uint32[w])
  }
  /** Exact, in units of 1e-9. */
  askPxRaw(level: number): bigint {
    return this.view.getBigInt64((this.word + 14 + level * 8) << 2, true)
  }

  /** Of a level; 0 is the best. */
  bidSz(level: number): number {
    if (level !== 0) return NaN
    const w = this.word + 16
    return this.uint32[w]
  }

  /** Of a level; 0 is the best. */
  askSz(level: number): number {
    if (level !== 0) return NaN
    const w = this.word + 17
    return this.uint32[w]
  }

  /** Of a level; 0 is the best. */
  bidPb(level: number): number {
    if (level !== 0) return NaN
    const w = this.word + 18
    return this.uint32[w] & 0xffff
  }

  /** Of a level; 0 is the best. */
  askPb(level: number): number {
    if (level !== 0) return NaN
    const w = this.word + 19
    return this.uint32[w] & 0xffff
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): CbboRecord {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view
    const p = w
    const record: CbboRecord = {
      type: 'cbbo',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      price: scaled(i[w + 5], u[w + 4]),
      size: u[w + 6],
      side: chars[b[(w << 2) + 29]],
      flags: b[(w << 2) + 30],
      tsRecv: wide(q, v, w + 8),
      levels: [
        {
          bidPx: scaled(i[p + 13], u[p + 12]),
          askPx: scaled(i[p + 15], u[p + 14]),
          bidSz: u[p + 16],
          askSz: u[p + 17],
          bidPb: u[p + 18] & 0xffff,
          askPb: u[p + 19] & 0xffff,
        },
      ],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): CbboRecord<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view
    const p = w
    const record: CbboRecord<bigint> = {
      type: 'cbbo',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      price: v.getBigInt64((w << 2) + 16, true),
      size: u[w + 6],
      side: chars[b[(w << 2) + 29]],
      flags: b[(w << 2) + 30],
      tsRecv: wide(q, v, w + 8),
      levels: [
        {
          bidPx: v.getBigInt64((p << 2) + 48, true),
          askPx: v.getBigInt64((p << 2) + 56, true),
          bidSz: u[p + 16],
          askSz: u[p + 17],
          bidPb: u[p + 18] & 0xffff,
          askPb: u[p + 19] & 0xffff,
        },
      ],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
