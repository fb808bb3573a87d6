import type { Evidence } from '../schema/evidence.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import { registryMeasurements } from '../registry/measured-evidence.js'
import { defaultPolicyCases } from '../policies/golden-cases.js'

/**
 * Evidence about an artifact that passes a shipped policy, but for what the registry measures itself.
 * @param measuredAt within a day before the promotion
 */
export function passingEvidence(
  policy: GatePolicy,
  { artifactDigest, measuredAt }: { readonly artifactDigest: string; readonly measuredAt: string },
): Evidence {
  const cases = defaultPolicyCases().find(({ policyId }) => policyId === policy.id)
  const own = new Set<string>(registryMeasurements)
  const values = Object.entries(cases?.base ?? {})
    .filter(([name]) => !own.has(name))
    .map(([name, value]) => [name, { ...(value as Evidence['values'][string]), measuredAt }] as const)
  return { type: 'evidence', contractVersion: '1.0', artifactDigest, values: Object.fromEntries(values) }
}
