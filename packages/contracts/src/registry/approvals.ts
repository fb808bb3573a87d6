import { canonicalJson } from '../canonical/canonical-json.js'
import type { Refusal } from '../gate/interfaces.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import type { ModelMetadata } from '../schema/model.js'
import { approvalContract, isEnvelope, type Approval, type DsseEnvelope } from '../schema/promotion.js'
import { formatTime, parseTime, type TimeNs } from '../time/time.js'
import { openEnvelope, signEnvelope } from './dsse.js'
import { openSigningKey, type KeyRing, type SigningKey } from './keys.js'
import { decodeStatement, encodeStatement, predicateTypes } from './statement.js'

/**
 * Signs an approval for one artifact, policy and body of evidence. A promotion uses it once.
 * @throws {TradingError} `CONTRACT_INVALID` for the approval, `KEY_INVALID` for the key
 */
export function signApproval(approval: Omit<Approval, 'type' | 'contractVersion'>, key: SigningKey): DsseEnvelope {
  const document = approvalContract.parse({ type: 'approval', contractVersion: approvalContract.version, ...approval })
  return signEnvelope(encodeStatement(predicateTypes.approval, { 'model.json': approval.artifactDigest }, document), openSigningKey(key))
}

/** What approvals must be about, and who may not give them. */
export interface ApprovalQuestion {
  readonly name: string
  readonly policy: GatePolicy
  readonly policyDigest: string
  readonly artifactDigest: string
  readonly submittedEvidenceDigest: string
  readonly metadata: ModelMetadata
  readonly ring: KeyRing
  readonly revokedKeys: ReadonlySet<string>
  /** When they must hold: the time of the promotion. */
  readonly at: TimeNs
  /** Keys that sign the promotion. */
  readonly promoterKeyIds: readonly string[]
  /** Index of the promotion that used an approval before; `undefined` when none did. */
  readonly usedAt: (payload: string) => number | undefined
}

/** The distinct keys that approve, or the refusal that says which approvals do not count and why. */
export function judgeApprovals(
  envelopes: readonly DsseEnvelope[],
  question: ApprovalQuestion,
): { readonly keyIds: readonly string[] } | Refusal {
  const { required } = question.policy.approvals
  // One key a person: whoever holds two keys is still one pair of eyes.
  const keyIds = new Map<string, string>()
  const reasons: string[] = []
  for (const envelope of envelopes) {
    const judged = judge(envelope, question)
    if (typeof judged === 'string') reasons.push(judged)
    else keyIds.set(judged.owner, judged.keyId)
  }
  // An approval that does not count is never passed over in silence: it may be the trace of a replay.
  if (reasons.length > 0) return refusal(keyIds.size, required, `${reasons.length} approval(s) do not count: ${reasons.join('; ')}`)
  if (keyIds.size < required)
    return refusal(keyIds.size, required, `The policy asks for ${required} approval(s) by distinct trusted people; ${keyIds.size} count`)
  return { keyIds: [...keyIds.values()] }
}

function judge(envelope: DsseEnvelope, question: ApprovalQuestion): { readonly owner: string; readonly keyId: string } | string {
  const { policy, metadata, ring, revokedKeys, at, promoterKeyIds } = question
  if (!isEnvelope(envelope)) return 'one is not an envelope'
  const { body, signers } = openEnvelope(envelope, { ring, role: 'approve' })
  const statement = decodeStatement(body, predicateTypes.approval)
  const approval: unknown = statement?.predicate
  if (!approvalContract.check(approval)) return 'one is not an approval'
  // The statement's own subject binds the artifact as much as the predicate does.
  if (canonicalJson(statement?.files) !== canonicalJson({ 'model.json': question.artifactDigest }))
    return `that of ${approval.approver} is about another artifact`
  const eligible = signers.filter(({ keyId, owner, notAfter }) => {
    if (revokedKeys.has(keyId) || (notAfter !== undefined && at >= notAfter)) return false
    if (policy.approvals.excludeAuthor && (owner === metadata.author || approval.approver === metadata.author)) return false
    return !(policy.approvals.excludePromoter && promoterKeyIds.includes(keyId))
  })
  if (eligible.length === 0) return `that of ${approval.approver} is not signed by a key that may approve here`
  const signer = eligible.find(({ owner }) => owner === approval.approver)
  if (signer === undefined) return `that of ${approval.approver} is signed with another person's key`
  const expected = {
    name: question.name,
    stage: policy.stage,
    artifactDigest: question.artifactDigest,
    policyDigest: question.policyDigest,
    evidenceDigest: question.submittedEvidenceDigest,
  }
  for (const [member, value] of Object.entries(expected)) {
    if (approval[member as keyof typeof expected] !== value) return `that of ${approval.approver} is about another ${member}`
  }
  if (parseTime(approval.approvedAt) > at || parseTime(approval.expiresAt) <= at) {
    return `that of ${approval.approver} holds from ${approval.approvedAt} to ${approval.expiresAt}, not at ${formatTime(at)}`
  }
  const usedAt = question.usedAt(envelope.payload)
  if (usedAt !== undefined) return `that of ${approval.approver} was used by log entry ${usedAt}`
  return signer
}

function refusal(observed: number, limit: number, message: string): Refusal {
  return { approved: false, rule: 'approvals', observed, limit, message }
}
