import { TradingError } from '@gatehouse/durable-log'
import { type ColumnMetaData, type FileMetaData, type SchemaElement, parquetMetadata } from 'hyparquet'
import { type ByteSource } from './byte-source.js'

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

export interface Footer {
  readonly metadata: FileMetaData
  readonly leaves: readonly LeafColumn[]
  readonly rows: number
  /** as it stands in the file, length and magic included: its digest tells one file from another without reading either */
  readonly bytes: Uint8Array
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

/**
 * Reads and checks a file's footer with hyparquet.
 * @throws {TradingError} `PARQUET_CORRUPT` when the file does not end in a sound footer
 */
export async function readFooter(source: ByteSource): Promise<Footer> {
  const refuse = (what: string, cause?: unknown): TradingError =>
    new TradingError('PARQUET_CORRUPT', `${source.name} ${what}`, { name: source.name, size: source.size }, { cause })
  if (source.size < 12) throw refuse(`has ${source.size} bytes: too few for a Parquet file`)
  let tail = await source.read(Math.max(0, source.size - firstRead), Math.min(firstRead, source.size))
  const end = new DataView(tail.buffer, tail.byteOffset + tail.length - 8, 8)
  if (end.getUint32(4, true) !== 0x31524150) throw refuse('does not end in PAR1: it is cut short, or no Parquet file')
  const length = end.getUint32(0, true)
  if (length + 12 > source.size) throw refuse(`says its footer has ${length} bytes; the file has ${source.size}`)
  if (length + 8 > tail.length) tail = await source.read(source.size - length - 8, length + 8)
  let metadata: FileMetaData
  try {
    metadata = parquetMetadata(tail, { parsers: rawTimes, geoparquet: false })
  } catch (error) {
    throw refuse('has a footer that does not parse', error)
  }
  const leaves = leafColumns(metadata.schema)
  let rows = 0
  for (const group of metadata.row_groups) {
    rows += Number(group.num_rows)
    if (group.columns.length !== leaves.length)
      throw refuse(`has a row group of ${group.columns.length} columns; its schema has ${leaves.length}`)
    for (const { meta_data } of group.columns) {
      if (!meta_data) throw refuse('keeps column metadata elsewhere, which is not read here')
      const { start, length: size } = chunkBytes(meta_data)
      if (!(start >= 4 && size >= 0 && start + size <= source.size - length - 8)) throw refuse(`has a footer that points outside the file`)
    }
  }
  if (rows !== Number(metadata.num_rows)) throw refuse(`has ${rows} rows in its row groups and ${metadata.num_rows} in its footer`)
  return { metadata, leaves, rows, bytes: tail.subarray(tail.length - length - 8) }
}

/** Where a chunk's pages lie. */
export function chunkBytes(chunk: ColumnMetaData): { start: number; length: number } {
  const data = Number(chunk.data_page_offset)
  // Some writers put a zero where there is no dictionary.
  const dictionary = Number(chunk.dictionary_page_offset ?? 0)
  return { start: dictionary > 0 ? Math.min(dictionary, data) : data, length: Number(chunk.total_compressed_size) }
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
