import { TradingError } from '@gatehouse/durable-log'

/** A read position in bytes that refuses to run past the end. */
export class ByteCursor {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  /** The bytes as words. One for all: making a view costs more than reading a few words through it. */
  get view(): DataView {
    return (this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength))
  }
  #view: DataView | undefined

  /** Lower and upper half of the last {@link zigzag64}. */
  low = 0
  high = 0

  byte(): number {
    if (this.at >= this.bytes.length) throw truncated(this.bytes.length)
    return this.bytes[this.at++]
  }

  /** Unsigned LEB128 that must fit 2^53. */
  varint(): number {
    let value = 0
    let factor = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
    throw new TradingError('PARQUET_CORRUPT', `a variable-length integer at byte ${this.at} does not end`, { at: this.at })
  }

  /** Reads zigzag LEB128 of up to 64 bits into `low` and `high`, without making a bigint. */
  zigzag64(): void {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte()
      const bits = byte & 127
      if (shift < 32) low |= bits << shift
      if (shift > 25) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32)
      if (byte < 128) {
        const sign = -(low & 1)
        this.low = ((low >>> 1) | (high << 31)) ^ sign
        this.high = (high >>> 1) ^ sign
        return
      }
    }
    throw new TradingError('PARQUET_CORRUPT', `a variable-length integer at byte ${this.at} does not end`, { at: this.at })
  }

  /** Claims `count` bytes and returns where they start. */
  skip(count: number): number {
    const start = this.at
    if (!(count >= 0) || start + count > this.bytes.length) throw truncated(this.bytes.length)
    this.at = start + count
    return start
  }

  uint32(): number {
    const at = this.skip(4)
    return (this.bytes[at] | (this.bytes[at + 1] << 8) | (this.bytes[at + 2] << 16) | (this.bytes[at + 3] << 24)) >>> 0
  }
}

function truncated(length: number): TradingError {
  return new TradingError('PARQUET_CORRUPT', `a page ends after ${length} bytes, in the middle of a value`, { length })
}
