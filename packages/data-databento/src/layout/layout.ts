import { structTable } from './structs.js'

/** The versions of DBN this package reads and writes. */
export type DbnVersion = 1 | 2 | 3

/** What a field holds; see `structs.ts` for the meaning of each kind. */
export type FieldKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'price' | 'ts' | 'char' | 'cstr' | 'struct'

/** One field of a record. */
export interface Field {
  /** Databento's name, as in their CSV and JSON: `ts_recv`. */
  readonly name: string
  /** The same in camelCase, as this package spells it: `tsRecv`. */
  readonly key: string
  readonly kind: FieldKind
  /** Bytes from the start of the record (or of the nested struct). */
  readonly offset: number
  /** Bytes in all. */
  readonly bytes: number
  /** For `struct`: what is repeated, and how often. */
  readonly struct?: Layout | undefined
  readonly count: number
}

/** The shape of one record type in one or more DBN versions. */
export interface Layout {
  readonly name: string
  readonly versions: readonly DbnVersion[]
  readonly rtypes: readonly number[]
  /** Bytes, header included, without `ts_out`. */
  readonly size: number
  /** Fields in struct order, header first. */
  readonly fields: readonly Field[]
}

/** Bytes of the header that every record begins with. */
export const HEADER_BYTES = 16
/** The longest record the one-byte length (in 4-byte words) can state. */
export const MAX_RECORD_BYTES = 1020

const header = 'length:u8@0 rtype:u8@1 publisher_id:u16@2 instrument_id:u32@4 ts_event:ts@8'
const widths = { u8: 1, i8: 1, char: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8, price: 8, ts: 8 } as const

/** `ts_in_delta` → `tsInDelta`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function parseField(text: string, known: ReadonlyMap<string, Layout>): Field {
  const match = /^(\w+):(\w+?)(?:\*(\d+))?@(\d+)$/.exec(text)
  if (match === null) throw new SyntaxError(`struct table: cannot read field "${text}"`)
  const [, name = '', type = '', repeat, at] = match
  const base = { name, key: camelCase(name), offset: Number(at) }
  if (type.startsWith('cstr')) return { ...base, kind: 'cstr', bytes: Number(type.slice(4)), count: 1 }
  if (repeat === undefined) return { ...base, kind: type as FieldKind, bytes: widths[type as keyof typeof widths], count: 1 }
  const struct = known.get(type)
  if (struct === undefined) throw new SyntaxError(`struct table: unknown struct "${type}"`)
  return { ...base, kind: 'struct', struct, count: Number(repeat), bytes: struct.size * Number(repeat) }
}

function parseTable(): ReadonlyMap<string, Layout> {
  const known = new Map<string, Layout>()
  for (const { fields, ...row } of structTable) {
    const text = row.rtypes.length > 0 ? `${header} ${fields}` : fields
    known.set(row.name, {
      ...row,
      fields: text
        .trim()
        .split(/\s+/)
        .map((field) => parseField(field, known)),
    })
  }
  return known
}

/** All layouts by name, nested structs included. */
export const layouts: ReadonlyMap<string, Layout> = parseTable()

/** The layout with this name. @throws {RangeError} when there is none */
export function layoutNamed(name: string): Layout {
  const layout = layouts.get(name)
  if (layout === undefined) throw new RangeError(`no layout is named "${name}"`)
  return layout
}

/** Fields that every record has; the layout of a record whose rtype is not known. */
export const headerLayout: Layout = {
  name: 'Unknown',
  versions: [1, 2, 3],
  rtypes: [],
  size: HEADER_BYTES,
  fields: header.split(' ').map((field) => parseField(field, layouts)),
}

const byVersion: readonly (readonly (Layout | undefined)[])[] = [0, 1, 2, 3].map((version) =>
  Array.from({ length: 256 }, (_, rtype) =>
    [...layouts.values()].find((layout) => layout.rtypes.includes(rtype) && layout.versions.includes(version as DbnVersion)),
  ),
)

/** The layout of records of `rtype` in a stream of `version`, or `undefined` when the type is not known. */
export function layoutOf(rtype: number, version: DbnVersion): Layout | undefined {
  return byVersion[version]?.[rtype]
}
