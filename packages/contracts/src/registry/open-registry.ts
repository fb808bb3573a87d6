import { isTradingError, openLog, TradingError, verifyLog, type DurableLog } from '@gatehouse/durable-log'
import { canonicalJson } from '../canonical/canonical-json.js'
import { documentDigest, sha256Hex } from '../canonical/digest.js'
import type { CallOptions } from '../call-options.js'
import type { Refusal } from '../gate/interfaces.js'
import { openGate } from '../gate/open-gate.js'
import { defaultPolicyDigests } from '../policies/default-policies.js'
import { evidenceContract, type Evidence } from '../schema/evidence.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import type { GateReport } from '../schema/gate-report.js'
import { promotionContract, type Promotion } from '../schema/promotion.js'
import type { RegistryEntry } from '../schema/registry-entry.js'
import { formatTime, nsPerSecond, parseTime, systemClock, type Clock, type TimeNs } from '../time/time.js'
import { aliasState, revocationOf, rollbackTarget } from './alias-rules.js'
import { isStageAllowed, mint } from './admitted.js'
import { judgeApprovals } from './approvals.js'
import { signEnvelope } from './dsse.js'
import { encodeEntry, historyEntry, RegistryState, type AliasEntry } from './fold.js'
import { goldenProblem } from './golden.js'
import { HighWaterFile } from './high-water.js'
import type {
  Admission,
  Admitted,
  AliasReference,
  AliasState,
  Artifact,
  CandidateFiles,
  Computable,
  Environment,
  HistoryEntry,
  PromoteRequest,
  PromoteResult,
  Registry,
  RegistryHead,
  RegistryVerification,
  RevocationTarget,
  Stage,
} from './interfaces.js'
import { openKeyRing, openSigningKey, type OpenSigningKey, type SigningKey, type TrustedKey } from './keys.js'
import { LogReader, requireExtends } from './log-reader.js'
import { measureArtifact, withMeasured } from './measured-evidence.js'
import { metadataFile, readArtifact, requireFiniteWeights } from './read-artifact.js'
import { requirePromotable, type Prepared } from './promotable.js'
import { admissionRefused, isAborted, refusalOf } from './refusals.js'
import { encodeStatement, predicateTypes } from './statement.js'
import { RegistryStore } from './store.js'
import { verifyContents } from './verify-contents.js'
import { Refused, refuse } from './refused.js'
import { verifyPromotion, type Trust, type VerifiedPromotion } from './verify-promotion.js'
import { verifyRollback } from './verify-rollback.js'

/** How to open a registry. */
export interface RegistryOptions {
  /** Its directory; made when it is not there. */
  readonly directory: string
  /** Key that signs promotions, rollbacks and revocations. Absent where models are only admitted. */
  readonly signingKey?: SigningKey | undefined
  /** Keys whose signatures count. */
  readonly trustedKeys: readonly TrustedKey[]
  /** Default the wall clock. */
  readonly clock?: Clock | undefined
  /** Digests of the policies that may admit here; default those of the policies that this package ships. */
  readonly allowedPolicies?: readonly string[] | undefined
  /** A head kept outside the directory, and when: the log must continue it. Without one, whoever can write the directory can cut the log unseen. */
  readonly anchor?: (RegistryHead & { readonly at?: TimeNs | undefined }) | undefined
  /** Remember the latest time and head in the directory; default true. False where the directory is read-only. */
  readonly highWater?: boolean | undefined
  /** How long writers wait for one another; default 10,000. */
  readonly lockWaitMs?: number | undefined
  /** How far clocks may differ; default 300,000. */
  readonly clockToleranceMs?: number | undefined
  /** How old the knowledge of revocations may be when an admission is checked again; default 1,000. */
  readonly refreshEveryMs?: number | undefined
}

/**
 * Opens a registry. Nothing is held open or locked between calls; several processes may use one directory.
 * @throws {TradingError} `KEY_INVALID`, or `REGISTRY_OPEN_FAILED` when the directory cannot be made
 */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const registry = new DirectoryRegistry(options)
  await registry.prepare()
  return registry
}

class DirectoryRegistry implements Registry {
  readonly #options: RegistryOptions
  readonly #store: RegistryStore
  readonly #reader: LogReader
  readonly #highWater: HighWaterFile | undefined
  readonly #trust: Trust
  readonly #signingKey: OpenSigningKey | undefined
  readonly #clock: Clock
  readonly #toleranceNs: bigint
  readonly #decisions = new Map<string, GatePolicy>()
  #latest: TimeNs | undefined
  #closed = false

  constructor(options: RegistryOptions) {
    const {
      directory,
      signingKey,
      trustedKeys,
      clock = systemClock,
      allowedPolicies,
      highWater = true,
      clockToleranceMs = 300_000,
    } = options
    this.#options = options
    this.#store = new RegistryStore(directory)
    this.#reader = new LogReader(this.#store.logDirectory)
    this.#highWater = highWater ? new HighWaterFile(this.#store.highWaterFile) : undefined
    this.#trust = { ring: openKeyRing(trustedKeys), allowedPolicies: new Set(allowedPolicies ?? defaultPolicyDigests()) }
    this.#signingKey = signingKey === undefined ? undefined : openSigningKey(signingKey)
    this.#clock = clock
    this.#toleranceNs = BigInt(clockToleranceMs) * 1_000_000n
  }

  async prepare(): Promise<void> {
    try {
      if (this.#options.highWater !== false) await this.#store.prepare()
    } catch (cause) {
      const { directory } = this.#options
      throw new TradingError(
        'REGISTRY_OPEN_FAILED',
        `The registry's directory ${directory} cannot be made: ${(cause as Error).message}`,
        { directory },
        { cause },
      )
    }
  }

  async register(
    candidate: CandidateFiles,
    { signal, by = 'unknown' }: CallOptions & { readonly by?: string | undefined } = {},
  ): Promise<Artifact> {
    // A copy: what is checked is what is written.
    const files = new Map([...candidate].map(([name, bytes]) => [name, Uint8Array.from(bytes)]))
    const artifact = readArtifact(files)
    requireFiniteWeights(artifact)
    return this.#locked(signal, async ({ state, append, at }) => {
      const before = state.artifacts.get(artifact.digest)
      if (before !== undefined) return this.#sameArtifact(artifact, before.entry.files)
      const pins = await Promise.all(artifact.description.provenance.data.map((pin) => this.#store.writeDocument(pin)))
      await this.#store.writeArtifact(artifact.digest, files)
      const listed = Object.fromEntries([...files].map(([name, bytes]) => [name, { sha256: sha256Hex(bytes), bytes: bytes.length }]))
      await append({
        type: 'registry-entry',
        contractVersion: '1.0',
        kind: 'registered',
        at,
        by,
        name: artifact.description.name,
        artifactDigest: artifact.digest,
        files: listed,
        pins,
      })
      return artifact
    })
  }

  /** Registering again: the same files are the same artifact. Metadata holds wall times, so its first version stays. */
  async #sameArtifact(artifact: Artifact, files: Readonly<Record<string, { readonly sha256: string }>>): Promise<Artifact> {
    const names = new Set([...artifact.files.keys(), ...Object.keys(files)])
    names.delete(metadataFile)
    const differing = [...names].filter((name) => {
      const bytes = artifact.files.get(name)
      return bytes === undefined || files[name]?.sha256 !== sha256Hex(bytes)
    })
    if (differing.length > 0) {
      throw new TradingError(
        'ARTIFACT_CONFLICT',
        `Artifact ${artifact.digest} is registered with another ${differing.join(', ')}; an artifact is immutable`,
        { digest: artifact.digest, differing },
      )
    }
    return this.artifact(artifact.digest)
  }

  async artifact(digest: string, { signal }: CallOptions = {}): Promise<Artifact> {
    const state = await this.#refreshed(signal)
    const registered = state.artifacts.get(digest)
    if (registered === undefined)
      throw new TradingError('ARTIFACT_UNKNOWN', `No artifact ${digest} is registered here; register it, or sync it from where it was`, {
        digest,
      })
    const files = new Map<string, Uint8Array>()
    for (const [name, { sha256 }] of Object.entries(registered.entry.files)) {
      const bytes = await this.#store.readArtifactFile(digest, name)
      if (bytes === undefined || sha256Hex(bytes) !== sha256) {
        throw new TradingError(
          'ARTIFACT_INVALID',
          `${name} of artifact ${digest} is ${bytes === undefined ? 'missing' : 'altered'}; sync it from a whole copy`,
          { digest, name },
        )
      }
      files.set(name, bytes)
    }
    return readArtifact(files, Object.fromEntries(Object.entries(registered.entry.files).map(([name, { sha256 }]) => [name, sha256])))
  }

  async dryRun(
    request: Pick<PromoteRequest, 'name' | 'stage' | 'artifactDigest' | 'policy' | 'evidence'>,
    { signal }: CallOptions = {},
  ): Promise<GateReport> {
    const state = await this.#refreshed(signal)
    return (await this.#evaluate(request, { state, now: this.#clock.now() })).report
  }

  async #evaluate(
    request: Pick<PromoteRequest, 'artifactDigest' | 'policy' | 'evidence'>,
    { state, now }: { readonly state: RegistryState; readonly now: TimeNs },
  ): Promise<Prepared> {
    const gate = openGate(request.policy)
    const artifact = await this.artifact(request.artifactDigest)
    const evidence = withMeasured(
      evidenceContract.parse(request.evidence),
      measureArtifact(artifact, { state, entries: state.head.index, now }),
    )
    return { artifact, evidence, report: gate.evaluate(evidence, { now }) }
  }

  async promote(request: PromoteRequest, { signal }: CallOptions = {}): Promise<PromoteResult> {
    const { name, stage, artifactDigest, approvals = [], promoter, reason } = request
    const signingKey = this.#requireSigningKey()
    const seen = await this.#refreshed(signal)
    const expected = request.expected === undefined ? (seen.alias(name, stage)?.artifactDigest ?? null) : request.expected
    return this.#locked(signal, async ({ state, append, at, now }) => {
      const prepared = await this.#evaluate(request, { state, now })
      const { artifact, evidence, report } = prepared
      const submitted = JSON.parse(canonicalJson(request.evidence)) as Evidence
      const submittedEvidenceDigest = documentDigest(submitted)
      try {
        requirePromotable(request, prepared, { state, allowedPolicies: this.#trust.allowedPolicies })
        const previous = state.alias(name, stage)?.artifactDigest ?? null
        if (previous !== expected)
          refuse(
            'compare-and-swap',
            previous,
            expected,
            `${name}@${stage} names ${previous ?? 'nothing'} now; somebody else promoted. Look again and decide`,
          )
        const judged = judgeApprovals(approvals, {
          name,
          policy: request.policy,
          policyDigest: report.policyDigest,
          artifactDigest,
          submittedEvidenceDigest,
          metadata: artifact.metadata,
          ring: this.#trust.ring,
          revokedKeys: state.revoked.key,
          at: now,
          promoterKeyIds: [signingKey.keyId],
          usedAt: (payload) => state.approvalUsedAt(payload),
        })
        if ('approved' in judged) throw new Refused(judged)
        await this.#store.writeDocument(request.policy)
        await this.#store.writeDocument(submitted)
        await this.#store.writeDocument(evidence)
        const reportDigest = await this.#store.writeDocument(report)
        const promotion: Promotion = promotionContract.parse({
          type: 'promotion',
          contractVersion: promotionContract.version,
          name,
          stage,
          artifactDigest,
          previous,
          policyDigest: report.policyDigest,
          evidenceDigest: report.evidenceDigest,
          submittedEvidenceDigest,
          reportDigest,
          approvals,
          promotedAt: at,
          expiresAt: formatTime(now + BigInt(Math.round(request.policy.admissionDays * 86_400)) * nsPerSecond),
          promoter,
          ...(reason === undefined ? {} : { reason }),
          head: state.head,
        })
        const files = Object.fromEntries([...artifact.files].map(([file, bytes]) => [file, sha256Hex(bytes)]))
        const envelope = signEnvelope(encodeStatement(predicateTypes.promotion, files, promotion), signingKey)
        const { index } = state.head
        await append({
          type: 'registry-entry',
          contractVersion: '1.0',
          kind: 'promoted',
          at,
          by: promoter,
          name,
          stage,
          artifactDigest,
          envelope,
        })
        return { promoted: true, promotion, report, logIndex: index }
      } catch (error) {
        if (error instanceof Refused) return { promoted: false, refusal: error.refusal, report }
        throw error
      }
    })
  }

  async admit<M extends Computable>(
    reference: AliasReference,
    environment: Environment,
    load: (artifact: Artifact) => Promise<M>,
    { signal }: CallOptions = {},
  ): Promise<Admitted<M>> {
    try {
      return await this.#admit(reference, environment, { load, signal })
    } catch (error) {
      if (isAborted(error, signal) || isTradingError(error, 'REGISTRY_CLOSED')) throw error
      throw admissionRefused(error, { reference, environment })
    }
  }

  async #admit<M extends Computable>(
    reference: AliasReference,
    environment: Environment,
    { load, signal }: { readonly load: (artifact: Artifact) => Promise<M>; readonly signal: AbortSignal | undefined },
  ): Promise<Admitted<M>> {
    const { name, stage } = parseReference(reference)
    if (!isStageAllowed(stage, environment))
      refuse('environment', stage, environment, `The alias ${stage} does not admit to ${environment}`)
    const now = this.#clock.now()
    const state = await this.#refreshed(signal)
    await this.#requireTime(state, now)
    const alias = state.alias(name, stage)
    if (alias === undefined) return refuse('alias', null, reference, `Nothing was promoted as ${reference}`)
    const verified = await this.#verifyAlias(alias, { state, now })
    const { artifact, promotion } = verified
    // What load gets is a copy of the bytes that were verified: what it does to them stays with it.
    const own: Artifact = { ...artifact, files: new Map(artifact.files) }
    const model = await load(own)
    signal?.throwIfAborted()
    if (model.digest !== artifact.digest) refuse('subject', model.digest, artifact.digest, 'load gave a model of another artifact')
    const golden = goldenProblem(artifact.description, model)
    if (golden !== undefined)
      refuse(
        'golden-vectors',
        golden,
        artifact.description.golden.tolerance ?? 1e-5,
        `The model does not compute what was trained: ${golden}`,
      )
    await this.#raise(state, now)
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
    return mint({ model, admission, artifact: own, revoked: this.#watch(alias.promotionIndex, admission) })
  }

  async #verifyAlias(
    alias: AliasEntry,
    { state, now }: { readonly state: RegistryState; readonly now: TimeNs },
  ): Promise<VerifiedPromotion> {
    const { mover } = alias
    if (mover.entry.kind === 'rolled-back')
      verifyRollback({ ...mover, entry: mover.entry }, { ring: this.#trust.ring, revoked: state.revoked })
    const placed = state.promotions.get(alias.promotionIndex)
    if (placed === undefined) return refuse('alias', alias.promotionIndex, 'a promotion', 'The alias rests on no promotion')
    const verified = await verifyPromotion(placed, {
      ...this.#trust,
      store: this.#store,
      state,
      revoked: state.revoked,
      now,
      decisions: this.#decisions,
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
  #watch(promotionIndex: number, { artifactDigest, policyDigest, keyIds }: Admission): () => Refusal | undefined {
    const { refreshEveryMs = 1000 } = this.#options
    let askedAt = performance.now()
    let failure: Refusal | undefined
    return () => {
      if (this.#closed)
        return {
          approved: false,
          rule: 'registry-closed',
          observed: 'closed',
          limit: 'open',
          message: 'The registry that admitted the model was closed; keep it open while the model runs',
        }
      if (performance.now() - askedAt >= refreshEveryMs) {
        askedAt = performance.now()
        this.#reader.refresh().then(
          () => (failure = undefined),
          (error: unknown) => (failure = refusalOf(error)),
        )
      }
      return failure ?? revocationOf(this.#reader.state, { promotionIndex, artifactDigest, policyDigest, keyIds })
    }
  }

  async rollback(
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
    const signingKey = this.#requireSigningKey()
    return this.#locked(signal, async ({ state, append, at, now }) => {
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
          ...this.#trust,
          store: this.#store,
          state,
          revoked: state.revoked,
          now,
          decisions: this.#decisions,
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

  async revoke(
    request: { readonly target: RevocationTarget; readonly by: string; readonly reason: string },
    { signal }: CallOptions = {},
  ): Promise<RegistryHead> {
    const { target, by, reason } = request
    return this.#locked(signal, async ({ state, append, at }) => {
      if (target.kind === 'promotion' && !state.promotions.has(target.logIndex)) {
        throw new TradingError('REGISTRY_REFERENCE_INVALID', `Log entry ${target.logIndex} is not a promotion`, {
          logIndex: target.logIndex,
        })
      }
      // Trust may be taken back by whoever can write here, signed or not: it only ever makes the registry refuse more.
      const statement = encodeStatement(predicateTypes.revocation, {}, { target, by, reason, at, head: state.head })
      const envelope = this.#signingKey === undefined ? {} : { envelope: signEnvelope(statement, this.#signingKey) }
      await append({ type: 'registry-entry', contractVersion: '1.0', kind: 'revoked', at, by, reason, target, ...envelope })
      return state.head
    })
  }

  async aliases({ signal }: CallOptions = {}): Promise<readonly AliasState[]> {
    return (await this.#refreshed(signal)).aliases().map(aliasState)
  }

  async history({ name }: { readonly name?: string | undefined } = {}, { signal }: CallOptions = {}): Promise<readonly HistoryEntry[]> {
    const entries = (await this.#refreshed(signal)).entries.map(historyEntry)
    return name === undefined ? entries : entries.filter((entry) => entry.name === name || entry.name === undefined)
  }

  async at(name: string, stage: Stage, time: TimeNs, { signal }: CallOptions = {}): Promise<AliasState | undefined> {
    const { entries } = await this.#refreshed(signal)
    const past = new RegistryState()
    for (const { entry, index, hash, at } of entries) {
      if (at <= time) past.apply({ index, hash, payload: encodeEntry(entry), segment: '', offset: 0 })
    }
    const alias = past.alias(name, stage)
    return alias === undefined ? undefined : aliasState(alias)
  }

  async verify({ signal, onProgress }: CallOptions = {}): Promise<RegistryVerification> {
    this.#requireOpen()
    const log = await verifyLogIfThere(this.#store.logDirectory)
    const state = new RegistryState()
    const problems = [...log]
    try {
      const { entries } = await this.#refreshed(signal)
      for (const { entry, index, hash } of entries) state.apply({ index, hash, payload: encodeEntry(entry), segment: '', offset: 0 })
      problems.push(...(await verifyContents(state, { ...this.#trust, store: this.#store, signal, onProgress })))
    } catch (error) {
      if (isAborted(error, signal)) throw error
      problems.push(refusalOf(error).message)
    }
    return { ok: problems.length === 0, entries: state.entries.length, artifacts: state.artifacts.size, head: state.head, problems }
  }

  async head({ signal }: CallOptions = {}): Promise<RegistryHead> {
    return (await this.#refreshed(signal)).head
  }

  close(): Promise<void> {
    this.#closed = true
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #refreshed(signal: AbortSignal | undefined): Promise<RegistryState> {
    this.#requireOpen()
    signal?.throwIfAborted()
    const state = await this.#reader.refresh(signal)
    const { anchor } = this.#options
    if (anchor !== undefined) requireExtends(state, anchor, 'the anchor')
    const mark = await this.#highWater?.read()
    if (mark !== undefined) requireExtends(state, mark, 'this directory')
    return state
  }

  /** Time only goes on: not before the newest entry, the high-water mark, the anchor, or what this process saw. */
  async #requireTime(state: RegistryState, now: TimeNs): Promise<void> {
    const mark = await this.#highWater?.read()
    const bounds = [state.lastAt, mark?.at, this.#options.anchor?.at, this.#latest].filter((bound) => bound !== undefined)
    const latest = bounds.reduce<TimeNs | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined)
    if (latest !== undefined && now < latest - this.#toleranceNs) {
      refuse(
        'clock',
        formatTime(now),
        formatTime(latest),
        `The clock shows ${formatTime(now)}, but it was ${formatTime(latest)} before: set it right`,
      )
    }
    this.#latest = this.#latest === undefined || now > this.#latest ? now : this.#latest
  }

  async #raise(state: RegistryState, now: TimeNs): Promise<void> {
    await this.#highWater?.raise({ ...state.head, at: now })
  }

  /** Writes as the only writer: takes the log's lock, folds what others wrote, and lets the call append. */
  async #locked<T>(
    signal: AbortSignal | undefined,
    write: (turn: {
      readonly state: RegistryState
      readonly append: (entry: RegistryEntry) => Promise<void>
      readonly at: string
      readonly now: TimeNs
    }) => Promise<T>,
  ): Promise<T> {
    this.#requireOpen()
    signal?.throwIfAborted()
    await this.#store.prepare()
    const log = await openLog({ directory: this.#store.logDirectory, durability: 'power', lockWaitMs: this.#options.lockWaitMs ?? 10_000 })
    try {
      const state = await this.#refreshed(signal)
      const clock = this.#clock.now()
      await this.#requireTime(state, clock).catch((error: unknown) => {
        throw new TradingError('REGISTRY_CLOCK', refusalOf(error).message, { now: String(clock) }, { cause: error })
      })
      // Within the tolerance the log stays in order: an entry is never older than the one before it.
      const now = state.lastAt !== undefined && clock < state.lastAt ? state.lastAt : clock
      const result = await write({ state, now, at: formatTime(now), append: (entry) => this.#append(log, entry) })
      await this.#raise(state, now)
      return result
    } finally {
      await log.close()
    }
  }

  async #append(log: DurableLog, entry: RegistryEntry): Promise<void> {
    await log.append(encodeEntry(entry), { durability: 'power' })
    await this.#reader.refresh()
  }

  #requireSigningKey(): OpenSigningKey {
    this.#requireOpen()
    const key = this.#signingKey
    if (key === undefined)
      throw new TradingError('REGISTRY_NO_SIGNING_KEY', 'Moving an alias needs a signature; open the registry with signingKey')
    if (this.#trust.ring.get(key.keyId)?.roles.includes('promote') !== true) {
      throw new TradingError(
        'REGISTRY_NO_SIGNING_KEY',
        `The signing key ${key.keyId} is not among trustedKeys with the role promote: nothing it signs would be admitted`,
        { keyId: key.keyId },
      )
    }
    return key
  }

  #requireOpen(): void {
    if (this.#closed) throw new TradingError('REGISTRY_CLOSED', 'The registry was closed; open it again')
  }
}

function parseReference(reference: string): { readonly name: string; readonly stage: Stage } {
  const at = reference.lastIndexOf('@')
  const stage = reference.slice(at + 1)
  if (at > 0 && (stage === 'paper' || stage === 'production')) return { name: reference.slice(0, at), stage }
  return refuse('alias', reference.slice(0, 120), 'name@paper or name@production', 'Only the aliases paper and production are earned')
}

async function verifyLogIfThere(directory: string): Promise<readonly string[]> {
  try {
    const { findings } = await verifyLog(directory)
    return findings.map(({ code, segment, offset, message }) => `${code} in ${segment} at ${offset}: ${message}`)
  } catch (error) {
    if (isTradingError(error, 'LOG_NOT_FOUND')) return []
    throw error
  }
}
