import { type Evaluation } from '@gatehouse/contracts'
import { barList, confusionTable, escapeHtml, figure, lineChart, percent, reliabilityChart } from './report-charts.js'
import { reportStyle } from './report-style.js'
import { type EvaluationReport } from './report.js'

/** A self-contained page of an evaluation: no scripts, nothing fetched, light and dark, readable on a phone. The same report gives the same bytes. */
export function renderEvaluationHtml(report: EvaluationReport): string {
  const { title, evaluation, heads, learning, importance, deciles, drift, equity } = report
  const { windows, rows, independentRows, trials, artifactDigest } = evaluation
  const parts = [
    section('Figures', metricsTable(evaluation) + (evaluation.costs === undefined ? '' : note(`Costs: ${evaluation.costs}.`))),
    section('Against baselines', baselinesTable(evaluation)),
    ...heads.filter(({ classes }) => classes.length > 0).map((head) => section(`What “${head.name}” said, and what came`, `<div class="pair"><div>${confusionTable(head.classes, head.confusion)}</div><figure>${reliabilityChart(head.name, head.reliability)}</figure></div>`)), // prettier-ignore
    section('Learning', `<figure>${lineChart('Loss by epoch', [{ values: learning.loss, kind: 'first' }, { values: learning.validation, kind: 'second' }], { x: 'epoch', mark: learning.best, last: String(learning.loss.length) })}</figure>` + legend([['first', 'training loss'], ['second', 'validation loss; the dotted epoch was kept']])), // prettier-ignore
    ...(deciles === undefined ? [] : [section(`${deciles.title}, by tenths of the rows`, barList(deciles.rows.map(({ outcome, error, score }, i) => ({ label: `${i + 1} · score ${figure(score, 2)}`, value: outcome, text: `${figure(outcome, 2)} ± ${figure(error, 2)} ${deciles.unit}` }))) + note('± is one standard error as if rows were independent; labels overlap, so the truth is wider.'))]), // prettier-ignore
    ...(equity === undefined ? [] : [section('Net return, summed', `<figure>${lineChart('Cumulative net return', [{ values: equity, kind: 'first' }], { x: 'test window', last: 'end' })}</figure>`)]), // prettier-ignore
    section(`What it looks at: fall of ${importance.figure} when a feature is shuffled`, barList(byValue(importance.features.map(({ feature, fall }) => ({ label: feature, value: fall, text: figure(fall, 4) }))))), // prettier-ignore
    section('Drift against training', barList(byValue(drift.map(({ feature, index }) => ({ label: feature, value: index, text: figure(index) }))).slice(0, 15)) + note('Population stability index: under 0.1 stable, over 0.25 another market.')), // prettier-ignore
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
const byValue = <T extends { readonly value: number }>(items: readonly T[]): T[] => [...items].sort((a, b) => (Number.isFinite(b.value) ? b.value : -1) - (Number.isFinite(a.value) ? a.value : -1)) // prettier-ignore

function metricsTable({ metrics }: Evaluation): string {
  const rows = Object.entries(metrics).map(([name, { value, interval, folds, direction }]) => {
    const range =
      interval === undefined ? '' : `${figure(interval.lower)} to ${figure(interval.upper)} <small>${percent(interval.level)}</small>`
    return `<tr><th scope="row">${escapeHtml(name)} <small>${direction === 'higher' ? '↑' : '↓'}</small></th><td class="n">${figure(value)}</td><td>${range}</td><td class="n small">${(folds ?? []).map((fold) => figure(fold)).join(' · ')}</td></tr>`
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
