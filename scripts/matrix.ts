/**
 * The tests and npm start on Node 20, 22 and 24 (from the npm package `node`), and a comparison of what it wrote:
 * artifact digests and journal bytes must be the same on each. Slow (downloads two runtimes): not part of `.ci/run`.
 */
import { readFileSync } from 'node:fs'
import { runSteps } from './steps.js'

const versions = ['20', '22', '24']
const { failed } = await runSteps(
  versions.flatMap((version) => {
    const node = ['npx', '--yes', '--package', `node@${version}`, '--', 'node', '--conditions=@gatehouse/source', '--import', 'tsx']
    return [
      {
        name: `tests on Node ${version}`,
        command: ['npx', '--yes', '--package', `node@${version}`, '--', 'node', 'node_modules/vitest/vitest.mjs', 'run'],
      },
      { name: `npm start on Node ${version}`, command: [...node, 'examples/four-models/start.ts', '--out', `out/matrix-${version}`] },
    ]
  }),
)
const summaries = versions.map((version) => {
  const { digests } = JSON.parse(readFileSync(`out/matrix-${version}/summary.json`, 'utf8')) as { digests: unknown }
  return JSON.stringify(digests)
})
const equal = summaries.every((summary) => summary === summaries[0])
console.log(equal ? `Node ${versions.join(', ')} wrote the same artifacts and journal` : `Node versions differ:\n${summaries.join('\n')}`)
process.exitCode = failed.length === 0 && equal ? 0 : 1
