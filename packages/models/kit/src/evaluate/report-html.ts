import { type Evaluation } from '@gatehouse/contracts'
import { barList, confusionTable, escapeHtml, figure, lineChart, percent, reliabilityChart } from './report-charts.js'
import { reportStyle } from './report-style.js'
import { type EvaluationReport, type HeadReport } from './report.js'

/** A self-contained page of an evaluation: no scripts, nothing fetched, light and dark, readable on a phone. The same report gives the same bytes. */
export function renderEvaluationHtml(report: EvaluationReport): string {
  const { title, evaluation, heads, learning, importance, deciles, drift, equity } = report
  const { windows, rows, independentRows, trials, artifactDigest } = evaluation
  const parts = [
    section('Figures', metricsTable(evaluation) + (evaluation.costs === undefined ? '' : note(`Costs: ${evaluation.costs}.`))),
    section('Against baselines', baselinesTable(evaluation)),
    ...heads.filter(({ classes }) => classes.length > 0).map(headSection),
    section('Learning', learningChart(learning)),
    ...(deciles === undefined ? [] : [section(deciles.title, decileBars(deciles))]),
    ...(equity === undefined ? [] : [section('Net return, summed', figureOf(lineChart('Cumulative net return', [{ values: equity, kind: 'first' }], { x: { title: 'test window', ticks: [day(windows.test.from), day(windows.test.to)] }, y: 'sum of net returns', show: (sum) => percent(sum) })))]), // prettier-ignore
    section('What it looks at', importanceBars(importance)),
    section('Drift against training', barList(['feature', 'population stability index'], largest(drift.map(({ feature, index }) => ({ label: feature, value: index, text: figure(index) })), 15)) + note('Under 0.1 stable, over 0.25 another market. The fifteen that moved most.')), // prettier-ignore
  ]
  const facts = [
    ['Trained', `${day(windows.train.from)} to ${day(windows.train.to)}`],
    ['Judged', `${day(windows.test.from)} to ${day(windows.test.to)}`],
    [
      'Rows',
      `${rows.toLocaleString('en-US')}, ${independentRows === undefined ? 'unknown' : independentRows.toLocaleString('en-US')} independent`,
    ],
    ['Trials', String(trials)],
    ['Artifact', artifactDigest.slice(0, 12)],
  ]
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}: evaluation</title><style>${reportStyle}</style></head><body><main><h1>${escapeHtml(title)}</h1><dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>${parts.join('')}</main></body></html>\n`
}

const day = (time: string): string => time.slice(0, 10)
const note = (text: string): string => `<p class="muted">${escapeHtml(text)}</p>`
const section = (title: string, body: string): string => `<section><h2>${escapeHtml(title)}</h2>${body}</section>`
const legend = (items: readonly (readonly [string, string])[]): string =>
  `<p class="muted">${items.map(([kind, text]) => `<span class="key ${kind}"></span>${escapeHtml(text)}`).join(' &nbsp; ')}</p>`
const figureOf = (chart: string): string => `<figure>${chart}</figure>`

/** The largest first. */
function largest<T extends { readonly value: number }>(items: readonly T[], most: number): T[] {
  const rank = ({ value }: T): number => (Number.isFinite(value) ? value : -1)
  return [...items].sort((a, b) => rank(b) - rank(a)).slice(0, most)
}

function headSection({ name, classes, confusion, reliability, kind }: HeadReport): string {
  const of = kind === 'binary' ? 'yes' : 'the likeliest class'
  const body = `<div class="pair"><div>${confusionTable(classes, confusion)}${note('Share of each actual class; small figures count its rows.')}</div>${figureOf(reliabilityChart(name, of, reliability))}</div>`
  return section(`“${name}”: confusion and reliability`, body)
}

function learningChart({ loss, validation, best }: EvaluationReport['learning']): string {
  const lines = [{ values: loss, kind: 'first' }, { values: validation, kind: 'second' }] // prettier-ignore
  const chart = lineChart('Loss by epoch', lines, { x: { title: 'epoch', ticks: ['1', String(loss.length)] }, y: 'loss', mark: best })
  return figureOf(chart) + legend([['first', 'training loss'], ['second', 'validation loss; the dotted epoch was kept']]) // prettier-ignore
}

function decileBars({ by, unit, rows }: NonNullable<EvaluationReport['deciles']>): string {
  const items = rows.map(({ outcome, error, score }, i) => ({ label: `${i + 1} · ${figure(score, 2)}`, value: outcome, text: `${figure(outcome, 2)} ± ${figure(error, 2)}` })) // prettier-ignore
  return (
    barList([`tenth of the rows · mean ${by}`, `mean outcome, ${unit}`], items) +
    note('± is one standard error as if rows were independent; labels overlap, so the truth is wider.')
  )
}

/** Features that a page shows; a book has eighty. */
const shown = 25

function importanceBars({ figure: name, features }: EvaluationReport['importance']): string {
  const items = largest(features.map(({ feature, fall }) => ({ label: feature, value: fall, text: figure(fall, 4) })), shown) // prettier-ignore
  const rest = features.length > shown ? ` The ${shown} largest of ${features.length}.` : ''
  return (
    barList(['feature', `fall of ${name} when its column is shuffled`], items) +
    note(`Permutation importance: features that say the same share it, and may each look useless.${rest}`)
  )
}

/** Units that say nothing beside a figure's name. */
const unitless = new Set(['score', 'dimensionless', 'probability', 'fraction'])

function metricsTable({ metrics }: Evaluation): string {
  const rows = Object.entries(metrics).map(([name, { value, unit, interval, folds, direction }]) => {
    const range =
      interval === undefined ? '' : `${figure(interval.lower)} to ${figure(interval.upper)} <small>${percent(interval.level)}</small>`
    return `<tr><th scope="row">${escapeHtml(name)} <small>${direction === 'higher' ? '↑' : '↓'}${unitless.has(unit) ? '' : ` ${escapeHtml(unit)}`}</small></th><td class="n">${figure(value)}</td><td>${range}</td><td class="n small">${(folds ?? []).map((fold) => figure(fold)).join(' · ')}</td></tr>`
  })
  return `<div class="wide"><table><thead><tr><th scope="col">figure</th><th scope="col" class="n">value</th><th scope="col">interval</th><th scope="col" class="n">by fold</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

function baselinesTable({ baselines, metrics }: Evaluation): string {
  const rows = baselines.flatMap(({ name, description, metrics: theirs, edges }) =>
    Object.entries(edges).map(([metric, { value, interval }]) => {
      const verdict = interval.lower > 0 ? 'better' : interval.upper < 0 ? 'worse' : 'not told apart'
      return `<tr><th scope="row" title="${escapeHtml(description)}">${escapeHtml(name)}</th><td>${escapeHtml(metric)}</td><td class="n">${figure(metrics[metric]?.value)}</td><td class="n">${figure(theirs[metric])}</td><td class="n">${figure(value)}</td><td>${figure(interval.lower)} to ${figure(interval.upper)}</td><td class="${verdict.replaceAll(' ', '-')}">${verdict}</td></tr>`
    }),
  )
  return `<div class="wide"><table><thead><tr><th scope="col">baseline</th><th scope="col">figure</th><th scope="col" class="n">ours</th><th scope="col" class="n">theirs</th><th scope="col" class="n">better by</th><th scope="col">interval</th><th scope="col"></th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}
