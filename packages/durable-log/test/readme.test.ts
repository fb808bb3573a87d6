import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '@gatehouse/durable-log'

test('the README’s error table is the table in the code', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| `(LOG_\w+)`\s*\| (.*?)\s*\| (.*?)\s*\|$/gm)].map(([, code, cause, cure]) => [code, { cause, cure }])
  expect(Object.fromEntries(rows)).toEqual(errorCodes)
})
