import { TradingError } from '@gatehouse/durable-log'
import { openGate } from '../gate/open-gate.js'
import type { Evidence } from '../schema/evidence.js'
import { policyCasesContract, type GatePolicy, type PolicyCases } from '../schema/gate-policy.js'
import { parseTime } from '../time/time.js'

/** A golden case that came out differently. */
export interface CaseProblem {
  readonly name: string
  readonly expected: { readonly decision: string; readonly notPassing: readonly string[] }
  readonly found: { readonly decision: string; readonly notPassing: readonly string[] }
}

/**
 * Runs a policy's golden cases.
 * @returns the cases that came out differently; empty when the policy still means what its author wrote down
 * @throws {TradingError} `POLICY_INVALID`, or `CONTRACT_INVALID` when the cases are for another policy or malformed
 */
export function testPolicy(policy: GatePolicy, cases: PolicyCases): readonly CaseProblem[] {
  const { policyId, now, base, cases: listed } = policyCasesContract.parse(cases)
  if (policyId !== policy.id)
    throw new TradingError('CONTRACT_INVALID', `The cases are for ${policyId}, the policy is ${policy.id}`, { policyId, policy: policy.id })
  const gate = openGate(policy)
  return listed.flatMap(({ name, change, decision, notPassing }) => {
    const values = Object.fromEntries(Object.entries({ ...base, ...change }).filter(([, value]) => value !== null))
    const evidence = { type: 'evidence', contractVersion: '1.0', artifactDigest: '0'.repeat(64), values } as Evidence
    const report = gate.evaluate(evidence, { now: parseTime(now) })
    const found = {
      decision: report.decision,
      notPassing: report.clauses
        .filter(({ result }) => result !== 'pass')
        .map(({ id }) => id)
        .sort(),
    }
    const expected = { decision, notPassing: [...notPassing].sort() }
    const isSame = found.decision === expected.decision && found.notPassing.join() === expected.notPassing.join()
    return isSame ? [] : [{ name, expected, found }]
  })
}
