import { TradingError } from '@gatehouse/contracts'
import type { ByteSource } from './byte-source.js'

const newline = 10
const delimiters = [',', ';', '\t', '|'].map((letter) => letter.charCodeAt(0))
const carriageReturn = 13
const quote = 34
const maxFields = 256
const maxLineBytes = 1 << 20

/**
 * Splits a file into rows and fields without making a string. After {@link next}, field `i` is `bytes[starts[i]] … bytes[ends[i] - 1]`.
 * Quotes around a field are taken off; a doubled quote within one is left as it is, for numbers and times have none.
 */
export class RowScanner {
  bytes = new Uint8Array(2 * maxLineBytes)
  readonly starts = new Int32Array(maxFields)
  readonly ends = new Int32Array(maxFields)
  fieldCount = 0
  /** Line of the current row, from 1. */
  line = 0
  /** False for a last row that no newline ends. */
  isTerminated = true
  #position = 0
  #rowStart = 0
  #length = 0
  #isFinal = false
  #delimiter: number | undefined
  readonly #source: AsyncIterator<Uint8Array>

  /** @param delimiter ASCII code; of comma, semicolon, tab and bar the one that the first line has most of when left out */
  constructor(
    source: ByteSource,
    readonly file: string,
    delimiter?: number,
  ) {
    this.#delimiter = delimiter
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Reads on; false at the end of the file. Call when {@link next} gives false. */
  async fill(): Promise<boolean> {
    if (this.#isFinal) return false
    const next = await this.#source.next()
    if (next.done === true) {
      this.#isFinal = true
      return this.#position < this.#length
    }
    const { value } = next
    const rest = this.#length - this.#position
    if (rest > maxLineBytes) {
      throw new TradingError('CSV_LINE_TOO_LONG', `${this.file}:${this.line + 1}: no end of line within ${maxLineBytes} bytes`, {
        file: this.file,
        line: this.line + 1,
      })
    }
    let bytes = this.bytes
    if (rest + value.length > bytes.length) {
      bytes = new Uint8Array(rest + value.length)
      bytes.set(this.bytes.subarray(this.#position, this.#length))
      this.bytes = bytes
    } else bytes.copyWithin(0, this.#position, this.#length)
    bytes.set(value, rest)
    this.#length = rest + value.length
    this.#position = 0
    if (this.line === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#position = 3
    return true
  }

  /** On to the next row that is not blank; false when more bytes are needed. */
  next(): boolean {
    const { bytes, starts, ends } = this
    const length = this.#length
    if (length === 0) return false
    const delimiter = (this.#delimiter ??= detectDelimiter(bytes.subarray(0, length)))
    let position = this.#position
    for (;;) {
      const rowStart = position
      let field = 0
      let start = position
      let i = position
      for (; i < length; i++) {
        const byte = bytes[i]
        if (byte === delimiter) {
          starts[field] = start
          ends[field] = i
          // Past the last slot the count alone goes on: a row of that many fields is refused by it.
          if (field < maxFields - 1) field++
          start = i + 1
        } else if (byte === newline) break
        else if (byte === quote && i === start) {
          for (i++; i < length && !(bytes[i] === quote && bytes[i + 1] !== quote); i++) if (bytes[i] === quote) i++
        }
      }
      if (i >= length && !(this.#isFinal && position < length)) {
        this.#position = position
        return false
      }
      const end = Math.min(i, length)
      starts[field] = start
      ends[field] = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end
      this.line++
      this.#position = position = Math.min(i + 1, length)
      if (field === 0 && starts[0] === ends[0]) {
        if (position === length) return false
        continue
      }
      this.#rowStart = rowStart
      this.fieldCount = field + 1
      this.isTerminated = i < length
      this.#unquote()
      return true
    }
  }

  /** The row that was just read comes again. */
  back(): void {
    this.#position = this.#rowStart
    this.line--
  }

  /** Text of a field, for messages and headers. */
  text(field: number): string {
    return field < this.fieldCount ? new TextDecoder().decode(this.bytes.subarray(this.starts[field], this.ends[field])).trim() : ''
  }

  /** Text of the whole row, cut to a readable length. */
  rowText(): string {
    const text = new TextDecoder().decode(this.bytes.subarray(this.starts[0], this.ends[this.fieldCount - 1]))
    return text.length > 120 ? `${text.slice(0, 117)}...` : text
  }

  async close(): Promise<void> {
    await this.#source.return?.(undefined)
  }

  #unquote(): void {
    const { bytes, starts, ends } = this
    for (let field = 0; field < this.fieldCount; field++) {
      if (bytes[starts[field]] === quote && ends[field] - starts[field] >= 2 && bytes[ends[field] - 1] === quote) {
        starts[field]++
        ends[field]--
      }
    }
  }
}

function detectDelimiter(bytes: Uint8Array): number {
  const lineEnd = bytes.indexOf(newline)
  const line = lineEnd < 0 ? bytes : bytes.subarray(0, lineEnd)
  const counts = delimiters.map((delimiter) => line.reduce((count, byte) => count + (byte === delimiter ? 1 : 0), 0))
  return delimiters[counts.indexOf(Math.max(...counts))]
}
