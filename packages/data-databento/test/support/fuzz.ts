import { isTradingError } from '@gatehouse/core'
import { ZstdDecoder } from '@gatehouse/zstd'
import { canonicalRecord } from '../../src/codec/canonical.js'
import { DbnDecoder } from '../../src/codec/decoder.js'
import { createMetadata, encodeMetadata } from '../../src/codec/metadata.js'
import { runBytes } from '../../src/codec/run.js'
import { encodeRecord } from '../../src/codec/encoder.js'
import { layouts } from '../../src/layout/layout.js'
import { createCursor } from '../../src/records/generated/index.js'
import { seeded } from '../../src/testing/live-trial.js'

/** What a fuzz run found. */
export interface FuzzResult {
  readonly inputs: number
  /** Inputs that decoded to their end, and those that were refused, by code. */
  readonly whole: number
  readonly refused: ReadonlyMap<string, number>
  readonly findings: readonly string[]
  readonly slowestMs: number
}

/** A small valid stream of every record type that a version has. */
export function sampleStream(version: 1 | 2 | 3, tsOut: boolean): Buffer {
  const metadata = createMetadata({
    version,
    dataset: 'GLBX.MDP3',
    schema: 'mbo',
    stypeIn: 'raw_symbol',
    tsOut,
    symbols: ['ESZ3', 'NQZ3'],
    mappings: [{ rawSymbol: 'ESZ3', intervals: [{ startDate: 20231101, endDate: 20231201, symbol: '1' }] }],
  })
  const records = [...layouts.values()]
    .filter((layout) => layout.rtypes.length > 0 && layout.versions.includes(version))
    .map((layout) =>
      encodeRecord({ rtype: layout.rtypes[0], instrumentId: 1, tsEvent: 1_700_000_000_000_000_000n, tsOut: 7n }, { version, tsOut }),
    )
  return Buffer.concat([encodeMetadata(metadata), ...records, ...records])
}

/** Changes a few bytes, cuts, doubles, moves or inserts a piece. */
function mutate(seed: Buffer, random: () => number): Buffer {
  const at = (length: number): number => Math.floor(random() * length)
  let bytes = Buffer.from(seed)
  for (let count = 1 + at(4); count > 0; count -= 1) {
    const place = at(bytes.length)
    switch (at(8)) {
      case 0:
        bytes = bytes.subarray(0, place)
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(at(bytes.length))])
        break
      case 2:
        bytes = Buffer.concat([
          bytes.subarray(0, place),
          Buffer.from(Array.from({ length: 1 + at(20) }, () => at(256))),
          bytes.subarray(place),
        ])
        break
      case 3:
        bytes.fill([0, 255, 127, 128][at(4)], place, Math.min(bytes.length, place + 1 + at(8)))
        break
      default:
        // Lengths, counts and types sit at the beginning and at the heads of records: most changes go there.
        if (bytes.length > 0) bytes[random() < 0.4 ? at(Math.min(bytes.length, 200)) : place] = at(256)
    }
    if (bytes.length === 0) break
  }
  return bytes
}

const MAX_MS = 2000

/**
 * Decodes mutated inputs and checks what must hold of any input: it ends, in good time; errors are ours and stay; every record that is given is
 * a piece of the input, in order, and can be read at all levels; memory given out is bounded by the input.
 */
export function fuzz({
  inputs,
  seed,
  compressed = [],
  onInput,
}: {
  readonly inputs: number
  readonly seed: number
  readonly compressed?: readonly Buffer[]
  /** Told of each input before it is decoded, for a watchdog. */
  readonly onInput?: (index: number, bytes: Buffer) => void
}): FuzzResult {
  const random = seeded(seed)
  const seeds = ([1, 2, 3] as const).flatMap((version) => [sampleStream(version, false), sampleStream(version, true)])
  const refused = new Map<string, number>()
  const findings: string[] = []
  let [whole, slowestMs] = [0, 0]
  for (let index = 0; index < inputs; index += 1) {
    const isCompressed = compressed.length > 0 && random() < 0.2
    const pool = isCompressed ? compressed : seeds
    const bytes = mutate(pool[Math.floor(random() * pool.length)], random)
    const step = random() < 0.5 ? Math.max(1, bytes.length) : 1 + Math.floor(random() * 300)
    onInput?.(index, bytes)
    const started = performance.now()
    try {
      if (isCompressed) decompress(bytes, step)
      else decode(bytes, step, random() < 0.5)
      whole += 1
    } catch (error) {
      if (isTradingError(error) && /^(DBN|ZSTD)_/.test(error.code)) refused.set(error.code, (refused.get(error.code) ?? 0) + 1)
      else findings.push(`input ${index} of seed ${seed}: ${String(error)}\n${bytes.toString('base64').slice(0, 400)}`)
    }
    const took = performance.now() - started
    slowestMs = Math.max(slowestMs, took)
    if (took > MAX_MS) findings.push(`input ${index} of seed ${seed} took ${took.toFixed(0)} ms`)
  }
  return { inputs, whole, refused, findings, slowestMs }
}

function decode(bytes: Buffer, step: number, upgrade: boolean): void {
  const decoder = new DbnDecoder({ upgrade })
  let given = 0
  let at = -1
  for (let from = 0; from < Math.max(bytes.length, 1); from += step) {
    decoder.push(bytes.subarray(from, from + step))
    for (let run = decoder.next(); run !== undefined; run = decoder.next()) {
      if (run.length < 1) throw new Error('an empty run')
      const cursor = createCursor(run)
      for (let row = 0; row < run.length; row += 1) {
        cursor.word = run.wordOffset + row * run.stride
        canonicalRecord(run, row)
        cursor.toObject()
      }
      given += run.length * (upgrade ? 16 : run.stride * 4)
      // As written, a run is a piece of the input, and pieces come in order.
      if (!upgrade) {
        at = bytes.indexOf(runBytes(run), at + 1)
        if (at < 0) throw new Error('a record that is not in the input')
      }
    }
  }
  if (given > bytes.length) throw new Error(`${given} bytes of records from ${bytes.length} bytes of input`)
  try {
    decoder.end()
  } catch (error) {
    // A failure stays: nothing may be decoded behind it.
    let again: unknown
    try {
      decoder.next()
    } catch (second) {
      again = second
    }
    if (again !== error) throw new Error('a failed decoder went on', { cause: error })
    throw error
  }
}

const MAX_OUTPUT = 64 << 20

function decompress(bytes: Buffer, step: number): void {
  const decoder = new ZstdDecoder()
  let produced = 0
  for (let from = 0; from < bytes.length; from += step) {
    decoder.push(bytes.subarray(from, from + step))
    for (let chunk = decoder.next(); chunk !== undefined; chunk = decoder.next()) {
      if (chunk.length > 128 * 1024) throw new Error(`one step gave ${chunk.length} bytes`)
      produced += chunk.length
      if (produced > MAX_OUTPUT) return
    }
  }
  decoder.end()
}
