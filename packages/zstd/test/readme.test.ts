import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '@gatehouse/zstd'

test('the README lists every error code with its cause and cure', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const listed = [...readme.matchAll(/^\| `(ZSTD_[A-Z_]+)`\s*\| (.*?)\s*\| (.*?)\s*\|$/gm)].map(([, code, cause, cure]) => [
    code,
    { cause, cure },
  ])
  expect(Object.fromEntries(listed)).toEqual(errorCodes)
})
