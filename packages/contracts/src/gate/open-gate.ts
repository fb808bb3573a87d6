import { TradingError } from '@gatehouse/durable-log'
import { documentDigest } from '../canonical/digest.js'
import type { GateClause, GatePolicy } from '../schema/gate-policy.js'
import type { ClauseReport, GateReport } from '../schema/gate-report.js'
import { gateReportContract } from '../schema/gate-report.js'
import { formatTime, parseTime, type TimeNs } from '../time/time.js'
import { snapshotEvidence, type EvidenceSnapshot } from './evidence-snapshot.js'
import type { Gate } from './interfaces.js'
import { decidingMargin } from './margin.js'
import { checkPolicy } from './policy-check.js'
import { remediesForFailure, remediesForProblems } from './remedies.js'
import { resolveInput, type ResolvedInput } from './resolve-input.js'
import { evaluateRule, libraryProblem, type RuleValue } from './rule-evaluation.js'
import { ruleVariables, type RuleNode } from './rule-node.js'
import { refuses } from './verdict.js'
import { reasonFor } from './words.js'

/** Counted up when the same policy and evidence could be decided differently. */
const evaluator = { name: '@gatehouse/contracts', version: '2' } as const

/**
 * Loads a policy. Its rules are checked for shape, grammar and types here, so that a decision meets only what was foreseen.
 * @throws {TradingError} `POLICY_INVALID` with `details.findings`, naming clause and place
 */
export function openGate(value: GatePolicy): Gate {
  const { policy, rules, findings } = checkPolicy(value)
  const errors = findings.filter(({ level }) => level === 'error')
  if (policy === undefined || errors.length > 0) {
    const listed = errors
      .slice(0, 5)
      .map(({ clause, at, message }) => `${clause ?? 'policy'}${at === undefined ? '' : ` ${at}`}: ${message}`)
    throw new TradingError('POLICY_INVALID', `The policy cannot be used: ${listed.join('; ')}`, { findings })
  }
  const clauses = policy.clauses.map((clause) => {
    const rule = rules.get(clause.id)
    if (rule === undefined) throw new TradingError('POLICY_INVALID', `Clause ${clause.id} has no rule`, { clause: clause.id })
    return { clause, rule, variables: ruleVariables(rule) }
  })
  const digest = documentDigest(policy)
  return Object.freeze<Gate>({
    digest,
    policy,
    findings,
    evaluate(evidence, { now }) {
      const snapshot = snapshotEvidence(evidence)
      const problems = [...snapshot.problems, ...policyProblems(policy, now)]
      const library = libraryProblem()
      if (library !== undefined) problems.push(library)
      const resolved = new Map(Object.entries(policy.inputs).map(([name, declared]) => [name, resolveInput(name, declared, snapshot, now)]))
      const reports = clauses.map(({ clause, rule, variables }) =>
        clauseReport(
          policy,
          clause,
          rule,
          variables.map((name) => resolved.get(name) ?? resolveInput(name, policy.inputs[name], snapshot, now)),
        ),
      )
      return gateReport({ policy, digest, snapshot, problems, reports, now })
    },
  })
}

function policyProblems(policy: GatePolicy, now: TimeNs): string[] {
  if (now < parseTime(policy.validFrom)) return [`The policy is not valid before ${policy.validFrom}; it is ${formatTime(now)}`]
  if (now >= parseTime(policy.validUntil)) return [`The policy is not valid from ${policy.validUntil} on; it is ${formatTime(now)}`]
  return []
}

function clauseReport(policy: GatePolicy, clause: GateClause, rule: RuleNode, inputs: readonly ResolvedInput[]): ClauseReport {
  const { id, title, severity, message } = clause
  const base = { id, title, severity, rule: clause.rule as unknown, observed: inputs.map((input) => observation(policy, input)) }
  const undecided = (reason: string): ClauseReport => ({
    ...base,
    result: 'error',
    comparisons: [],
    limit: null,
    margin: null,
    reason,
    message,
    remedies: remediesForProblems(inputs, policy.inputs),
  })
  const problems = inputs.filter((input) => input.problem !== undefined)
  if (problems.length > 0) return undecided(problems.map(({ problem }) => problem).join('; '))
  try {
    const values = new Map<string, RuleValue>(inputs.map((input) => [input.input, input.value as RuleValue]))
    const { value, comparisons } = evaluateRule(rule, values)
    const { margin, limit } = decidingMargin(rule, comparisons)
    const passes = value === true
    const listed = comparisons.map(({ at, operator, observed, limit: bound, margin: distance, passes: holds }) => ({
      at,
      operator,
      observed,
      limit: bound,
      margin: distance,
      passes: holds,
    }))
    const decided = { ...base, comparisons: listed as ClauseReport['comparisons'], limit, margin }
    if (passes) return { ...decided, result: 'pass', reason: reasonFor(comparisons, policy.inputs, 'pass'), remedies: [] }
    return {
      ...decided,
      result: 'fail',
      reason: reasonFor(comparisons, policy.inputs, 'fail'),
      message,
      remedies: remediesForFailure(comparisons, inputs, policy.inputs),
    }
  } catch (cause) {
    // Whatever a rule throws, RangeError included, is a refusal: the gate is total.
    return undecided(`The rule could not be computed: ${cause instanceof Error ? cause.message : 'it threw'}`)
  }
}

function observation(
  policy: GatePolicy,
  { input, evidence, measurement, value, problem }: ResolvedInput,
): ClauseReport['observed'][number] {
  return {
    input,
    evidence,
    value: value ?? null,
    unit: policy.inputs[input].unit,
    ...(measurement === undefined ? {} : { source: measurement.source, measuredAt: measurement.measuredAt }),
    ...(problem === undefined ? {} : { problem }),
  }
}

function gateReport(parts: {
  readonly policy: GatePolicy
  readonly digest: string
  readonly snapshot: EvidenceSnapshot
  readonly problems: readonly string[]
  readonly reports: readonly ClauseReport[]
  readonly now: TimeNs
}): GateReport {
  const { policy, digest, snapshot, problems, reports, now } = parts
  const count = (result: ClauseReport['result']): number => reports.filter((clause) => clause.result === result).length
  // An error refuses whatever the severity: a warning that could not be measured is not a warning.
  const refused = problems.length > 0 || reports.some(refuses)
  return {
    type: 'gate-report',
    contractVersion: gateReportContract.version,
    decision: refused ? 'refused' : 'approved',
    policyId: policy.id,
    policyRevision: policy.revision,
    policyTitle: policy.title,
    stage: policy.stage,
    family: policy.family,
    artifactDigest: snapshot.artifactDigest,
    policyDigest: digest,
    evidenceDigest: snapshot.digest,
    evaluatedAt: formatTime(now),
    evaluator,
    problems,
    clauses: reports,
    counts: {
      pass: count('pass'),
      fail: count('fail'),
      error: count('error'),
      warn: reports.filter(({ result, severity }) => severity === 'warn' && result !== 'pass').length,
    },
    approvalsRequired: policy.approvals.required,
  }
}
