import { TradingError } from '@gatehouse/durable-log'
import { type AsyncBuffer, type CompressionCodec, parquetRead } from 'hyparquet'
import { type ByteSource } from './byte-source.js'
import { type ColumnValues } from './column-spec.js'
import { decompress } from './compression.js'
import { type ChunkTarget, decodeChunk } from './decode-chunk.js'
import { TextCollector } from './decode-text.js'
import { type NumericArray } from './dictionary.js'
import { type ChunkMetaData, type Footer, type LeafColumn, readFooter } from './footer.js'

/** A column of one row group. `present` marks rows that hold a value; absent when all do. */
export interface DecodedColumn {
  readonly name: string
  /** Typed array or indexed strings; `other` values come from hyparquet for what the fast path leaves out (nested, booleans, byte-array decimals). */
  readonly values: ColumnValues | { readonly other: readonly unknown[] }
  readonly present?: Uint8Array | undefined
}

export interface ReadOptions {
  /** compare page CRCs, default true */
  readonly checkCrc?: boolean | undefined
  /** arrays to fill instead of new ones, by column name; used where type and length suffice */
  readonly reuse?: ReadonlyMap<string, NumericArray> | undefined
}

/** Gaps up to this many bytes between wanted chunks are read along: one read costs less than two. */
const bridgedGap = 1 << 16
/** Rows of a row group: a gigabyte a column. */
const mostRows = 1 << 27
const fastTypes = { INT32: Int32Array, INT64: BigInt64Array, FLOAT: Float32Array, DOUBLE: Float64Array } as const
const fastEncodings = new Set(['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY', 'RLE', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'])

/** A Parquet file of any writer, read a row group at a time. */
export class ParquetFile {
  private constructor(
    readonly source: ByteSource,
    readonly footer: Footer,
  ) {}

  /**
   * Takes the source over: it is closed with the file, and when opening fails.
   * @throws {TradingError} `PARQUET_CORRUPT` when the footer is not sound
   */
  static async open(source: ByteSource): Promise<ParquetFile> {
    try {
      return new ParquetFile(source, await readFooter(source))
    } catch (error) {
      await source.close()
      throw error
    }
  }

  get rows(): number {
    return this.footer.rows
  }

  get columns(): readonly LeafColumn[] {
    return this.footer.leaves
  }

  get groups(): number {
    return this.footer.groups
  }

  groupRows(group: number): number {
    return this.footer.groupRows(group)
  }

  /**
   * Least and greatest value of a column in a row group, from the footer.
   * Absent when the writer gave none, or none that keeps its precision.
   */
  groupRange(group: number, column: string): { min: number | bigint; max: number | bigint } | undefined {
    const leaf = this.#leaf(column)
    if (leaf.element.converted_type === 'DECIMAL' || leaf.element.logical_type?.type === 'DECIMAL') return undefined
    const { min, max } = this.footer.chunk(group, leaf)
    const ordered = (typeof min === 'number' && typeof max === 'number') || (typeof min === 'bigint' && typeof max === 'bigint')
    return ordered ? { min, max } : undefined
  }

  /**
   * Reads columns of one row group.
   * @param columns leaf names; default all
   * @throws {TradingError} `PARQUET_CORRUPT`, `PARQUET_COLUMN` for a name the file does not have, `PARQUET_UNSUPPORTED`
   */
  async readGroup(
    group: number,
    columns: readonly string[] = this.columns.map(({ name }) => name),
    options: ReadOptions = {},
  ): Promise<DecodedColumn[]> {
    return this.decodeGroup(group, columns, await this.fetchGroup(group, columns), options)
  }

  /** The first half of {@link readGroup}: only the bytes, so that a caller can read ahead while it decodes. */
  async fetchGroup(group: number, columns: readonly string[]): Promise<GroupBytes> {
    const wanted = columns.map((name) => ({ name, ...this.footer.chunk(group, this.#leaf(name)) })).sort((a, b) => a.start - b.start)
    const chunks = new Map<string, Uint8Array>()
    const reads: Promise<void>[] = []
    for (let from = 0; from < wanted.length;) {
      let to = from + 1
      let end = wanted[from].start + wanted[from].length
      while (to < wanted.length && wanted[to].start - end <= bridgedGap) end = Math.max(end, wanted[to].start + wanted[to++].length)
      const start = wanted[from].start
      const joined = wanted.slice(from, to)
      reads.push(
        this.source.read(start, end - start).then((bytes) => {
          for (const chunk of joined) chunks.set(chunk.name, bytes.subarray(chunk.start - start, chunk.start - start + chunk.length))
        }),
      )
      from = to
    }
    // Under way together; all have ended before a failure is told, so that a file that is then closed is not read any more.
    const failed = (await Promise.allSettled(reads)).find((read) => read.status === 'rejected')
    if (failed) throw failed.reason
    return chunks
  }

  /** The second half of {@link readGroup}. */
  async decodeGroup(group: number, columns: readonly string[], bytes: GroupBytes, options: ReadOptions = {}): Promise<DecodedColumn[]> {
    const decoded: DecodedColumn[] = []
    for (const name of columns) {
      const leaf = this.#leaf(name)
      try {
        const chunk = this.footer.chunk(group, leaf)
        decoded.push(isFast(leaf, chunk) ? this.#decode(group, leaf, chunk, bytes.get(name)!, options) : await this.#readOther(group, leaf))
      } catch (error) {
        throw located(error, this.source.name, name, group)
      }
    }
    return decoded
  }

  close(): Promise<void> {
    return this.source.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #decode(
    group: number,
    leaf: LeafColumn,
    chunk: ChunkMetaData,
    bytes: Uint8Array,
    { checkCrc = true, reuse }: ReadOptions,
  ): DecodedColumn {
    const rows = this.groupRows(group)
    // A run-length page of some bytes may stand for any number of rows.
    if (rows > mostRows)
      throw new TradingError('PARQUET_UNSUPPORTED', `the row group has ${rows} rows: rewrite the file with groups of ${mostRows} at most`, {
        rows,
      })
    const text = leaf.element.type === 'BYTE_ARRAY' ? new TextCollector(rows) : undefined
    const target: ChunkTarget = { values: text ?? numbersFor(leaf, rows, reuse?.get(leaf.name)), to: 0 }
    if (chunk.values !== rows) {
      throw new TradingError('PARQUET_CORRUPT', `the chunk holds ${chunk.values} values, its row group ${rows}`, { rows })
    }
    decodeChunk(bytes, { type: chunk.type, codec: chunk.codec, rows, maxDefinition: leaf.maxDefinition }, target, checkCrc)
    const values = text ? { codes: text.codes, dictionary: text.dictionary } : (target.values as NumericArray)
    return { name: leaf.name, values, present: target.present }
  }

  async #readOther(group: number, leaf: LeafColumn): Promise<DecodedColumn> {
    let rowStart = 0
    for (let before = 0; before < group; before++) rowStart += this.groupRows(before)
    const { source } = this
    const file: AsyncBuffer = {
      byteLength: source.size,
      async slice(start, end = source.size) {
        // A copy: the source may hand out a view of something larger.
        return new Uint8Array(await source.read(start, end - start)).buffer
      },
    }
    let rows: unknown[][] = []
    await parquetRead({
      file,
      metadata: this.footer.metadata,
      columns: [leaf.path[0]],
      rowStart,
      rowEnd: rowStart + this.groupRows(group),
      compressors,
      onComplete: (read) => (rows = read as unknown as unknown[][]),
    })
    return { name: leaf.name, values: { other: rows.map((row) => row[0]) } }
  }

  #leaf(name: string): LeafColumn {
    const leaf = this.columns.find((column) => column.name === name)
    if (leaf) return leaf
    throw new TradingError('PARQUET_COLUMN', `${this.source.name} has no column ${name}`, {
      name,
      columns: this.columns.map((column) => column.name),
    })
  }
}

/** Bytes of column chunks by leaf name. */
export type GroupBytes = ReadonlyMap<string, Uint8Array>

const readable: CompressionCodec[] = ['SNAPPY', 'ZSTD', 'GZIP', 'BROTLI', 'LZ4', 'LZ4_RAW']
const compressors = Object.fromEntries(
  readable.map((codec) => [codec, (input: Uint8Array, length: number) => decompress(codec, input, length)]),
)

function isFast({ element, repeated }: LeafColumn, chunk: ChunkMetaData): boolean {
  if (repeated || !chunk.encodings.every((encoding) => fastEncodings.has(encoding))) return false
  if (chunk.type === 'BYTE_ARRAY') return element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING'
  return chunk.type in fastTypes
}

function numbersFor({ element }: LeafColumn, rows: number, reuse: NumericArray | undefined): NumericArray {
  const Array = fastTypes[element.type as keyof typeof fastTypes]
  return reuse instanceof Array && reuse.length >= rows ? reuse.subarray(0, rows) : new Array(rows)
}

function located(error: unknown, file: string, column: string, group: number): TradingError {
  const known = error instanceof TradingError
  const message = `${file}, column ${column}, row group ${group}: ${error instanceof Error ? error.message : String(error)}`
  return new TradingError(
    known ? error.code : 'PARQUET_CORRUPT',
    message,
    { ...(known && error.details), file, column, group },
    { cause: error },
  )
}
