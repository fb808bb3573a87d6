import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '@gatehouse/data-databento'

const packageRoot = new URL('../', import.meta.url)

test('the README lists every error code, and only those', () => {
  const readme = readFileSync(new URL('README.md', packageRoot), 'utf8')
  const listed = [...readme.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code)
  expect(listed.sort()).toEqual(Object.keys(errorCodes).sort())
})

test('every code that is thrown is listed', () => {
  const sources = readdirSync(new URL('src/', packageRoot), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && file !== 'error-codes.ts',
  )
  const thrown = new Set(
    sources.flatMap((file) =>
      [...readFileSync(new URL(`src/${file}`, packageRoot), 'utf8').matchAll(/'((?:DBN|DATABENTO)_[A-Z_]+)'/g)].map(([, code]) => code),
    ),
  )
  // The name of an environment variable, not of an error.
  thrown.delete('DATABENTO_API_KEY')
  expect([...thrown].filter((code) => code !== undefined && !(code in errorCodes))).toEqual([])
})
