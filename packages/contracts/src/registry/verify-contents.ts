import { setImmediate } from 'node:timers/promises'
import type { CallOptions } from '../call-options.js'
import { sha256Hex } from '../canonical/digest.js'
import { parseTime } from '../time/time.js'
import { promotionOf, type RegistryState } from './fold.js'
import type { RegistryStore } from './store.js'
import { verifyPromotion, type Trust } from './verify-promotion.js'
import { verifyRollback } from './verify-rollback.js'

/** Reads everything that a log speaks of, and lists what does not hold: files, documents, signatures, decisions. */
export async function verifyContents(
  state: RegistryState,
  { store, ring, signal, onProgress }: Trust & CallOptions & { readonly store: RegistryStore },
): Promise<readonly string[]> {
  const problems: string[] = []
  const total = state.entries.length
  for (const { entry, index } of state.entries) {
    signal?.throwIfAborted()
    onProgress?.({ stage: 'verifying the registry', done: index, total, unit: 'entries' })
    if (index % 64 === 0) await setImmediate()
    if (entry.kind === 'registered') {
      for (const [name, { sha256 }] of Object.entries(entry.files)) {
        const bytes = await store.readArtifactFile(entry.artifactDigest, name)
        if (bytes === undefined || sha256Hex(bytes) !== sha256)
          problems.push(`${name} of artifact ${entry.artifactDigest} is ${bytes === undefined ? 'missing' : 'altered'}`)
      }
      for (const pin of entry.pins)
        if ((await store.readDocumentBytes(pin)) === undefined) problems.push(`the pin ${pin} is missing or altered`)
    }
    try {
      if (entry.kind === 'rolled-back') verifyRollback({ ...state.entries[index], entry }, { ring, revoked: nothingRevoked })
      if (entry.kind === 'promoted') {
        const promotion = promotionOf(entry)
        // As of its own time, and with its own policy allowed: history stays right after it has expired.
        const now = parseTime(promotion?.promotedAt ?? entry.at)
        const allowedPolicies = new Set(promotion === undefined ? [] : [promotion.policyDigest])
        await verifyPromotion({ ...state.entries[index], entry }, { ring, allowedPolicies, store, state, revoked: nothingRevoked, now })
      }
    } catch (error) {
      problems.push(`log entry ${index}: ${error instanceof Error ? error.message : 'verification failed'}`)
    }
  }
  onProgress?.({ stage: 'verifying the registry', done: total, total, unit: 'entries' })
  return problems
}

/** Nothing taken back: a promotion that was revoked later was still a right one when it was made. */
const nothingRevoked: RegistryState['revoked'] = { artifact: new Set(), policy: new Set(), key: new Set(), promotion: new Set() }
