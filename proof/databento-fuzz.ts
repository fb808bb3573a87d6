/**
 * Fuzzing of the DBN and zstd decoders: a million mutated inputs. Wanted: never a hang, a crash, unbounded memory, or a record that is not in
 * the input. What is checked of each input is written in packages/data-databento/test/support/fuzz.ts.
 *
 * node --conditions=@gatehouse/source --import tsx proof/databento-fuzz.ts [--runs 1000000] [--seed 1] [--write]
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fixtureBytes, hasFixtures } from '../packages/data-databento/test/support/fixtures.js'
import { fuzz } from '../packages/data-databento/test/support/fuzz.js'

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' }, write: { type: 'boolean' } } })
const runs = Number(values.runs ?? 1_000_000)
const seed = Number(values.seed ?? 1)
const PER_SEED = 10_000
const compressed = hasFixtures
  ? [
      'databento-dbn/test_data.mbp-1.v3.dbn.zst',
      'databento-dbn/test_data.definition.v3.dbn.zst',
      'malformed/z-two-frames.dbn.zst',
      'malformed/z-no-content-size.dbn.zst',
    ].map(fixtureBytes)
  : []

const refused = new Map<string, number>()
const findings: string[] = []
let [done, whole, slowestMs, peakBytes] = [0, 0, 0, 0]
const started = performance.now()
for (let part = 0; done < runs; part += 1) {
  const result = fuzz({ inputs: Math.min(PER_SEED, runs - done), seed: seed * 1_000_003 + part, compressed })
  done += result.inputs
  whole += result.whole
  slowestMs = Math.max(slowestMs, result.slowestMs)
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  for (const [code, count] of result.refused) refused.set(code, (refused.get(code) ?? 0) + count)
  findings.push(...result.findings)
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${runs}`)
}
const lines = [
  '| outcome | inputs |',
  '|---|---|',
  `| decoded to the end | ${whole} |`,
  ...[...refused].sort(([, a], [, b]) => b - a).map(([code, count]) => `| ${code} | ${count} |`),
  `| crash, hang (2 s), record not in the input | ${findings.length} |`,
  '',
  `Slowest input ${slowestMs.toFixed(0)} ms; peak memory of the process ${(peakBytes / 1e6).toFixed(0)} MB.`,
]
console.log(lines.join('\n'))
for (const finding of findings.slice(0, 10)) console.log(finding)
console.log(
  `${done - findings.length} passed, ${findings.length} failed (seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s)`,
)
if (values.write === true) {
  const head = `# Fuzzing the DBN and zstd decoders\n\nNode ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}, seed ${seed}. Command: \`proof/databento-fuzz.ts --runs ${runs} --write\`.\n\n`
  writeFileSync(
    fileURLToPath(new URL('./databento-fuzz.md', import.meta.url)),
    `${head}${lines.join('\n')}\n\n${done - findings.length} passed, ${findings.length} failed.\n`,
  )
}
process.exit(findings.length === 0 ? 0 : 1)
