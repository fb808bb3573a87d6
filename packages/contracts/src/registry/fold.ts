import { TradingError, type LogRecord } from '@gatehouse/durable-log'
import { canonicalJson } from '../canonical/canonical-json.js'
import { sha256Hex } from '../canonical/digest.js'
import { promotionContract, type Promotion } from '../schema/promotion.js'
import {
  registryEntryContract,
  type PromotedEntry,
  type RegisteredEntry,
  type RegistryEntry,
  type RolledBackEntry,
} from '../schema/registry-entry.js'
import { parseTime, type TimeNs } from '../time/time.js'
import type { AliasState, HistoryEntry, RegistryHead, RevocationTarget, Stage } from './interfaces.js'
import { decodeStatement, predicateTypes } from './statement.js'

/** A log entry with its place. */
export interface PlacedEntry<E extends RegistryEntry = RegistryEntry> {
  readonly entry: E
  readonly index: number
  /** Chain hash after it. */
  readonly hash: string
  /** Chain hash before it. */
  readonly previousHash: string
  readonly at: TimeNs
}

/** What an alias names, and why. */
export interface AliasEntry extends AliasState {
  /** Entry that moved the alias last: a promotion or a rollback. */
  readonly mover: PlacedEntry<PromotedEntry | RolledBackEntry>
  /** Promotion that is in force. */
  readonly promotionIndex: number
}

/** Chain hash of an empty log. */
export const emptyLogHash = '0'.repeat(64)

/**
 * State of a registry: the fold of its log. It says what the log claims; whether a claim is signed and still holds is
 * verified when it is used.
 */
export class RegistryState {
  readonly entries: PlacedEntry[] = []
  readonly artifacts = new Map<string, PlacedEntry<RegisteredEntry>>()
  readonly promotions = new Map<number, PlacedEntry<PromotedEntry>>()
  readonly revoked = { artifact: new Set<string>(), policy: new Set<string>(), key: new Set<string>(), promotion: new Set<number>() }
  readonly #aliases = new Map<string, AliasEntry>()
  /** Entry that used an approval first, by the digest of its payload. */
  readonly #approvals = new Map<string, number>()

  get head(): RegistryHead {
    const last = this.entries.at(-1)
    return last === undefined ? { index: 0, hash: emptyLogHash } : { index: last.index + 1, hash: last.hash }
  }

  /** Chain hash after `count` entries; `undefined` past the end. */
  hashAfter(count: number): string | undefined {
    return count === 0 ? emptyLogHash : this.entries[count - 1]?.hash
  }

  /** Time of the newest entry: the clock cannot be before it. */
  get lastAt(): TimeNs | undefined {
    return this.entries.at(-1)?.at
  }

  alias(name: string, stage: Stage): AliasEntry | undefined {
    return this.#aliases.get(`${name}@${stage}`)
  }

  aliases(): readonly AliasEntry[] {
    return [...this.#aliases.values()]
  }

  /** Index of the first promotion that used an approval with this payload. */
  approvalUsedAt(payload: string): number | undefined {
    return this.#approvals.get(sha256Hex(payload))
  }

  /**
   * Takes the next record in.
   * @throws {TradingError} `REGISTRY_LOG_INVALID` when it is not an entry, or cannot follow what is there
   */
  apply(record: LogRecord): void {
    const { index, hash } = record
    const { index: expected, hash: previousHash } = this.head
    if (index !== expected) throw broken(index, `entry ${expected} was expected`)
    const entry = decodeEntry(record)
    const placed = { entry, index, hash, previousHash, at: parseTime(entry.at) }
    // A key that has run out cannot sign for a time that the log has passed.
    if (this.lastAt !== undefined && placed.at < this.lastAt)
      throw broken(index, `it is dated ${entry.at}, before the entry that it follows`)
    switch (entry.kind) {
      case 'registered':
        // The first registration stays: a second one cannot exchange the files.
        if (this.artifacts.has(entry.artifactDigest)) throw broken(index, `artifact ${entry.artifactDigest} is registered twice`)
        this.artifacts.set(entry.artifactDigest, { ...placed, entry })
        break
      case 'promoted':
        this.#promote({ ...placed, entry })
        break
      case 'rolled-back':
        this.#rollBack({ ...placed, entry })
        break
      case 'revoked':
        this.#revoke(entry.target)
        break
    }
    this.entries.push(placed)
  }

  #promote(placed: PlacedEntry<PromotedEntry>): void {
    const { entry, index } = placed
    const promotion = promotionOf(entry)
    if (promotion === undefined) throw broken(index, 'its envelope holds no promotion')
    this.promotions.set(index, placed)
    for (const { payload } of promotion.approvals) {
      const digest = sha256Hex(payload)
      if (!this.#approvals.has(digest)) this.#approvals.set(digest, index)
    }
    this.#move(placed, parseTime(promotion.expiresAt), index)
  }

  #rollBack(placed: PlacedEntry<RolledBackEntry>): void {
    const statement = decodeStatement(Buffer.from(placed.entry.envelope.payload, 'base64'), predicateTypes.rollback)
    const promotionIndex = (statement?.predicate as { promotionIndex?: unknown } | undefined)?.promotionIndex
    const promotion = typeof promotionIndex === 'number' ? this.promotions.get(promotionIndex) : undefined
    if (promotion === undefined) throw broken(placed.index, 'it goes back to a promotion that is not there')
    const expiresAt = parseTime(promotionOf(promotion.entry)?.expiresAt ?? placed.entry.at)
    this.#move(placed, expiresAt, promotion.index)
  }

  #move(mover: PlacedEntry<PromotedEntry | RolledBackEntry>, expiresAt: TimeNs, promotionIndex: number): void {
    const { name, stage, artifactDigest } = mover.entry
    const before = this.alias(name, stage)
    this.#aliases.set(`${name}@${stage}`, {
      name,
      stage,
      artifactDigest,
      previous: before?.artifactDigest ?? null,
      expiresAt,
      logIndex: mover.index,
      mover,
      promotionIndex,
    })
  }

  #revoke(target: RevocationTarget): void {
    if (target.kind === 'promotion') this.revoked.promotion.add(target.logIndex)
    else this.revoked[target.kind].add(target.digest)
  }
}

/** The promotion inside an entry's envelope, unverified. */
export function promotionOf(entry: PromotedEntry): Promotion | undefined {
  const predicate = decodeStatement(Buffer.from(entry.envelope.payload, 'base64'), predicateTypes.promotion)?.predicate
  return promotionContract.check(predicate) ? predicate : undefined
}

/** An entry as the payload of a log record. */
export function encodeEntry(entry: RegistryEntry): Uint8Array {
  return Buffer.from(canonicalJson(registryEntryContract.parse(entry)))
}

function decodeEntry({ index, payload }: LogRecord): RegistryEntry {
  try {
    return registryEntryContract.parse(JSON.parse(Buffer.from(payload).toString('utf8')))
  } catch (cause) {
    throw new TradingError(
      'REGISTRY_LOG_INVALID',
      `Entry ${index} of the registry's log cannot be read: ${(cause as Error).message}`,
      { index },
      { cause },
    )
  }
}

function broken(index: number, what: string): TradingError {
  return new TradingError(
    'REGISTRY_LOG_INVALID',
    `Entry ${index} of the registry's log cannot follow: ${what}. Restore the log from a copy`,
    { index },
  )
}

/** An entry as people read it. */
export function historyEntry({ entry, index, hash, at }: PlacedEntry): HistoryEntry {
  const base = { index, hash, at, kind: entry.kind, by: entry.by }
  switch (entry.kind) {
    case 'registered':
      return { ...base, name: entry.name, artifactDigest: entry.artifactDigest }
    case 'promoted':
      return { ...base, name: entry.name, stage: entry.stage, artifactDigest: entry.artifactDigest, reason: promotionOf(entry)?.reason }
    case 'rolled-back':
      return { ...base, name: entry.name, stage: entry.stage, artifactDigest: entry.artifactDigest }
    case 'revoked':
      return { ...base, target: entry.target, reason: entry.reason }
  }
}
