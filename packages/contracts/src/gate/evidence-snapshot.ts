import { canonicalJson } from '../canonical/canonical-json.js'
import { sha256Hex } from '../canonical/digest.js'
import { evidenceContract, type Measurement } from '../schema/evidence.js'

/** Evidence as the gate sees it: a copy of own members only, and what keeps it from being a document. */
export interface EvidenceSnapshot {
  readonly artifactDigest: string | null
  /** SHA-256 of the canonical JSON; `null` when there is none. */
  readonly digest: string | null
  readonly values: ReadonlyMap<string, Measurement>
  /** Why a value cannot be read, by name. */
  readonly unreadable: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

/** Enough for a thousand measurements with folds; a hostile object that shares its parts stops here. */
const maximumNodes = 50_000
const maximumMembers = 1000
const nothing = { artifactDigest: null, digest: null, values: new Map<string, Measurement>(), unreadable: new Map<string, string>() }

/**
 * Copies evidence through its canonical JSON, so that what is decided over is exactly what is digested: getters, proxies and
 * prototypes have no second say. Any value gives a snapshot.
 */
export function snapshotEvidence(evidence: unknown): EvidenceSnapshot {
  try {
    // Counted first: writing out a million members, or listing what is wrong with each, takes its time.
    const members = ownMembers(own(evidence, 'values')).length
    if (members > maximumMembers)
      return { ...nothing, problems: [`Evidence has ${members} measurements; at most ${maximumMembers} are read`] }
    const text = canonicalJson(evidence, { maximumNodes })
    const document: unknown = JSON.parse(text)
    const problems = evidenceContract.problems(document).map(({ at, message }) => `Evidence ${at} ${message}`)
    const { values, unreadable } = readable(document)
    const artifactDigest = problems.length === 0 ? (document as { artifactDigest: string }).artifactDigest : null
    return { artifactDigest, digest: sha256Hex(text), values, unreadable, problems }
  } catch (cause) {
    // Not a document as a whole: refused, and each value that can be read alone is still explained.
    const { values, unreadable } = salvaged(evidence)
    return { artifactDigest: null, digest: null, values, unreadable, problems: [`Evidence is not a document: ${words(cause)}`] }
  }
}

function readable(document: unknown): Pick<EvidenceSnapshot, 'values' | 'unreadable'> {
  const values = new Map<string, Measurement>()
  const unreadable = new Map<string, string>()
  for (const [name, value] of ownMembers(own(document, 'values'))) {
    const found = evidenceContract.problems(probe(value))
    if (found.length === 0) values.set(name, value as Measurement)
    else unreadable.set(name, found.map(({ at, message }) => `${at.replace('/values/probe', '') || 'it'} ${message}`).join('; '))
  }
  return { values, unreadable }
}

function salvaged(evidence: unknown): Pick<EvidenceSnapshot, 'values' | 'unreadable'> {
  const members: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const unreadable = new Map<string, string>()
  try {
    for (const [name, value] of ownMembers(own(evidence, 'values')).slice(0, maximumMembers)) {
      try {
        members[name] = JSON.parse(canonicalJson(value, { maximumNodes: 10_000 }))
      } catch (cause) {
        unreadable.set(name, words(cause))
      }
    }
  } catch (cause) {
    return { values: new Map(), unreadable: new Map([['values', words(cause)]]) }
  }
  const rest = readable({ values: members })
  return { values: rest.values, unreadable: new Map([...rest.unreadable, ...unreadable]) }
}

const probe = (value: unknown): unknown => ({
  type: 'evidence',
  contractVersion: evidenceContract.version,
  artifactDigest: '0'.repeat(64),
  values: { probe: value },
})

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

function ownMembers(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function words(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'reading it failed'
}
