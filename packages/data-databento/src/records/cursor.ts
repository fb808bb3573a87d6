import type { RecordRun } from '../codec/run.js'

/** What every record has. */
export interface RecordHeader {
  readonly rtype: number
  readonly publisherId: number
  readonly instrumentId: number
  /** ns since the Unix epoch, UTC; uint64 max when undefined. */
  readonly tsEvent: bigint
  /** When the gateway sent the record, ns; only in streams with `ts_out`. */
  readonly tsOut?: bigint | undefined
}

/** One-character strings by code; a lookup never builds a string. */
export const chars: readonly string[] = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))

/** A fixed-point price in price units from its two halves; `NaN` when undefined. Correctly rounded below 9,007,199.25. */
export function scaled(high: number, low: number): number {
  return high === 0x7fffffff && low === 0xffffffff ? NaN : (high * 4294967296 + low) / 1e9
}

/** An unsigned 64-bit integer at a 4-byte word. Aligned ones, which almost all are, take half the time through their own overlay. */
export function wide(uint64: BigUint64Array, view: DataView, word: number): bigint {
  return (word & 1) === 0 ? uint64[word >>> 1] : view.getBigUint64(word << 2, true)
}

/** A signed 64-bit integer as a float64, `NaN` when it is int64 max. */
export function definedOrNaN(high: number, low: number): number {
  return high === 0x7fffffff && low === 0xffffffff ? NaN : high * 4294967296 + low
}

/**
 * Looks at one record of a run at a time, without copying it. A cursor is reused: what it shows changes with the next record,
 * `toObject()` keeps one.
 */
export abstract class RecordCursor implements RecordHeader {
  /** Overlays of the bytes the record is in. */
  bytes: Uint8Array
  int32: Int32Array
  uint32: Uint32Array
  uint64: BigUint64Array
  view: DataView
  /** First word of the record. */
  word = 0
  rtype: number
  protected tsOutWord: number

  constructor(run: RecordRun) {
    this.bytes = run.bytes
    this.int32 = run.int32
    this.uint32 = run.uint32
    this.uint64 = run.window.uint64
    this.view = run.window.view
    this.rtype = run.rtype
    this.tsOutWord = run.tsOutWord
    this.word = run.wordOffset
  }

  /** Stands on the first record of another run with the same layout. */
  attach(run: RecordRun): void {
    this.bytes = run.bytes
    this.int32 = run.int32
    this.uint32 = run.uint32
    this.uint64 = run.window.uint64
    this.view = run.window.view
    this.rtype = run.rtype
    this.tsOutWord = run.tsOutWord
    this.word = run.wordOffset
  }

  /** Bytes of the record, `ts_out` included. */
  get recordBytes(): number {
    return this.bytes[this.word << 2] << 2
  }
  get publisherId(): number {
    return this.uint32[this.word] >>> 16
  }
  get instrumentId(): number {
    return this.uint32[this.word + 1]
  }
  get tsEvent(): bigint {
    return wide(this.uint64, this.view, this.word + 2)
  }
  /** Upper half of `tsEvent`: compare and subtract times without bigints. */
  get tsEventHigh(): number {
    return this.uint32[this.word + 3]
  }
  /** Lower half of `tsEvent`. */
  get tsEventLow(): number {
    return this.uint32[this.word + 2]
  }
  get tsOut(): bigint | undefined {
    return this.tsOutWord < 0 ? undefined : wide(this.uint64, this.view, this.word + this.tsOutWord)
  }
}

/** A record of a type this package does not know: header and bytes. */
export interface UnknownRecord extends RecordHeader {
  readonly type: 'unknown'
  /** All bytes of the record. */
  readonly raw: Uint8Array
}

/** Cursor over records of a type that is not known. */
export class UnknownCursor extends RecordCursor {
  readonly type = 'unknown'

  /** A copy of all bytes of the record. */
  get raw(): Uint8Array {
    return this.bytes.slice(this.word << 2, (this.word << 2) + this.recordBytes)
  }

  toObject(): UnknownRecord {
    const { rtype, publisherId, instrumentId, tsEvent, tsOut, raw } = this
    return { type: 'unknown', rtype, publisherId, instrumentId, tsEvent, raw, ...(tsOut === undefined ? {} : { tsOut }) }
  }

  toExactObject(): UnknownRecord {
    return this.toObject()
  }
}
