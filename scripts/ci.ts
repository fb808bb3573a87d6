/** What `.ci/run` does after `npm ci`: every check a change must pass, each with its name and time. */
import { existsSync } from 'node:fs'
import { runSteps, type Step } from './steps.js'

const tsx = (...command: string[]): readonly string[] => ['node', '--conditions=@gatehouse/source', '--import', 'tsx', ...command]
const npm = (...command: string[]): readonly string[] => ['npm', ...command]

const shared = process.env['GATEHOUSE_SHARED'] ?? '../shared'
const realBars = `${shared}/data/equities-hour/spy.csv.gz`
const seed = process.env['CI_SEED'] ?? String(Math.floor(Date.now() / 1000))
console.log(`seed ${seed} for sampled proofs; market data ${existsSync(realBars) ? `from ${shared}` : 'absent: tests that need it skip'}`)

const steps: Step[] = [
  { name: 'peers for cross-checks (npm run peers)', command: npm('run', 'peers') },
  { name: 'tests (npm test)', command: npm('test') },
  { name: 'types of sources, tests and examples', command: npm('run', 'typecheck') },
  { name: 'lint with type information, formatting', command: npm('run', 'lint') },
  { name: 'layering', command: npm('run', 'layering') },
  { name: 'build', command: npm('run', 'build') },
  { name: 'publint and are-the-types-wrong', command: tsx('scripts/published-shape.ts') },
  { name: 'API reports unchanged', command: tsx('scripts/api-reports.ts') },
  { name: 'packed tarballs in an empty folder: plugin and bot, ESM and CommonJS', command: tsx('scripts/packed.ts') },
  { name: 'code blocks of README and docs compile and run', command: tsx('scripts/docs-blocks.ts') },
  { name: 'examples', command: tsx('scripts/examples.ts') },
  { name: 'the whole job on the synthetic market (npm start)', command: npm('start', '--', '--out', 'out/ci-start') },
  ...(existsSync(realBars)
    ? [{ name: 'the hourly family on real bars', command: npm('start', '--', '--bars', realBars, '--out', 'out/ci-start-spy') }]
    : []),
  { name: 'a sample of the long proofs', command: tsx('scripts/proof.ts', '--sample', '--seed', seed) },
]

const { passed, failed } = await runSteps(steps)
if (failed.length > 0) console.log(`failed: ${failed.join(' · ')}`)
// `npm ci`, which brought us here, is the first that passed.
console.log(`${passed + 1} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
