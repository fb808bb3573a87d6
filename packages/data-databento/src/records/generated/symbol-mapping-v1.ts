// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `symbol-mapping-v1` record of DBN 1. `N` is `bigint` in exact objects. */
export interface SymbolMappingV1Record<_N extends number | bigint = number> extends RecordHeader {
  readonly type: 'symbol-mapping-v1'
  readonly stypeInSymbol: string
  readonly stypeOutSymbol: string
  readonly startTs: bigint
  readonly endTs: bigint
}
/** Cursor over `symbol-mapping-v1` records. */
export class SymbolMappingV1Cursor extends RecordCursor {
  readonly type = 'symbol-mapping-v1'
  get stypeInSymbol(): string {
    return readCstr(this.bytes, (this.word << 2) + 16, 22)
  }

  get stypeOutSymbol(): string {
    return readCstr(this.bytes, (this.word << 2) + 38, 22)
  }

  get startTs(): bigint {
    return wide(this.uint64, this.view, this.word + 16)
  }
  /** Upper half of `startTs`. */
  get startTsHigh(): number {
    return this.uint32[this.word + 17]
  }
  /** Lower half of `startTs`. */
  get startTsLow(): number {
    return this.uint32[this.word + 16]
  }

  get endTs(): bigint {
    return wide(this.uint64, this.view, this.word + 18)
  }
  /** Upper half of `endTs`. */
  get endTsHigh(): number {
    return this.uint32[this.word + 19]
  }
  /** Lower half of `endTs`. */
  get endTsLow(): number {
    return this.uint32[this.word + 18]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): SymbolMappingV1Record {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SymbolMappingV1Record = {
      type: 'symbol-mapping-v1',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      stypeInSymbol: readCstr(b, (w << 2) + 16, 22),
      stypeOutSymbol: readCstr(b, (w << 2) + 38, 22),
      startTs: wide(q, v, w + 16),
      endTs: wide(q, v, w + 18),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): SymbolMappingV1Record<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SymbolMappingV1Record<bigint> = {
      type: 'symbol-mapping-v1',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      stypeInSymbol: readCstr(b, (w << 2) + 16, 22),
      stypeOutSymbol: readCstr(b, (w << 2) + 38, 22),
      startTs: wide(q, v, w + 16),
      endTs: wide(q, v, w + 18),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
