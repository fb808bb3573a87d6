/** `npm run bench -- NAME [options]` and `npm run faults -- NAME [options]`: one program of that folder; without a name, their list. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

const [folder, name, ...rest] = process.argv.slice(2)
const programs = readdirSync(folder).flatMap((file) => (file.endsWith('.ts') ? [file.replace(/\.ts$/, '')] : []))
if (name === undefined || !existsSync(`${folder}/${name}.ts`)) {
  console.log(
    `${name === undefined ? `Which one?` : `There is no ${folder}/${name}.ts.`} npm run ${folder === 'bench' ? 'bench' : 'faults'} -- ${programs.join(' | ')}`,
  )
  process.exitCode = 2
} else {
  const { status } = spawnSync(
    'node',
    ['--expose-gc', '--conditions=@gatehouse/source', '--import', 'tsx', `${folder}/${name}.ts`, ...rest],
    { stdio: 'inherit' },
  )
  process.exitCode = status ?? 1
}
