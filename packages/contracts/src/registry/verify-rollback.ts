import { Compile } from 'typebox/compile'
import type { Validator } from 'typebox/compile'
import { rollbackPredicate, type RollbackPredicate, type RolledBackEntry } from '../schema/registry-entry.js'
import { openEnvelope } from './dsse.js'
import type { PlacedEntry, RegistryState } from './fold.js'
import type { KeyRing } from './keys.js'
import { decodeStatement, predicateTypes } from './statement.js'
import { refuse } from './refused.js'

let compiled: Validator | undefined

/**
 * Verifies that an alias was moved back by someone who may.
 * @throws {Refused} on any doubt
 */
export function verifyRollback(
  { entry, index, previousHash }: PlacedEntry<RolledBackEntry>,
  { ring, revoked }: { readonly ring: KeyRing; readonly revoked: RegistryState['revoked'] },
): void {
  const { body, signers } = openEnvelope(entry.envelope, { ring, role: 'promote' })
  const predicate = decodeStatement(body, predicateTypes.rollback)?.predicate
  compiled ??= Compile(rollbackPredicate)
  if (!compiled.Check(predicate)) return refuse('signature', 'no rollback', predicateTypes.rollback, `Log entry ${index} holds no rollback`)
  const good = signers.filter(({ keyId }) => !revoked.key.has(keyId))
  if (good.length === 0)
    refuse(
      'signature',
      'no trusted key',
      'a trusted key with the role promote',
      `The rollback at log entry ${index} is not signed by a key that may move aliases here`,
    )
  const { name, stage, to, head } = predicate as RollbackPredicate
  if (name !== entry.name || stage !== entry.stage || to !== entry.artifactDigest)
    refuse('subject', `${entry.name}@${entry.stage}`, `${name}@${stage}`, `Log entry ${index} says something else than what was signed`)
  if (head.index !== index || head.hash !== previousHash)
    refuse('log', index, head.index, 'The rollback was signed for another place in the log')
}
