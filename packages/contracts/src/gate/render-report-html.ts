import type { ClauseReport, GateReport } from '../schema/gate-report.js'
import { countsInWords, number, observed } from './render-report.js'
import { refuses, verdict } from './verdict.js'

/** A gate report as one self-contained HTML page, without scripts: light and dark, for a desk and for a phone. */
export function renderReportHtml(report: GateReport): string {
  const open = report.clauses.filter(({ result }) => result !== 'pass')
  const blocking = open.filter(refuses)
  const warnings = open.filter((clause) => !refuses(clause))
  const isApproved = report.decision === 'approved'
  const title = `${isApproved ? 'Approved' : 'Refused'} for ${report.stage}: ${report.policyTitle}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${html(title)}</title>
<style>${style}</style></head><body class="${report.decision}">
<h1>${html(title)}</h1>
<p class="counts">${html(countsInWords(report))}.${report.approvalsRequired > 0 ? ` ${report.approvalsRequired} ${report.approvalsRequired === 1 ? 'approval' : 'approvals'} asked for.` : ''}</p>
${report.problems.map((problem) => `<p class="problem">${html(problem)}</p>`).join('\n')}
${explained('What refuses', blocking)}${explained('Warnings', warnings)}
<h2>All clauses</h2>
<table><thead><tr><th>clause</th><th>result</th><th>observed</th><th class="n">limit</th><th class="n">margin</th></tr></thead><tbody>
${report.clauses.map(row).join('\n')}
</tbody></table>
<h2>What this is about</h2>
<dl>${facts(report)
    .map(([name, value]) => `<dt>${name}</dt><dd>${html(value)}</dd>`)
    .join('')}</dl>
</body></html>
`
}

function explained(heading: string, clauses: readonly ClauseReport[]): string {
  if (clauses.length === 0) return ''
  const items = clauses.map(
    (clause) =>
      `<li class="${verdict(clause)}"><b>${html(clause.title)}</b><p>${html(clause.reason)}.</p><p>${html(clause.message ?? '')}</p>${remedies(clause)}</li>`,
  )
  return `<h2>${heading}</h2>\n<ul class="open">${items.join('\n')}</ul>\n`
}

function remedies({ remedies: given }: ClauseReport): string {
  return given.length === 0 ? '' : `<ul>${given.map(({ message }) => `<li>${html(message)}</li>`).join('')}</ul>`
}

const resultWords = { pass: 'pass', warn: 'warning', fail: 'fail', error: 'undecided' } as const

function row(clause: ClauseReport): string {
  const { id, title, reason, limit, margin } = clause
  const result = verdict(clause)
  const inputs = clause.observed.map((one) => `<span class="o">${html(observed(one))}</span>`).join(' ')
  return `<tr class="${result}"><td data-is="clause">${html(title)}<small title="${html(reason)}">${html(id)}</small></td><td data-is="result"><b>${resultWords[result]}</b></td><td data-is="observed"><div>${inputs}</div></td><td class="n" data-is="limit">${number(limit)}</td><td class="n" data-is="margin">${number(margin)}</td></tr>`
}

function facts(report: GateReport): readonly (readonly [string, string])[] {
  return [
    ['artifact', report.artifactDigest ?? 'unknown'],
    ['policy', `${report.policyId} revision ${report.policyRevision}`],
    ['policy digest', report.policyDigest],
    ['evidence', report.evidenceDigest ?? 'none'],
    ['evaluated at', report.evaluatedAt],
    ['evaluator', `${report.evaluator.name} ${report.evaluator.version}`],
    ['approvals asked for', String(report.approvalsRequired)],
  ]
}

/** Text from outside as text. */
function html(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

// Numbers never wrap: their columns are as wide as they are, and the clause and what was observed share the rest. On a phone each row is a card.
const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--paper:#fff;--line:#d0d7de;--pass:#1a7f37;--warn:#8a5a00;--fail:#b3202c;--shade:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;--line:#3d444d;--pass:#3fb950;--warn:#d29922;--fail:#ff7b72;--shade:#161b22}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;line-height:1.25;border-left:.4rem solid var(--fail);padding-left:.7rem}.approved h1{border-color:var(--pass)}
h2{font-size:1.1rem;margin:2rem 0 .6rem}.counts{color:var(--dim)}.problem{color:var(--fail);font-weight:600}
.open{list-style:none;padding:0}.open>li{border:1px solid var(--line);border-left:.3rem solid var(--fail);padding:.6rem .9rem;margin:.5rem 0;overflow-wrap:break-word}
.open>.warn,.open>.error{border-left-color:var(--warn)}.open p{margin:.2rem 0}.open ul{margin:.3rem 0;padding-left:1.2rem;color:var(--dim)}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.4rem .7rem;text-align:left;vertical-align:top}
th{color:var(--dim);font-weight:500;background:var(--shade)}td small{display:block;color:var(--dim)}
.n,.o{white-space:nowrap;font-variant-numeric:tabular-nums}.n{text-align:right;width:1%}td:nth-child(2){width:1%;white-space:nowrap}.o{display:inline-block;margin-right:.8rem}
.pass b{color:var(--pass)}.warn td b,.error td b{color:var(--warn)}.fail td b{color:var(--fail)}.pass td b{font-weight:400}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:var(--dim)}dd{margin:0;font:13px/1.7 ui-monospace,monospace;overflow-wrap:anywhere}
@media(max-width:40rem){thead{display:none}table,tbody,tr,td{display:block;width:auto!important}tr{border:1px solid var(--line);margin:.6rem 0;padding:.3rem .2rem}
td{border:0;padding:.15rem .7rem;display:flex;justify-content:space-between;gap:1rem;text-align:right}td::before{content:attr(data-is);color:var(--dim);text-align:left}
td:first-child{display:block;text-align:left;font-weight:600}td:first-child::before{content:none}td small{font-weight:400}td.n:empty{display:none}.o{display:block;margin:0}
.o{white-space:normal;overflow-wrap:anywhere}dl{display:block}dt{margin-top:.5rem}}
@media print{body{margin:0;max-width:none}}
`
