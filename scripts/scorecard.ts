/**
 * `npm run scorecard [-- --write]`: recomputes every figure that other projects publish for data we have, through the engine where the figure is of a run,
 * and prints ours, theirs and the difference. Data and figures come from `GATEHOUSE_SHARED` (default `../shared`), the data alone from `GATEHOUSE_DATA`.
 * A difference that has a cause stands in `proof/scorecard-differences.json` with it; any other, and one that is no longer there, ends with exit code 1.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { backtestingPyFigures } from '../proof/scorecard-backtesting-py.js'
import { backtraderFigures } from '../proof/scorecard-backtrader.js'
import type { ScoredFigure } from '../proof/scorecard-figure.js'
import { leanFigures } from '../proof/scorecard-lean.js'
import { empyricalCases } from '../packages/core/test/statistics/published/empyrical.js'
import { googCases } from '../packages/core/test/statistics/published/goog.js'
import { agrees, difference, type PublishedCase } from '../packages/core/test/statistics/published/published-case.js'

const { values: flags } = parseArgs({ options: { write: { type: 'boolean' }, all: { type: 'boolean' } } })
const root = fileURLToPath(new URL('..', import.meta.url))
const shared = process.env['GATEHOUSE_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url))
const folders = { published: `${shared}/published`, data: process.env['GATEHOUSE_DATA'] ?? `${shared}/data` }

interface KnownDifference {
  readonly source: string
  /** A regular expression on the figure's name. */
  readonly figure: string
  readonly cause: string
}
const known = JSON.parse(readFileSync(`${root}/proof/scorecard-differences.json`, 'utf8')) as readonly KnownDifference[]

const { cases: empyrical, left } = empyricalCases()
const ofStatistic = ({ ours, ...published }: PublishedCase): ScoredFigure => ({ ...published, ours: ours() })
const figures: readonly ScoredFigure[] = [
  ...(await leanFigures(folders)),
  ...(await backtestingPyFigures(folders)),
  ...(await backtraderFigures(folders)),
  ...googCases().map(ofStatistic),
  ...empyrical.map(ofStatistic),
]

const show = (value: unknown): string => {
  if (Array.isArray(value))
    return value.length > 3 ? `[${value.slice(0, 2).map(show).join(', ')}, … ${value.length}]` : `[${value.map(show).join(', ')}]`
  if (typeof value !== 'number') return String(value)
  return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : value.toPrecision(12)
}

/** How far two texts as printed lie apart, where both are numbers. */
function apart(ours: unknown, published: unknown): string {
  const [a, b] = [ours, published].map((value) => (typeof value === 'string' ? Number(value.replace(/[$%]|\s*days$/g, '') || NaN) : value))
  const distance = Number.isNaN(a) && Number.isNaN(b) ? Infinity : difference(a, b)
  return distance === 0 ? '0' : Number.isFinite(distance) ? distance.toExponential(1) : 'other'
}

const used = new Set<KnownDifference>()
const rows = figures.map(({ source, name, ours, published, relative, absolute }) => {
  const isEqual = agrees({ source, name, published, ours: () => ours, relative, absolute })
  const explained = isEqual ? undefined : known.find((one) => one.source === source && new RegExp(one.figure).test(name))
  if (explained !== undefined) used.add(explained)
  const verdict = isEqual ? 'equal' : explained === undefined ? 'DIFFERS' : 'explained'
  return {
    source,
    name,
    ours: show(ours),
    published: show(published),
    difference: apart(ours, published),
    verdict,
    cause: explained?.cause,
  }
})

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text)
for (const { source, name, ours, published, difference: distance, verdict } of rows) {
  console.log(
    `${verdict.padEnd(9)} ${source.padEnd(14)} ${cut(name, 62).padEnd(62)} ${cut(ours, 26).padStart(26)} ${cut(published, 26).padStart(26)} ${distance.padStart(8)}`,
  )
}

const sources = [...new Set(rows.map(({ source }) => source))]
const count = (verdict: string, source?: string): number =>
  rows.filter((row) => row.verdict === verdict && (source === undefined || row.source === source)).length
console.log('')
for (const source of sources) {
  console.log(
    `${source.padEnd(14)} ${count('equal', source)} equal, ${count('explained', source)} explained, ${count('DIFFERS', source)} unexplained`,
  )
}
const stale = rows.length === 0 ? [] : known.filter((one) => !used.has(one))
for (const { source, figure } of stale)
  console.log(`no longer differs: ${source} ${figure}; take it out of proof/scorecard-differences.json`)
if (rows.length === 0) console.log('no published figures: set GATEHOUSE_SHARED to the folder that has published/ and data/')
else console.log(`${left} cases of empyrical are on pandas frames or numpy's random numbers and have no input here`)

if (flags.write === true && rows.length > 0) {
  const cell = (text: string): string => cut(text, 60).replaceAll('|', '\\|')
  const lines = [
    '# Scorecard',
    '',
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores: ${count('equal')} equal, ${count('explained')} explained, ${count('DIFFERS')} unexplained. By \`npm run scorecard -- --write\`.`,
    '',
    'Figures that other projects publish, and ours. LEAN, backtesting.py and backtrader are strategies run through the engine (`proof/scorecard-*.ts`, written with',
    'the public interface alone); quantstats and empyrical are statistics of given returns.',
    '',
    '| source | equal | explained | unexplained |',
    '| -- | --: | --: | --: |',
    ...sources.map((source) => `| ${source} | ${count('equal', source)} | ${count('explained', source)} | ${count('DIFFERS', source)} |`),
    '',
    '## Differences and their causes',
    '',
    ...[...used].map(({ source, figure, cause }) => `- ${source} \`${figure}\`: ${cause}`),
    '',
    '## Every figure',
    '',
    '| | source | figure | ours | published | difference |',
    '| -- | -- | -- | -- | -- | -- |',
    ...rows.map(
      (row) => `| ${row.verdict} | ${row.source} | ${cell(row.name)} | ${cell(row.ours)} | ${cell(row.published)} | ${row.difference} |`,
    ),
    '',
  ]
  writeFileSync(`${root}/proof/scorecard.md`, lines.join('\n'))
}

const differing = count('DIFFERS') + stale.length
console.log(`${rows.length - count('DIFFERS')} passed, ${differing} failed`)
if (differing > 0 || (rows.length === 0 && existsSync(shared))) process.exitCode = 1
