import { TradingError } from '@gatehouse/durable-log'
import { type Encoding, type PageType } from 'hyparquet'
import { Encodings, PageTypes } from 'hyparquet/src/constants.js'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'

/** A page header, reduced to what decoding needs. */
export interface PageHeader {
  readonly type: PageType
  readonly uncompressedSize: number
  readonly compressedSize: number
  readonly crc: number | undefined
  readonly count: number
  readonly encoding: Encoding
  /** Only version 2 pages carry levels outside the compressed part. */
  readonly levels?: { readonly repetition: number; readonly definition: number; readonly compressed: boolean } | undefined
  readonly headerSize: number
}

/** No writer makes pages near this size; a header that asks for more is damaged. */
const largestPage = 1 << 28

type Fields = Record<string, unknown>

/** Reads the Thrift page header at `at`, with hyparquet's reader. */
export function readPageHeader(bytes: Uint8Array, at: number): PageHeader {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: at }
  let header: Fields
  try {
    header = deserializeTCompactProtocol(reader)
  } catch (error) {
    throw new TradingError('PARQUET_CORRUPT', `no page header at byte ${at} of the column chunk`, { at }, { cause: error })
  }
  const uncompressedSize = integer(header.field_2, at)
  if (uncompressedSize > largestPage) {
    throw new TradingError('PARQUET_CORRUPT', `the page at byte ${at} says it holds ${uncompressedSize} bytes`, { at, uncompressedSize })
  }
  const type = PageTypes[integer(header.field_1, at)]
  const version1 = header.field_5 as Fields | undefined
  const dictionary = header.field_7 as Fields | undefined
  const version2 = header.field_8 as Fields | undefined
  const page = version1 ?? dictionary ?? version2
  if (type !== 'INDEX_PAGE' && page === undefined)
    throw new TradingError('PARQUET_CORRUPT', `the page header at byte ${at} describes no page`, { at })
  return {
    type,
    uncompressedSize,
    compressedSize: integer(header.field_3, at),
    crc: header.field_4 === undefined ? undefined : Number(header.field_4),
    count: page ? integer(page.field_1, at) : 0,
    encoding: Encodings[page ? integer(version2 ? page.field_4 : page.field_2, at) : 0],
    levels: version2 && {
      definition: integer(version2.field_5, at),
      repetition: integer(version2.field_6, at),
      compressed: version2.field_7 !== false,
    },
    headerSize: reader.offset - at,
  }
}

function integer(value: unknown, at: number): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new TradingError('PARQUET_CORRUPT', `the page header at byte ${at} has no usable number where one is needed`, { at })
}
