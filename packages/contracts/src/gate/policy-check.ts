import { deepFreeze } from '../canonical/deep-freeze.js'
import { canonicalJson } from '../canonical/canonical-json.js'
import { gatePolicyContract, type GateClause, type GatePolicy } from '../schema/gate-policy.js'
import { parseTime } from '../time/time.js'
import type { PolicyFinding } from './interfaces.js'
import { ruleOutcomes } from './rule-range.js'
import { canBeSeenToFail } from './rule-probe.js'
import { RuleError, parseRule, ruleVariables, type RuleNode } from './rule-node.js'
import { ruleShapeFindings } from './rule-shape.js'
import { typeOfRule } from './rule-types.js'

/** A policy that may decide: its own frozen copy, its rules taken apart, and what was found about it. */
export interface CheckedPolicy {
  readonly policy: GatePolicy | undefined
  readonly rules: ReadonlyMap<string, RuleNode>
  readonly findings: readonly PolicyFinding[]
}

/** Reads a policy as an opponent would have written it: everything that could let a clause pass unearned is a finding. */
export function checkPolicy(value: unknown): CheckedPolicy {
  const findings: PolicyFinding[] = []
  const rules = new Map<string, RuleNode>()
  const stop = (): CheckedPolicy => ({ policy: undefined, rules, findings })
  if (!gatePolicyContract.check(value)) {
    gatePolicyContract.problems(value).forEach(({ at, message }) => findings.push(error('schema', `${at} ${message}`)))
    return stop()
  }
  // Shapes first: until they are bounded, nothing may walk the rules or write them out.
  for (const { id, rule } of value.clauses) findings.push(...ruleShapeFindings(rule).map((finding) => ({ ...finding, clause: id })))
  if (findings.length > 0) return stop()
  // From here on a copy is read that nobody else holds.
  const policy = JSON.parse(canonicalJson(value)) as GatePolicy
  findings.push(...policyFindings(policy))
  for (const clause of policy.clauses) {
    try {
      const rule = parseRule(clause.rule)
      rules.set(clause.id, rule)
      findings.push(...clauseFindings(policy, clause, rule))
    } catch (cause) {
      if (!(cause instanceof RuleError)) throw cause
      findings.push({ level: 'error', clause: clause.id, at: cause.at, kind: cause.kind, message: cause.message })
    }
  }
  const used = new Set([...rules.values()].flatMap(ruleVariables))
  for (const name of Object.keys(policy.inputs))
    if (!used.has(name)) findings.push({ level: 'warning', kind: 'unused-input', message: `No clause reads "${name}"` })
  return { policy: deepFreeze(policy), rules, findings }
}

function policyFindings(policy: GatePolicy): PolicyFinding[] {
  const findings: PolicyFinding[] = []
  const ids = policy.clauses.map(({ id }) => id)
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index)))
    findings.push({ ...error('duplicate-clause', `Two clauses are called "${id}"`), clause: id })
  if (!policy.clauses.some(({ severity }) => severity === 'block'))
    findings.push(error('nothing-blocks', 'No clause has severity block: nothing could be refused'))
  try {
    if (parseTime(policy.validFrom) >= parseTime(policy.validUntil)) findings.push(error('window', 'validFrom is not before validUntil'))
  } catch (cause) {
    findings.push(error('window', (cause as Error).message))
  }
  for (const [name, input] of Object.entries(policy.inputs)) {
    if ('minimum' in input && input.minimum > input.maximum) findings.push(error('range', `minimum of "${name}" is above its maximum`))
  }
  return findings
}

function clauseFindings(policy: GatePolicy, clause: GateClause, rule: RuleNode): PolicyFinding[] {
  const about = (level: 'error' | 'warning', kind: string, message: string): PolicyFinding[] => [
    { level, clause: clause.id, kind, message },
  ]
  const type = typeOfRule(rule, policy.inputs)
  if (type !== 'boolean') return about('error', 'type-mismatch', `The rule gives a ${type}, not true or false`)
  if (ruleVariables(rule).length === 0) return about('error', 'no-input', 'The rule reads no evidence')
  const { canBeTrue, canBeFalse, canErr } = ruleOutcomes(rule, policy.inputs)
  if (!canBeTrue) return about('warning', 'never-passes', 'No plausible evidence can pass this clause')
  if (!canBeFalse && !canErr) return about('warning', 'never-fails', 'No plausible evidence can fail this clause: it decides nothing')
  if (!canBeSeenToFail(rule, policy.inputs))
    return about('warning', 'never-fails', 'No evidence that was tried fails this clause: it may decide nothing')
  return []
}

function error(kind: string, message: string): PolicyFinding {
  return { level: 'error', kind, message }
}
