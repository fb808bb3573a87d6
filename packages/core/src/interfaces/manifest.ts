import type { CallOptions, Closable, ManifestPin } from '@gatehouse/contracts'
import type { Batch } from './batch.js'
import type { Schema } from './schema.js'
import type { TimeNs } from './time.js'

/** Exactly once per pair: an append of a (appId, sequence) already committed does nothing. */
export interface ManifestTransaction {
  readonly appId: string
  readonly sequence: number
}

export interface ScanQuery extends CallOptions {
  readonly schema?: Schema | undefined
  readonly columns?: readonly string[] | undefined
  /** On `availableAt`, half-open. */
  readonly from?: TimeNs | undefined
  readonly to?: TimeNs | undefined
  readonly symbols?: readonly string[] | undefined
}

export interface ManifestFile {
  /** Relative to the manifest's directory. */
  readonly path: string
  readonly sha256: string
  readonly bytes: number
  readonly rows: number
  readonly schema: Schema
}

/** What a check of a pin found; `ok` only when every byte is what was committed. */
export interface ManifestVerification {
  readonly ok: boolean
  readonly files: number
  readonly rows: number
  readonly findings: readonly { readonly code: string; readonly path: string; readonly message: string }[]
}

/** The rows of one pin, for ever the same. */
export interface Snapshot {
  readonly pin: ManifestPin
  /** Rows in `availableAt` order across symbols. */
  scan(query?: ScanQuery): AsyncIterable<Batch>
  files(): Promise<readonly ManifestFile[]>
  /** Re-derives the chain of the log and every file's digest. */
  verify(options?: CallOptions): Promise<ManifestVerification>
}

/** Append-only recorded data. `append → commit → pin → at(pin).scan`. */
export interface Manifest extends Closable {
  /** Durable when resolved, exactly once per transaction. */
  append(batch: Batch, txn: ManifestTransaction): Promise<void>
  /** Makes what was appended visible and names it. */
  commit(options?: CallOptions): Promise<ManifestPin>
  at(pin: ManifestPin | 'latest'): Snapshot
}
