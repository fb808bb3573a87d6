import { Buffer } from 'node:buffer'
import { TradingError } from '@gatehouse/durable-log'
import { type CompressionCodec, type ParquetType } from 'hyparquet'
import { type ColumnValues, isText, rowCount, type TextValues } from './column-spec.js'
import { decodeChunk } from './decode-chunk.js'
import { TextCollector } from './decode-text.js'
import { type NumericArray } from './dictionary.js'

const kept = new Map<string, NumericArray>()

/**
 * Decodes a chunk that was just encoded and compares it with its source, bit for bit: an encoder's mistake (or a machine's) is found while
 * the rows are still at hand, not years later.
 * @throws {TradingError} `PARQUET_ENCODER`
 */
export function proveChunk(name: string, values: ColumnValues, bytes: Uint8Array, type: ParquetType, codec: CompressionCodec): void {
  const rows = rowCount(values)
  let equal: boolean
  let cause: unknown
  try {
    equal = isText(values) ? sameTexts(values, bytes, rows, codec) : sameNumbers(values, bytes, rows, type, codec)
  } catch (error) {
    equal = false
    cause = error
  }
  if (!equal)
    throw new TradingError(
      'PARQUET_ENCODER',
      `column ${name} does not read back as it was: nothing of it was kept`,
      { name, rows },
      { cause },
    )
}

function sameNumbers(values: NumericArray, bytes: Uint8Array, rows: number, type: ParquetType, codec: CompressionCodec): boolean {
  let target = kept.get(type)
  if (!target || target.length < rows) {
    target = new (values.constructor as new (length: number) => NumericArray)(rows)
    kept.set(type, target)
  }
  decodeChunk(bytes, { type, codec, rows, maxDefinition: 0 }, { values: target.subarray(0, rows), to: 0 }, true)
  const view = (array: NumericArray): Buffer => Buffer.from(array.buffer, array.byteOffset, values.byteLength)
  return Buffer.compare(view(values), view(target)) === 0
}

function sameTexts(values: TextValues, bytes: Uint8Array, rows: number, codec: CompressionCodec): boolean {
  const read = new TextCollector(rows)
  decodeChunk(bytes, { type: 'BYTE_ARRAY', codec, rows, maxDefinition: 0 }, { values: read, to: 0 }, true)
  for (let row = 0; row < rows; row++) if (read.dictionary[read.codes[row]] !== values.dictionary[values.codes[row]]) return false
  return true
}
