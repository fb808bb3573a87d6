/**
 * What people get: every package packed, the tarballs installed into an empty folder, and used there by a plugin written in
 * TypeScript (its types checked under `nodenext` and `bundler`) and a bot, as ESM and from CommonJS. Needs a build.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { packages } from './packages.js'
import { runSteps } from './steps.js'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-packed-'))
const published = packages()
execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, ...published.flatMap(({ name }) => ['--workspace', name])], {
  stdio: 'pipe',
})
const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'))
const stray = tarballs.filter((file) =>
  /\.parquet|\.dbn|tsbuildinfo/.test(execFileSync('tar', ['-tzf', join(folder, file)], { encoding: 'utf8' })),
)

cpSync(resolve('scripts/packed'), folder, { recursive: true })
writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'packed', private: true, type: 'module', version: '1.0.0' }))
const tsc = resolve('node_modules/typescript/bin/tsc')
const types = [
  '--noEmit',
  '--strict',
  '--target',
  'es2022',
  '--lib',
  'es2023,esnext.disposable',
  '--types',
  'node',
  '--typeRoots',
  resolve('node_modules/@types'),
  '--skipLibCheck',
  'false',
]
const { failed } = await runSteps([
  {
    name: `install ${tarballs.length} tarballs`,
    command: ['npm', 'install', '--no-audit', '--no-fund', ...tarballs.map((file) => `./${file}`)],
    cwd: folder,
  },
  {
    name: 'types under bundler',
    command: ['node', tsc, ...types, '--module', 'esnext', '--moduleResolution', 'bundler', 'plugin.ts'],
    cwd: folder,
  },
  {
    name: 'types under nodenext, and compile the plugin',
    command: ['node', tsc, ...types.filter((flag) => flag !== '--noEmit'), '--module', 'nodenext', '--outDir', '.', 'plugin.ts'],
    cwd: folder,
  },
  { name: 'bot (ESM) with the plugin', command: ['node', 'bot.mjs'], cwd: folder },
  { name: 'bot (CommonJS)', command: ['node', 'bot.cjs'], cwd: folder },
  {
    name: 'every entry point imports without a side effect',
    command: ['node', 'imports.mjs', ...published.flatMap(({ name, entries }) => entries.map(({ subpath }) => name + subpath.slice(1)))],
    cwd: folder,
  },
])
rmSync(folder, { recursive: true, force: true })
if (stray.length > 0) console.log(`tarballs hold files that must not ship: ${stray.join(', ')}`)
process.exitCode = failed.length === 0 && stray.length === 0 ? 0 : 1
