import { canonicalJson } from '../canonical/canonical-json.js'
import { documentDigest } from '../canonical/digest.js'
import { openGate } from '../gate/open-gate.js'
import { evidenceContract } from '../schema/evidence.js'
import { gatePolicyContract, type GatePolicy } from '../schema/gate-policy.js'
import { gateReportContract } from '../schema/gate-report.js'
import type { Promotion } from '../schema/promotion.js'
import type { PromotedEntry } from '../schema/registry-entry.js'
import { formatTime, nsPerSecond, parseTime } from '../time/time.js'
import type { PlacedEntry, RegistryState } from './fold.js'
import type { Artifact } from './interfaces.js'
import { measureArtifact, withMeasured } from './measured-evidence.js'
import { refuse } from './refused.js'
import type { RegistryStore } from './store.js'

/**
 * Asks the gate again: the policy, evidence and time that a promotion names must give the report that it names. A key that
 * signs what no gate has said is refused by this.
 * @returns the policy
 * @throws {Refused} when a document is missing, or something comes out differently
 */
export async function decideAgain(
  {
    placed,
    promotion,
    artifact,
  }: { readonly placed: PlacedEntry<PromotedEntry>; readonly promotion: Promotion; readonly artifact: Artifact },
  { store, state }: { readonly store: RegistryStore; readonly state: RegistryState },
): Promise<GatePolicy> {
  const document = async (digest: string, what: string): Promise<unknown> =>
    (await store.readDocument(digest)) ??
    refuse('documents', 'missing or altered', digest, `The ${what} ${digest} is missing or altered; sync it again`)
  const policy = gatePolicyContract.parse(await document(promotion.policyDigest, 'policy'))
  const submitted = evidenceContract.parse(await document(promotion.submittedEvidenceDigest, 'evidence'))
  const report = gateReportContract.parse(await document(promotion.reportDigest, 'gate report'))
  const { family } = artifact.description
  if (policy.stage !== promotion.stage || policy.family !== family) {
    refuse(
      'policy-allowed',
      `${policy.family} ${policy.stage}`,
      `${family} ${promotion.stage}`,
      'The policy is for another family or stage',
    )
  }
  const promotedAt = parseTime(promotion.promotedAt)
  const evidence = withMeasured(submitted, measureArtifact(artifact, { state, entries: placed.index, now: promotedAt }))
  const digest = documentDigest(evidence)
  if (digest !== promotion.evidenceDigest || evidence.artifactDigest !== promotion.artifactDigest) {
    refuse('evidence', digest, promotion.evidenceDigest, 'The evidence does not measure again what the promotion rests on')
  }
  const again = openGate(policy).evaluate(evidence, { now: promotedAt })
  const isSameEvaluator = again.evaluator.version === report.evaluator.version
  if (
    again.decision !== 'approved' ||
    report.decision !== 'approved' ||
    (isSameEvaluator && canonicalJson(again) !== canonicalJson(report))
  ) {
    refuse('gate', again.decision, 'approved', 'The gate, asked again over the same evidence, does not say what the promotion says')
  }
  const longest = promotedAt + BigInt(Math.round(policy.admissionDays * 86_400)) * nsPerSecond
  if (parseTime(promotion.expiresAt) > longest) {
    refuse('expired', promotion.expiresAt, formatTime(longest), 'The promotion admits for longer than its policy allows')
  }
  return policy
}
