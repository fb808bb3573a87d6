/**
 * The live fault matrix: every fault of the gateway simulator against every recovery policy, at random places, some twice in a session's life.
 * A trial passes when every record of the market was delivered once or lies in a reported gap, and none was invented.
 *
 * node --conditions=@gatehouse/source --import tsx faults/databento.ts [--runs 4] [--seed 1] [--write]
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Recovery } from '@gatehouse/data-databento'
import { liveTrial, seeded, type GatewayFault, type LiveTrialOutcome } from '@gatehouse/data-databento/testing'

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' }, write: { type: 'boolean' } } })
const runs = Number(values.runs ?? 4)
const seed = Number(values.seed ?? 1)
const kinds: readonly GatewayFault['kind'][] = [
  'cut',
  'close',
  'reset',
  'stall',
  'garbage',
  'skip',
  'internal',
  'early-close',
  'auth-close',
]
const recoveries: readonly Recovery[] = ['refresh', 'replay', 'snapshot']

interface Trial {
  readonly kind: GatewayFault['kind'] | 'two'
  readonly recovery: Recovery
  readonly seed: number
}

function faultsOf({ kind, seed }: Trial): GatewayFault[] {
  const random = seeded(seed)
  const after = (): number => Math.floor(random() * 900)
  if (kind === 'early-close' || kind === 'auth-close') {
    return [
      { kind: 'close', session: 1, afterRecords: after() },
      { kind, session: 2 },
    ]
  }
  // A second fault soon after the first: recovery itself is interrupted.
  const pick = (): GatewayFault['kind'] => kinds[Math.floor(random() * 7)]
  if (kind === 'two') {
    return [
      { kind: pick(), session: 1, afterRecords: after(), records: 20 },
      { kind: pick(), session: 2, afterRecords: Math.floor(random() * 60), records: 20 },
    ]
  }
  return [{ kind, session: 1, afterRecords: after(), records: 1 + Math.floor(random() * 50) }]
}

/** What is wrong with an outcome, or nothing. */
function verdict({ recovery, kind }: Trial, { duplicates, unreported, invented, missing, sessions }: LiveTrialOutcome): string | undefined {
  if (duplicates > 0) return `${duplicates} delivered twice`
  if (unreported > 0) return `${unreported} missing without a gap`
  if (invented > 0) return `${invented} invented`
  if (recovery === 'replay' && kind !== 'skip' && kind !== 'two' && missing > 0) return `${missing} not replayed`
  if (kind !== 'skip' && kind !== 'two' && sessions < 2) return 'did not reconnect'
  return undefined
}

const trials: Trial[] = recoveries.flatMap((recovery) =>
  [...kinds, 'two' as const].flatMap((kind) =>
    Array.from({ length: runs }, (_, run) => ({
      kind,
      recovery,
      seed: seed + run * 7919 + kinds.indexOf(kind as GatewayFault['kind']) * 104_729,
    })),
  ),
)
const failures: string[] = []
const table = new Map<string, { trials: number; delivered: number; missing: number; sessions: number }>()
const started = performance.now()
// A few at once: most of a trial is waiting.
let next = 0
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (next < trials.length) {
      const trial = trials[next]
      next += 1
      const outcome = await liveTrial({ recovery: trial.recovery, faults: faultsOf(trial), seed: trial.seed, records: 2000 })
      const wrong = verdict(trial, outcome)
      if (wrong !== undefined) failures.push(`${trial.kind} × ${trial.recovery}, seed ${trial.seed}: ${wrong}`)
      const name = `${trial.kind} | ${trial.recovery}`
      const row = table.get(name) ?? { trials: 0, delivered: 0, missing: 0, sessions: 0 }
      row.trials += 1
      row.delivered += outcome.delivered
      row.missing += outcome.missing
      row.sessions += outcome.sessions
      table.set(name, row)
    }
  }),
)
const lines = [
  '| fault | recovery | trials | records delivered once | missing, all in reported gaps | sessions |',
  '|---|---|---|---|---|---|',
  ...[...table].sort().map(([name, row]) => `| ${name} | ${row.trials} | ${row.delivered} | ${row.missing} | ${row.sessions} |`),
]
console.log(lines.join('\n'))
for (const failure of failures) console.log(failure)
console.log(
  `${trials.length - failures.length} passed, ${failures.length} failed (seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s)`,
)
if (values.write === true) {
  const head = `# Live fault matrix\n\nNode ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}, seed ${seed}. Command: \`faults/databento.ts --runs ${runs} --write\`. 2,000 records a trial. "two" interrupts the recovery with a second fault.\n\n`
  writeFileSync(
    fileURLToPath(new URL('../proof/databento-live-faults.md', import.meta.url)),
    `${head}${lines.join('\n')}\n\n${trials.length - failures.length} passed, ${failures.length} failed.\n`,
  )
}
process.exit(failures.length === 0 ? 0 : 1)
