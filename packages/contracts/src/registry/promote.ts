import { canonicalJson } from '../canonical/canonical-json.js'
import { documentDigest, sha256Hex } from '../canonical/digest.js'
import type { CallOptions } from '../call-options.js'
import { openGate } from '../gate/open-gate.js'
import { evidenceContract, type Evidence } from '../schema/evidence.js'
import type { GateReport } from '../schema/gate-report.js'
import { promotionContract, type Promotion } from '../schema/promotion.js'
import { formatTime, nsPerSecond, type TimeNs } from '../time/time.js'
import { judgeApprovals } from './approvals.js'
import { signEnvelope } from './dsse.js'
import type { RegistryState } from './fold.js'
import type { PromoteRequest, PromoteResult } from './interfaces.js'
import { measureArtifact, withMeasured } from './measured-evidence.js'
import { requirePromotable, type Prepared } from './promotable.js'
import { readRegistered } from './register.js'
import { Refused, refuse } from './refused.js'
import type { RegistryContext } from './registry-context.js'
import { encodeStatement, predicateTypes } from './statement.js'

/** The gate's report for a promotion that is not made. */
export async function dryRun(
  context: RegistryContext,
  request: Pick<PromoteRequest, 'name' | 'stage' | 'artifactDigest' | 'policy' | 'evidence'>,
  { signal }: CallOptions = {},
): Promise<GateReport> {
  const state = await context.refreshed(signal)
  return (await evaluate(context, request, { state, now: context.clock.now() })).report
}

async function evaluate(
  context: RegistryContext,
  request: Pick<PromoteRequest, 'artifactDigest' | 'policy' | 'evidence'>,
  { state, now }: { readonly state: RegistryState; readonly now: TimeNs },
): Promise<Prepared> {
  // The gate's own copy of the policy is what is written down: what decided is what is signed.
  const gate = openGate(request.policy)
  const artifact = await readRegistered(context, request.artifactDigest)
  const evidence = withMeasured(
    evidenceContract.parse(request.evidence),
    measureArtifact(artifact, { state, entries: state.head.index, now }),
  )
  return { artifact, evidence, policy: gate.policy, report: gate.evaluate(evidence, { now }) }
}

/** Gate → approvals → signature → log → alias, as the only writer. */
export async function promote(context: RegistryContext, request: PromoteRequest, { signal }: CallOptions = {}): Promise<PromoteResult> {
  const { name, stage, artifactDigest, approvals = [], promoter, reason } = request
  const signingKey = context.requireSigningKey()
  const seen = await context.refreshed(signal)
  const expected = request.expected === undefined ? (seen.alias(name, stage)?.artifactDigest ?? null) : request.expected
  return context.locked(signal, async ({ state, append, at, now }) => {
    const prepared = await evaluate(context, request, { state, now })
    const { artifact, evidence, policy, report } = prepared
    const submitted = JSON.parse(canonicalJson(request.evidence)) as Evidence
    const submittedEvidenceDigest = documentDigest(submitted)
    try {
      requirePromotable(request, prepared, { state, allowedPolicies: context.trust.allowedPolicies })
      const previous = state.alias(name, stage)?.artifactDigest ?? null
      if (previous !== expected)
        refuse(
          'compare-and-swap',
          previous,
          expected,
          `${name}@${stage} names ${previous ?? 'nothing'} now; somebody else promoted. Look again and decide`,
        )
      const judged = judgeApprovals(approvals, {
        name,
        policy,
        policyDigest: report.policyDigest,
        artifactDigest,
        submittedEvidenceDigest,
        metadata: artifact.metadata,
        ring: context.trust.ring,
        revokedKeys: state.revoked.key,
        at: now,
        promoterKeyIds: [signingKey.keyId],
        usedAt: (payload) => state.approvalUsedAt(payload),
      })
      if ('approved' in judged) throw new Refused(judged)
      await context.store.writeDocument(policy)
      await context.store.writeDocument(submitted)
      await context.store.writeDocument(evidence)
      const reportDigest = await context.store.writeDocument(report)
      const promotion: Promotion = promotionContract.parse({
        type: 'promotion',
        contractVersion: promotionContract.version,
        name,
        stage,
        artifactDigest,
        previous,
        policyDigest: report.policyDigest,
        evidenceDigest: report.evidenceDigest,
        submittedEvidenceDigest,
        reportDigest,
        approvals,
        promotedAt: at,
        expiresAt: formatTime(now + BigInt(Math.round(policy.admissionDays * 86_400)) * nsPerSecond),
        promoter,
        ...(reason === undefined ? {} : { reason }),
        head: state.head,
      })
      const files = Object.fromEntries([...artifact.files].map(([file, bytes]) => [file, sha256Hex(bytes)]))
      const envelope = signEnvelope(encodeStatement(predicateTypes.promotion, files, promotion), signingKey)
      const { index } = state.head
      await append({
        type: 'registry-entry',
        contractVersion: '1.0',
        kind: 'promoted',
        at,
        by: promoter,
        name,
        stage,
        artifactDigest,
        envelope,
      })
      return { promoted: true, promotion, report, logIndex: index }
    } catch (error) {
      if (error instanceof Refused) return { promoted: false, refusal: error.refusal, report }
      throw error
    }
  })
}
