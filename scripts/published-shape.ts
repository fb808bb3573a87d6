/** publint --strict and attw (ESM only) over every package as it would be published. Needs a build. */
import { packages } from './packages.js'
import { runSteps } from './steps.js'

const { failed } = await runSteps(
  packages().flatMap(({ name, directory }) => [
    { name: `publint ${name}`, command: ['npx', 'publint', '--strict', directory] },
    { name: `attw ${name}`, command: ['npx', 'attw', '--pack', directory, '--profile', 'esm-only'] },
  ]),
)
process.exitCode = failed.length === 0 ? 0 : 1
