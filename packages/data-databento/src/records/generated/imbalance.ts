// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { chars, scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `imbalance` record of DBN 1, 2, 3. `N` is `bigint` in exact objects. */
export interface ImbalanceRecord<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'imbalance'
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  readonly refPrice: N
  readonly auctionTime: bigint
  readonly contBookClrPrice: N
  readonly auctInterestClrPrice: N
  readonly ssrFillingPrice: N
  readonly indMatchPrice: N
  readonly upperCollar: N
  readonly lowerCollar: N
  readonly pairedQty: number
  readonly totalImbalanceQty: number
  readonly marketImbalanceQty: number
  readonly unpairedQty: number
  readonly auctionType: string
  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  readonly side: string
  readonly auctionStatus: number
  readonly freezeStatus: number
  readonly numExtensions: number
  readonly unpairedSide: string
  readonly significantImbalance: string
}
/** Cursor over `imbalance` records. */
export class ImbalanceCursor extends RecordCursor {
  readonly type = 'imbalance'
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

  /** `NaN` when undefined. */
  get refPrice(): number {
    return scaled(this.int32[this.word + 7], this.uint32[this.word + 6])
  }
  /** Exact, in units of 1e-9. */
  get refPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 24, true)
  }

  get auctionTime(): bigint {
    return wide(this.uint64, this.view, this.word + 8)
  }
  /** Upper half of `auctionTime`. */
  get auctionTimeHigh(): number {
    return this.uint32[this.word + 9]
  }
  /** Lower half of `auctionTime`. */
  get auctionTimeLow(): number {
    return this.uint32[this.word + 8]
  }

  /** `NaN` when undefined. */
  get contBookClrPrice(): number {
    return scaled(this.int32[this.word + 11], this.uint32[this.word + 10])
  }
  /** Exact, in units of 1e-9. */
  get contBookClrPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 40, true)
  }

  /** `NaN` when undefined. */
  get auctInterestClrPrice(): number {
    return scaled(this.int32[this.word + 13], this.uint32[this.word + 12])
  }
  /** Exact, in units of 1e-9. */
  get auctInterestClrPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 48, true)
  }

  /** `NaN` when undefined. */
  get ssrFillingPrice(): number {
    return scaled(this.int32[this.word + 15], this.uint32[this.word + 14])
  }
  /** Exact, in units of 1e-9. */
  get ssrFillingPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 56, true)
  }

  /** `NaN` when undefined. */
  get indMatchPrice(): number {
    return scaled(this.int32[this.word + 17], this.uint32[this.word + 16])
  }
  /** Exact, in units of 1e-9. */
  get indMatchPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 64, true)
  }

  /** `NaN` when undefined. */
  get upperCollar(): number {
    return scaled(this.int32[this.word + 19], this.uint32[this.word + 18])
  }
  /** Exact, in units of 1e-9. */
  get upperCollarRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 72, true)
  }

  /** `NaN` when undefined. */
  get lowerCollar(): number {
    return scaled(this.int32[this.word + 21], this.uint32[this.word + 20])
  }
  /** Exact, in units of 1e-9. */
  get lowerCollarRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 80, true)
  }

  get pairedQty(): number {
    return this.uint32[this.word + 22]
  }

  get totalImbalanceQty(): number {
    return this.uint32[this.word + 23]
  }

  get marketImbalanceQty(): number {
    return this.uint32[this.word + 24]
  }

  get unpairedQty(): number {
    return this.uint32[this.word + 25]
  }

  get auctionType(): string {
    return chars[this.bytes[(this.word << 2) + 104]]
  }

  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  get side(): string {
    return chars[this.bytes[(this.word << 2) + 105]]
  }

  get auctionStatus(): number {
    return this.bytes[(this.word << 2) + 106]
  }

  get freezeStatus(): number {
    return this.bytes[(this.word << 2) + 107]
  }

  get numExtensions(): number {
    return this.bytes[(this.word << 2) + 108]
  }

  get unpairedSide(): string {
    return chars[this.bytes[(this.word << 2) + 109]]
  }

  get significantImbalance(): string {
    return chars[this.bytes[(this.word << 2) + 110]]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): ImbalanceRecord {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: ImbalanceRecord = {
      type: 'imbalance',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      refPrice: scaled(i[w + 7], u[w + 6]),
      auctionTime: wide(q, v, w + 8),
      contBookClrPrice: scaled(i[w + 11], u[w + 10]),
      auctInterestClrPrice: scaled(i[w + 13], u[w + 12]),
      ssrFillingPrice: scaled(i[w + 15], u[w + 14]),
      indMatchPrice: scaled(i[w + 17], u[w + 16]),
      upperCollar: scaled(i[w + 19], u[w + 18]),
      lowerCollar: scaled(i[w + 21], u[w + 20]),
      pairedQty: u[w + 22],
      totalImbalanceQty: u[w + 23],
      marketImbalanceQty: u[w + 24],
      unpairedQty: u[w + 25],
      auctionType: chars[b[(w << 2) + 104]],
      side: chars[b[(w << 2) + 105]],
      auctionStatus: b[(w << 2) + 106],
      freezeStatus: b[(w << 2) + 107],
      numExtensions: b[(w << 2) + 108],
      unpairedSide: chars[b[(w << 2) + 109]],
      significantImbalance: chars[b[(w << 2) + 110]],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): ImbalanceRecord<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: ImbalanceRecord<bigint> = {
      type: 'imbalance',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      refPrice: v.getBigInt64((w << 2) + 24, true),
      auctionTime: wide(q, v, w + 8),
      contBookClrPrice: v.getBigInt64((w << 2) + 40, true),
      auctInterestClrPrice: v.getBigInt64((w << 2) + 48, true),
      ssrFillingPrice: v.getBigInt64((w << 2) + 56, true),
      indMatchPrice: v.getBigInt64((w << 2) + 64, true),
      upperCollar: v.getBigInt64((w << 2) + 72, true),
      lowerCollar: v.getBigInt64((w << 2) + 80, true),
      pairedQty: u[w + 22],
      totalImbalanceQty: u[w + 23],
      marketImbalanceQty: u[w + 24],
      unpairedQty: u[w + 25],
      auctionType: chars[b[(w << 2) + 104]],
      side: chars[b[(w << 2) + 105]],
      auctionStatus: b[(w << 2) + 106],
      freezeStatus: b[(w << 2) + 107],
      numExtensions: b[(w << 2) + 108],
      unpairedSide: chars[b[(w << 2) + 109]],
      significantImbalance: chars[b[(w << 2) + 110]],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
