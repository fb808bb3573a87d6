import { TradingError } from '@gatehouse/durable-log'
import type { CallOptions } from '../call-options.js'
import { sha256Hex } from '../canonical/digest.js'
import { promotionOf, RegistryState } from '../registry/fold.js'
import type { RegistryHead } from '../registry/interfaces.js'
import { manifestPinContract, type ManifestPin } from '../schema/manifest.js'
import type { RegistryEntry } from '../schema/registry-entry.js'
import type { ObjectStore } from './object-store.js'
import { directoryEnd, diverged, storeEnd, type LogEntry, type RegistryEnd } from './registry-end.js'

export interface SyncOptions extends CallOptions {
  /** Called once for every data pin before the artifact that needs it arrives: copies the pinned data, and throws when it cannot. */
  readonly carryPin?: ((pin: ManifestPin, options: CallOptions) => Promise<void>) | undefined
  /** How long to wait for another writer of the destination; default 10,000. */
  readonly lockWaitMs?: number | undefined
}

export interface SyncResult {
  /** Log entries that arrived. */
  readonly entries: number
  readonly artifacts: number
  readonly documents: number
  readonly pins: number
  readonly bytes: number
  /** Head of the destination now. */
  readonly head: RegistryHead
}

/**
 * Carries a registry from one place to another: artifacts, documents, pins, log. Everything is hashed where it is read and
 * read back where it was written; an entry of the log follows what it speaks of, so a sync that dies is taken up again by
 * the next. Nothing is overwritten, and a destination that was written to by others is refused.
 * @param from a registry's directory, or an {@link ObjectStore}
 * @param to likewise
 * @throws {TradingError} `SYNC_DIVERGED`, `SYNC_CORRUPT` naming the file, `SYNC_FAILED` from a store, `LOG_…` from a log
 */
export async function sync(from: string | ObjectStore, to: string | ObjectStore, options: SyncOptions = {}): Promise<SyncResult> {
  const source = endOf(from, options)
  const destination = endOf(to, options)
  try {
    return await carry(source, destination, options)
  } finally {
    await source.close()
    await destination.close()
  }
}

function endOf(end: string | ObjectStore, { lockWaitMs }: SyncOptions): RegistryEnd {
  return typeof end === 'string' ? directoryEnd(end, { lockWaitMs }) : storeEnd(end)
}

async function carry(source: RegistryEnd, destination: RegistryEnd, options: SyncOptions): Promise<SyncResult> {
  const { signal, onProgress } = options
  const state = new RegistryState()
  const entries: LogEntry[] = []
  for await (const entry of source.entries({ signal })) {
    state.apply({ ...entry, segment: source.name, offset: 0 })
    entries.push(entry)
  }
  const there = await destination.head({ signal })
  const common = Math.min(there.index, entries.length)
  const known = there.index <= entries.length ? there.hash : await hashAt(destination, common, signal)
  if (state.hashAfter(common) !== known) throw diverged(destination.name, common, known)
  const carrier = new Carrier(source, destination, options)
  for (const entry of entries.slice(there.index)) {
    signal?.throwIfAborted()
    onProgress?.({ stage: `syncing to ${destination.name}`, done: entry.index, total: entries.length, unit: 'entries' })
    await carrier.carryFor(state.entries[entry.index].entry)
    await destination.append(entry, { signal })
    carrier.entries += 1
  }
  const { artifacts, documents, pins, bytes } = carrier
  const head = there.index > entries.length ? there : state.head
  return { entries: carrier.entries, artifacts, documents, pins, bytes, head }
}

async function hashAt(end: RegistryEnd, count: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  if (count === 0) return new RegistryState().head.hash
  for await (const { index, hash } of end.entries({ signal })) if (index === count - 1) return hash
  return undefined
}

class Carrier {
  entries = 0
  artifacts = 0
  documents = 0
  pins = 0
  bytes = 0
  readonly #done = new Set<string>()

  constructor(
    readonly source: RegistryEnd,
    readonly destination: RegistryEnd,
    readonly options: SyncOptions,
  ) {}

  /** Brings over what an entry speaks of. */
  async carryFor(entry: RegistryEntry): Promise<void> {
    if (entry.kind === 'registered') {
      for (const pin of entry.pins) await this.#pin(pin)
      await this.#artifact(entry.artifactDigest, entry.files)
    }
    if (entry.kind === 'promoted') {
      const promotion = promotionOf(entry)
      if (promotion === undefined) return
      const { policyDigest, evidenceDigest, submittedEvidenceDigest, reportDigest } = promotion
      for (const digest of [policyDigest, evidenceDigest, submittedEvidenceDigest, reportDigest]) await this.#document(digest)
    }
  }

  async #pin(digest: string): Promise<void> {
    const bytes = await this.#document(digest)
    const { carryPin, signal, onProgress } = this.options
    if (carryPin !== undefined)
      await carryPin(manifestPinContract.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))), { signal, onProgress })
    this.pins += 1
  }

  async #artifact(digest: string, files: Readonly<Record<string, { readonly sha256: string }>>): Promise<void> {
    const { signal } = this.options
    const found = new Map<string, Uint8Array>()
    for (const [name, { sha256 }] of Object.entries(files)) {
      const bytes = await this.source.readArtifactFile(digest, name, { signal })
      requireHash(bytes, sha256, `${name} of artifact ${digest} at ${this.source.name}`)
      found.set(name, bytes)
    }
    await this.destination.writeArtifact(digest, found, { signal })
    for (const [name, { sha256 }] of Object.entries(files)) {
      const bytes = await this.destination.readArtifactFile(digest, name, { signal })
      requireHash(bytes, sha256, `${name} of artifact ${digest} at ${this.destination.name}`)
      this.bytes += bytes.length
    }
    this.artifacts += 1
  }

  async #document(digest: string): Promise<Uint8Array> {
    const { signal } = this.options
    const what = (end: RegistryEnd): string => `document ${digest} at ${end.name}`
    const bytes = await this.source.readDocument(digest, { signal })
    requireHash(bytes, digest, what(this.source))
    if (this.#done.has(digest)) return bytes
    await this.destination.writeDocument(digest, bytes, { signal })
    requireHash(await this.destination.readDocument(digest, { signal }), digest, what(this.destination))
    this.#done.add(digest)
    this.documents += 1
    this.bytes += bytes.length
    return bytes
  }
}

function requireHash(bytes: Uint8Array | undefined, expected: string, what: string): asserts bytes is Uint8Array {
  const found = bytes === undefined ? undefined : sha256Hex(bytes)
  if (found !== expected) {
    throw new TradingError(
      'SYNC_CORRUPT',
      `${what} is ${found === undefined ? 'missing' : 'altered'}; restore it from a whole copy and sync again`,
      { what, expected, found },
    )
  }
}
