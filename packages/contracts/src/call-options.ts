/** How far a long call has come. */
export interface Progress {
  /** What is being done, in the present tense: `'training fold 3 of 5'`. */
  readonly stage: string
  /** Units done so far. */
  readonly done: number
  /** Units in all, where known. */
  readonly total?: number | undefined
  /** What one unit is: `'bars'`, `'epochs'`, `'bytes'`. */
  readonly unit?: string | undefined
}

/** Every long call takes these. An aborted call rejects with `signal.reason`. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** Something that holds a resource. `close()` is safe to call twice; `[Symbol.asyncDispose]` calls it. */
export interface Closable extends AsyncDisposable {
  close(): Promise<void>
}
