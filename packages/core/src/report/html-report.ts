import { monthlyReturns } from '../statistics/periods.js'
import { type StatisticsConventions } from '../statistics/conventions.js'
import { distributionChart, drawdownChart, equityChart, rollingSharpeChart } from './charts.js'
import { aYear, figureGroups } from './figures.js'
import { describeFindings, type Finding, marksOf } from './findings.js'
import { counted, formatAt, formatChange, formatDays, formatMoney, formatNumber, formatPercent, formatProbability } from './format.js'
import { priceChart } from './price-chart.js'
import { type RunRecord } from './run-record.js'
import { type RunAnalysis, type RunStatistics, withoutGaps } from './run-statistics.js'
import { SCRIPT, STYLE } from './style.js'
import { escapeHtml } from './svg.js'
import { drawdownTable, figureTable, heatMap, refusalTable, tradeTable } from './tables.js'

/** Instruments whose price is drawn: those with the most fills. */
const PRICE_CHARTS = 6

/** The report as one HTML page that needs nothing else: no network, no script to be read. */
export function renderHtml(record: RunRecord, analysis: RunAnalysis, chosen: StatisticsConventions): string {
  const { statistics } = analysis
  const findings = describeFindings(record, statistics)
  const hasSamples = record.equity.times.length > 0
  const sections = [
    hasSamples ? headline(record, statistics) : '',
    findingList(findings),
    equitySection(record),
    monthSection(analysis, chosen),
    shapeSection(analysis),
    ...priceSections(record, analysis),
    hasSamples
      ? section('Statistics', `<div class="columns">${figureGroups(statistics, record.currency).map(figureTable).join('')}</div>`)
      : '',
    hasSamples ? `<section>${drawdownTable(withoutGaps(record.equity))}</section>` : '',
    hasSamples ? `<section>${tradeTable(record, analysis.series.trades)}</section>` : '',
    (record.refusals ?? []).length > 0 ? `<section>${refusalTable(record)}</section>` : '',
  ]
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">` +
    `<title>${escapeHtml(record.name)}: tear sheet</title><style>${STYLE}</style></head><body><main>` +
    `${header(record, statistics)}${sections.join('\n')}${footer(record, statistics, chosen)}</main><script>${SCRIPT}</script></body></html>\n`
  )
}

function header(record: RunRecord, statistics: RunStatistics): string {
  const span =
    statistics.from === undefined || statistics.to === undefined
      ? 'no samples'
      : `${formatAt(statistics.from)} to ${formatAt(statistics.to)} UTC, ${formatDays(statistics.days)}`
  const badges = `<span class="badge ${record.environment}">${record.environment}</span>${marksOf(record)
    .map((mark) => ` <span class="badge flag">${mark}</span>`)
    .join('')}`
  return `<header><h1>${escapeHtml(record.name)}</h1>${badges}<p>${span}</p></header>`
}

function headline(record: RunRecord, s: RunStatistics): string {
  const items: readonly [string, string, string][] = [
    ['Total return', formatChange(s.totalReturn), `${formatMoney(s.netProfit, record.currency)} net`],
    ['Growth a year', formatChange(aYear(s, s.cagr)), 'compound'],
    [
      'Sharpe ratio',
      formatNumber(s.sharpeRatio),
      s.probabilisticSharpeRatio === s.probabilisticSharpeRatio
        ? `${escapeHtml(formatProbability(s.probabilisticSharpeRatio))} sure above zero`
        : 'excess return over risk',
    ],
    ['Largest drawdown', formatPercent(s.maxDrawdown), `longest ${formatDays(s.maxDrawdownDays)}`],
    ['Volatility', formatPercent(s.volatility), 'a year'],
    ['Win rate', formatPercent(s.trades.winRate, 1), counted(s.trades.trades, 'closed trade')],
    ['Profit factor', formatNumber(s.trades.profitFactor), 'gross profit over loss'],
  ]
  return `<dl class="headline">${items.map(([label, value, aside]) => `<div><dt>${label}</dt><dd>${value}<small>${aside}</small></dd></div>`).join('')}</dl>`
}

function findingList(findings: readonly Finding[]): string {
  if (findings.length === 0) return ''
  const name = { error: 'Problem', warning: 'Caution', note: 'Note' }
  return `<ul class="findings" aria-label="What to know first">${findings.map(({ severity, message }) => `<li class="${severity}"><b>${name[severity]}.</b> ${escapeHtml(message)}</li>`).join('')}</ul>`
}

function equitySection(record: RunRecord): string {
  // Every sample, because the deepest fall may lie between two sampled ones; the charts thin it.
  const curve = withoutGaps(record.equity)
  if (curve.values.length < 2) return section('Equity', '<p>There are not two samples of equity, so there is nothing to draw.</p>')
  const legend =
    record.benchmark === undefined
      ? ''
      : `<ul class="legend"><li>${escapeHtml(record.name)}</li><li class="benchmark">${escapeHtml(record.benchmark.name)}, scaled to the same start</li></ul>`
  const chart = equityChart(curve, record.benchmark, record.currency)
  const title = `Equity, ${escapeHtml(record.currency)}${chart.isLogarithmic ? ', logarithmic scale' : ''}`
  return `<section><h2>${title}</h2>${legend}${chart.svg}<h2>Drawdown</h2>${drawdownChart(curve)}</section>`
}

function monthSection({ series }: RunAnalysis, chosen: StatisticsConventions): string {
  if (series.returns.length === 0) return ''
  return `<section>${heatMap(monthlyReturns(series.returns, series.returnTimes, { timeZone: chosen.timeZone }))}</section>`
}

function shapeSection({ series, statistics }: RunAnalysis): string {
  if (series.returns.length === 0) return ''
  const rolling = rollingSharpeChart(series.returns, series.returnTimes, statistics.periodsPerYear)
  const distribution = distributionChart(series.returns)
  const few = `<p>${counted(series.returns.length, 'return')}: too few to draw. It takes`
  const left = section(
    rolling === undefined ? 'Rolling Sharpe ratio' : `Sharpe ratio, rolling over ${rolling.window} returns`,
    rolling?.svg ?? `${few} 80 returns with some variation.</p>`,
  )
  return `<div class="pair">${left}${section('Returns per period', distribution === undefined ? `${few} 20 that are not zero.</p>` : distribution + leftOut(series.returns))}</div>`
}

function priceSections(record: RunRecord, { series }: RunAnalysis): string[] {
  const { fills, prices = [], instruments } = record
  if (fills.times.length === 0) return []
  if (prices.length === 0) return [section('Trades on price', '<p>The run kept no prices, so trades cannot be drawn on them.</p>')]
  const counts = new Float64Array(instruments.length)
  for (const row of fills.instruments) counts[row]++
  const drawn = prices
    .filter((series_) => countFinite(series_.close) > 1 && counts[series_.instrument] > 0)
    .sort((a, b) => counts[b.instrument] - counts[a.instrument])
  const sections = drawn.slice(0, PRICE_CHARTS).map((series_, i) => {
    const { symbol } = instruments[series_.instrument]
    const legend = '<ul class="legend"><li class="price">price</li><li class="buy">buy</li><li class="sell">sell</li></ul>'
    return `<section><h2>Trades on ${escapeHtml(symbol)}</h2>${legend}${priceChart(symbol, series_, fills, series.trades, `price-${i}`)}</section>`
  })
  if (drawn.length > PRICE_CHARTS)
    sections.push(`<p class="aside">The ${PRICE_CHARTS} most traded of ${drawn.length} instruments are drawn.</p>`)
  return sections
}

function footer(record: RunRecord, statistics: RunStatistics, chosen: StatisticsConventions): string {
  const sampling = {
    auto: 'the last sample of each period',
    'as-recorded': 'every sample',
    second: 'the last sample of each second',
    minute: 'the last sample of each minute',
    hour: 'the last sample of each hour',
    day: 'the last sample of each day',
    'calendar-day': 'every midnight',
    week: 'the last sample of each week',
    month: 'the last sample of each month',
    quarter: 'the last sample of each quarter',
    year: 'the last sample of each year',
  }
  const conventions = `${formatNumber(statistics.periods, 0)} returns from ${sampling[chosen.sampling]} (${chosen.timeZone}), annualised by ${formatNumber(statistics.periodsPerYear, 0)}; ${chosen.meanConvention} means. Times are UTC.`
  const events = Object.entries(record.events ?? {}).map(([schema, count]) => `${schema} ${formatNumber(count, 0)}`)
  const rows: [string, string][] = [['Conventions', conventions]]
  if (events.length > 0) rows.push(['Events', events.join(', ')])
  rows.push(...Object.entries(record.provenance ?? {}))
  return `<footer><dl>${rows.map(([term, text]) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(text)}</dd>`).join('')}</dl><p>Past results do not promise future ones.</p></footer>`
}

function section(title: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${body}</section>`
}

function leftOut(returns: Float64Array): string {
  const flat = returns.reduce((count, value) => count + (value === 0 ? 1 : 0), 0)
  return flat === 0 ? '' : `<p class="aside">${counted(flat, 'period')} without a return left out.</p>`
}

function countFinite(values: Float64Array): number {
  return values.reduce((count, value) => count + (Number.isFinite(value) ? 1 : 0), 0)
}
