// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { chars, scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `mbo` record of DBN 1, 2, 3. `N` is `bigint` in exact objects. */
export interface MboRecord<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'mbo'
  /** The venue’s order id. */
  readonly orderId: bigint
  readonly price: N
  readonly size: number
  /** Bits of `Flag`. */
  readonly flags: number
  readonly channelId: number
  /** What happened: `A` add, `C` cancel, `M` modify, `R` clear, `T` trade, `F` fill, `N` none. */
  readonly action: string
  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  readonly side: string
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  /** Receive time minus the venue’s send time, ns. */
  readonly tsInDelta: number
  /** Sequence number of the venue’s message. */
  readonly sequence: number
}
/** Cursor over `mbo` records. */
export class MboCursor extends RecordCursor {
  readonly type = 'mbo'
  /** The venue’s order id. */
  get orderId(): bigint {
    return wide(this.uint64, this.view, this.word + 4)
  }
  /** Upper half of `orderId`. */
  get orderIdHigh(): number {
    return this.uint32[this.word + 5]
  }
  /** Lower half of `orderId`. */
  get orderIdLow(): number {
    return this.uint32[this.word + 4]
  }

  /** `NaN` when undefined. */
  get price(): number {
    return scaled(this.int32[this.word + 7], this.uint32[this.word + 6])
  }
  /** Exact, in units of 1e-9. */
  get priceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 24, true)
  }

  get size(): number {
    return this.uint32[this.word + 8]
  }

  /** Bits of `Flag`. */
  get flags(): number {
    return this.bytes[(this.word << 2) + 36]
  }

  get channelId(): number {
    return this.bytes[(this.word << 2) + 37]
  }

  /** What happened: `A` add, `C` cancel, `M` modify, `R` clear, `T` trade, `F` fill, `N` none. */
  get action(): string {
    return chars[this.bytes[(this.word << 2) + 38]]
  }

  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  get side(): string {
    return chars[this.bytes[(this.word << 2) + 39]]
  }

  /** When the capture server received it, ns since the Unix epoch. */
  get tsRecv(): bigint {
    return wide(this.uint64, this.view, this.word + 10)
  }
  /** Upper half of `tsRecv`. */
  get tsRecvHigh(): number {
    return this.uint32[this.word + 11]
  }
  /** Lower half of `tsRecv`. */
  get tsRecvLow(): number {
    return this.uint32[this.word + 10]
  }

  /** Receive time minus the venue’s send time, ns. */
  get tsInDelta(): number {
    return this.int32[this.word + 12]
  }

  /** Sequence number of the venue’s message. */
  get sequence(): number {
    return this.uint32[this.word + 13]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): MboRecord {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: MboRecord = {
      type: 'mbo',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      orderId: wide(q, v, w + 4),
      price: scaled(i[w + 7], u[w + 6]),
      size: u[w + 8],
      flags: b[(w << 2) + 36],
      channelId: b[(w << 2) + 37],
      action: chars[b[(w << 2) + 38]],
      side: chars[b[(w << 2) + 39]],
      tsRecv: wide(q, v, w + 10),
      tsInDelta: i[w + 12],
      sequence: u[w + 13],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): MboRecord<bigint> {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: MboRecord<bigint> = {
      type: 'mbo',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      orderId: wide(q, v, w + 4),
      price: v.getBigInt64((w << 2) + 24, true),
      size: u[w + 8],
      flags: b[(w << 2) + 36],
      channelId: b[(w << 2) + 37],
      action: chars[b[(w << 2) + 38]],
      side: chars[b[(w << 2) + 39]],
      tsRecv: wide(q, v, w + 10),
      tsInDelta: i[w + 12],
      sequence: u[w + 13],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
