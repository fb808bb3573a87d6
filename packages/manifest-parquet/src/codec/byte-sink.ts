/** A growable byte buffer with a write position; kept and reset between pages so that encoding allocates little. */
export class ByteSink {
  bytes: Uint8Array<ArrayBuffer>
  at = 0

  constructor(capacity = 1 << 16) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Makes room for `count` more bytes; callers then write into `bytes` at `at`. */
  reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at + count))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
  }

  /** Appends a copy of `source`. */
  append(source: Uint8Array): void {
    this.reserve(source.length)
    this.bytes.set(source, this.at)
    this.at += source.length
  }

  /** Unsigned LEB128 of an integer up to 2^53. */
  varint(value: number): void {
    this.reserve(10)
    let rest = value
    while (rest >= 128) {
      this.bytes[this.at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.at++] = rest
  }

  /** Zigzag LEB128 of a signed 64-bit integer. */
  zigzag64(value: bigint): void {
    this.reserve(10)
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest >= 128n) {
      this.bytes[this.at++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.bytes[this.at++] = Number(rest)
  }

  /** What was written, as a view that the next write may overwrite. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.at)
  }

  reset(): void {
    this.at = 0
  }
}
