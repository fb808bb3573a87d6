import type { CallOptions, Closable } from '../call-options.js'
import type { Refusal } from '../gate/interfaces.js'
import type { Evidence } from '../schema/evidence.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import type { GateReport } from '../schema/gate-report.js'
import type { ModelDescription, ModelMetadata } from '../schema/model.js'
import type { DsseEnvelope, Promotion } from '../schema/promotion.js'
import type { TimeNs } from '../time/time.js'

/** Who holds the money. */
export type Environment = 'simulated' | 'paper' | 'live'

/** The aliases that are earned. */
export type Stage = 'paper' | 'production'

/** `order-book@production`. */
export type AliasReference = `${string}@${string}`

/** A registered model: immutable files, identified by the SHA-256 of `model.json`. */
export interface Artifact {
  /** SHA-256 hex of the bytes of `model.json`. */
  readonly digest: string
  readonly description: ModelDescription
  readonly metadata: ModelMetadata
  /** `model.json`, `metadata.json`, `weights.safetensors` and what else was registered, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** What is handed to {@link Registry.register}: the files by name, `model.json`, `metadata.json` and the weights file among them. */
export type CandidateFiles = ReadonlyMap<string, Uint8Array>

/** What `load` gives back; a core Model fits it. */
export interface Computable {
  /** Digest of the artifact it was made from. */
  readonly digest: string
  /**
   * Runs the bare network on one raw feature vector, or on the rows of one group; golden vectors are checked with it.
   * @param input all inputs, row-major, before scaling
   * @returns all outputs of each row, row-major, before calibration; may be reused by the next call
   */
  compute(input: Float32Array): Float32Array
}

/** What was verified when a model was admitted. Frozen. Times are nanoseconds since the Unix epoch, UTC. */
export interface Admission {
  readonly name: string
  readonly alias: string
  readonly stage: Stage
  readonly environment: Environment
  readonly artifactDigest: string
  readonly policyDigest: string
  readonly evidenceDigest: string
  readonly reportDigest: string
  /** Keys that signed promotion and approvals. */
  readonly keyIds: readonly string[]
  readonly promotedAt: TimeNs
  readonly admittedAt: TimeNs
  readonly expiresAt: TimeNs
  /** Entry of the registry's log that moved the alias. */
  readonly logIndex: number
  readonly logHash: string
  /** SHA-256 of every file that was verified, by name. */
  readonly files: Readonly<Record<string, string>>
}

/** A model that earned its alias. Only a registry mints it: core asks {@link isAdmitted}, so a look-alike is refused. */
export interface Admitted<M extends Computable = Computable> {
  readonly type: 'admitted'
  /** What `load` gave, captured when it was verified: a frozen copy whose methods and data later changes to the original do not reach. */
  readonly model: M
  readonly admission: Admission
  readonly artifact: Artifact
}

export interface PromoteRequest {
  readonly name: string
  readonly stage: Stage
  readonly artifactDigest: string
  readonly policy: GatePolicy
  /** What the caller measured; the registry adds what it measures itself. */
  readonly evidence: Evidence
  /** Signed approvals, see {@link signApproval}. */
  readonly approvals?: readonly DsseEnvelope[] | undefined
  /** Compare and swap: the artifact that the alias must name now, `null` for none. Absent: whatever it names when the call starts. */
  readonly expected?: string | null | undefined
  readonly promoter: string
  readonly reason?: string | undefined
}

export type PromoteResult =
  | { readonly promoted: true; readonly promotion: Promotion; readonly report: GateReport; readonly logIndex: number }
  | { readonly promoted: false; readonly refusal: Refusal; readonly report: GateReport }

export type RevocationTarget =
  | { readonly kind: 'artifact' | 'policy' | 'key'; readonly digest: string }
  /** One promotion, by the index of its log entry. */
  | { readonly kind: 'promotion'; readonly logIndex: number }

/** One entry of the registry's log, decoded. */
export interface HistoryEntry {
  readonly index: number
  readonly hash: string
  readonly at: TimeNs
  readonly kind: 'registered' | 'promoted' | 'rolled-back' | 'revoked'
  /** Model it is about; absent for a revocation of a policy or key. */
  readonly name?: string | undefined
  readonly stage?: Stage | undefined
  readonly artifactDigest?: string | undefined
  readonly by: string
  readonly reason?: string | undefined
  readonly target?: RevocationTarget | undefined
}

/** What an alias names. */
export interface AliasState {
  readonly name: string
  readonly stage: Stage
  readonly artifactDigest: string
  readonly previous: string | null
  readonly expiresAt: TimeNs
  readonly logIndex: number
}

export interface RegistryHead {
  /** Entries so far. */
  readonly index: number
  /** Chain hash over them, 64 hex digits; all zeros when there are none. */
  readonly hash: string
}

export interface RegistryVerification {
  readonly ok: boolean
  readonly entries: number
  readonly artifacts: number
  readonly head: RegistryHead
  readonly problems: readonly string[]
}

/**
 * Artifacts, and aliases that are earned. A plain directory; several processes may have it open.
 * Every method rejects with `signal.reason` when its signal is aborted, and with `REGISTRY_CLOSED` after `close()`.
 */
export interface Registry extends Closable {
  /**
   * Stores a candidate's files under the digest of `model.json`. Registering the same bytes again is the same artifact.
   * @throws {TradingError} `ARTIFACT_INVALID` when a file is missing, a hash differs or the description contradicts itself
   */
  register(candidate: CandidateFiles, options?: CallOptions & { readonly by?: string | undefined }): Promise<Artifact>
  /** Gate → signature → log → alias. A refusal is data; the alias has not moved. */
  promote(request: PromoteRequest, options?: CallOptions): Promise<PromoteResult>
  /** The gate's report for a promotion that is not made. */
  dryRun(
    request: Pick<PromoteRequest, 'name' | 'stage' | 'artifactDigest' | 'policy' | 'evidence'>,
    options?: CallOptions,
  ): Promise<GateReport>
  /**
   * Loads what an alias names, after verifying all of it.
   * @param load makes the model from the artifact's bytes; its `compute` must reproduce the golden vectors
   * @throws {TradingError} `ADMISSION_REFUSED` with the {@link Refusal} in `details.refusal`, on any doubt
   */
  admit<M extends Computable>(
    reference: AliasReference,
    environment: Environment,
    load: (artifact: Artifact) => Promise<M>,
    options?: CallOptions,
  ): Promise<Admitted<M>>
  /** Reads an artifact's verified bytes, for research and simulation. */
  artifact(digest: string, options?: CallOptions): Promise<Artifact>
  /** Moves an alias back to an artifact whose promotion still holds: the one before, or the one named. */
  rollback(
    request: {
      readonly name: string
      readonly stage: Stage
      readonly to?: string | undefined
      readonly by: string
      readonly reason: string
    },
    options?: CallOptions,
  ): Promise<AliasState>
  /** Takes back trust. Nothing revoked is admitted again; running admissions see it at their next check. */
  revoke(
    request: { readonly target: RevocationTarget; readonly by: string; readonly reason: string },
    options?: CallOptions,
  ): Promise<RegistryHead>
  aliases(options?: CallOptions): Promise<readonly AliasState[]>
  history(filter?: { readonly name?: string | undefined }, options?: CallOptions): Promise<readonly HistoryEntry[]>
  /** What an alias named at a time; `undefined` when nothing. */
  at(name: string, stage: Stage, time: TimeNs, options?: CallOptions): Promise<AliasState | undefined>
  /** Reads everything: chain, signatures, files, documents. */
  verify(options?: CallOptions): Promise<RegistryVerification>
  /** Last entry of the log, to be kept outside: only an outside anchor shows a log that was cut. */
  head(options?: CallOptions): Promise<RegistryHead>
}
