/**
 * A text begins with a byte: its length, or {@link longText} when four bytes of length follow. With {@link knownBit}, two bits name a known text that it
 * begins with, and the others count the bytes after it.
 */
const longText = 127
const knownBit = 128
const knownShift = 5
const longRest = 31

/** Texts that a run repeats, in the order of {@link known}: written once, with its start, and named by number everywhere else. */
export type KnownTexts = readonly [string, string, string, string]
/** What texts are likely to begin with: ids of orders, currencies, accounts, ids of executions. */
export const known = { order: 0, currency: 1, account: 2, execution: 3 } as const
export const nothingKnown: KnownTexts = ['', '', '', '']

/**
 * Writes little-endian values one after another into memory that grows. Numbers are written into room that was reserved: one check for
 * all members of a record, not one each.
 */
export class ByteWriter {
  bytes = new Uint8Array(65_536)
  #view = new DataView(this.bytes.buffer)
  length = 0
  /** The reader must be told the same. */
  known: KnownTexts = nothingKnown
  #lastOrder: string | undefined
  #lastOrderEnd = 0
  #lastOrderFrom = 0
  #lastOrderTo = 0

  /** Gives up what was written from `length` on. */
  rewind(length: number): void {
    this.length = length
    this.#lastOrder = undefined
  }

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
  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true)
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
    this.reserve(longText)
    if (value.length >= longText || !this.#ascii(value, 0, 0)) this.#longText(value, longText)
  }

  /** A text that is likely to be, or to begin with, the known text of number `likely`. */
  likely(value: string, likely: 0 | 1 | 2 | 3): void {
    const start = this.known[likely]
    const from = start.length
    const first = knownBit | (likely << knownShift)
    if (from > 0 && value === start) {
      this.reserve(1)
      this.u8(first)
      return
    }
    if (from === 0 || !beginsWith(value, start)) {
      this.text(value)
      return
    }
    this.reserve(1 + longRest)
    if (value.length - from >= longRest || !this.#ascii(value, from, first)) this.#longText(value.slice(from), first | longRest)
  }

  /** An order's id: mostly the one that was written last, whose bytes are then copied. */
  orderId(value: string): void {
    // Ids of one run differ in the end: looked at first, it spares comparing the rest.
    const end = value.charCodeAt(value.length - 1)
    if (end !== this.#lastOrderEnd || value !== this.#lastOrder) {
      this.#lastOrder = value
      this.#lastOrderEnd = end
      this.#lastOrderFrom = this.length
      this.likely(value, known.order)
      this.#lastOrderTo = this.length
      return
    }
    const [from, to] = [this.#lastOrderFrom, this.#lastOrderTo]
    this.reserve(to - from)
    const { bytes } = this
    let at = this.length
    for (let i = from; i < to; i++) bytes[at++] = bytes[i]
    this.length = at
  }

  /** @returns false when a character takes more than a byte: then nothing was written */
  #ascii(value: string, from: number, first: number): boolean {
    const { bytes, length } = this
    let at = length + 1
    for (let i = from; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 127) return false
      bytes[at++] = code
    }
    bytes[length] = first | (value.length - from)
    this.length = at
    return true
  }

  #longText(value: string, first: number): void {
    const encoded = encoder.encode(value)
    this.reserve(5)
    this.u8(first)
    this.u32(encoded.length)
    this.raw(encoded)
  }

  /** Bytes, with their own room. */
  raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }
}

/** As `startsWith`, whose call costs more than the few characters do. */
function beginsWith(value: string, start: string): boolean {
  if (value.length < start.length) return false
  for (let i = 0; i < start.length; i++) if (value.charCodeAt(i) !== start.charCodeAt(i)) return false
  return true
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads what {@link ByteWriter} wrote. Reading past the end throws a `RangeError`. */
export class ByteReader {
  readonly #view: DataView
  at = 0

  constructor(
    readonly bytes: Uint8Array,
    /** As the writer had them. */
    readonly known: KnownTexts = nothingKnown,
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
    if (first < knownBit) return decoder.decode(this.raw(first === longText ? this.u32() : first))
    const rest = first & longRest
    return this.known[(first >> knownShift) & 3] + decoder.decode(this.raw(rest === longRest ? this.u32() : rest))
  }
  raw(length: number): Uint8Array {
    if (length > this.rest) throw new RangeError(`${length} bytes wanted, ${this.rest} left`)
    const value = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return value
  }
}
