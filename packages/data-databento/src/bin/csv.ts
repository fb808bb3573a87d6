import { TradingError } from '@gatehouse/core'
import { readCstr } from '../codec/cstr.js'
import type { RecordRun } from '../codec/run.js'
import { camelCase, type Field, type Layout } from '../layout/layout.js'
import { columnFields } from '../records/columns.js'

type Cell = (run: RecordRun, at: number) => string

/**
 * Lines of CSV for records of one layout. Prices are decimals with nine digits and times ISO 8601 with nanoseconds, both exact; `isRaw` gives
 * the integers. What is undefined is an empty cell.
 * @throws {TradingError} `DBN_FIELD` when a field does not exist
 */
export function csvWriter(
  layout: Layout,
  names: readonly string[],
  { isRaw }: { readonly isRaw: boolean },
): { head: string; row: (run: RecordRun, row: number) => string } {
  const fields = columnFields(layout)
  const cells = names.map((name) => {
    // Databento's own spelling, as `json` prints it, is understood too.
    const field = fields.get(name) ?? fields.get(camelCase(name))
    if (field === undefined) {
      throw new TradingError('DBN_FIELD', `${layout.name} records have no field "${name}"; they have ${[...fields.keys()].join(', ')}`, {
        name,
        layout: layout.name,
      })
    }
    return cellOf(field, isRaw)
  })
  return {
    head: names.join(','),
    row(run, row) {
      const at = (run.wordOffset + row * run.stride) * 4
      return cells.map((cell) => cell(run, at)).join(',')
    },
  }
}

function cellOf({ kind, offset, bytes }: Field, isRaw: boolean): Cell {
  switch (kind) {
    case 'price':
      return ({ window }, at) => {
        const raw = window.view.getBigInt64(at + offset, true)
        if (isRaw) return String(raw)
        return raw === 0x7fffffffffffffffn ? '' : decimal(raw)
      }
    case 'ts':
      return ({ window }, at) => {
        const ns = window.view.getBigUint64(at + offset, true)
        if (isRaw) return String(ns)
        return ns === 0xffffffffffffffffn ? '' : isoTime(ns)
      }
    case 'u64':
      return ({ window }, at) => String(window.view.getBigUint64(at + offset, true))
    case 'i64':
      return ({ window }, at) => String(window.view.getBigInt64(at + offset, true))
    case 'u32':
      return ({ window }, at) => String(window.view.getUint32(at + offset, true))
    case 'i32':
      return ({ window }, at) => String(window.view.getInt32(at + offset, true))
    case 'u16':
      return ({ window }, at) => String(window.view.getUint16(at + offset, true))
    case 'i16':
      return ({ window }, at) => String(window.view.getInt16(at + offset, true))
    case 'u8':
      return (run, at) => String(run.bytes[at + offset])
    case 'i8':
      return ({ window }, at) => String(window.view.getInt8(at + offset))
    case 'char':
      return (run, at) => (run.bytes[at + offset] === 0 ? '' : quoted(String.fromCharCode(run.bytes[at + offset])))
    case 'cstr':
      return (run, at) => quoted(readCstr(run.bytes, at + offset, bytes))
    case 'struct':
      throw new TypeError('structs are flattened')
  }
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function decimal(raw: bigint): string {
  const digits = (raw < 0n ? -raw : raw).toString().padStart(10, '0')
  return `${raw < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`
}

/** ISO 8601 with nanoseconds, UTC. Times that `Date` cannot hold stay integers. */
export function isoTime(ns: bigint): string {
  const milliseconds = Number(ns / 1_000_000n)
  if (milliseconds > 8.64e15) return String(ns)
  return `${new Date(milliseconds).toISOString().slice(0, 19)}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`
}
