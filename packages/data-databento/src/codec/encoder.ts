import { TradingError } from '@gatehouse/core'
import { layoutOf, MAX_RECORD_BYTES, type DbnVersion, type Field, type Layout } from '../layout/layout.js'
import { writeCstr } from './cstr.js'
import { encodeMetadata, type Metadata } from './metadata.js'
import { runBytes, type RecordRun } from './run.js'

/** A record to encode: `rtype` and the fields of its layout by camelCase name. Fields left out are zero (empty text). */
export type EncodableRecord = Readonly<Record<string, unknown>> & { readonly rtype: number }

/**
 * Bytes of one record.
 *
 * Prices may be numbers (in price units, `NaN` for undefined) or bigints (units of 1e-9, exact). `tsOut` appends eight bytes.
 * @throws {TradingError} `DBN_RECORD_TYPE` when the rtype is not known in this version, `DBN_VALUE_RANGE` when a value does not fit its field
 */
export function encodeRecord(
  record: EncodableRecord,
  { version = 3, tsOut = false }: { version?: DbnVersion; tsOut?: boolean } = {},
): Uint8Array {
  const layout = layoutOf(record.rtype, version)
  if (layout === undefined) {
    throw new TradingError('DBN_RECORD_TYPE', `rtype ${record.rtype} is not a record of DBN ${version}`, { rtype: record.rtype, version })
  }
  const bytes = layout.size + (tsOut ? 8 : 0)
  const out = Buffer.alloc(bytes)
  writeStruct(out, 0, layout, record)
  out[0] = bytes / 4
  if (tsOut) out.writeBigUInt64LE(asBigInt(record['tsOut'] ?? 0n, 'tsOut', 64, false), layout.size)
  return out
}

function writeStruct(out: Buffer, at: number, layout: Layout, record: Readonly<Record<string, unknown>>): void {
  for (const field of layout.fields) {
    const value = record[field.key]
    if (value !== undefined && field.key !== 'length') writeField(out, at + field.offset, field, value)
  }
}

const integerBits: Partial<Record<Field['kind'], readonly [bits: number, signed: boolean]>> = {
  u8: [8, false],
  i8: [8, true],
  u16: [16, false],
  i16: [16, true],
  u32: [32, false],
  i32: [32, true],
}

function writeField(out: Buffer, at: number, field: Field, value: unknown): void {
  const small = integerBits[field.kind]
  if (small !== undefined) {
    const [bits, signed] = small
    const number = Number(asBigInt(value, field.key, bits, signed))
    if (signed) out.writeIntLE(number, at, field.bytes)
    else out.writeUIntLE(number, at, field.bytes)
    return
  }
  switch (field.kind) {
    case 'price':
      out.writeBigInt64LE(rawPrice(value, field.key), at)
      return
    case 'i64':
      out.writeBigInt64LE(Number.isNaN(value) ? 0x7fffffffffffffffn : asBigInt(value, field.key, 64, true), at)
      return
    case 'u64':
    case 'ts':
      out.writeBigUInt64LE(asBigInt(value, field.key, 64, false), at)
      return
    case 'char':
      if (typeof value !== 'string' || value.length !== 1 || value.charCodeAt(0) > 255)
        throw outOfRange(field.key, value, 'one latin1 character')
      out[at] = value.charCodeAt(0)
      return
    case 'cstr':
      if (typeof value !== 'string') throw outOfRange(field.key, value, 'text')
      writeCstr(out, at, field.bytes, value, field.key, { nul: false })
      return
    case 'struct': {
      const { struct, count } = field
      if (struct === undefined || !Array.isArray(value) || value.length > count)
        throw outOfRange(field.key, value, `a list of at most ${count}`)
      value.forEach((item, index) => {
        writeStruct(out, at + index * struct.size, struct, item as Readonly<Record<string, unknown>>)
      })
      return
    }
    default:
      throw outOfRange(field.key, value, field.kind)
  }
}

function asBigInt(value: unknown, what: string, bits: number, signed: boolean): bigint {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) throw outOfRange(what, value, 'an integer')
  const integer = BigInt(value)
  const fits = signed ? BigInt.asIntN(bits, integer) === integer : BigInt.asUintN(bits, integer) === integer
  if (!fits) throw outOfRange(what, value, `${signed ? 'i' : 'u'}${bits}`)
  return integer
}

const UNDEF_RAW = 0x7fffffffffffffffn

function rawPrice(value: unknown, what: string): bigint {
  if (typeof value === 'bigint') return asBigInt(value, what, 64, true)
  if (typeof value !== 'number') throw outOfRange(what, value, 'a price')
  if (Number.isNaN(value)) return UNDEF_RAW
  const raw = Math.round(value * 1e9)
  if (!Number.isSafeInteger(raw)) throw outOfRange(what, value, 'a price below 9,007,199; give larger ones as bigint in units of 1e-9')
  return BigInt(raw)
}

function outOfRange(what: string, value: unknown, expected: string): TradingError {
  return new TradingError('DBN_VALUE_RANGE', `${what}: ${String(value)} is not ${expected}`, { field: what })
}

/** Writes a DBN stream piece by piece: first the metadata, then runs or records. The caller owns the sink. */
export class DbnEncoder {
  readonly #version: DbnVersion
  readonly #tsOut: boolean
  /** Prelude and metadata; write these first. */
  readonly head: Uint8Array

  constructor(metadata: Metadata) {
    this.#version = metadata.version
    this.#tsOut = metadata.tsOut
    this.head = encodeMetadata(metadata)
  }

  /** Bytes of one record of plain values. */
  record(record: EncodableRecord): Uint8Array {
    return encodeRecord(record, { version: this.#version, tsOut: this.#tsOut })
  }

  /** Bytes of a run as they are; the run's layouts must be those of this stream's version. No copy: write them before the next push. */
  run(run: RecordRun): Uint8Array {
    if (run.layout !== undefined && !run.layout.versions.includes(this.#version)) {
      throw new TradingError('DBN_RECORD_TYPE', `${run.layout.name} records do not belong in a DBN ${this.#version} stream`, {
        rtype: run.rtype,
      })
    }
    if (run.stride * 4 > MAX_RECORD_BYTES) throw outOfRange('record length', run.stride * 4, `at most ${MAX_RECORD_BYTES}`)
    return runBytes(run)
  }
}
