// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { definedOrNaN, scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `statistics` record of DBN 3. `N` is `bigint` in exact objects. */
export interface StatisticsRecord<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'statistics'
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  readonly tsRef: bigint
  readonly price: N
  readonly quantity: N
  /** Sequence number of the venue’s message. */
  readonly sequence: number
  /** Receive time minus the venue’s send time, ns. */
  readonly tsInDelta: number
  readonly statType: number
  readonly channelId: number
  readonly updateAction: number
  readonly statFlags: number
}
/** Cursor over `statistics` records. */
export class StatisticsCursor extends RecordCursor {
  readonly type = 'statistics'
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

  get tsRef(): bigint {
    return wide(this.uint64, this.view, this.word + 6)
  }
  /** Upper half of `tsRef`. */
  get tsRefHigh(): number {
    return this.uint32[this.word + 7]
  }
  /** Lower half of `tsRef`. */
  get tsRefLow(): number {
    return this.uint32[this.word + 6]
  }

  /** `NaN` when undefined. */
  get price(): number {
    return scaled(this.int32[this.word + 9], this.uint32[this.word + 8])
  }
  /** Exact, in units of 1e-9. */
  get priceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 32, true)
  }

  get quantity(): number {
    return definedOrNaN(this.int32[this.word + 11], this.uint32[this.word + 10])
  }
  /** Exact. */
  get quantityRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 40, true)
  }

  /** Sequence number of the venue’s message. */
  get sequence(): number {
    return this.uint32[this.word + 12]
  }

  /** Receive time minus the venue’s send time, ns. */
  get tsInDelta(): number {
    return this.int32[this.word + 13]
  }

  get statType(): number {
    return this.uint32[this.word + 14] & 0xffff
  }

  get channelId(): number {
    return this.uint32[this.word + 14] >>> 16
  }

  get updateAction(): number {
    return this.bytes[(this.word << 2) + 60]
  }

  get statFlags(): number {
    return this.bytes[(this.word << 2) + 61]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): StatisticsRecord {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: StatisticsRecord = {
      type: 'statistics',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      tsRef: wide(q, v, w + 6),
      price: scaled(i[w + 9], u[w + 8]),
      quantity: definedOrNaN(i[w + 11], u[w + 10]),
      sequence: u[w + 12],
      tsInDelta: i[w + 13],
      statType: u[w + 14] & 0xffff,
      channelId: u[w + 14] >>> 16,
      updateAction: b[(w << 2) + 60],
      statFlags: b[(w << 2) + 61],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): StatisticsRecord<bigint> {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: StatisticsRecord<bigint> = {
      type: 'statistics',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      tsRef: wide(q, v, w + 6),
      price: v.getBigInt64((w << 2) + 32, true),
      quantity: v.getBigInt64((w << 2) + 40, true),
      sequence: u[w + 12],
      tsInDelta: i[w + 13],
      statType: u[w + 14] & 0xffff,
      channelId: u[w + 14] >>> 16,
      updateAction: b[(w << 2) + 60],
      statFlags: b[(w << 2) + 61],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
