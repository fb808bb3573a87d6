import { errorCodes } from '@gatehouse/model-gap-ranker'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

test('the README lists every error with its cause and cure', () => {
  const rows = Object.entries(errorCodes).map(([code, { cause, cure }]) => [code, cause, cure])
  const table = read('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `GAP_'))
    .map((line) => line.split('|').slice(1, 4).map((cell) => cell.trim().replaceAll('`', ''))) // prettier-ignore
  expect(table).toEqual(rows.map((row) => row.map((cell) => cell.replaceAll('`', ''))))
})

test('every code that is thrown is listed, and every listed one is thrown', () => {
  const thrown = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('error-codes.ts'))
    .flatMap((file) => [...read(`src/${file}`).matchAll(/TradingError\(\s*'(GAP_[A-Z_]+)'/g)].map(([, code]) => code))
  expect([...new Set(thrown)].sort()).toEqual(Object.keys(errorCodes).sort())
})
