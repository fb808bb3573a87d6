import { sha256Hex } from '../canonical/digest.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import { promotionContract, type Promotion } from '../schema/promotion.js'
import type { PromotedEntry } from '../schema/registry-entry.js'
import { parseTime, formatTime, type TimeNs } from '../time/time.js'
import { judgeApprovals } from './approvals.js'
import { openEnvelope } from './dsse.js'
import type { PlacedEntry, RegistryState } from './fold.js'
import type { Artifact } from './interfaces.js'
import type { KeyRing } from './keys.js'
import { readArtifact } from './read-artifact.js'
import { decideAgain } from './decide-again.js'
import { Refused, refuse } from './refused.js'
import { decodeStatement, predicateTypes } from './statement.js'
import type { RegistryStore } from './store.js'

/** Whom and what a registry trusts. */
export interface Trust {
  readonly ring: KeyRing
  readonly allowedPolicies: ReadonlySet<string>
}

export interface VerifyContext extends Trust {
  readonly store: RegistryStore
  readonly state: RegistryState
  /** What was taken back; {@link RegistryState.revoked} unless history is looked at. */
  readonly revoked: RegistryState['revoked']
  readonly now: TimeNs
  /** Decisions that came out again before, by log hash and artifact: everything they rest on is immutable. */
  readonly decisions?: Map<string, GatePolicy> | undefined
}

export interface VerifiedPromotion {
  readonly promotion: Promotion
  readonly artifact: Artifact
  /** SHA-256 of every file, as signed. */
  readonly files: Readonly<Record<string, string>>
  /** Keys that signed promotion and approvals. */
  readonly keyIds: readonly string[]
}

/**
 * Verifies a promotion from the ground up: who signed it, that it sits where it says in the log, that nothing it rests on was
 * taken back, that every byte is the one that was signed, and that the gate, asked again over the same evidence, says the same.
 * @throws {Refused} on the first doubt
 */
export async function verifyPromotion(placed: PlacedEntry<PromotedEntry>, context: VerifyContext): Promise<VerifiedPromotion> {
  const { promotion, files, promoterKeyIds } = verifyEnvelope(placed, context)
  requireInForce(placed, promotion, context)
  const artifact = readArtifact(await readSignedFiles(promotion.artifactDigest, files, context), files)
  const { description } = artifact
  if (description.name !== promotion.name)
    refuse('subject', description.name, promotion.name, `The artifact is the model ${description.name}, promoted as ${promotion.name}`)
  const keyIds = await verifyDecision(placed, promotion, artifact, { ...context, promoterKeyIds })
  return { promotion, artifact, files, keyIds }
}

function verifyEnvelope({ entry, index, previousHash }: PlacedEntry<PromotedEntry>, { ring, revoked: takenBack }: VerifyContext) {
  const { body, signers } = openEnvelope(entry.envelope, { ring, role: 'promote' })
  const statement = decodeStatement(body, predicateTypes.promotion)
  const promotion = statement?.predicate
  if (statement === undefined || !promotionContract.check(promotion))
    return refuse('signature', 'no promotion', predicateTypes.promotion, `Log entry ${index} holds no promotion`)
  const at = parseTime(promotion.promotedAt)
  const good = signers.filter(({ notAfter }) => notAfter === undefined || at < notAfter)
  if (good.length === 0) {
    const observed = entry.envelope.signatures.map(({ keyid }) => keyid)
    return refuse(
      'signature',
      observed,
      'a trusted key with the role promote',
      `Log entry ${index} is not signed by a key that may promote here; check trustedKeys`,
    )
  }
  const revoked = good.filter(({ keyId }) => takenBack.key.has(keyId))
  if (revoked.length > 0)
    refuse(
      'revoked',
      revoked[0].keyId,
      'a key that is not revoked',
      `The key of ${revoked[0].owner} that signed log entry ${index} was revoked`,
    )
  const { files } = statement
  if (files['model.json'] !== promotion.artifactDigest)
    refuse('subject', files['model.json'], promotion.artifactDigest, 'The signed statement is about other bytes than its promotion')
  if (entry.artifactDigest !== promotion.artifactDigest || entry.name !== promotion.name || entry.stage !== promotion.stage) {
    refuse(
      'subject',
      `${entry.name}@${entry.stage} ${entry.artifactDigest}`,
      `${promotion.name}@${promotion.stage} ${promotion.artifactDigest}`,
      `Log entry ${index} says something else than what was signed`,
    )
  }
  if (promotion.head.index !== index || promotion.head.hash !== previousHash) {
    refuse(
      'log',
      `entry ${index} after ${previousHash}`,
      `entry ${promotion.head.index} after ${promotion.head.hash}`,
      'The promotion was signed for another place in the log: the log before it was edited, or the entry was copied',
    )
  }
  if (promotion.promotedAt !== entry.at) {
    refuse('log', entry.at, promotion.promotedAt, `Log entry ${index} is dated otherwise than what was signed`)
  }
  return { promotion, files, promoterKeyIds: good.map(({ keyId }) => keyId) }
}

function requireInForce(
  { index }: PlacedEntry<PromotedEntry>,
  promotion: Promotion,
  { revoked, now, allowedPolicies }: VerifyContext,
): void {
  const { artifactDigest, policyDigest, expiresAt, name, stage } = promotion
  if (revoked.promotion.has(index))
    refuse('revoked', index, 'a promotion that is not revoked', `The promotion at log entry ${index} was revoked`)
  if (revoked.artifact.has(artifactDigest))
    refuse('revoked', artifactDigest, 'an artifact that is not revoked', `The artifact ${artifactDigest} was revoked`)
  if (revoked.policy.has(policyDigest))
    refuse('revoked', policyDigest, 'a policy that is not revoked', `The policy ${policyDigest} was revoked`)
  if (!allowedPolicies.has(policyDigest))
    refuse(
      'policy-allowed',
      policyDigest,
      [...allowedPolicies],
      `The policy ${policyDigest} is not among those allowed here; pass its digest in allowedPolicies if it should be`,
    )
  if (now >= parseTime(expiresAt))
    refuse(
      'expired',
      formatTime(now),
      expiresAt,
      `The promotion of ${name}@${stage} expired at ${expiresAt}; promote again on fresh evidence`,
    )
}

async function readSignedFiles(
  digest: string,
  files: Readonly<Record<string, string>>,
  { store }: VerifyContext,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  const read = await Promise.all(Object.keys(files).map(async (name) => [name, await store.readArtifactFile(digest, name)] as const))
  for (const [name, bytes] of read) {
    if (bytes === undefined) return refuse('files', 'missing', files[name], `${name} of artifact ${digest} is missing; sync it again`)
    const observed = sha256Hex(bytes)
    if (observed !== files[name]) refuse('files', observed, files[name], `${name} of artifact ${digest} is not the file that was promoted`)
    found.set(name, bytes)
  }
  return found
}

/** Approvals must have been there, and the decision must come out again. */
async function verifyDecision(
  placed: PlacedEntry<PromotedEntry>,
  promotion: Promotion,
  artifact: Artifact,
  context: VerifyContext & { readonly promoterKeyIds: readonly string[] },
): Promise<readonly string[]> {
  const { state, revoked, ring, now, promoterKeyIds, decisions } = context
  const key = `${placed.hash}/${artifact.digest}`
  const policy = decisions?.get(key) ?? (await decideAgain({ placed, promotion, artifact }, context))
  decisions?.set(key, policy)
  if (now >= parseTime(policy.validUntil))
    refuse('policy-allowed', formatTime(now), policy.validUntil, `The policy ${policy.id} is not valid any more`)
  const approvals = judgeApprovals(promotion.approvals, {
    name: promotion.name,
    policy,
    policyDigest: promotion.policyDigest,
    artifactDigest: promotion.artifactDigest,
    submittedEvidenceDigest: promotion.submittedEvidenceDigest,
    metadata: artifact.metadata,
    ring,
    revokedKeys: revoked.key,
    at: parseTime(promotion.promotedAt),
    promoterKeyIds,
    usedAt: (payload) => {
      const usedAt = state.approvalUsedAt(payload)
      return usedAt === placed.index ? undefined : usedAt
    },
  })
  if ('approved' in approvals) throw new Refused(approvals)
  return [...new Set([...promoterKeyIds, ...approvals.keyIds])]
}
