import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '@gatehouse/model-kit'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

test('the README lists every error with its cause and cure', () => {
  const rows = Object.entries(errorCodes).map(([code, { cause, cure }]) => [code, cause, cure])
  const table = read('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `MODEL_'))
    .map((line) => line.split('|').slice(1, 4).map((cell) => cell.trim().replaceAll('`', ''))) // prettier-ignore
  expect(table).toEqual(rows.map((row) => row.map((cell) => cell.replaceAll('`', ''))))
})

test('every code the kit throws is listed, and every listed one is thrown by it or by a family', () => {
  const thrown = (folder: string): string[] =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.as.ts') && !file.endsWith('error-codes.ts'))
      .flatMap((file) => [...read(`${folder}/${file}`).matchAll(/TradingError\(\s*'(MODEL_[A-Z_]+)'/g)].map(([, code]) => code))
  const families = readdirSync(new URL('..', root)).filter((name) => name !== 'kit' && existsSync(new URL(`../${name}/src`, root)))
  expect(Object.keys(errorCodes)).toEqual(expect.arrayContaining([...new Set(thrown('src'))]))
  const all = new Set([...thrown('src'), ...families.flatMap((name) => thrown(`../${name}/src`))])
  expect([...all]).toEqual(expect.arrayContaining(Object.keys(errorCodes)))
})

test('serving never loads tfjs', () => {
  const seen = new Set<string>()
  const visit = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    const source = read(path)
    // Types vanish; imports of types alone do not count.
    for (const [, specifier] of source.matchAll(/^(?:import|export) (?!type )[^;]*? from '([^']+)'/gm)) {
      expect(specifier, path).not.toContain('@tensorflow')
      if (specifier.startsWith('.')) visit(new URL(specifier.replace(/\.js$/, '.ts'), new URL(path, root)).href.slice(root.href.length))
    }
    expect(source, path).not.toMatch(/import\('@tensorflow/)
  }
  visit('src/serve.ts')
  expect(seen.size).toBeGreaterThan(10)
})
