import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTradingError, type LogFinding, openLog, readLog, verifyLog } from '@gatehouse/durable-log'
import { seededRandom } from '@gatehouse/durable-log/testing'
import { bundleWriter, Writer } from './child-process.js'
import type { SeriesOptions } from './kill-runs.js'
import { makePayload } from './payload.js'

/** Figures of damage runs. */
export interface DamageTally {
  runs: number
  segments: number
  byKind: Record<string, number>
  failures: string[]
}

/** A sound log, and where its frames lie. */
interface Sample {
  readonly directory: string
  readonly segments: readonly {
    readonly name: string
    readonly bytes: Buffer
    readonly frames: readonly number[]
    readonly firstIndex: number
    readonly end: number
  }[]
  readonly records: number
}

type Kind = 'bit' | 'zeros' | 'drop' | 'insert' | 'cut' | 'swap'

/** Damages logs (closed ones, and one whose writer was killed) at random places of every segment; each damage must be named by segment and offset. */
export async function damageRuns({ runs, seed }: SeriesOptions): Promise<DamageTally> {
  const tally: DamageTally = { runs: 0, segments: 0, byKind: {}, failures: [] }
  const folder = mkdtempSync(join(tmpdir(), 'durable-log-damage-'))
  const random = seededRandom(seed)
  try {
    const samples = [await closedSample(join(folder, 'closed'), seed), await killedSample(folder, seed)]
    tally.segments = samples.reduce((sum, { segments }) => sum + segments.length, 0)
    for (let run = 0; run < runs; run++) {
      const sample = samples[run % samples.length]
      // Every segment has its turn, one after the other.
      const segment = sample.segments[Math.floor(run / samples.length) % sample.segments.length]
      const { kind, bytes } = damage(segment, segment === sample.segments.at(-1), sample === samples[0], random)
      const differs = firstDifference(segment.bytes, bytes)
      if (differs === undefined) continue
      tally.runs += 1
      tally.byKind[kind] = (tally.byKind[kind] ?? 0) + 1
      const directory = join(folder, 'damaged')
      cpSync(sample.directory, directory, { recursive: true })
      writeFileSync(join(directory, segment.name), bytes)
      const offset = differs < 64 ? 0 : segment.frames.findLast((frame) => frame <= differs)!
      const before = segment.firstIndex + (offset === 0 ? 0 : segment.frames.indexOf(offset))
      const problem = await judge(directory, { segment: segment.name, offset }, before - sample.segments[0].firstIndex)
      if (problem !== undefined)
        tally.failures.push(`seed ${seed} run ${run} (${kind} at ${differs} of ${segment.name}, log ${sample.directory}): ${problem}`)
      rmSync(directory, { recursive: true, force: true })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return tally
}

/** Verifying names the place first, opening refuses with it, reading gives exactly what lies before it. */
async function judge(directory: string, expected: { segment: string; offset: number }, recordsBefore: number): Promise<string | undefined> {
  const place = (finding: Pick<LogFinding, 'segment' | 'offset'> | undefined): string => `${finding?.segment}@${finding?.offset}`
  const { ok, findings } = await verifyLog(directory)
  if (ok) return 'verifyLog found nothing'
  if (place(findings[0]) !== place(expected))
    return `verifyLog named ${place(findings[0])} (${findings[0].code}), expected ${place(expected)}`
  let next = 0
  let readError: unknown
  try {
    for await (const _ of readLog(directory)) next += 1
  } catch (error) {
    readError = error
  }
  if (!isTradingError(readError, 'LOG_CORRUPT')) return `reading gave ${String(readError)} instead of LOG_CORRUPT`
  if (next !== recordsBefore) return `reading gave ${next} records, ${recordsBefore} lie before the damage`
  try {
    const log = await openLog({ directory })
    await log.close()
    return 'openLog opened it'
  } catch (error) {
    if (!isTradingError(error, 'LOG_CORRUPT')) return `openLog gave ${String(error)}`
    if (place(error.details as { segment: string; offset: number }) !== place(expected))
      return `openLog named ${place(error.details as never)}`
  }
  return undefined
}

function damage(
  { bytes, frames, end }: Sample['segments'][number],
  isLast: boolean,
  isClosed: boolean,
  random: () => number,
): { kind: Kind; bytes: Buffer } {
  // A log that was not closed may lose its unsynced end without anybody being able to tell: there, nothing is taken away from the last segment.
  const kinds: Kind[] = isLast && !isClosed ? ['bit', 'zeros'] : ['bit', 'bit', 'bit', 'zeros', 'drop', 'insert', 'cut', 'swap']
  const kind = kinds[Math.floor(random() * kinds.length)]
  const at = Math.floor(random() * end)
  const length = Math.min(1 + Math.floor(random() * 500), end - at)
  const changed = Buffer.from(bytes)
  switch (kind) {
    case 'bit':
      changed[at] ^= 1 << Math.floor(random() * 8)
      return { kind, bytes: changed }
    case 'zeros':
      return { kind, bytes: changed.fill(0, at, at + length) }
    case 'drop':
      return { kind, bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]) }
    case 'insert':
      return { kind, bytes: Buffer.concat([bytes.subarray(0, at), Buffer.alloc(length, random() * 256), bytes.subarray(at)]) }
    case 'cut':
      return { kind, bytes: changed.subarray(0, at) }
    case 'swap': {
      const [a, b, c] = frames.slice(Math.floor(random() * Math.max(1, frames.length - 2)))
      if (c === undefined) return { kind, bytes: changed }
      return { kind, bytes: Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]) }
    }
  }
}

function firstDifference(before: Buffer, after: Buffer): number | undefined {
  const shared = Math.min(before.length, after.length)
  for (let at = 0; at < shared; at++) if (before[at] !== after[at]) return at
  return before.length === after.length ? undefined : shared
}

async function closedSample(directory: string, seed: number): Promise<Sample> {
  const log = await openLog({ directory, segmentBytes: 16 * 1024 })
  for (let attempt = 0; attempt < 60; attempt++) log.appendSync(makePayload(seed, 0, attempt))
  await log.close()
  return describe(directory)
}

/** A log as SIGKILL leaves it. */
async function killedSample(folder: string, seed: number): Promise<Sample> {
  const directory = join(folder, 'killed')
  const bundle = await bundleWriter(folder)
  const writer = new Writer(bundle, { directory, seed, run: 0, segmentBytes: 16 * 1024, mode: 'mixed' })
  await writer.said(40)
  await sleep(20)
  writer.kill()
  await writer.ended
  if (writer.trouble !== undefined) throw new Error(writer.trouble)
  return describe(directory)
}

async function describe(directory: string): Promise<Sample> {
  const frames = new Map<string, { offsets: number[]; firstIndex: number; end: number }>()
  let records = 0
  for await (const { index, segment, offset, payload } of readLog(directory)) {
    const entry = frames.get(segment) ?? { offsets: [], firstIndex: index, end: 0 }
    entry.offsets.push(offset)
    entry.end = offset + payload.length + 56
    frames.set(segment, entry)
    records += 1
  }
  const names = readdirSync(directory).filter((name) => frames.has(name))
  const segments = names.sort().map((name, at) => {
    const { offsets, firstIndex, end } = frames.get(name)!
    const bytes = readFileSync(join(directory, name))
    const isLast = at === names.length - 1
    // The seal is the frame behind the last record; the end of the last segment is where a record would come next.
    return { name, bytes, frames: [...offsets, end], firstIndex, end: isLast ? end : bytes.length }
  })
  return { directory, segments, records }
}
