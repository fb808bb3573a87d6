import { fileURLToPath } from 'node:url'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { leanFigures } from '../../../../proof/scorecard-lean.js'

const shared = process.env['GATEHOUSE_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url))
const figures = await leanFigures({ published: `${shared}/published`, data: process.env['GATEHOUSE_DATA'] ?? `${shared}/data` })
if (figures.length === 0) console.warn(`LEAN cases skipped: ${shared} has no published/lean.json and data; set GATEHOUSE_SHARED`)

const known = JSON.parse(readFileSync(new URL('../../../../proof/scorecard-differences.json', import.meta.url), 'utf8')) as readonly {
  readonly source: string
  readonly figure: string
}[]
const isExplained = (name: string): boolean => known.some(({ source, figure }) => source === 'LEAN' && new RegExp(figure).test(name))

describe.skipIf(figures.length === 0)('LEAN’s conventions as options give what LEAN prints', () => {
  test.each(figures.filter(({ name }) => !isExplained(name)).map(({ name, ours, published }) => [name, ours, published] as const))(
    '%s',
    (_, ours, published) => expect(ours).toBe(published),
  )
})
