import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorTable, markers } from './error-tables.js'
import { packages } from './packages.js'

/** Literal codes that a package's sources throw: `new TradingError('CODE'`, or as the first argument of a helper named `refuse`, `invalid` … is not seen. */
function thrown(directory: string): ReadonlySet<string> {
  const files = readdirSync(join(directory, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('testing'),
  )
  const text = files.map((file) => readFileSync(join(directory, 'src', file), 'utf8')).join('\n')
  return new Set([...text.matchAll(/new TradingError\(\s*'([A-Z0-9_]+)'/g)].map(([, code]) => code))
}

const listed = await Promise.all(
  packages().map(async ({ name, directory }) => ({
    name,
    directory,
    codes: Object.keys(((await import(name)) as { errorCodes?: Record<string, unknown> }).errorCodes ?? {}),
  })),
)
const everywhere = new Set(listed.flatMap(({ codes }) => codes))

describe('every error code that is thrown', () => {
  test.each(listed)('by $name has a cause and a cure in a table', ({ directory }) => {
    expect([...thrown(directory)].filter((code) => !everywhere.has(code))).toEqual([])
  })

  test.each(listed.filter(({ codes }) => codes.length > 0))('and is listed by $name stands in its README', ({ directory, codes }) => {
    const readme = readFileSync(join(directory, 'README.md'), 'utf8')
    expect(codes.filter((code) => !readme.includes(code))).toEqual([])
  })
})

test("core's README has the table that its codes make", async () => {
  const text = readFileSync('packages/core/README.md', 'utf8')
  expect(text.split(markers.begin)[1].split(markers.end)[0].trim()).toBe((await errorTable()).trim())
})
