/** Runs every example that names a `start` script, offline, on its defaults. `examples/four-models` is `npm start` and has its own step. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { runSteps } from './steps.js'

const examples = readdirSync('examples').filter((name) => {
  const manifest = `examples/${name}/package.json`
  if (name === 'four-models' || !existsSync(manifest)) return false
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { scripts?: { start?: string } }).scripts?.start !== undefined
})
const { failed } = await runSteps(
  examples.map((name) => ({ name: `examples/${name}`, command: ['npm', 'start', '--workspace', `examples/${name}`] })),
)
if (examples.length === 0) console.log('note: no example beside npm start yet')
process.exitCode = failed.length === 0 ? 0 : 1
