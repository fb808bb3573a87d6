import { isTradingError } from '@gatehouse/durable-log'
import type { CallOptions } from '../call-options.js'
import type { Refusal } from '../gate/interfaces.js'
import { parseTime, type TimeNs } from '../time/time.js'
import { isStageAllowed, mint } from './admitted.js'
import { revocationOf } from './alias-rules.js'
import type { AliasEntry, RegistryState } from './fold.js'
import type { Admission, Admitted, AliasReference, Artifact, Computable, Environment, Stage } from './interfaces.js'
import { admissionRefused, isAborted, refusalOf } from './refusals.js'
import { refuse } from './refused.js'
import type { RegistryContext } from './registry-context.js'
import { verifyPromotion, type VerifiedPromotion } from './verify-promotion.js'
import { verifyRollback } from './verify-rollback.js'

/** Loads what an alias names, after verifying all of it. @throws {TradingError} `ADMISSION_REFUSED` */
export async function admit<M extends Computable>(
  context: RegistryContext,
  reference: AliasReference,
  environment: Environment,
  load: (artifact: Artifact) => Promise<M>,
  { signal }: CallOptions = {},
): Promise<Admitted<M>> {
  try {
    return await verifyAndLoad(context, reference, environment, { load, signal })
  } catch (error) {
    if (isAborted(error, signal) || isTradingError(error, 'REGISTRY_CLOSED')) throw error
    throw admissionRefused(error, { reference, environment })
  }
}

async function verifyAndLoad<M extends Computable>(
  context: RegistryContext,
  reference: AliasReference,
  environment: Environment,
  { load, signal }: { readonly load: (artifact: Artifact) => Promise<M>; readonly signal: AbortSignal | undefined },
): Promise<Admitted<M>> {
  const { name, stage } = parseReference(reference)
  if (!isStageAllowed(stage, environment)) refuse('environment', stage, environment, `The alias ${stage} does not admit to ${environment}`)
  const now = context.clock.now()
  const state = await context.refreshed(signal)
  await context.requireTime(state, now)
  const alias = state.alias(name, stage)
  if (alias === undefined) return refuse('alias', null, reference, `Nothing was promoted as ${reference}`)
  const verified = await verifyAlias(context, alias, { state, now })
  const { artifact, promotion } = verified
  // What load gets is a copy of the bytes that were verified: what it does to them stays with it.
  const own: Artifact = { ...artifact, files: new Map(artifact.files) }
  const model = await load(own)
  signal?.throwIfAborted()
  await context.raise(state, now)
  const admission: Admission = {
    name,
    alias: stage,
    stage,
    environment,
    artifactDigest: artifact.digest,
    policyDigest: promotion.policyDigest,
    evidenceDigest: promotion.evidenceDigest,
    reportDigest: promotion.reportDigest,
    keyIds: verified.keyIds,
    promotedAt: parseTime(promotion.promotedAt),
    admittedAt: now,
    expiresAt: parseTime(promotion.expiresAt),
    logIndex: alias.mover.index,
    logHash: alias.mover.hash,
    files: verified.files,
  }
  return mint({ model, admission, artifact: own, revoked: watch(context, alias.promotionIndex, admission) })
}

async function verifyAlias(
  context: RegistryContext,
  alias: AliasEntry,
  { state, now }: { readonly state: RegistryState; readonly now: TimeNs },
): Promise<VerifiedPromotion> {
  const { mover } = alias
  if (mover.entry.kind === 'rolled-back')
    verifyRollback({ ...mover, entry: mover.entry }, { ring: context.trust.ring, revoked: state.revoked })
  const placed = state.promotions.get(alias.promotionIndex)
  if (placed === undefined) return refuse('alias', alias.promotionIndex, 'a promotion', 'The alias rests on no promotion')
  const verified = await verifyPromotion(placed, {
    ...context.trust,
    store: context.store,
    state,
    revoked: state.revoked,
    now,
    decisions: context.decisions,
  })
  const { name, stage, artifactDigest } = verified.promotion
  if (name !== alias.name || stage !== alias.stage || artifactDigest !== alias.artifactDigest) {
    refuse(
      'subject',
      `${name}@${stage} ${artifactDigest}`,
      `${alias.name}@${alias.stage} ${alias.artifactDigest}`,
      'The alias rests on a promotion of something else',
    )
  }
  return verified
}

/** The registry's word on an admission while it runs: what it knows now, looked up again in the background when that is old. */
function watch(
  context: RegistryContext,
  promotionIndex: number,
  { artifactDigest, policyDigest, keyIds }: Admission,
): () => Refusal | undefined {
  const { refreshEveryMs = 1000 } = context.options
  let askedAt = performance.now()
  let failure: Refusal | undefined
  return () => {
    if (context.isClosed)
      return {
        approved: false,
        rule: 'registry-closed',
        observed: 'closed',
        limit: 'open',
        message: 'The registry that admitted the model was closed; keep it open while the model runs',
      }
    if (performance.now() - askedAt >= refreshEveryMs) {
      askedAt = performance.now()
      context.reader.refresh().then(
        () => (failure = undefined),
        (error: unknown) => (failure = refusalOf(error)),
      )
    }
    return failure ?? revocationOf(context.reader.state, { promotionIndex, artifactDigest, policyDigest, keyIds })
  }
}

function parseReference(reference: string): { readonly name: string; readonly stage: Stage } {
  const at = reference.lastIndexOf('@')
  const stage = reference.slice(at + 1)
  if (at > 0 && (stage === 'paper' || stage === 'production')) return { name: reference.slice(0, at), stage }
  return refuse('alias', reference.slice(0, 120), 'name@paper or name@production', 'Only the aliases paper and production are earned')
}
