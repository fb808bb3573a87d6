import type { Refusal } from '../gate/interfaces.js'
import type { PromotedEntry } from '../schema/registry-entry.js'
import type { AliasEntry, PlacedEntry, RegistryState } from './fold.js'
import type { AliasState } from './interfaces.js'

/** The promotion to go back to: of the artifact named, or of the one that the alias named before the present one. */
export function rollbackTarget(state: RegistryState, alias: AliasEntry, to: string | undefined): PlacedEntry<PromotedEntry> | undefined {
  const earlier = [...state.promotions.values()].filter(
    ({ index, entry }) => index < alias.promotionIndex && entry.name === alias.name && entry.stage === alias.stage,
  )
  return earlier.findLast(({ entry }) => (to === undefined ? entry.artifactDigest !== alias.artifactDigest : entry.artifactDigest === to))
}

/** What was taken back of what an admission rests on; `undefined` while nothing was. */
export function revocationOf(
  { revoked, promotions }: RegistryState,
  {
    promotionIndex,
    artifactDigest,
    policyDigest,
    keyIds,
  }: {
    readonly promotionIndex: number
    readonly artifactDigest: string
    readonly policyDigest: string
    readonly keyIds: readonly string[]
  },
): Refusal | undefined {
  const key = keyIds.find((keyId) => revoked.key.has(keyId))
  const what = revoked.promotion.has(promotionIndex)
    ? `promotion at log entry ${promotionIndex}`
    : revoked.artifact.has(artifactDigest)
      ? `artifact ${artifactDigest}`
      : revoked.policy.has(policyDigest)
        ? `policy ${policyDigest}`
        : key === undefined
          ? undefined
          : `key ${key}`
  if (what !== undefined)
    return { approved: false, rule: 'revoked', observed: what, limit: 'not revoked', message: `The ${what} was revoked` }
  return promotions.has(promotionIndex)
    ? undefined
    : { approved: false, rule: 'log', observed: promotionIndex, limit: 'a promotion', message: 'The promotion is not in the log any more' }
}

/** An alias as callers see it. */
export function aliasState({ name, stage, artifactDigest, previous, expiresAt, logIndex }: AliasEntry): AliasState {
  return { name, stage, artifactDigest, previous, expiresAt, logIndex }
}
