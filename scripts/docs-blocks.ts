/**
 * Compiles every ```ts block of README.md, docs/ and the packages' READMEs, and runs it in an empty folder, offline.
 * ```ts no-run blocks are compiled only (they need an account or a second machine).
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { packages } from './packages.js'
import { runSteps } from './steps.js'

const folder = resolve('out/docs-blocks')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs').flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : [])),
].concat(packages().map(({ directory }) => `${directory}/README.md`))
const blocks = documents.flatMap((document) =>
  [...readFileSync(document, 'utf8').matchAll(/^```ts([^\n]*)\n(.*?)^```/gms)].map(([, info, code], index) => {
    const file = join(folder, `${document.replace(/\.md$/, '').replaceAll(/[/.]/g, '-')}-${index + 1}.ts`)
    writeFileSync(file, `${code}\nexport {}\n`)
    return { document, file, name: `${document} block ${index + 1}`, runs: !info.includes('no-run') }
  }),
)
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.test.json',
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['*.ts'],
    exclude: [],
  }),
)
const { failed } = await runSteps([
  { name: `compile ${blocks.length} blocks of ${documents.length} documents`, command: ['npx', 'tsc', '-p', folder] },
  ...blocks
    .filter(({ runs }) => runs)
    .map(({ name, file }) => ({
      name,
      command: ['node', '--conditions=@gatehouse/source', '--import', import.meta.resolve('tsx'), file],
      cwd: mkdtempSync(join(tmpdir(), 'gatehouse-docs-')),
    })),
])
process.exitCode = failed.length === 0 ? 0 : 1
