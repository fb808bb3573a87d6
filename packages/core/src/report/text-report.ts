import { drawdownOfEquity } from '../statistics/drawdown.js'
import { describeFindings, marksOf } from './findings.js'
import { type Figure, type FigureGroup, figureGroups } from './figures.js'
import { counted, formatAt, formatChange, formatDays, formatNumber } from './format.js'
import { type RunRecord } from './run-record.js'
import { type RunAnalysis } from './run-statistics.js'

const WIDTH = 92
const COLUMN = 44
const BLOCKS = '▁▂▃▄▅▆▇█'

/** The report as plain text, 92 columns wide, for a terminal or a log. */
export function renderText(record: RunRecord, { statistics, series }: RunAnalysis): string {
  const lines: string[] = []
  const rule = '─'.repeat(WIDTH)
  const marks = [record.environment, ...marksOf(record).map((mark) => mark.toUpperCase())].join(' · ')
  // A name too long for one line leaves the marks one of their own: they are never cut.
  if (record.name.length + marks.length + 2 <= WIDTH) lines.push(justify(record.name, marks, WIDTH))
  else lines.push(record.name, marks)
  if (statistics.from !== undefined && statistics.to !== undefined) {
    const span = `${formatAt(statistics.from)} to ${formatAt(statistics.to)} UTC`
    const basis = `${counted(statistics.periods, 'return')}, ${formatNumber(statistics.periodsPerYear, 0)} a year`
    lines.push(justify(`${span} (${formatDays(statistics.days)})`, basis, WIDTH))
  }
  lines.push(rule)
  if (series.sampled.values.length > 1) {
    lines.push(`Equity    ${sparkline(series.sampled.values, 66)}  ${formatChange(statistics.totalReturn)}`)
    lines.push(`Drawdown  ${sparkline(drawdownOfEquity(series.sampled.values), 66)}  ${formatChange(statistics.maxDrawdown)}`, rule)
  }
  // Without a sample there is not one figure to show; the findings say why.
  if (series.sampled.values.length > 0) lines.push(...inTwoColumns(figureGroups(statistics, record.currency)), rule)
  const findings = describeFindings(record, statistics)
  if (findings.length > 0) {
    for (const { severity, message } of findings)
      lines.push(...wrap(`${severity === 'note' ? '·' : severity === 'warning' ? '!' : '‼'} ${message}`, WIDTH, 2))
  }
  const refusals = record.refusals ?? []
  if (refusals.length > 1) {
    lines.push(rule, 'Why not traded')
    for (const { instrument, rule: name, count, lastAt, lastReason } of [...refusals].sort((a, b) => b.count - a.count).slice(0, 10)) {
      const symbol = instrument === undefined ? 'all' : record.instruments[instrument].symbol
      lines.push(...wrap(`${symbol.padEnd(8)} ${name} ×${formatNumber(count, 0)}, last ${formatAt(lastAt)}: ${lastReason}`, WIDTH, 9))
    }
  }
  return lines.join('\n')
}

/** Groups side by side: each goes to the column that is shorter so far. */
function inTwoColumns(groups: readonly FigureGroup[]): string[] {
  const columns: [string[], string[]] = [[], []]
  for (const { title, figures } of groups) {
    const column = columns[0].length <= columns[1].length ? columns[0] : columns[1]
    if (column.length > 0) column.push('')
    column.push(title.toUpperCase(), ...figures.map((figure) => figureLine(figure)))
  }
  const rows = Math.max(columns[0].length, columns[1].length)
  return Array.from({ length: rows }, (_, i) => `${(columns[0][i] ?? '').padEnd(COLUMN)}    ${columns[1][i] ?? ''}`.trimEnd())
}

function figureLine({ label, value }: Figure): string {
  const dots = COLUMN - label.length - value.length - 2
  return `${label} ${'·'.repeat(Math.max(1, dots))} ${value}`
}

function justify(left: string, right: string, width: number): string {
  return `${left}${' '.repeat(Math.max(2, width - left.length - right.length))}${right}`
}

/** One character a bucket, the bucket's last value by height. */
function sparkline(values: Float64Array, width: number): string {
  let least = Infinity
  let most = -Infinity
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  const characters = Math.min(width, values.length)
  let line = ''
  for (let i = 0; i < characters; i++) {
    const value = values[Math.floor(((i + 1) * values.length) / characters) - 1]
    const level = most > least ? Math.round(((value - least) / (most - least)) * (BLOCKS.length - 1)) : 3
    line += value === value ? BLOCKS[level] : ' '
  }
  return line
}

function wrap(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ' '.repeat(indent) + word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines
}
