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
  readonly sample: readonly string[]
  readonly full: readonly string[]
}

const proofs: readonly Proof[] = [
  { name: 'durable-log', program: 'faults/durable-log.ts', sample: ['--runs', '20'], full: ['--runs', '1000', '--write'] },
]

const chosen = proofs.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0)
  throw new Error(`no proof is called ${positionals.join(', ')}; there are ${proofs.map(({ name }) => name).join(', ')}`)
const steps: Step[] = chosen.map(({ name, program, sample, full }) => ({
  name,
  command: [
    'node',
    '--conditions=@gatehouse/source',
    '--import',
    'tsx',
    program,
    '--seed',
    values.seed,
    ...(values.sample ? sample : full),
  ],
}))
const { passed, failed } = await runSteps(steps)
console.log(`${passed} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
