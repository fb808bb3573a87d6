import { crc32 } from 'node:zlib'
import { TradingError } from '@gatehouse/durable-log'
import { type CompressionCodec, type ParquetType } from 'hyparquet'
import { ByteCursor } from './byte-cursor.js'
import { decompress } from './compression.js'
import { TextCollector } from './decode-text.js'
import { decodeNumbers, type NumericDictionary, readDictionary } from './decode-values.js'
import { type NumericArray } from './dictionary.js'
import { readPresence, spread } from './levels.js'
import { type PageHeader, readPageHeader } from './page-header.js'

/** Where a chunk's values go. `present` marks rows that hold a value and stays absent while every row does. */
export interface ChunkTarget {
  readonly values: NumericArray | TextCollector
  /** index of the first row within `values` */
  readonly to: number
  present?: Uint8Array | undefined
}

export interface ChunkDescription {
  readonly type: ParquetType
  readonly codec: CompressionCodec
  readonly rows: number
  /** 0 for REQUIRED, else the nesting depth of OPTIONAL groups */
  readonly maxDefinition: number
}

/**
 * Decodes a column chunk without repetition into typed arrays.
 * @param checkCrc compare every page that carries a CRC
 * @throws {TradingError} `PARQUET_CORRUPT`, or `PARQUET_UNSUPPORTED` for an encoding outside the fast path
 */
export function decodeChunk(bytes: Uint8Array, chunk: ChunkDescription, target: ChunkTarget, checkCrc: boolean): void {
  let dictionary: NumericDictionary | undefined
  let at = 0
  let done = 0
  while (done < chunk.rows) {
    const header = readPageHeader(bytes, at)
    at += header.headerSize
    const stored = bytes.subarray(at, at + header.compressedSize)
    if (stored.length < header.compressedSize) {
      throw new TradingError('PARQUET_CORRUPT', `a page of ${header.compressedSize} bytes runs past its chunk`, { at })
    }
    if (checkCrc && header.crc !== undefined && (crc32(stored) | 0) !== header.crc) {
      throw new TradingError('PARQUET_CORRUPT', `the page at byte ${at} of its chunk does not match its CRC`, { at })
    }
    at += header.compressedSize
    if (header.type === 'INDEX_PAGE') continue
    if (header.type === 'DICTIONARY_PAGE') {
      const page = decompress(chunk.codec, stored, header.uncompressedSize, true)
      if (target.values instanceof TextCollector) target.values.readDictionary(new ByteCursor(page), header.count)
      else dictionary = readDictionary(page, header.count, chunk.type === 'INT32' || chunk.type === 'FLOAT' ? 4 : 8)
      continue
    }
    if (header.count > chunk.rows - done) {
      throw new TradingError('PARQUET_CORRUPT', `pages hold more than the chunk's ${chunk.rows} rows`, { rows: chunk.rows })
    }
    decodePage(pageCursor(stored, header, chunk, target, target.to + done), header, dictionary, target, target.to + done)
    done += header.count
  }
}

interface PageValues {
  readonly cursor: ByteCursor
  readonly held: number
}

/** Finds where the values of a data page begin, after its levels. */
function pageCursor(stored: Uint8Array, header: PageHeader, chunk: ChunkDescription, target: ChunkTarget, to: number): PageValues {
  const { count, levels } = header
  const present = (): Uint8Array =>
    (target.present ??= new Uint8Array(target.values instanceof TextCollector ? target.values.codes.length : target.values.length).fill(1))
  if (levels) {
    const start = levels.repetition + levels.definition
    const body = stored.subarray(start)
    const page = levels.compressed && body.length > 0 ? decompress(chunk.codec, body, header.uncompressedSize - start, true) : body
    const levelBytes = new ByteCursor(stored.subarray(levels.repetition, start))
    const held = chunk.maxDefinition > 0 ? readPresence(levelBytes, chunk.maxDefinition, count, present, to) : count
    return { cursor: new ByteCursor(page), held }
  }
  const cursor = new ByteCursor(decompress(chunk.codec, stored, header.uncompressedSize, true))
  if (chunk.maxDefinition === 0) return { cursor, held: count }
  const length = cursor.uint32()
  const start = cursor.skip(length)
  const held = readPresence(new ByteCursor(cursor.bytes.subarray(start, start + length)), chunk.maxDefinition, count, present, to)
  return { cursor, held }
}

function decodePage(
  { cursor, held }: PageValues,
  header: PageHeader,
  dictionary: NumericDictionary | undefined,
  target: ChunkTarget,
  to: number,
): void {
  const { values, present } = target
  if (values instanceof TextCollector) {
    values.readPage(cursor, header.encoding, to, held)
    if (held < header.count && present) spread(values.codes, present, to, header.count, held, -1)
    return
  }
  decodeNumbers(cursor, header.encoding, dictionary, values, to, held)
  if (held === header.count || !present) return
  if (values instanceof BigInt64Array) spread(values, present, to, header.count, held, 0n)
  else spread(values, present, to, header.count, held, values instanceof Int32Array ? 0 : NaN)
}
