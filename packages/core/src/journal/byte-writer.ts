/** First byte of a text: its length, or {@link longText} when four bytes of length follow; the bit says that the prefix goes before it. */
const longText = 127
const prefixBit = 128

/** What was written last in a place where texts repeat: ids of orders, accounts, currencies. */
export class LastText {
  value = ''
  bytes = new Uint8Array(64)
  /** Of the text as it was written, its length byte included. */
  length = 1

  keep(value: string, from: Uint8Array, start: number, end: number): void {
    this.value = value
    this.length = end - start
    if (this.length > this.bytes.length) this.bytes = new Uint8Array(this.length)
    // Byte by byte: a view of so few costs more than they do.
    for (let i = start; i < end; i++) this.bytes[i - start] = from[i]
  }
}

/**
 * Writes little-endian values one after another into memory that grows. Numbers are written into room that was reserved: one check for
 * all members of a record, not one each.
 */
export class ByteWriter {
  bytes = new Uint8Array(65_536)
  #view = new DataView(this.bytes.buffer)
  length = 0
  /** What most texts begin with; it is left out of them. The reader must be told the same. */
  prefix = ''
  readonly orderIds = new LastText()
  readonly accounts = new LastText()
  readonly currencies = new LastText()

  /** Makes room for the next `count` bytes of numbers. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(this.length + count)
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  u8(value: number): void {
    this.bytes[this.length++] = value
  }
  u16(value: number): void {
    this.#view.setUint16(this.length, value, true)
    this.length += 2
  }
  u32(value: number): void {
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }
  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }
  i64(value: bigint): void {
    this.#view.setBigInt64(this.length, value, true)
    this.length += 8
  }
  f64(value: number): void {
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }
  f32(value: number): void {
    this.#view.setFloat32(this.length, value, true)
    this.length += 4
  }

  /** A text, with its own room: length in bytes, then UTF-8. Short ASCII, which ids are, takes the fast way. */
  text(value: string): void {
    const { prefix } = this
    const from = prefix !== '' && value.length > prefix.length && value.startsWith(prefix) ? prefix.length : 0
    const length = value.length - from
    if (length >= longText) {
      this.#longText(value, from)
      return
    }
    this.reserve(1 + length)
    const start = this.length + 1
    const { bytes } = this
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(from + i)
      if (code > 127) {
        this.#longText(value, from)
        return
      }
      bytes[start + i] = code
    }
    bytes[start - 1] = from === 0 ? length : length | prefixBit
    this.length = start + length
  }

  #longText(value: string, from: number): void {
    const encoded = encoder.encode(value.slice(from))
    this.reserve(5)
    this.u8(from === 0 ? longText : longText | prefixBit)
    this.u32(encoded.length)
    this.raw(encoded)
  }

  /** A text that is often the one that was written last in its place: then its bytes are copied, at a fraction of the cost. */
  textAgain(value: string, last: LastText): void {
    if (value !== last.value) {
      const start = this.length
      this.text(value)
      last.keep(value, this.bytes, start, this.length)
      return
    }
    this.reserve(last.length)
    const { bytes, length } = this
    for (let i = 0; i < last.length; i++) bytes[length + i] = last.bytes[i]
    this.length = length + last.length
  }

  /** Bytes, with their own room. */
  raw(value: Uint8Array): void {
    this.reserve(value.length)
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

  constructor(
    readonly bytes: Uint8Array,
    /** As the writer had it. */
    readonly prefix = '',
  ) {
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
    const first = this.u8()
    const short = first & ~prefixBit
    const text = decoder.decode(this.raw(short === longText ? this.u32() : short))
    return first & prefixBit ? this.prefix + text : text
  }
  raw(length: number): Uint8Array {
    if (length > this.rest) throw new RangeError(`${length} bytes wanted, ${this.rest} left`)
    const value = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return value
  }
}
