import { TradingError } from '@gatehouse/durable-log'
import type { CallOptions } from '../call-options.js'
import { aliasState, rollbackTarget } from './alias-rules.js'
import { signEnvelope } from './dsse.js'
import type { AliasState, RegistryHead, RevocationTarget, Stage } from './interfaces.js'
import { refusalOf } from './refusals.js'
import type { RegistryContext } from './registry-context.js'
import { encodeStatement, predicateTypes } from './statement.js'
import { verifyPromotion } from './verify-promotion.js'

/** Moves an alias back to a promotion that still holds. */
export async function rollback(
  context: RegistryContext,
  request: {
    readonly name: string
    readonly stage: Stage
    readonly to?: string | undefined
    readonly by: string
    readonly reason: string
  },
  { signal }: CallOptions = {},
): Promise<AliasState> {
  const { name, stage, to, by, reason } = request
  const signingKey = context.requireSigningKey()
  return context.locked(signal, async ({ state, append, at, now }) => {
    const alias = state.alias(name, stage)
    if (alias === undefined) throw new TradingError('ROLLBACK_REFUSED', `Nothing was promoted as ${name}@${stage}`, { name, stage })
    const target = rollbackTarget(state, alias, to)
    if (target === undefined)
      throw new TradingError('ROLLBACK_REFUSED', `${name}@${stage} never named ${to ?? 'anything before'}; promote instead`, {
        name,
        stage,
        to,
      })
    try {
      await verifyPromotion(target, {
        ...context.trust,
        store: context.store,
        state,
        revoked: state.revoked,
        now,
        decisions: context.decisions,
      })
    } catch (error) {
      const refusal = refusalOf(error)
      throw new TradingError(
        'ROLLBACK_REFUSED',
        `The promotion at log entry ${target.index} does not hold any more: ${refusal.message}`,
        { refusal },
        { cause: error },
      )
    }
    const { artifactDigest } = target.entry
    const predicate = {
      name,
      stage,
      from: alias.artifactDigest,
      to: artifactDigest,
      promotionIndex: target.index,
      reason,
      operator: by,
      at,
      head: state.head,
    }
    const envelope = signEnvelope(encodeStatement(predicateTypes.rollback, { 'model.json': artifactDigest }, predicate), signingKey)
    await append({ type: 'registry-entry', contractVersion: '1.0', kind: 'rolled-back', at, by, name, stage, artifactDigest, envelope })
    return aliasState(state.alias(name, stage) ?? alias)
  })
}

/** Takes back trust: always possible, signed where there is a key. */
export async function revoke(
  context: RegistryContext,
  request: { readonly target: RevocationTarget; readonly by: string; readonly reason: string },
  { signal }: CallOptions = {},
): Promise<RegistryHead> {
  const { target, by, reason } = request
  return context.locked(signal, async ({ state, append, at }) => {
    if (target.kind === 'promotion' && !state.promotions.has(target.logIndex)) {
      throw new TradingError('REGISTRY_REFERENCE_INVALID', `Log entry ${target.logIndex} is not a promotion`, {
        logIndex: target.logIndex,
      })
    }
    // Trust may be taken back by whoever can write here, signed or not: it only ever makes the registry refuse more.
    const statement = encodeStatement(predicateTypes.revocation, {}, { target, by, reason, at, head: state.head })
    const envelope = context.signingKey === undefined ? {} : { envelope: signEnvelope(statement, context.signingKey) }
    await append({ type: 'registry-entry', contractVersion: '1.0', kind: 'revoked', at, by, reason, target, ...envelope })
    return state.head
  })
}
