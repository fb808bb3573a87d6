/** Writes little-endian values one after another into memory that grows. */
export class ByteWriter {
  bytes = new Uint8Array(65_536)
  #view = new DataView(this.bytes.buffer)
  length = 0

  #room(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  u8(value: number): void {
    this.#room(1)
    this.bytes[this.length++] = value
  }
  u16(value: number): void {
    this.#room(2)
    this.#view.setUint16(this.length, value, true)
    this.length += 2
  }
  u32(value: number): void {
    this.#room(4)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }
  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }
  i64(value: bigint): void {
    this.#room(8)
    this.#view.setBigInt64(this.length, value, true)
    this.length += 8
  }
  f64(value: number): void {
    this.#room(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }
  f32(value: number): void {
    this.#room(4)
    this.#view.setFloat32(this.length, value, true)
    this.length += 4
  }

  /** A short string: length in bytes, then UTF-8. ASCII, which ids are, takes the fast way. */
  text(value: string): void {
    const { length } = value
    this.#room(4 + length * 3)
    const start = this.length + 4
    const { bytes } = this
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 127) {
        const encoded = encoder.encode(value)
        this.u32(encoded.length)
        this.raw(encoded)
        return
      }
      bytes[start + i] = code
    }
    this.u32(length)
    this.length = start + length
  }

  raw(value: Uint8Array): void {
    this.#room(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads what {@link ByteWriter} wrote. Reading past the end throws a `RangeError`. */
export class ByteReader {
  readonly #view: DataView
  at = 0

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get rest(): number {
    return this.bytes.length - this.at
  }
  u8(): number {
    return this.#view.getUint8(this.at++)
  }
  u16(): number {
    const value = this.#view.getUint16(this.at, true)
    this.at += 2
    return value
  }
  u32(): number {
    const value = this.#view.getUint32(this.at, true)
    this.at += 4
    return value
  }
  i64(): bigint {
    const value = this.#view.getBigInt64(this.at, true)
    this.at += 8
    return value
  }
  f64(): number {
    const value = this.#view.getFloat64(this.at, true)
    this.at += 8
    return value
  }
  f32(): number {
    const value = this.#view.getFloat32(this.at, true)
    this.at += 4
    return value
  }
  text(): string {
    const length = this.u32()
    return decoder.decode(this.raw(length))
  }
  raw(length: number): Uint8Array {
    if (length > this.rest) throw new RangeError(`${length} bytes wanted, ${this.rest} left`)
    const value = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return value
  }
}
