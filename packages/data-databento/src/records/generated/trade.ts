// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { chars, scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `trade` record of DBN 1, 2, 3. `N` is `bigint` in exact objects. */
export interface TradeRecord<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'trade'
  readonly price: N
  readonly size: number
  /** What happened: `A` add, `C` cancel, `M` modify, `R` clear, `T` trade, `F` fill, `N` none. */
  readonly action: string
  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  readonly side: string
  /** Bits of `Flag`. */
  readonly flags: number
  /** Level that changed, 0 is the best. */
  readonly depth: number
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  /** Receive time minus the venue’s send time, ns. */
  readonly tsInDelta: number
  /** Sequence number of the venue’s message. */
  readonly sequence: number
}
/** Cursor over `trade` records. */
export class TradeCursor extends RecordCursor {
  readonly type = 'trade'
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

  /** What happened: `A` add, `C` cancel, `M` modify, `R` clear, `T` trade, `F` fill, `N` none. */
  get action(): string {
    return chars[this.bytes[(this.word << 2) + 28]]
  }

  /** `A` ask, `B` bid, `N` none; of a trade, the aggressor. */
  get side(): string {
    return chars[this.bytes[(this.word << 2) + 29]]
  }

  /** Bits of `Flag`. */
  get flags(): number {
    return this.bytes[(this.word << 2) + 30]
  }

  /** Level that changed, 0 is the best. */
  get depth(): number {
    return this.bytes[(this.word << 2) + 31]
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

  /** Receive time minus the venue’s send time, ns. */
  get tsInDelta(): number {
    return this.int32[this.word + 10]
  }

  /** Sequence number of the venue’s message. */
  get sequence(): number {
    return this.uint32[this.word + 11]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): TradeRecord {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: TradeRecord = {
      type: 'trade',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      price: scaled(i[w + 5], u[w + 4]),
      size: u[w + 6],
      action: chars[b[(w << 2) + 28]],
      side: chars[b[(w << 2) + 29]],
      flags: b[(w << 2) + 30],
      depth: b[(w << 2) + 31],
      tsRecv: wide(q, v, w + 8),
      tsInDelta: i[w + 10],
      sequence: u[w + 11],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): TradeRecord<bigint> {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: TradeRecord<bigint> = {
      type: 'trade',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      price: v.getBigInt64((w << 2) + 16, true),
      size: u[w + 6],
      action: chars[b[(w << 2) + 28]],
      side: chars[b[(w << 2) + 29]],
      flags: b[(w << 2) + 30],
      depth: b[(w << 2) + 31],
      tsRecv: wide(q, v, w + 8),
      tsInDelta: i[w + 10],
      sequence: u[w + 11],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
