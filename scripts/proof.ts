/**
 * The long proofs. `npm run proof` runs all of them in full and writes their dated results to `proof/<name>.md`;
 * `--sample --seed N` is what CI runs: the same programs, small. `npm run proof -- NAME` runs one.
 */
import { parseArgs } from 'node:util'
import { runSteps, type Step } from './steps.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'boolean' }, seed: { type: 'string', default: '1' } },
})

interface Proof {
  readonly name: string
  readonly program: string
  /** Arguments of a sample that CI can afford; absent: only in full. */
  readonly sample?: readonly string[]
  readonly full: readonly string[]
  /** Takes `--seed`. */
  readonly seeded: boolean
}

const write = ['--write']
const proofs: readonly Proof[] = [
  { name: 'durable-log', program: 'faults/durable-log.ts', sample: ['--runs', '20'], full: ['--runs', '1000', ...write], seeded: true },
  { name: 'gates', program: 'proof/gates.ts', sample: ['--runs', '2000'], full: write, seeded: true },
  { name: 'registry', program: 'proof/registry.ts', sample: ['--runs', '20', '--kills', '2'], full: write, seeded: true },
  { name: 'manifest', program: 'faults/manifest.ts', sample: ['--runs', '15'], full: ['--runs', '600', ...write], seeded: true },
  { name: 'manifest-data', program: 'proof/manifest-data.ts', full: write, seeded: false },
  { name: 'databento-fuzz', program: 'proof/databento-fuzz.ts', sample: ['--runs', '300'], full: write, seeded: true },
  { name: 'databento-live', program: 'faults/databento.ts', sample: ['--runs', '8'], full: write, seeded: true },
  { name: 'scorecard', program: 'scripts/scorecard.ts', sample: [], full: write, seeded: false },
  {
    name: 'replay',
    program: 'proof/replay.ts',
    sample: ['--events', '30000', '--kills', '2', '--cuts', '32'],
    full: write,
    seeded: true,
  },
  { name: 'feature-parity', program: 'proof/feature-parity.ts', sample: ['--events', '30000'], full: write, seeded: true },
  // The sample is one seed of one family: `proof/planted/<family>.md` has ten of each.
  { name: 'planted', program: 'proof/planted.ts', sample: ['--sample', '--seed', '3'], full: write, seeded: false },
  { name: 'synthetic', program: 'proof/synthetic.ts', full: write, seeded: false },
]

const chosen = proofs.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0)
  throw new Error(`no proof is called ${positionals.join(', ')}; there are ${proofs.map(({ name }) => name).join(', ')}`)
const steps: Step[] = chosen
  .filter(({ sample }) => !values.sample || sample !== undefined)
  .map(({ name, program, sample = [], full, seeded }) => ({
    name,
    command: [
      'node',
      '--conditions=@gatehouse/source',
      '--import',
      'tsx',
      program,
      ...(seeded ? ['--seed', values.seed] : []),
      ...(values.sample ? sample : full),
    ],
  }))
const { passed, failed } = await runSteps(steps)
console.log(`${passed} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
