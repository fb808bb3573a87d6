import type { Evidence } from '../schema/evidence.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import { refuses } from '../gate/verdict.js'
import type { GateReport } from '../schema/gate-report.js'
import type { RegistryState } from './fold.js'
import type { Artifact, PromoteRequest } from './interfaces.js'
import { refuse } from './refused.js'

/** A promotion's artifact, the evidence with the registry's own measurements, and what the gate says about it. */
export interface Prepared {
  readonly artifact: Artifact
  readonly evidence: Evidence
  readonly report: GateReport
  /** The gate's own copy. */
  readonly policy: GatePolicy
}

/**
 * What must hold before an alias may move.
 * @throws {Refused} naming what does not
 */
export function requirePromotable(
  { name, stage, artifactDigest, policy }: PromoteRequest,
  { artifact, evidence, report }: Prepared,
  { state, allowedPolicies }: { readonly state: RegistryState; readonly allowedPolicies: ReadonlySet<string> },
): void {
  if (artifact.description.name !== name)
    refuse('subject', artifact.description.name, name, `The artifact is the model ${artifact.description.name}; promote it under that name`)
  if (policy.stage !== stage || policy.family !== artifact.description.family) {
    refuse(
      'policy-allowed',
      `${policy.family} ${policy.stage}`,
      `${artifact.description.family} ${stage}`,
      `The policy ${policy.id} is for another family or stage`,
    )
  }
  if (!allowedPolicies.has(report.policyDigest))
    refuse('policy-allowed', report.policyDigest, [...allowedPolicies], `The policy ${policy.id} is not among those allowed here`)
  if (state.revoked.policy.has(report.policyDigest))
    refuse('revoked', report.policyDigest, 'a policy that is not revoked', `The policy ${policy.id} was revoked`)
  if (state.revoked.artifact.has(artifactDigest))
    refuse('revoked', artifactDigest, 'an artifact that is not revoked', 'The artifact was revoked')
  if (evidence.artifactDigest !== artifactDigest)
    refuse('subject', evidence.artifactDigest, artifactDigest, 'The evidence is about another artifact')
  if (report.decision !== 'approved') {
    const refusing = report.clauses.filter(refuses)
    const open = refusing.map(({ id }) => id)
    const listed = [...report.problems, ...refusing.map(({ id, reason, message = '' }) => `${id}: ${reason}. ${message}`)]
    const more = listed.length > 3 ? `; and ${listed.length - 3} more, see the report` : ''
    refuse('gate', open, [], `The gate refused. ${listed.slice(0, 3).join('; ')}${more}`)
  }
}
