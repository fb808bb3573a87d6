import { TradingError } from '@gatehouse/core'
import { readCstr } from '../codec/cstr.js'
import { runLayout, type RecordRun } from '../codec/run.js'
import type { Field, Layout } from '../layout/layout.js'

/** Values of one field: prices as float64 in price units (`NaN` when undefined), times and ids as 64-bit integers, characters as codes. */
export type Column =
  Float64Array | BigInt64Array | BigUint64Array | Uint32Array | Int32Array | Uint16Array | Int16Array | Uint8Array | Int8Array | string[]

/** Columns by field name. */
export type Columns<Name extends string = string> = { readonly [N in Name]: Column } & { readonly length: number }

/** How prices are given. */
export interface ColumnOptions {
  /** Prices as `BigInt64Array` in units of 1e-9, exact, undefined as int64 max. */
  readonly exact?: boolean | undefined
}

/** Fills one column from consecutive rows of a run. */
type Filler = (run: RecordRun, row: number, count: number) => Column

/**
 * Columns of chosen fields, filled straight from the bytes: cost follows the fields asked for.
 * Levels are named as in Databento's CSV: `bidPx00 … askCt09`. The arrays are reused: they hold until the next `read`.
 */
export class ColumnReader<Name extends string> {
  readonly #names: readonly Name[]
  readonly #exact: boolean
  readonly #fillers = new Map<Layout, readonly Filler[]>()

  constructor(names: readonly Name[], { exact = false }: ColumnOptions = {}) {
    this.#names = names
    this.#exact = exact
  }

  /**
   * Columns of `count` rows of a run from `row` on.
   * @throws {TradingError} `DBN_FIELD` when a record of the run has no such field; the message lists those it has
   */
  read(run: RecordRun, row = 0, count = run.length - row): Columns<Name> {
    const layout = runLayout(run)
    let fillers = this.#fillers.get(layout)
    if (fillers === undefined) {
      fillers = this.#names.map((name) => fillerFor(layout, name, this.#exact))
      this.#fillers.set(layout, fillers)
    }
    const columns: Record<string, Column | number> = { length: count }
    for (let index = 0; index < fillers.length; index += 1) columns[this.#names[index]] = fillers[index](run, row, count)
    return columns as Columns<Name>
  }
}

/** Names that can be asked of a layout: its fields in camelCase, levels as `bidPx00`, and `tsOut`. */
export function columnNames(layout: Layout): string[] {
  return [...columnFields(layout).keys(), 'tsOut']
}

/** The field behind a column name, its offset from the start of the record. */
export function columnField(layout: Layout, name: string): Field | undefined {
  return columnFields(layout).get(name)
}

const fieldCache = new Map<Layout, ReadonlyMap<string, Field>>()

/** All columns of a layout by name. */
export function columnFields(layout: Layout): ReadonlyMap<string, Field> {
  const cached = fieldCache.get(layout)
  if (cached !== undefined) return cached
  const fields = new Map<string, Field>()
  for (const field of layout.fields) {
    const { struct } = field
    if (struct === undefined) fields.set(field.key, field)
    else {
      for (let level = 0; level < field.count; level += 1) {
        for (const inner of struct.fields) {
          const key = `${inner.key}${String(level).padStart(2, '0')}`
          fields.set(key, { ...inner, key, offset: field.offset + level * struct.size + inner.offset })
        }
      }
    }
  }
  fieldCache.set(layout, fields)
  return fields
}

function fillerFor(layout: Layout, name: string, exact: boolean): Filler {
  if (name === 'tsOut') return wideFiller(BigUint64Array, 0, (run) => run.tsOutWord)
  const field = columnFields(layout).get(name)
  if (field === undefined) {
    throw new TradingError('DBN_FIELD', `${layout.name} records have no field "${name}"; they have ${columnNames(layout).join(', ')}`, {
      name,
      layout: layout.name,
    })
  }
  const word = field.offset >>> 2
  const { offset } = field
  switch (field.kind) {
    case 'price':
      return exact ? wideFiller(BigInt64Array, word) : priceFiller(word)
    case 'i64':
      return wideFiller(BigInt64Array, word)
    case 'ts':
    case 'u64':
      return wideFiller(BigUint64Array, word)
    case 'u32':
      return reused(
        (size) => new Uint32Array(size),
        (out, { uint32, stride }, first, count) => {
          for (let row = 0, w = first + word; row < count; row += 1, w += stride) out[row] = uint32[w]
        },
      )
    case 'i32':
      return reused(
        (size) => new Int32Array(size),
        (out, { int32, stride }, first, count) => {
          for (let row = 0, w = first + word; row < count; row += 1, w += stride) out[row] = int32[w]
        },
      )
    case 'u16':
    case 'i16': {
      const shift = (offset & 2) * 8
      const isSigned = field.kind === 'i16'
      const make = (size: number): Uint16Array | Int16Array => (isSigned ? new Int16Array(size) : new Uint16Array(size))
      return reused(make, (out, { uint32, stride }, first, count) => {
        for (let row = 0, w = first + word; row < count; row += 1, w += stride) out[row] = uint32[w] >>> shift
      })
    }
    case 'u8':
    case 'i8':
    case 'char': {
      const isSigned = field.kind === 'i8'
      const make = (size: number): Uint8Array | Int8Array => (isSigned ? new Int8Array(size) : new Uint8Array(size))
      return reused(make, (out, { bytes, stride }, first, count) => {
        for (let row = 0, at = (first << 2) + offset; row < count; row += 1, at += stride << 2) out[row] = bytes[at]
      })
    }
    case 'cstr':
      return ({ bytes, wordOffset, stride }, row, count) =>
        Array.from({ length: count }, (_, index) => readCstr(bytes, (wordOffset + (row + index) * stride) * 4 + offset, field.bytes))
    case 'struct':
      throw new TypeError('structs are flattened')
  }
}

/** Keeps one array as long as it is large enough and hands out its beginning. */
function reused<A extends Exclude<Column, string[]>>(
  make: (size: number) => A,
  fill: (out: A, run: RecordRun, firstWord: number, count: number) => void,
): Filler {
  let array = make(0)
  return (run, row, count) => {
    if (array.length < count) array = make(count)
    fill(array, run, run.wordOffset + row * run.stride, count)
    return array.length === count ? array : array.subarray(0, count)
  }
}

function priceFiller(word: number): Filler {
  return reused(
    (size) => new Float64Array(size),
    (out, { int32, uint32, stride }, first, count) => {
      for (let row = 0, w = first + word; row < count; row += 1, w += stride) {
        const high = int32[w + 1]
        const low = uint32[w]
        out[row] = high === 0x7fffffff && low === 0xffffffff ? NaN : (high * 4294967296 + low) / 1e9
      }
    },
  )
}

/** 64-bit integers are moved as two words, without making a bigint of any. */
function wideFiller(type: typeof BigInt64Array | typeof BigUint64Array, word: number, wordOf?: (run: RecordRun) => number): Filler {
  let array: BigInt64Array | BigUint64Array = new type(0)
  let words: Uint32Array = new Uint32Array(0)
  return (run, row, count) => {
    if (array.length < count) {
      array = new type(count)
      words = new Uint32Array(array.buffer)
    }
    const { uint32, stride } = run
    const within = wordOf === undefined ? word : wordOf(run)
    if (within < 0) array.fill(0n, 0, count)
    else {
      for (let index = 0, w = run.wordOffset + row * stride + within; index < count; index += 1, w += stride) {
        words[2 * index] = uint32[w]
        words[2 * index + 1] = uint32[w + 1]
      }
    }
    return array.length === count ? array : array.subarray(0, count)
  }
}
