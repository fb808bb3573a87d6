/**
 * The proof of @gatehouse/durable-log: nothing acknowledged is lost, nothing is invented, every corruption is named by segment and offset.
 *
 *   node --conditions=@gatehouse/source --import tsx faults/durable-log.ts [--runs 1000] [--seed 1] [--write]
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { everyOperationRuns, powerLossRuns } from '../packages/durable-log/test/support/crash-runs.js'
import { damageRuns } from '../packages/durable-log/test/support/damage-runs.js'
import { fullDiskRuns, pretendedFullDiskRuns } from '../packages/durable-log/test/support/full-disk-runs.js'
import { contentionRuns, killRuns, type SeriesOptions } from '../packages/durable-log/test/support/kill-runs.js'
import type { Tally } from '../packages/durable-log/test/support/ledger.js'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const seed = Number(values.seed)
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed))
  throw new Error(`--runs and --seed take whole numbers, not ${values.runs} and ${values.seed}`)

interface Row {
  readonly what: string
  readonly runs: number
  readonly failed: number
  readonly acknowledged: string
  readonly lost: string
  readonly invented: string
  readonly note: string
  readonly seconds: string
}

const rows: Row[] = []
const failures: string[] = []
const share = (part: number): number => Math.max(1, Math.round(runs * part))

async function section(what: string, count: number, run: (options: SeriesOptions) => Promise<Tally & { skipped?: string }>): Promise<void> {
  const startedAt = performance.now()
  const tally = await run({ runs: count, seed })
  const note =
    tally.skipped === undefined
      ? `${tally.records} records checked, ${tally.tornTails} torn tails cut, ${tally.takenOver} stale locks taken over`
      : `SKIPPED: ${tally.skipped}`
  add(
    {
      what,
      runs: tally.runs,
      failed: tally.failures.length,
      acknowledged: String(tally.acknowledged),
      lost: String(tally.lost),
      invented: String(tally.invented),
      note,
    },
    startedAt,
  )
  failures.push(...tally.failures.map((failure) => `${what}: ${failure}`))
}

function add(row: Omit<Row, 'seconds'>, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  rows.push({ ...row, seconds })
  console.log(
    `${row.what}: ${row.runs} runs, ${row.failed} failures, lost ${row.lost}, invented ${row.invented}; ${row.note}; ${seconds} s`,
  )
}

await section('SIGKILL at a random moment, mixed writer', runs, killRuns)
await section('2 competing writer processes, each killed in turn', share(0.1), contentionRuns)
await section('death at every file operation in turn', Math.min(500, runs), everyOperationRuns)
await section('power loss at a random file operation', share(0.5), powerLossRuns)
await section('full disk (tmpfs), room made, full again', share(0.1), fullDiskRuns)
await section('full disk (injected, short writes)', share(0.1), pretendedFullDiskRuns)

const startedAt = performance.now()
const damage = await damageRuns({ runs, seed })
const kinds = Object.entries(damage.byKind)
  .map(([kind, count]) => `${kind} ${count}`)
  .join(', ')
const damageNote = `${damage.segments} segments; ${kinds}; each named by segment and offset, opening refused, everything before it read`
add(
  {
    what: 'damage at random places of every segment',
    runs: damage.runs,
    failed: damage.failures.length,
    acknowledged: '–',
    lost: '–',
    invented: '–',
    note: damageNote,
  },
  startedAt,
)
failures.push(...damage.failures)

for (const failure of failures.slice(0, 50)) console.log(`FAILED ${failure}`)
const total = rows.reduce((sum, row) => sum + row.runs, 0)
const failed = Math.min(total, failures.length)
const summary = `${total - failed} passed, ${failed} failed`

if (values.write) {
  const table = rows.map(
    (row) =>
      `| ${row.what} | ${row.runs} | ${row.failed} | ${row.acknowledged} | ${row.lost} | ${row.invented} | ${row.note} | ${row.seconds} |`,
  )
  const text = [
    '# durable-log: nothing acknowledged is lost, nothing is invented, every corruption is named',
    '',
    `${new Date().toISOString().slice(0, 10)}, node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, seed ${seed}.`,
    `Command: \`node --conditions=@gatehouse/source --import tsx faults/durable-log.ts --runs ${runs} --seed ${seed} --write\``,
    '',
    '| fault | runs | failed | acknowledged | lost | invented | notes | seconds |',
    '|--|--|--|--|--|--|--|--|',
    ...table,
    '',
    `**${summary}**`,
    '',
    'What each row does is in `packages/durable-log/test/support/`. A SIGKILL arrives at a moment drawn from the seed, so the seed fixes the work, not the',
    'instruction hit; the row "death at every file operation" is exact. Loss of power is simulated by `faultyFileSystem`: bytes not fsynced are dropped, kept',
    'up to some moment, or kept page by page, and folder entries not fsynced are taken back.',
    '',
  ].join('\n')
  writeFileSync(join(import.meta.dirname, '..', 'proof', 'durable-log.md'), text)
}
console.log(summary)
process.exitCode = failures.length === 0 ? 0 : 1
