import { readCstr } from '../codec/cstr.js'
import { runLayout, type RecordRun } from '../codec/run.js'
import type { Field } from '../layout/layout.js'
import { columnField } from '../records/columns.js'

/** A column in the array type that core's kind asks for. */
export function coreColumn(run: RecordRun, name: string, kind: string): unknown {
  const field = columnField(runLayout(run), name)
  if (field === undefined) throw new RangeError(`${runLayout(run).name} records have no field ${name}`)
  switch (kind) {
    case 'time':
      return timeColumn(run, field)
    case 'id':
      return new BigUint64Array(wide(run, field))
    case 'price':
      return new BigInt64Array(wide(run, field))
    case 'size':
      return field.kind === 'u32'
        ? Uint32Array.from({ length: run.length }, words(run, field))
        : Float64Array.from({ length: run.length }, wideNumbers(run, field))
    case 'count':
      return Uint32Array.from({ length: run.length }, narrow(run, field))
    case 'char':
    case 'flags':
      return Uint8Array.from({ length: run.length }, narrow(run, field))
    case 'number':
      // The only one is contractMultiplier, an i32 whose maximum means undefined.
      return Float64Array.from({ length: run.length }, (_, row) => {
        const value = run.window.view.getInt32(at(run, field, row), true)
        return value === 0x7fffffff ? NaN : value
      })
    case 'text':
      return Array.from({ length: run.length }, (_, row) => readCstr(run.bytes, at(run, field, row), field.bytes))
    default:
      throw new RangeError(`no DBN field is a ${kind}`)
  }
}

const at = (run: RecordRun, field: Field, row: number): number => (run.wordOffset + row * run.stride) * 4 + field.offset

function words(run: RecordRun, field: Field): (_: unknown, row: number) => number {
  return (_, row) => run.uint32[at(run, field, row) >>> 2]
}

function narrow(run: RecordRun, field: Field): (_: unknown, row: number) => number {
  if (field.bytes === 1) return (_, row) => run.bytes[at(run, field, row)]
  if (field.bytes === 2) return (_, row) => run.window.view.getUint16(at(run, field, row), true)
  return words(run, field)
}

function wideNumbers(run: RecordRun, field: Field): (_: unknown, row: number) => number {
  return (_, row) => {
    const word = at(run, field, row) >>> 2
    const low = run.uint32[word]
    if (field.kind === 'u64') return run.uint32[word + 1] * 4294967296 + low
    const high = run.int32[word + 1]
    return high === 0x7fffffff && low === 0xffffffff ? NaN : high * 4294967296 + low
  }
}

/** 64-bit values moved as words, without making a bigint of any. */
function wide(run: RecordRun, field: Field): ArrayBuffer {
  const out = new Uint32Array(run.length * 2)
  for (let row = 0, word = run.wordOffset + (field.offset >>> 2); row < run.length; row += 1, word += run.stride) {
    out[2 * row] = run.uint32[word]
    out[2 * row + 1] = run.uint32[word + 1]
  }
  return out.buffer
}

/** Times are unsigned in DBN and signed in core: undefined (all ones) becomes int64 max instead of -1. */
function timeColumn(run: RecordRun, field: Field): BigInt64Array {
  const buffer = wide(run, field)
  const halves = new Uint32Array(buffer)
  for (let high = 1; high < halves.length; high += 2) if (halves[high] > 0x7fffffff) halves[high] = 0x7fffffff
  return new BigInt64Array(buffer)
}
