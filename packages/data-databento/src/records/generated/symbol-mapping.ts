// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `symbol-mapping` record of DBN 2, 3. `N` is `bigint` in exact objects. */
export interface SymbolMappingRecord<_N extends number | bigint = number> extends RecordHeader {
  readonly type: 'symbol-mapping'
  readonly stypeIn: number
  readonly stypeInSymbol: string
  readonly stypeOut: number
  readonly stypeOutSymbol: string
  readonly startTs: bigint
  readonly endTs: bigint
}
/** Cursor over `symbol-mapping` records. */
export class SymbolMappingCursor extends RecordCursor {
  readonly type = 'symbol-mapping'
  get stypeIn(): number {
    return this.bytes[(this.word << 2) + 16]
  }

  get stypeInSymbol(): string {
    return readCstr(this.bytes, (this.word << 2) + 17, 71)
  }

  get stypeOut(): number {
    return this.bytes[(this.word << 2) + 88]
  }

  get stypeOutSymbol(): string {
    return readCstr(this.bytes, (this.word << 2) + 89, 71)
  }

  get startTs(): bigint {
    return wide(this.uint64, this.view, this.word + 40)
  }
  /** Upper half of `startTs`. */
  get startTsHigh(): number {
    return this.uint32[this.word + 41]
  }
  /** Lower half of `startTs`. */
  get startTsLow(): number {
    return this.uint32[this.word + 40]
  }

  get endTs(): bigint {
    return wide(this.uint64, this.view, this.word + 42)
  }
  /** Upper half of `endTs`. */
  get endTsHigh(): number {
    return this.uint32[this.word + 43]
  }
  /** Lower half of `endTs`. */
  get endTsLow(): number {
    return this.uint32[this.word + 42]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): SymbolMappingRecord {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SymbolMappingRecord = {
      type: 'symbol-mapping',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      stypeIn: b[(w << 2) + 16],
      stypeInSymbol: readCstr(b, (w << 2) + 17, 71),
      stypeOut: b[(w << 2) + 88],
      stypeOutSymbol: readCstr(b, (w << 2) + 89, 71),
      startTs: wide(q, v, w + 40),
      endTs: wide(q, v, w + 42),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): SymbolMappingRecord<bigint> {
    const w = this.word
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: SymbolMappingRecord<bigint> = {
      type: 'symbol-mapping',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      stypeIn: b[(w << 2) + 16],
      stypeInSymbol: readCstr(b, (w << 2) + 17, 71),
      stypeOut: b[(w << 2) + 88],
      stypeOutSymbol: readCstr(b, (w << 2) + 89, 71),
      startTs: wide(q, v, w + 40),
      endTs: wide(q, v, w + 42),
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
