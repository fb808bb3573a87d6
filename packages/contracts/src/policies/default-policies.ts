import { documentDigest } from '../canonical/digest.js'
import type { Stage } from '../registry/interfaces.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import { buildPolicy } from './build-policy.js'
import { familyRequirements } from './family-requirements.js'

const stages: readonly Stage[] = ['paper', 'production']

/** The policies that this package ships: four families, two stages. Also as files under `policies/`. */
export const defaultPolicies: readonly GatePolicy[] = familyRequirements.flatMap((requirements) =>
  stages.map((stage) => buildPolicy(requirements, stage)),
)

/** The shipped policy of a family and stage; `undefined` for a family of one's own. */
export function defaultPolicy(family: string, stage: Stage): GatePolicy | undefined {
  return defaultPolicies.find((policy) => policy.family === family && policy.stage === stage)
}

/** Digests of the policies that this package ships. */
export function defaultPolicyDigests(): readonly string[] {
  return defaultPolicies.map(documentDigest)
}
