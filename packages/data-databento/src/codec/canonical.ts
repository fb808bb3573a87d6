import type { Field, Layout } from '../layout/layout.js'
import { readCstr } from './cstr.js'
import { MIXED_SCHEMA, MIXED_STYPE, type Metadata } from './metadata.js'
import { runLayout, type RecordRun } from './run.js'
import type { Window } from './window.js'

type Writer = (window: Window, at: number) => string

/** One field as it appears in the canonical text; 64-bit integers are decimal strings, so that no reader rounds them. */
function writerOf(field: Field): Writer {
  const { offset } = field
  switch (field.kind) {
    case 'u8':
      return ({ bytes }, at) => String(bytes[at + offset])
    case 'i8':
      return ({ view }, at) => String(view.getInt8(at + offset))
    case 'u16':
      return ({ view }, at) => String(view.getUint16(at + offset, true))
    case 'i16':
      return ({ view }, at) => String(view.getInt16(at + offset, true))
    case 'u32':
      return ({ view }, at) => String(view.getUint32(at + offset, true))
    case 'i32':
      return ({ view }, at) => String(view.getInt32(at + offset, true))
    case 'u64':
    case 'ts':
      return ({ view }, at) => `"${unsigned64(view, at + offset)}"`
    case 'i64':
    case 'price':
      return ({ view }, at) => `"${signed64(view, at + offset)}"`
    case 'char':
      return ({ bytes }, at) => quotedChars[bytes[at + offset]]
    case 'cstr':
      return ({ bytes }, at) => JSON.stringify(readCstr(bytes, at + offset, field.bytes))
    case 'struct': {
      const { struct, count } = field
      if (struct === undefined) throw new TypeError(`field ${field.name} names no struct`)
      const write = compile(struct)
      return (window, at) => {
        const parts: string[] = []
        for (let index = 0; index < count; index += 1) parts.push(`{${write(window, at + offset + index * struct.size)}}`)
        return `[${parts.join(',')}]`
      }
    }
  }
}

const quotedChars: readonly string[] = Array.from({ length: 256 }, (_, code) => JSON.stringify(String.fromCharCode(code)))

/** Below 2^53 the halves make an exact number, which is far cheaper to print than a bigint. */
function signed64(view: DataView, at: number): string {
  const high = view.getInt32(at + 4, true)
  if (high >= -0x200000 && high < 0x200000) return String(high * 4294967296 + view.getUint32(at, true))
  return String(view.getBigInt64(at, true))
}

function unsigned64(view: DataView, at: number): string {
  const high = view.getUint32(at + 4, true)
  if (high < 0x200000) return String(high * 4294967296 + view.getUint32(at, true))
  return String(view.getBigUint64(at, true))
}

function compile(layout: Layout): Writer {
  const parts = layout.fields.map((field) => ({ prefix: `"${field.name}":`, write: writerOf(field) }))
  return (window, at) => {
    let text = ''
    for (const { prefix, write } of parts) text += (text === '' ? '' : ',') + prefix + write(window, at)
    return text
  }
}

const compiled = new Map<Layout, Writer>()

/**
 * A record as canonical JSON: header flattened, fields in struct order under Databento's names, 64-bit integers as strings, characters as
 * one-character strings, `ts_out` last when the stream has it; of an unknown rtype, the header alone.
 */
export function canonicalRecord(run: RecordRun, row: number): string {
  const layout = runLayout(run)
  let write = compiled.get(layout)
  if (write === undefined) {
    write = compile(layout)
    compiled.set(layout, write)
  }
  const at = (run.wordOffset + row * run.stride) * 4
  const body = write(run.window, at)
  return run.tsOutWord < 0 ? `{${body}}` : `{${body},"ts_out":"${unsigned64(run.window.view, at + run.tsOutWord * 4)}"}`
}

/** Metadata as canonical JSON, in one line. */
export function canonicalMetadata(metadata: Metadata): string {
  return JSON.stringify({
    version: metadata.version,
    dataset: metadata.dataset,
    schema: metadata.schemaCode === MIXED_SCHEMA ? null : metadata.schemaCode,
    start: String(metadata.start),
    end: String(metadata.end),
    limit: String(metadata.limit),
    stype_in: metadata.stypeInCode === MIXED_STYPE ? null : metadata.stypeInCode,
    stype_out: metadata.stypeOutCode,
    ts_out: metadata.tsOut,
    symbol_cstr_len: metadata.symbolCstrLen,
    symbols: metadata.symbols,
    partial: metadata.partial,
    not_found: metadata.notFound,
    mappings: metadata.mappings.map(({ rawSymbol, intervals }) => ({
      raw_symbol: rawSymbol,
      intervals: intervals.map(({ startDate, endDate, symbol }) => ({ start_date: startDate, end_date: endDate, symbol })),
    })),
  })
}
