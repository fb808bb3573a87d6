import { TradingError } from '@gatehouse/core'
import { schemaCode, schemaNames, stypeCode, stypeNames, UNDEF_TIMESTAMP, type DbnSchema, type SType } from '../layout/enums.js'
import type { DbnVersion } from '../layout/layout.js'
import { readCstr, writeCstr } from './cstr.js'

/** What a symbol stood for between two dates. */
export interface MappingInterval {
  /** First day, `YYYYMMDD` as a number, UTC. */
  readonly startDate: number
  /** Day after the last, `YYYYMMDD`. */
  readonly endDate: number
  /** The symbol in `stypeOut`; empty when there was none in this time. */
  readonly symbol: string
}

/** One requested symbol and what it stood for through time. */
export interface SymbolMappingEntry {
  readonly rawSymbol: string
  readonly intervals: readonly MappingInterval[]
}

/** The head of a DBN stream. */
export interface Metadata {
  readonly version: DbnVersion
  /** Dataset code such as `GLBX.MDP3`. */
  readonly dataset: string
  /** `undefined` when schemas are mixed (live) or the number is not known; `schemaCode` always has the number. */
  readonly schema: DbnSchema | undefined
  /** Number of the schema as in the file, 0xFFFF when mixed. */
  readonly schemaCode: number
  /** ns since the Unix epoch, UTC. */
  readonly start: bigint
  /** Exclusive; uint64 max when open. */
  readonly end: bigint
  /** Most records asked for; 0 when there was no limit. */
  readonly limit: bigint
  readonly stypeIn: SType | undefined
  /** 0xFF when mixed (live). */
  readonly stypeInCode: number
  readonly stypeOut: SType | undefined
  readonly stypeOutCode: number
  /** Whether every record ends with the gateway's send time. */
  readonly tsOut: boolean
  /** Bytes of a symbol in this stream, its NUL included: 22 in DBN 1, 71 since. */
  readonly symbolCstrLen: number
  readonly symbols: readonly string[]
  /** Symbols that did not resolve on every day. */
  readonly partial: readonly string[]
  readonly notFound: readonly string[]
  readonly mappings: readonly SymbolMappingEntry[]
}

/** Bytes before the metadata proper: `DBN`, version, length. */
export const PRELUDE_BYTES = 8
const FIXED_BYTES = 100
const RESERVED_V1 = 47
const RESERVED = 53
/** Number of a mixed schema. */
export const MIXED_SCHEMA = 0xffff
/** Number of a mixed symbology type. */
export const MIXED_STYPE = 0xff
const V1_SYMBOL_BYTES = 22
/** Bytes of a symbol since DBN 2. */
export const SYMBOL_BYTES = 71

/**
 * Reads the 8 bytes that begin a DBN stream.
 * @returns version, and the bytes of metadata that follow
 * @throws {TradingError} `DBN_NOT_DBN`, `DBN_VERSION`, `DBN_METADATA_INVALID`
 */
export function readPrelude(bytes: Uint8Array): { version: DbnVersion; metadataBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < PRELUDE_BYTES || bytes[0] !== 0x44 || bytes[1] !== 0x42 || bytes[2] !== 0x4e) {
    const hex = Buffer.from(bytes.subarray(0, PRELUDE_BYTES)).toString('hex')
    throw new TradingError(
      'DBN_NOT_DBN',
      `the input is not DBN: it begins with ${hex === '' ? 'nothing' : `bytes ${hex}`}, expected 44424e ("DBN")`,
      {
        offset: 0,
        found: hex,
      },
    )
  }
  const version = bytes[3] ?? 0
  if (version < 1 || version > 3) {
    throw new TradingError(
      'DBN_VERSION',
      `DBN version ${version} is not supported, this package reads 1 to 3: update it if the version is newer`,
      {
        offset: 3,
        version,
      },
    )
  }
  const metadataBytes = view.getUint32(4, true)
  if (metadataBytes < FIXED_BYTES) {
    throw invalid(4, `metadata length ${metadataBytes} is below the fixed ${FIXED_BYTES} bytes`)
  }
  return { version: version as DbnVersion, metadataBytes }
}

function invalid(offset: number, what: string): TradingError {
  return new TradingError('DBN_METADATA_INVALID', `DBN metadata at byte ${offset}: ${what}`, { offset })
}

/** Reads the variable part, counting so that no list can claim more than the bytes hold. */
class MetadataCursor {
  constructor(
    private readonly bytes: Buffer,
    private offset: number,
    private readonly symbolBytes: number,
  ) {}

  uint32(what: string): number {
    if (this.offset + 4 > this.bytes.length) throw invalid(this.offset, `${what} is beyond the end of the metadata`)
    const value = this.bytes.readUInt32LE(this.offset)
    this.offset += 4
    return value
  }

  symbol(what: string): string {
    const start = this.offset
    if (start + this.symbolBytes > this.bytes.length) throw invalid(start, `${what} is beyond the end of the metadata`)
    this.offset += this.symbolBytes
    const end = this.bytes.indexOf(0, start)
    if (end < 0 || end >= this.offset) throw invalid(start, `${what} has no NUL within its ${this.symbolBytes} bytes`)
    return this.bytes.toString('latin1', start, end)
  }

  list<T>(what: string, itemBytes: number, read: () => T): T[] {
    const at = this.offset
    const count = this.uint32(`count of ${what}`)
    if (count > 0 && this.symbolBytes === 0) throw invalid(at, `symbol length 0 cannot hold ${count} ${what}`)
    if (count * itemBytes > this.bytes.length - this.offset) {
      throw invalid(
        at,
        `${count} ${what} of at least ${itemBytes} bytes do not fit in the ${this.bytes.length - this.offset} bytes that are left`,
      )
    }
    return Array.from({ length: count }, read)
  }
}

/**
 * Reads prelude and metadata.
 * @param bytes the stream from its first byte to the end of the metadata
 * @throws {TradingError} `DBN_NOT_DBN`, `DBN_VERSION`, `DBN_METADATA_INVALID`
 */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  const { version, metadataBytes } = readPrelude(bytes)
  const total = PRELUDE_BYTES + metadataBytes
  if (bytes.length < total) throw invalid(bytes.length, `${total} bytes expected, ${bytes.length} given`)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, total)
  if (buffer.subarray(8, 24).indexOf(0) < 0) throw invalid(8, 'the dataset has no NUL within its 16 bytes')
  const stypes = version === 1 ? 58 : 50
  const symbolCstrLen = version === 1 ? V1_SYMBOL_BYTES : buffer.readUInt16LE(53)
  const definitionAt = PRELUDE_BYTES + FIXED_BYTES
  const cursor = new MetadataCursor(buffer, definitionAt, symbolCstrLen)
  const definitionBytes = cursor.uint32('schema definition length')
  if (definitionBytes !== 0) throw invalid(definitionAt, `schema definitions (${definitionBytes} bytes) are not part of DBN 1 to 3`)
  const symbolList = (what: string): string[] => cursor.list(what, symbolCstrLen, () => cursor.symbol(what))
  const symbols = symbolList('symbols')
  const partial = symbolList('partial symbols')
  const notFound = symbolList('symbols not found')
  const mappings = cursor.list('mappings', symbolCstrLen + 4, () => ({
    rawSymbol: cursor.symbol('a mapped symbol'),
    intervals: cursor.list('mapping intervals', symbolCstrLen + 8, () => ({
      startDate: cursor.uint32('a start date'),
      endDate: cursor.uint32('an end date'),
      symbol: cursor.symbol('the symbol of an interval'),
    })),
  }))
  const schema = buffer.readUInt16LE(24)
  const stypeIn = buffer.readUInt8(stypes)
  const stypeOut = buffer.readUInt8(stypes + 1)
  return {
    version,
    dataset: readCstr(buffer, 8, 16),
    schema: schemaNames[schema],
    schemaCode: schema,
    start: buffer.readBigUInt64LE(26),
    end: buffer.readBigUInt64LE(34),
    limit: buffer.readBigUInt64LE(42),
    stypeIn: stypeNames[stypeIn],
    stypeInCode: stypeIn,
    stypeOut: stypeNames[stypeOut],
    stypeOutCode: stypeOut,
    tsOut: buffer.readUInt8(stypes + 2) !== 0,
    symbolCstrLen,
    symbols,
    partial,
    notFound,
    mappings,
  }
}

/** What is needed to begin a stream; everything left out takes the value of a live or hand-made stream. */
export interface MetadataInit {
  readonly version?: DbnVersion | undefined
  readonly dataset: string
  readonly schema?: DbnSchema | undefined
  readonly start?: bigint | undefined
  readonly end?: bigint | undefined
  readonly limit?: bigint | undefined
  readonly stypeIn?: SType | undefined
  readonly stypeOut?: SType | undefined
  readonly tsOut?: boolean | undefined
  readonly symbols?: readonly string[] | undefined
  readonly partial?: readonly string[] | undefined
  readonly notFound?: readonly string[] | undefined
  readonly mappings?: readonly SymbolMappingEntry[] | undefined
}

/** Metadata from what is known, the rest as in a live stream: version 3, mixed schema and stype, open end. */
export function createMetadata(init: MetadataInit): Metadata {
  const { version = 3, schema, stypeIn, stypeOut = 'instrument_id' } = init
  return {
    version,
    dataset: init.dataset,
    schema,
    schemaCode: schema === undefined ? MIXED_SCHEMA : schemaCode(schema),
    start: init.start ?? 0n,
    end: init.end ?? UNDEF_TIMESTAMP,
    limit: init.limit ?? 0n,
    stypeIn,
    stypeInCode: stypeIn === undefined ? MIXED_STYPE : stypeCode(stypeIn),
    stypeOut,
    stypeOutCode: stypeCode(stypeOut),
    tsOut: init.tsOut ?? false,
    symbolCstrLen: version === 1 ? V1_SYMBOL_BYTES : SYMBOL_BYTES,
    symbols: init.symbols ?? [],
    partial: init.partial ?? [],
    notFound: init.notFound ?? [],
    mappings: init.mappings ?? [],
  }
}

/** The same metadata as DBN 3 has it. */
export function upgradeMetadata(metadata: Metadata): Metadata {
  return metadata.version === 3 ? metadata : { ...metadata, version: 3, symbolCstrLen: SYMBOL_BYTES }
}

/**
 * Prelude and metadata, byte for byte as Databento's own encoder writes them.
 * @throws {TradingError} `DBN_VALUE_RANGE` when a symbol or the dataset does not fit
 */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const { version, symbolCstrLen: width } = metadata
  const lists = [metadata.symbols, metadata.partial, metadata.notFound]
  const intervals = metadata.mappings.reduce((sum, mapping) => sum + mapping.intervals.length, 0)
  const used =
    FIXED_BYTES +
    4 +
    lists.reduce((sum, list) => sum + 4 + list.length * width, 0) +
    4 +
    metadata.mappings.length * (width + 4) +
    intervals * (width + 8)
  // DBN 3 pads so that records begin at a multiple of 8; 1 and 2 do not.
  const length = version === 3 ? Math.ceil(used / 8) * 8 : used
  const out = Buffer.alloc(PRELUDE_BYTES + length)
  out.write('DBN', 0, 'latin1')
  out.writeUInt8(version, 3)
  out.writeUInt32LE(length, 4)
  writeCstr(out, 8, 16, metadata.dataset, 'dataset')
  out.writeUInt16LE(metadata.schemaCode, 24)
  out.writeBigUInt64LE(metadata.start, 26)
  out.writeBigUInt64LE(metadata.end, 34)
  out.writeBigUInt64LE(metadata.limit, 42)
  let at = 50
  if (version === 1) at = out.writeBigUInt64LE(UNDEF_TIMESTAMP, at) // record_count, deprecated
  at = out.writeUInt8(metadata.stypeInCode, at)
  at = out.writeUInt8(metadata.stypeOutCode, at)
  at = out.writeUInt8(metadata.tsOut ? 1 : 0, at)
  if (version !== 1) at = out.writeUInt16LE(width, at)
  at += version === 1 ? RESERVED_V1 : RESERVED
  at = out.writeUInt32LE(0, at)
  const symbol = (text: string): void => {
    writeCstr(out, at, width, text, 'symbol')
    at += width
  }
  for (const list of lists) {
    at = out.writeUInt32LE(list.length, at)
    list.forEach(symbol)
  }
  at = out.writeUInt32LE(metadata.mappings.length, at)
  for (const mapping of metadata.mappings) {
    symbol(mapping.rawSymbol)
    at = out.writeUInt32LE(mapping.intervals.length, at)
    for (const interval of mapping.intervals) {
      at = out.writeUInt32LE(interval.startDate, at)
      at = out.writeUInt32LE(interval.endDate, at)
      symbol(interval.symbol)
    }
  }
  return out
}
