import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '@gatehouse/contracts'

test("the README's table lists every error code with its cause and cure", () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)`\s*\| (.*?)\s*\| (.*?)\s*\|$/gm)].map(([, code, cause, cure]) => [code, { cause, cure }])
  const escaped = Object.entries(errorCodes).map(([code, { cause, cure }]) => [code, { cause, cure }])
  expect(rows).toEqual(escaped)
})
