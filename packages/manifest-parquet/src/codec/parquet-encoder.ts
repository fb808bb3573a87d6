import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { TradingError } from '@gatehouse/durable-log'
import { type ColumnChunk, type CompressionCodec, type Encoding, type RowGroup } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { ByteSink } from './byte-sink.js'
import { type ColumnSpec, type ColumnValues, fits, isText, rowCount, schemaOf } from './column-spec.js'
import { type Codec, codecNames, compress, requireCodec } from './compression.js'
import { type NumericArray } from './dictionary.js'
import { encodeNumbers, type EncodedChunk } from './encode-chunk.js'
import { encodeText } from './encode-text.js'
import { proveChunk } from './prove-chunk.js'
import { rangeOf } from './statistics.js'

/** Range of a column over a whole file; absent when any chunk had none. */
export interface ColumnRange {
  readonly min: number | bigint | string
  readonly max: number | bigint | string
}

export interface ParquetEncoderOptions {
  readonly columns: readonly ColumnSpec[]
  /** default `snappy` */
  readonly codec?: Codec | undefined
  /** read every chunk back before it is handed out; default false. Costs about a fifth of the time */
  readonly prove?: boolean | undefined
}

const magic = new Uint8Array([0x50, 0x41, 0x52, 0x31])
/** Named in every file; no version, so that a release does not change the bytes of unchanged data. */
const createdBy = 'gatehouse'

/**
 * Turns columns into the bytes of a Parquet file, a row group at a time: one page a chunk, REQUIRED columns, page CRCs, chunk statistics.
 * The same columns give the same bytes on every machine and Node version (zstd: for the same zstd release).
 * Footer and page headers are serialised by `hyparquet-writer`.
 */
export class ParquetEncoder {
  readonly #columns: readonly ColumnSpec[]
  readonly #codec: Codec
  readonly #prove: boolean
  readonly #out = new ByteSink(1 << 20)
  readonly #compressed = new ByteSink(1 << 18)
  readonly #headers = new ByteWriter(256)
  readonly #groups: RowGroup[] = []
  readonly #ranges: (ColumnRange | undefined | null)[]
  #offset = 0
  #rows = 0

  /** @throws {TradingError} `PARQUET_NO_ZSTD` when this Node cannot write the codec */
  constructor({ columns, codec = 'snappy', prove = false }: ParquetEncoderOptions) {
    requireCodec(codec)
    this.#columns = columns
    this.#codec = codec
    this.#prove = prove
    this.#ranges = columns.map(() => null)
    this.#out.append(magic)
  }

  /** Rows encoded so far. */
  get rows(): number {
    return this.#rows
  }

  /**
   * Encodes one row group.
   * @param values one entry per column, in the order of `columns`, all of one length
   * @returns the bytes to append to the file: a view that the next call overwrites
   * @throws {TradingError} `PARQUET_COLUMN` for a missing column, a wrong array type or unequal lengths
   */
  rowGroup(values: readonly ColumnValues[]): Uint8Array {
    const rows = this.#check(values)
    if (rows === 0) return this.#flush()
    const start = this.#offset + this.#out.at
    const columns = this.#columns.map((spec, index) => this.#chunk(spec, values[index], index, rows))
    this.#rows += rows
    const bytes = this.#flush()
    this.#groups.push({
      columns,
      num_rows: BigInt(rows),
      total_byte_size: columns.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n),
      total_compressed_size: BigInt(this.#offset - start),
    })
    return bytes
  }

  /**
   * The footer; append it and the file is complete.
   * @param metadata texts by key, kept in the footer
   */
  finish(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const writer = new ByteWriter(1 << 16)
    writeMetadata(
      writer,
      {
        version: 2,
        created_by: createdBy,
        schema: schemaOf(this.#columns),
        num_rows: BigInt(this.#rows),
        row_groups: this.#groups,
        key_value_metadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
        metadata_length: 0,
      },
      textStatisticsBytes,
    )
    this.#out.append(writer.getBytes())
    this.#out.append(magic)
    return this.#flush()
  }

  /** Range per column so far, in column order. */
  ranges(): (ColumnRange | undefined)[] {
    return this.#ranges.map((range) => range ?? undefined)
  }

  #check(values: readonly ColumnValues[]): number {
    if (values.length !== this.#columns.length) {
      throw new TradingError('PARQUET_COLUMN', `a row group needs ${this.#columns.length} columns, not ${values.length}`, {
        got: values.length,
      })
    }
    const rows = values.length === 0 ? 0 : rowCount(values[0])
    this.#columns.forEach(({ name, type }, index) => {
      if (!fits(type, values[index])) throw new TradingError('PARQUET_COLUMN', `column ${name} takes values of ${type}`, { name, type })
      if (rowCount(values[index]) !== rows) {
        throw new TradingError('PARQUET_COLUMN', `column ${name} has ${rowCount(values[index])} rows, the first column ${rows}`, {
          name,
          rows,
        })
      }
    })
    return rows
  }

  #chunk(spec: ColumnSpec, values: ColumnValues, index: number, rows: number): ColumnChunk {
    const { chunk, range } = isText(values) ? encodeText(values) : encoded(values, this.#codec)
    this.#ranges[index] = widened(this.#ranges[index], range)
    const codec = this.#compressChunk(chunk)
    const offset = this.#offset + this.#out.at
    const parts = this.#compressed.view()
    const dictionarySize = this.#dictionaryBytes
    let uncompressed = 0
    let dictionaryOffset: bigint | undefined
    const encodings: Encoding[] = []
    if (chunk.dictionary) {
      dictionaryOffset = BigInt(offset)
      encodings.push('PLAIN')
      const bytes = codec === 'UNCOMPRESSED' ? chunk.dictionary.bytes : parts.subarray(0, dictionarySize)
      uncompressed += this.#page(bytes, chunk.dictionary.bytes.length, { dictionary: chunk.dictionary.size })
    }
    encodings.push(chunk.encoding)
    const dataOffset = this.#offset + this.#out.at
    const bytes = codec === 'UNCOMPRESSED' ? chunk.page : parts.subarray(dictionarySize)
    uncompressed += this.#page(bytes, chunk.page.length, { rows, encoding: chunk.encoding })
    const type = spec.type === 'TEXT' ? 'BYTE_ARRAY' : spec.type
    if (this.#prove) proveChunk(spec.name, values, this.#out.bytes.subarray(offset - this.#offset, this.#out.at), type, codec)
    return {
      file_offset: BigInt(offset),
      meta_data: {
        type,
        encodings,
        path_in_schema: [spec.name],
        codec,
        num_values: BigInt(rows),
        total_compressed_size: BigInt(this.#offset + this.#out.at - offset),
        total_uncompressed_size: BigInt(uncompressed),
        data_page_offset: BigInt(dataOffset),
        ...(dictionaryOffset !== undefined && { dictionary_page_offset: dictionaryOffset }),
        statistics: { null_count: 0n, ...(range && { min_value: range.min, max_value: range.max }) },
      },
    }
  }

  #dictionaryBytes = 0

  /** Compresses a chunk's pages behind one another; a chunk that gains less than a twentieth stays as it is. */
  #compressChunk({ dictionary, page, compressible }: EncodedChunk): CompressionCodec {
    this.#compressed.reset()
    this.#dictionaryBytes = 0
    if (this.#codec === 'uncompressed' || !compressible) return 'UNCOMPRESSED'
    if (dictionary) compress(this.#codec, dictionary.bytes, this.#compressed)
    this.#dictionaryBytes = this.#compressed.at
    compress(this.#codec, page, this.#compressed)
    const before = page.length + (dictionary?.bytes.length ?? 0)
    return this.#compressed.at * 20 < before * 19 ? codecNames[this.#codec] : 'UNCOMPRESSED'
  }

  /** Appends a page with its header and returns its uncompressed size, header included. */
  #page(bytes: Uint8Array, uncompressed: number, page: { dictionary: number } | { rows: number; encoding: Encoding }): number {
    const headers = this.#headers
    headers.index = headers.offset = 0
    writePageHeader(headers, {
      type: 'dictionary' in page ? 'DICTIONARY_PAGE' : 'DATA_PAGE',
      uncompressed_page_size: uncompressed,
      compressed_page_size: bytes.length,
      crc: crc32(bytes) | 0,
      ...('dictionary' in page
        ? { dictionary_page_header: { num_values: page.dictionary, encoding: 'PLAIN' } }
        : {
            data_page_header: {
              num_values: page.rows,
              encoding: page.encoding,
              definition_level_encoding: 'RLE',
              repetition_level_encoding: 'RLE',
            },
          }),
    })
    this.#out.append(headers.getBytes())
    this.#out.append(bytes)
    return headers.offset + uncompressed
  }

  #flush(): Uint8Array {
    const bytes = this.#out.view()
    this.#offset += bytes.length
    this.#out.reset()
    return bytes
  }
}

/** Encodes numbers and takes their range; what a dictionary lists is all that occurs. */
function encoded(values: NumericArray, codec: Codec): { chunk: EncodedChunk; range: ColumnRange | undefined } {
  const chunk = encodeNumbers(values, codec)
  return { chunk, range: rangeOf(chunk.distinct ?? values) }
}

/** Strings in footers are cut to this many bytes. */
const textStatisticsBytes = 64

/** `null` is "no chunk yet", `undefined` "a chunk without a range". */
function widened(before: ColumnRange | undefined | null, range: ColumnRange | undefined): ColumnRange | undefined {
  if (before === null) return range
  if (before === undefined || range === undefined) return undefined
  return { min: less(range.min, before.min) ? range.min : before.min, max: less(before.max, range.max) ? range.max : before.max }
}

function less(a: number | bigint | string, b: number | bigint | string): boolean {
  if (typeof a === 'string' || typeof b === 'string') return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b))) < 0
  return a < b || (Object.is(a, -0) && Object.is(b, 0))
}
