import { ErrorRecordCode, SystemCode } from '../layout/enums.js'
import { layoutNamed, type Field, type Layout } from '../layout/layout.js'
import { readCstr } from './cstr.js'
import { createRun, type RecordRun } from './run.js'
import { createWindow, type Window } from './window.js'

/** Rewrites records of an old layout as DBN 3 has them. */
export interface Upgrade {
  /** A run in memory of the upgrade, valid until it is applied again. */
  apply(run: RecordRun): RecordRun
}

/** Old layouts and what they become. All other records are the same in DBN 1, 2 and 3. */
const successors: Readonly<Record<string, string>> = {
  DefinitionV1: 'Definition',
  DefinitionV2: 'Definition',
  StatisticsV1: 'Statistics',
  SymbolMappingV1: 'SymbolMapping',
  ErrorV1: 'Error',
  SystemV1: 'System',
}

/** DBN 1 has no codes; these are what the official clients read from its texts. */
const systemTexts: readonly (readonly [RegExp, number])[] = [
  [/^Heartbeat/, SystemCode.heartbeat],
  [/^Subscription request .* succeeded/, SystemCode.subscriptionAck],
  [/^Warning: slow reading/, SystemCode.slowReader],
  [/^Finished .* replay/, SystemCode.replayCompleted],
  [/^End of interval for/, SystemCode.endOfInterval],
]
const errorTexts: readonly (readonly [RegExp, number])[] = [
  [/deactivated/, ErrorRecordCode.keyDeactivated],
  [/open connection limit/, ErrorRecordCode.connectionLimit],
  [/^Failed to resolve/, ErrorRecordCode.symbolResolution],
  [/^Internal error/, ErrorRecordCode.internal],
  [/^Slow client/, ErrorRecordCode.skippedRecords],
]
const codeFor = (texts: typeof systemTexts, text: string): number => texts.find(([pattern]) => pattern.test(text))?.[1] ?? 255

type Step = (source: Window, from: number, target: Window, to: number) => void

const UNDEF_HIGH = 0x7fffffff
const UNDEF_LOW = 0xffffffff

/** What a field holds that the old layout does not have. */
function defaultStep(target: Layout, field: Field): Step | undefined {
  if (target.name === 'Definition') {
    if (field.name === 'leg_price' || field.name === 'leg_delta') {
      return (_source, _from, { view }, to) => {
        view.setUint32(to + field.offset, UNDEF_LOW, true)
        view.setInt32(to + field.offset + 4, UNDEF_HIGH, true)
      }
    }
    if (field.name === 'leg_side') return (_source, _from, { bytes }, to) => (bytes[to + field.offset] = 0x4e)
  }
  if (target.name === 'System' && field.name === 'code') {
    return (source, from, { bytes }, to) => (bytes[to + field.offset] = codeFor(systemTexts, readCstr(source.bytes, from + 16, 64)))
  }
  if (target.name === 'Error') {
    if (field.name === 'code') {
      return (source, from, { bytes }, to) => (bytes[to + field.offset] = codeFor(errorTexts, readCstr(source.bytes, from + 16, 64)))
    }
    if (field.name === 'is_last') return (_source, _from, { bytes }, to) => (bytes[to + field.offset] = 255)
  }
  if (target.name === 'SymbolMapping' && (field.name === 'stype_in' || field.name === 'stype_out')) {
    return (_source, _from, { bytes }, to) => (bytes[to + field.offset] = 255)
  }
  return undefined
}

function copyStep(from: Field, to: Field): Step {
  if (from.kind === 'i32' && to.kind === 'i64') {
    return (source, at, target, into) => {
      const value = source.view.getInt32(at + from.offset, true)
      const undefinedValue = value === UNDEF_HIGH
      target.view.setUint32(into + to.offset, undefinedValue ? UNDEF_LOW : value >>> 0, true)
      target.view.setInt32(into + to.offset + 4, undefinedValue ? UNDEF_HIGH : value >> 31, true)
    }
  }
  // Text grows and u32 becomes u64 by zeros behind; a text that fills its old field has no NUL and is copied whole.
  return (source, at, target, into) => {
    for (let byte = 0; byte < from.bytes; byte += 1) target.bytes[into + to.offset + byte] = source.bytes[at + from.offset + byte]
  }
}

function compile(source: Layout, target: Layout): readonly Step[] {
  return target.fields.flatMap((field) => {
    if (field.name === 'length') return []
    const old = source.fields.find((candidate) => candidate.name === field.name)
    const step = old === undefined ? defaultStep(target, field) : copyStep(old, field)
    return step === undefined ? [] : [step]
  })
}

/** The upgrade of a layout, or `undefined` when DBN 3 has the same one. */
export function upgradeOf(source: Layout, hasTsOut: boolean): Upgrade | undefined {
  const name = successors[source.name]
  if (name === undefined) return undefined
  const target = layoutNamed(name)
  const steps = compile(source, target)
  const bytes = target.size + (hasTsOut ? 8 : 0)
  const stride = bytes / 4
  let scratch: Window | undefined
  return {
    apply(run) {
      if (scratch === undefined || scratch.bytes.length < bytes * run.length) scratch = createWindow(bytes * run.length)
      else scratch.bytes.fill(0, 0, bytes * run.length)
      for (let row = 0; row < run.length; row += 1) {
        const from = (run.wordOffset + row * run.stride) * 4
        const to = row * bytes
        for (const step of steps) step(run.window, from, scratch, to)
        scratch.bytes[to] = stride
        if (hasTsOut) {
          scratch.uint32[(to >> 2) + stride - 2] = run.uint32[run.wordOffset + row * run.stride + run.tsOutWord]
          scratch.uint32[(to >> 2) + stride - 1] = run.uint32[run.wordOffset + row * run.stride + run.tsOutWord + 1]
        }
      }
      return createRun(scratch, {
        rtype: run.rtype,
        layout: target,
        wordOffset: 0,
        stride,
        length: run.length,
        tsOutWord: hasTsOut ? stride - 2 : -1,
      })
    },
  }
}
