import type { ClauseReport, GateReport } from '../schema/gate-report.js'
import { verdict } from './verdict.js'
import { shownNumber } from './words.js'

/** `12 passed, 1 failed, 1 warning, 0 could not be decided`. */
export function countsInWords({ counts, clauses }: GateReport): string {
  const warnings = clauses.filter((clause) => verdict(clause) === 'warn').length
  return `${counts.pass} passed, ${counts.fail - warnings} failed, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${counts.error} could not be decided`
}

/** A gate report as Markdown, for a pull request or a terminal. Text from outside is escaped. */
export function renderReportMarkdown(report: GateReport): string {
  const cell = (text: string): string => text.replace(/[\\|<>&`*_[\]]/g, (char) => `\\${char}`).replace(/\s+/g, ' ')
  const { decision, policyTitle, policyId, policyRevision, stage } = report
  const lines = [
    `# ${decision === 'approved' ? 'Approved' : 'Refused'} for ${stage}: ${cell(policyTitle)}`,
    '',
    `${countsInWords(report)}. Policy ${policyId} revision ${policyRevision}, evaluated at ${report.evaluatedAt}.`,
    '',
    `- artifact \`${report.artifactDigest ?? 'unknown'}\``,
    `- policy \`${report.policyDigest}\``,
    `- evidence \`${report.evidenceDigest ?? 'none'}\``,
    `- approvals asked for: ${report.approvalsRequired}`,
    ...report.problems.map((problem) => `- **${cell(problem)}**`),
    '',
    '| clause | result | observed | limit | margin | why |',
    '|--|--|--|--:|--:|--|',
    ...report.clauses.map(
      (clause) =>
        `| ${[clause.title, verdict(clause), clause.observed.map(observed).join('; '), number(clause.limit), number(clause.margin), clause.reason].map(cell).join(' | ')} |`,
    ),
  ]
  const open = report.clauses.filter(({ result }) => result !== 'pass')
  if (open.length > 0) lines.push('', '## What would turn it', '')
  for (const { title, message, remedies } of open) {
    lines.push(`- ${cell(title)}: ${cell(message ?? '')}`, ...remedies.map((remedy) => `  - ${cell(remedy.message)}`))
  }
  return `${lines.join('\n')}\n`
}

/** One observed input in words. */
export function observed({ input, value, unit, problem }: ClauseReport['observed'][number]): string {
  if (problem !== undefined) return `${input} unusable`
  if (Array.isArray(value)) return `${input} ${value.length} values ${unit}`
  return typeof value === 'number' ? `${input} ${shownNumber(value)} ${unit}` : `${input} ${String(value)}`
}

/** A number of the report for people; empty where there is none. */
export function number(value: number | null): string {
  return value === null ? '' : shownNumber(value)
}
