import { TradingError } from '@gatehouse/durable-log'

/** A read position in bytes that refuses to run past the end. */
export class ByteCursor {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

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

  /** Zigzag LEB128 of up to 64 bits. */
  zigzag64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
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
