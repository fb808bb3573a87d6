import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { backtestingPyCases } from '../packages/core/test/statistics/published/backtesting-py.js'
import { empyricalCases } from '../packages/core/test/statistics/published/empyrical.js'
import { googCases } from '../packages/core/test/statistics/published/goog.js'
import { leanCases } from '../packages/core/test/statistics/published/lean.js'
import { agrees, difference, type PublishedCase } from '../packages/core/test/statistics/published/published-case.js'

/**
 * The statistics half of the scorecard: every published figure that an equity curve and a list of trades decide, ours beside it.
 * `node --conditions=@gatehouse/source --import tsx proof/scorecard-statistics.ts [--write]`; exits 1 when one differs.
 */
const { cases: empyrical, left } = empyricalCases()
const cases: readonly PublishedCase[] = [...empyrical, ...googCases(), ...backtestingPyCases(), ...leanCases()]

const show = (value: unknown): string => {
  if (Array.isArray(value))
    return value.length > 3 ? `[${value.slice(0, 2).map(show).join(', ')}, … ${value.length}]` : `[${value.map(show).join(', ')}]`
  if (typeof value !== 'number') return String(value)
  return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : value.toPrecision(12)
}

const rows = cases.map((published) => {
  const ours = published.ours()
  const distance = difference(ours, published.published)
  return {
    source: published.source,
    name: published.name,
    ours: show(ours),
    published: show(published.published),
    difference: distance === 0 ? '0' : distance.toExponential(1),
    isEqual: agrees(published),
  }
})

for (const { source, name, ours, published, difference: distance, isEqual } of rows) {
  console.log(
    `${isEqual ? 'ok  ' : 'FAIL'} ${source.padEnd(14)} ${name.padEnd(64)} ${ours.padStart(26)} ${published.padStart(26)} ${distance.padStart(8)}`,
  )
}
const failed = rows.filter(({ isEqual }) => !isEqual).length
const summary = `${rows.length - failed} passed, ${failed} failed`
if (rows.length === 0) console.log('no published figures: set GATEHOUSE_SHARED to the folder that has published/ and data/')
console.log(`${left} cases of empyrical are on pandas frames or numpy's random numbers and have no input here`)

if (process.argv.includes('--write')) {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'scorecard-statistics.md')
  const lines = [
    '# Scorecard: statistics',
    '',
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores. ${summary}.`,
    '',
    'Equity and trades come from short scripts beside the tests, so this scores the statistics alone; the engine has its own scorecard.',
    `${left} cases of empyrical are on pandas frames or on numpy's random numbers and have no input here.`,
    '',
    '| source | figure | ours | published | difference |',
    '|--|--|--|--|--|',
    ...rows.map((row) => `| ${row.source} | ${row.name.replaceAll('|', '\\|')} | ${row.ours} | ${row.published} | ${row.difference} |`),
    '',
  ]
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, lines.join('\n'))
}
console.log(summary)
process.exitCode = failed > 0 || rows.length === 0 ? 1 : 0
