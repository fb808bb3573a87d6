import type { ClauseReport, GateReport } from '../schema/gate-report.js'

/** A gate report as Markdown, for a pull request or a terminal. Text from outside is escaped. */
export function renderReportMarkdown(report: GateReport): string {
  const cell = (text: string): string => text.replace(/[\\|<>&`*_[\]]/g, (char) => `\\${char}`).replace(/\s+/g, ' ')
  const { decision, policyTitle, policyId, policyRevision, stage, counts } = report
  const lines = [
    `# ${decision === 'approved' ? 'Approved' : 'Refused'} for ${stage}: ${cell(policyTitle)}`,
    '',
    `${counts.pass} passed, ${counts.fail} failed, ${counts.error} could not be decided. Policy ${policyId} revision ${policyRevision}, evaluated at ${report.evaluatedAt}.`,
    '',
    `- artifact \`${report.artifactDigest ?? 'unknown'}\``,
    `- policy \`${report.policyDigest}\``,
    `- evidence \`${report.evidenceDigest ?? 'none'}\``,
    `- approvals asked for: ${report.approvalsRequired}`,
    ...report.problems.map((problem) => `- **${cell(problem)}**`),
    '',
    '| clause | result | observed | limit | margin | why |',
    '|--|--|--|--|--|--|',
    ...report.clauses.map(
      (clause) =>
        `| ${[clause.title, verdict(clause), observed(clause), number(clause.limit), number(clause.margin), clause.reason].map(cell).join(' | ')} |`,
    ),
  ]
  const open = report.clauses.filter(({ result }) => result !== 'pass')
  if (open.length > 0) lines.push('', '## What would turn it', '')
  for (const { title, message, remedies } of open) {
    lines.push(`- ${cell(title)}: ${cell(message ?? '')}`, ...remedies.map((remedy) => `  - ${cell(remedy.message)}`))
  }
  return `${lines.join('\n')}\n`
}

/** A gate report as one self-contained HTML page, without scripts. */
export function renderReportHtml(report: GateReport): string {
  const rows = report.clauses.map(
    (clause) =>
      `<tr class="${clause.result}"><td>${html(clause.title)}<br><small>${html(clause.id)}</small></td><td>${html(verdict(clause))}</td><td>${html(observed(clause))}</td><td>${html(number(clause.limit))}</td><td>${html(number(clause.margin))}</td><td>${html(clause.reason)}${clause.result === 'pass' ? '' : `<br>${html(clause.message ?? '')}<ul>${clause.remedies.map(({ message }) => `<li>${html(message)}</li>`).join('')}</ul>`}</td></tr>`,
  )
  const facts: readonly (readonly [string, string])[] = [
    ['artifact', report.artifactDigest ?? 'unknown'],
    ['policy', `${report.policyId} revision ${report.policyRevision}, ${report.policyDigest}`],
    ['evidence', report.evidenceDigest ?? 'none'],
    ['evaluated at', report.evaluatedAt],
    ['evaluator', `${report.evaluator.name} ${report.evaluator.version}`],
    ['approvals asked for', String(report.approvalsRequired)],
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${html(`${report.decision}: ${report.policyTitle}`)}</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #d0d7de;padding:.35rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
.pass td:nth-child(2){background:#dafbe1}.fail td:nth-child(2){background:#ffebe9}.error td:nth-child(2){background:#fff1c7}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:#57606a}dd{margin:0;font-family:ui-monospace,monospace;overflow-wrap:anywhere}
</style></head><body>
<h1>${report.decision === 'approved' ? 'Approved' : 'Refused'} for ${report.stage}: ${html(report.policyTitle)}</h1>
<p>${report.counts.pass} passed, ${report.counts.fail} failed, ${report.counts.error} could not be decided.</p>
${report.problems.map((problem) => `<p><strong>${html(problem)}</strong></p>`).join('\n')}
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${html(value)}</dd>`).join('')}</dl>
<table><thead><tr><th>clause</th><th>result</th><th>observed</th><th>limit</th><th>margin</th><th>why</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></body></html>
`
}

function verdict({ result, severity }: ClauseReport): string {
  return result === 'fail' && severity === 'warn' ? 'warn' : result
}

function observed({ observed: inputs }: ClauseReport): string {
  return inputs
    .map(
      ({ input, value, unit, problem }) =>
        `${input} ${problem === undefined ? `${Array.isArray(value) ? `[${value.length} values]` : String(value)} ${unit}` : '(unusable)'}`,
    )
    .join('; ')
}

function number(value: number | null): string {
  return value === null ? '' : String(Number(value.toPrecision(6)))
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
