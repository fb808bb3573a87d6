import type { CallOptions } from '../call-options.js'

/**
 * A place for immutable objects: a bucket, a web server, a directory. Three verbs, no listing, nothing overwritten.
 * Keys are `log/…`, `artifacts/<sha256>/<file>` and `documents/<sha256>.json`.
 */
export interface ObjectStore {
  /** What it is, for messages; without credentials. */
  readonly name: string
  /** An object's bytes; `undefined` when there is none. */
  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined>
  has(key: string, options?: CallOptions): Promise<boolean>
  /** Writes an object where there is none. `exists` when there is one already: it stays as it is. */
  putIfAbsent(key: string, bytes: Uint8Array, options?: CallOptions): Promise<'written' | 'exists'>
}
