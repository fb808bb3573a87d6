import { Buffer } from 'node:buffer'
import { TradingError } from '@gatehouse/durable-log'
import { type Encoding } from 'hyparquet'
import { type ByteCursor } from './byte-cursor.js'
import { decodeCodes, requireWithin } from './decode-values.js'

/** Strings of one chunk as they are read: pages add to one list, rows point into it. */
export class TextCollector {
  readonly dictionary: string[] = []
  readonly codes: Int32Array
  readonly #places = new Map<string, number>()
  #dictionaryPage: Int32Array | undefined

  constructor(rows: number) {
    this.codes = new Int32Array(rows)
  }

  /** Reads a dictionary page of `size` strings. */
  readDictionary(cursor: ByteCursor, size: number): void {
    // Each takes four bytes for its length at least.
    if (size * 4 > cursor.bytes.length)
      throw new TradingError('PARQUET_CORRUPT', `a dictionary of ${size} texts has ${cursor.bytes.length} bytes`, { size })
    const places = new Int32Array(size)
    for (let i = 0; i < size; i++) places[i] = this.#place(readString(cursor))
    this.#dictionaryPage = places
  }

  /** Decodes one page of `count` values to the rows from `to` on. */
  readPage(cursor: ByteCursor, encoding: Encoding, to: number, count: number): void {
    if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
      const places = this.#dictionaryPage
      if (!places) throw new TradingError('PARQUET_CORRUPT', 'a page refers to a dictionary the chunk does not hold')
      const codes = decodeCodes(cursor, count)
      const last = places.length - 1
      let excess = 0
      for (let i = 0; i < count; i++) {
        const code = codes[i]
        excess |= (last - code) | code
        this.codes[to + i] = places[code]
      }
      requireWithin(excess, places.length)
    } else if (encoding === 'PLAIN') {
      for (let i = 0; i < count; i++) this.codes[to + i] = this.#place(readString(cursor))
    } else {
      throw new TradingError('PARQUET_UNSUPPORTED', `a page of strings is encoded as ${encoding}`, { encoding })
    }
  }

  #place(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    const place = this.dictionary.push(text) - 1
    this.#places.set(text, place)
    return place
  }
}

function readString(cursor: ByteCursor): string {
  const length = cursor.uint32()
  const at = cursor.skip(length)
  return Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + at, length).toString('utf8')
}
