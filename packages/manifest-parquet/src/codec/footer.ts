import { TradingError } from '@gatehouse/durable-log'
import { type CompressionCodec, type Encoding, type FileMetaData, type ParquetType, type SchemaElement, parquetMetadata } from 'hyparquet'
import { CompressionCodecs, Encodings, ParquetTypes } from 'hyparquet/src/constants.js'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { convertMetadata } from 'hyparquet/src/metadata.js'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'
import { type ByteSource } from './byte-source.js'
import { thriftStruct, ThriftWalk } from './thrift-walk.js'

/** A leaf column of a Parquet schema. */
export interface LeafColumn {
  /** path joined by dots; the plain name in a flat file */
  readonly name: string
  readonly index: number
  readonly element: SchemaElement
  readonly maxDefinition: number
  /** decimal places of an integer DECIMAL: the value is the integer divided by 10^scale */
  readonly scale: number
  readonly repeated: boolean
  readonly path: readonly string[]
}

/** What decoding a chunk needs of its metadata. */
export interface ChunkMetaData {
  readonly type: ParquetType
  readonly codec: CompressionCodec
  readonly encodings: readonly Encoding[]
  readonly values: number
  /** where its pages lie in the file */
  readonly start: number
  readonly length: number
  /** least and greatest value as the writer gave them */
  readonly min: unknown
  readonly max: unknown
}

/** Enough for the footer of most files in one read. */
const firstRead = 1 << 16

// Times stay integers: a Date would lose nanoseconds.
const rawTimes = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (value: number) => value,
}
const rawParsers = { ...DEFAULT_PARSERS, ...rawTimes }

interface GroupPlace {
  readonly rows: number
  /** where the metadata of each column chunk begins within the footer */
  readonly chunks: Int32Array
}

/**
 * A file's footer. A file of hundreds of columns describes thousands of chunks, of which a read wants a few: they are found by walking over the
 * bytes, and only what is asked for is read, by hyparquet.
 */
export class Footer {
  readonly rows: number
  readonly leaves: readonly LeafColumn[]
  /** texts that the writer left, by key */
  readonly texts: ReadonlyMap<string, string>
  readonly #groups: readonly GroupPlace[]
  readonly #refuse: (what: string, cause?: unknown) => TradingError
  #metadata: FileMetaData | undefined

  /**
   * @param bytes as they stand in the file, length and magic included: their digest tells one file from another without reading either
   * @param dataEnd where the footer begins in the file: no chunk reaches beyond
   */
  constructor(
    readonly bytes: Uint8Array,
    private readonly dataEnd: number,
    refuse: (what: string, cause?: unknown) => TradingError,
  ) {
    this.#refuse = refuse
    let head: FileMetaData
    try {
      const { groups, rest } = splitRowGroups(bytes)
      this.#groups = groups
      head = parquetMetadata(rest, { parsers: rawTimes, geoparquet: false })
      this.leaves = leafColumns(head.schema)
    } catch (error) {
      throw refuse('has a footer that does not parse', error)
    }
    this.texts = new Map(head.key_value_metadata?.map(({ key, value }) => [key, value ?? '']))
    for (const { chunks } of this.#groups) {
      if (chunks.length !== this.leaves.length)
        throw refuse(`has a row group of ${chunks.length} columns; its schema has ${this.leaves.length}`)
    }
    this.rows = this.#groups.reduce((sum, { rows }) => sum + rows, 0)
    if (this.rows !== Number(head.num_rows)) throw refuse(`has ${this.rows} rows in its row groups and ${head.num_rows} in its footer`)
  }

  get groups(): number {
    return this.#groups.length
  }

  groupRows(group: number): number {
    return this.#groups[group].rows
  }

  /**
   * Describes one column chunk.
   * @throws {TradingError} `PARQUET_CORRUPT` when it lies outside the file
   */
  chunk(group: number, { index, element }: LeafColumn): ChunkMetaData {
    const reader = { view: viewOf(this.bytes), offset: this.#groups[group].chunks[index] }
    let chunk: ChunkMetaData
    try {
      const { field_3: found } = deserializeTCompactProtocol(reader) as { field_3?: Fields }
      if (!found) throw new RangeError('column metadata is kept elsewhere, which is not read here')
      chunk = chunkOf(found, element)
    } catch (error) {
      throw this.#refuse(`has a footer whose column ${index} of row group ${group} does not parse`, error)
    }
    const { start, length } = chunk
    if (!(start >= 4 && length >= 0 && start + length <= this.dataEnd)) throw this.#refuse('has a footer that points outside the file')
    return chunk
  }

  /** All of it, for what only hyparquet reads. */
  get metadata(): FileMetaData {
    try {
      return (this.#metadata ??= parquetMetadata(this.bytes, { parsers: rawTimes, geoparquet: false }))
    } catch (error) {
      throw this.#refuse('has a footer that does not parse', error)
    }
  }
}

/**
 * Reads and checks a file's footer.
 * @throws {TradingError} `PARQUET_CORRUPT` when the file does not end in a sound footer
 */
export async function readFooter(source: ByteSource): Promise<Footer> {
  const refuse = (what: string, cause?: unknown): TradingError =>
    new TradingError('PARQUET_CORRUPT', `${source.name} ${what}`, { name: source.name, size: source.size }, { cause })
  if (source.size < 12) throw refuse(`has ${source.size} bytes: too few for a Parquet file`)
  let tail = await source.read(Math.max(0, source.size - firstRead), Math.min(firstRead, source.size))
  const end = viewOf(tail.subarray(tail.length - 8))
  if (end.getUint32(4, true) !== 0x31524150) throw refuse('does not end in PAR1: it is cut short, or no Parquet file')
  const length = end.getUint32(0, true)
  if (length + 12 > source.size) throw refuse(`says its footer has ${length} bytes; the file has ${source.size}`)
  if (length + 8 > tail.length) tail = await source.read(source.size - length - 8, length + 8)
  return new Footer(tail.subarray(tail.length - length - 8), source.size - length - 8, refuse)
}

type Fields = Readonly<Record<string, unknown>>

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

// Fields of the Parquet format's FileMetaData, RowGroup and ColumnMetaData, by number.
const rowGroupsField = 4
const columnsField = 1
const numRowsField = 3

/** Finds the row groups of a footer, and gives it without them, so that the rest can be read in no time. */
function splitRowGroups(bytes: Uint8Array): { groups: GroupPlace[]; rest: Uint8Array } {
  const walk = new ThriftWalk(bytes.subarray(0, bytes.length - 8), 0)
  const groups: GroupPlace[] = []
  let [from, to] = [-1, -1]
  walk.struct((id) => {
    if (id !== rowGroupsField) return
    from = walk.at
    const { elementType, size } = walk.listHead()
    if (elementType !== thriftStruct && size > 0) throw new RangeError('row groups are no structs')
    for (let group = 0; group < size; group++) groups.push(groupPlace(walk))
    to = walk.at
  })
  if (from < 0) throw new RangeError('it has no row groups')
  const kept = [bytes.subarray(0, from), Uint8Array.of(thriftStruct), bytes.subarray(to, bytes.length - 8)]
  const length = kept.reduce((sum, part) => sum + part.length, 0)
  const rest = new Uint8Array(length + 8)
  let at = 0
  for (const part of kept) {
    rest.set(part, at)
    at += part.length
  }
  viewOf(rest).setUint32(length, length, true)
  rest.set(bytes.subarray(bytes.length - 4), length + 4)
  return { groups, rest }
}

function groupPlace(walk: ThriftWalk): GroupPlace {
  let chunks = new Int32Array(0)
  let rows = -1
  walk.struct((id) => {
    if (id === numRowsField) rows = walk.zigzag()
    if (id !== columnsField) return
    const { elementType, size } = walk.listHead()
    if (elementType !== thriftStruct || size > walk.bytes.length) throw new RangeError('columns are no structs')
    chunks = new Int32Array(size)
    for (let index = 0; index < size; index++) {
      chunks[index] = walk.at
      walk.skip(thriftStruct)
    }
  })
  if (rows < 0) throw new RangeError('a row group has no number of rows')
  return { rows, chunks }
}

function chunkOf(fields: Fields, element: SchemaElement): ChunkMetaData {
  const data = Number(fields.field_9)
  // Some writers put a zero where there is no dictionary.
  const dictionary = Number(fields.field_11 ?? 0)
  const statistics = fields.field_12 as { field_5?: Uint8Array; field_6?: Uint8Array } | undefined
  return {
    type: ParquetTypes[fields.field_1 as number],
    encodings: (fields.field_2 as number[]).map((encoding) => Encodings[encoding]),
    codec: CompressionCodecs[fields.field_4 as number],
    values: Number(fields.field_5),
    start: dictionary > 0 ? Math.min(dictionary, data) : data,
    length: Number(fields.field_7),
    min: convertMetadata(statistics?.field_6, element, rawParsers),
    max: convertMetadata(statistics?.field_5, element, rawParsers),
  }
}

function leafColumns(schema: readonly SchemaElement[]): LeafColumn[] {
  const leaves: LeafColumn[] = []
  let at = 1
  const walk = (path: readonly string[], definition: number, repeated: boolean): void => {
    const element = schema[at++]
    const depth = definition + (element.repetition_type === 'REQUIRED' ? 0 : 1)
    const isRepeated = repeated || element.repetition_type === 'REPEATED'
    const here = [...path, element.name]
    if (element.num_children === undefined) {
      const isDecimal = element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL'
      const scale = isDecimal ? (element.scale ?? 0) : 0
      leaves.push({ name: here.join('.'), index: leaves.length, element, maxDefinition: depth, scale, repeated: isRepeated, path: here })
    } else for (let child = 0; child < element.num_children; child++) walk(here, depth, isRepeated)
  }
  while (at < schema.length) walk([], 0, false)
  return leaves
}
