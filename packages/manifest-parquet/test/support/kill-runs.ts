import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { openManifest } from '@gatehouse/manifest-parquet'
import { audit, barsPerAppend, emptyTally, type Tally, type WriterJob } from './numbered-bars.js'

/** The writer as one file, so that a process that lives for a moment starts in a moment. */
export async function bundleWriter(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-writer-'))
  const path = join(folder, 'writer.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./writer.ts', import.meta.url))],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@gatehouse/source'],
    banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
    logLevel: 'error',
  })
  return { path, remove: () => rm(folder, { recursive: true, force: true }) }
}

export interface KillOptions {
  readonly runs: number
  readonly seed: number
  readonly writers: number
  readonly mode: WriterJob['mode']
  readonly bundle: string
}

const faults = ['kill-before', 'kill-during', 'kill-after']

/**
 * Kills writers of one table again and again, each at a random operation, and starts them again until `runs` have died.
 * Then every acknowledged append must be there once, the log contiguous, every file whole.
 */
export async function killRuns({ runs, seed, writers, mode, bundle }: KillOptions): Promise<Tally> {
  const tally = emptyTally()
  const next = random(seed)
  while (tally.runs < runs) {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-kill-'))
    const promised = new Map<number, number>()
    const perTable = Math.min(runs - tally.runs, writers * 12)
    let killed = 0
    const work = async (writer: number): Promise<void> => {
      while (killed < perTable) {
        const at = Math.floor(next() * next() * 120)
        const job: WriterJob = {
          directory,
          writer,
          sequences: 1_000_000,
          mode,
          at,
          fault: faults[Math.floor(next() * faults.length)],
          pendingBytes: next() < 0.3 ? 1 : 1 << 20,
        }
        const { acknowledged, signal, errors } = await runWriter(bundle, job)
        promised.set(writer, Math.max(promised.get(writer) ?? 0, acknowledged))
        killed++
        tally.runs++
        if (signal !== 'SIGKILL') {
          tally.failed++
          tally.problems.push(`writer ${writer} ended by itself: ${errors}`)
        }
      }
    }
    await Promise.all(Array.from({ length: writers }, (_, writer) => work(writer)))
    await judge(directory, promised, tally)
    await rm(directory, { recursive: true, force: true })
  }
  return tally
}

async function judge(directory: string, promised: ReadonlyMap<number, number>, tally: Tally): Promise<void> {
  if (promised.size === 0 || Math.max(...promised.values()) === 0) return
  try {
    await using manifest = await openManifest({ directory })
    // Recovers what the last ones to die had acknowledged and not committed.
    const pin = await manifest.commit()
    const verification = await manifest.at(pin).verify()
    if (!verification.ok) {
      tally.failed++
      tally.problems.push(JSON.stringify(verification.findings.slice(0, 3)))
    }
    const { lost, duplicated } = await audit(manifest.at(pin).scan(), promised)
    for (const sequence of promised.values()) tally.acknowledged += sequence * barsPerAppend
    tally.lost += lost
    tally.duplicated += duplicated
    if (lost > 0 || duplicated > 0) {
      tally.failed++
      tally.problems.push(`${directory}: ${lost} lost, ${duplicated} twice`)
    }
  } catch (error) {
    tally.failed++
    tally.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
}

interface WriterEnd {
  readonly acknowledged: number
  readonly signal: string | null
  readonly errors: string
}

function runWriter(bundle: string, job: WriterJob): Promise<WriterEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundle, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.on('error', reject)
    // A writer that outlives its fault by this much is a failure, not a reason to wait.
    const tooLong = setTimeout(() => child.kill('SIGTERM'), 60_000)
    child.on('close', (_code, signal) => {
      clearTimeout(tooLong)
      let acknowledged = 0
      for (const line of output.split('\n')) {
        const [word, count] = line.split(' ')
        if (word === 'ack') acknowledged = Math.max(acknowledged, Number(count))
        // Rows of a resumed recording count from its first; whole appends are what the audit knows.
        if (word === 'rows') acknowledged = Math.max(acknowledged, Math.floor(Number(count) / barsPerAppend))
      }
      resolve({ acknowledged, signal, errors: errors.slice(0, 400) })
    })
  })
}

/** Deterministic numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
