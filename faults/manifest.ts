/**
 * The fault matrix of @gatehouse/manifest-parquet: nothing acknowledged is lost, nothing is held twice, nothing damaged is read as if it were sound.
 *
 *   node --conditions=@gatehouse/source --import tsx faults/manifest.ts [--runs 600] [--seed 1] [--write]
 *
 * `--runs` is the number of writers killed; the other sections follow it. `--write` puts the table into proof/manifest-faults.md.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { jumpingClock, oddNames, readOnlyFolder, sameTransactions } from '../packages/manifest-parquet/test/support/contention-runs.js'
import { damageRuns, damages } from '../packages/manifest-parquet/test/support/damage-runs.js'
import { injectedRuns } from '../packages/manifest-parquet/test/support/injected-runs.js'
import { bundleWriter, killRuns } from '../packages/manifest-parquet/test/support/kill-runs.js'
import type { Tally } from '../packages/manifest-parquet/test/support/numbered-bars.js'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const seed = Number(values.seed)
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) throw new Error(`--runs and --seed take whole numbers`)

const rows: string[][] = []
const problems: string[] = []
let passed = 0
let failed = 0

type Outcome = Tally & { noticed?: number; harmless?: number }

async function section(what: string, run: () => Promise<Outcome | { skipped: string }>): Promise<void> {
  const started = performance.now()
  const tally = await run()
  if ('skipped' in tally) {
    process.stdout.write(`SKIPPED ${what}: ${tally.skipped}\n`)
    rows.push([what, '0', '-', '-', '-', `SKIPPED: ${tally.skipped}`])
    return
  }
  passed += tally.runs - Math.min(tally.failed, tally.runs)
  failed += tally.failed
  problems.push(...tally.problems.map((problem) => `${what}: ${problem}`))
  const note = tally.noticed === undefined ? '' : `${tally.noticed} refused, ${tally.harmless} harmless (same rows)`
  const counts = tally.noticed === undefined ? [tally.acknowledged, tally.lost, tally.duplicated].map(String) : ['-', '0', '0']
  rows.push([what, String(tally.runs), ...counts, note])
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(
    `${tally.failed === 0 ? 'ok  ' : 'FAIL'} ${what.padEnd(58)} ${String(tally.runs).padStart(5)} runs  ${counts.join(' / ')}  ${note} ${seconds} s\n`,
  )
}

const share = (part: number): number => Math.max(2, Math.round(runs * part))
const bundle = await bundleWriter()
try {
  const kill = (writers: number, mode: 'append' | 'record', part: number) =>
    section(`SIGKILL around every step, ${mode === 'record' ? 'the recorder' : `${writers} writers`}`, () =>
      killRuns({ runs: share(part), seed: seed + writers, writers, mode, bundle: bundle.path }),
    )
  await kill(2, 'append', 0.35)
  await kill(4, 'append', 0.25)
  await kill(8, 'append', 0.2)
  await kill(1, 'record', 0.2)
} finally {
  await bundle.remove()
}
for (const fault of ['ENOSPC', 'EIO', 'EMFILE', 'short', 'torn'] as const) {
  const what = { ENOSPC: 'no space', EIO: 'an I/O error', EMFILE: 'too many open files', short: 'a short write', torn: 'a torn write' }[
    fault
  ]
  await section(`${what} (${fault}) at each operation in turn`, () => injectedRuns(fault, Math.max(4, Math.min(400, runs))))
}
for (const name of Object.keys(damages)) await section(name, () => damageRuns(name, share(0.1), seed))
await section('writers telling the same transactions, a reader beside', () => sameTransactions(share(0.01)))
await section('a clock that goes back an hour and forward ten years', () => jumpingClock(share(0.01), seed))
await section('instruments whose names no folder likes', oddNames)
await section('a read-only folder', readOnlyFolder)

for (const problem of problems.slice(0, 20)) process.stdout.write(`${problem}\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
if (values.write) {
  const head = ['fault', 'runs', 'acknowledged rows', 'lost', 'held twice', 'outcome']
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  const text = `# Fault matrix of the manifest

\`node --conditions=@gatehouse/source --import tsx faults/manifest.ts --runs ${runs} --seed ${seed} --write\`

${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${availableParallelism()} cores, seed ${seed}: **${passed} passed, ${failed} failed.**

${table}

Kills are real: a writer process ends itself with SIGKILL before, during or after one operation on its files (table and write-ahead log), chosen at
random, and is started again; afterwards every acknowledged append must be in the table once, the log contiguous, every file equal to its digest.
Injected faults strike every operation of a script of six appends, three commits and two checkpoints in turn. Loss of power (writes that were not
synced) is covered for the write-ahead log by \`faults/durable-log.ts\`; for data files and log entries it is not simulated here, they are synced before they are named.
`
  writeFileSync(fileURLToPath(new URL('../proof/manifest-faults.md', import.meta.url)), text)
}
process.exitCode = failed === 0 ? 0 : 1
