import { type Drawdown, forEachDrawdown } from '../statistics/drawdown.js'
import { quantile } from '../statistics/moments.js'
import { type YearOfReturns } from '../statistics/periods.js'
import { type Curve } from '../statistics/sampling.js'
import { tradeReturns, type TradeColumns } from '../statistics/trades.js'
import { type FigureGroup } from './figures.js'
import { formatAt, formatChange, formatDays, formatNumber, formatPercent, formatPrice, MONTH_NAMES } from './format.js'
import { type RunRecord } from './run-record.js'
import { escapeHtml } from './svg.js'

const MOST_YEARS = 60
const MOST_TRADES = 100
const MOST_DRAWDOWNS = 5

/** Monthly returns as a table whose cells are tinted by size; the figures are in the cells, so colour is never alone. */
export function heatMap(years: readonly YearOfReturns[]): string {
  const shown = years.slice(-MOST_YEARS)
  const sizes = Float64Array.from(
    shown.flatMap((year) => Array.from(year.months)).filter((value) => value === value),
    Math.abs,
  )
  const strongest = quantile(sizes, 0.95) || 1
  const cell = (value: number, isTotal = false): string => {
    if (value !== value) return '<td class="empty"></td>'
    const tint = Math.round(Math.min(1, Math.abs(value) / strongest) * 55)
    const text = formatNumber(value * 100, 1)
    if (isTotal) return `<td class="total ${sign(value)}">${text}</td>`
    return `<td class="heat ${sign(value)}" style="--tint:${tint}%">${text}</td>`
  }
  const rows = shown.map(
    (year) =>
      `<tr><th scope="row">${year.year}</th>${Array.from(year.months, (value) => cell(value)).join('')}${cell(year.total, true)}</tr>`,
  )
  const left = years.length > shown.length ? `<p class="aside">The last ${MOST_YEARS} of ${years.length} years.</p>` : ''
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="Returns by month"><table class="heat-map"><caption>Returns by month, %</caption><thead><tr><td></td>${MONTH_NAMES.map((name) => `<th scope="col">${name}</th>`).join('')}` +
    `<th scope="col">Year</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>${left}`
  )
}

/** The deepest falls, with dates. */
export function drawdownTable(equity: Curve): string {
  const deepest: Drawdown[] = []
  forEachDrawdown(equity.values, (fall) => {
    if (deepest.length === MOST_DRAWDOWNS && fall.depth >= deepest[MOST_DRAWDOWNS - 1].depth) return
    deepest.push(fall)
    deepest.sort((a, b) => a.depth - b.depth)
    deepest.length = Math.min(deepest.length, MOST_DRAWDOWNS)
  })
  if (deepest.length === 0) return '<p>Equity never fell below an earlier peak.</p>'
  const rows = deepest.map(({ peak, trough, end, depth, isRecovered }) => {
    const days = Number(equity.times[end] - equity.times[peak]) / 86_400e9
    return [
      formatPercent(depth),
      formatAt(equity.times[peak]),
      formatAt(equity.times[trough]),
      isRecovered ? formatAt(equity.times[end]) : 'not yet',
      formatDays(days),
    ]
  })
  return table('Deepest drawdowns', ['Depth', 'Peak', 'Trough', 'Recovered', 'Length'], rows)
}

/** One group of figures. */
export function figureTable({ title, figures }: FigureGroup): string {
  const rows = figures.map(
    ({ label, value, meaning }) =>
      `<tr><th scope="row" title="${escapeHtml(meaning)}">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  )
  return `<table class="figures"><caption>${escapeHtml(title)}</caption><tbody>${rows.join('')}</tbody></table>`
}

/** Closed trades: all of them, or the first and the last when they are many. */
export function tradeTable(record: RunRecord, trades: TradeColumns): string {
  const count = trades.profits.length
  if (count === 0) return '<p>No trade was closed.</p>'
  const returns = tradeReturns(trades)
  const half = MOST_TRADES / 2
  const picked = Array.from(trades.profits.keys()).filter((row) => count <= MOST_TRADES || row < half || row >= count - half)
  const rows = picked.map((row) => [
    record.instruments[trades.instruments[row]].symbol,
    trades.quantities[row] > 0 ? 'long' : 'short',
    formatNumber(Math.abs(trades.quantities[row]), decimalsOfQuantity(trades.quantities[row])),
    formatAt(trades.entryTimes[row]),
    formatAt(trades.exitTimes[row]),
    formatPrice(trades.entryPrices[row]),
    formatPrice(trades.exitPrices[row]),
    formatChange(returns[row]),
    formatNumber(trades.profits[row]),
  ])
  const columns = ['Instrument', 'Side', 'Quantity', 'Entry', 'Exit', 'Entry price', 'Exit price', 'Return', `Profit, ${record.currency}`]
  const left =
    picked.length < count ? `<p class="aside">The first ${half} and the last ${half} of ${formatNumber(count, 0)} trades.</p>` : ''
  return (
    table('Closed trades', columns, rows, (cell, column) => (column === 8 ? ` class="${cell.startsWith('−') ? 'loss' : 'gain'}"` : '')) +
    left
  )
}

/** Why nothing was done, by instrument: refusals and missing inputs, counted. */
export function refusalTable(record: RunRecord): string {
  const refusals = [...(record.refusals ?? [])].sort((a, b) => b.count - a.count)
  const rows = refusals
    .slice(0, 50)
    .map(({ instrument, rule, count, lastAt, lastReason }) => [
      instrument === undefined ? 'all' : record.instruments[instrument].symbol,
      rule,
      formatNumber(count, 0),
      formatAt(lastAt),
      lastReason,
    ])
  const left = refusals.length > 50 ? `<p class="aside">The 50 most frequent of ${refusals.length}.</p>` : ''
  return table('Why not traded', ['Instrument', 'Rule', 'Times', 'Last', 'Last reason'], rows) + left
}

function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  attributes: (cell: string, column: number) => string = () => '',
): string {
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('')
  const body = rows.map(
    (row) => `<tr>${row.map((cell, column) => `<td${attributes(cell, column)}>${escapeHtml(cell)}</td>`).join('')}</tr>`,
  )
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table class="rows"><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

function sign(value: number): string {
  return value > 0 ? 'gain' : value < 0 ? 'loss' : 'flat'
}

function decimalsOfQuantity(quantity: number): number {
  return Number.isInteger(quantity) ? 0 : 6
}
