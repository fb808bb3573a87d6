import type { Closable } from '@gatehouse/contracts'

/** A run as it is announced: everything needed to do it again. */
export interface RunDefinition {
  readonly name: string
  readonly campaign?: string | undefined
  readonly jobType: 'train' | 'evaluate' | 'backtest' | 'promote'
  /** JSON values only. */
  readonly config: Readonly<Record<string, unknown>>
  readonly tags?: readonly string[] | undefined
}

export interface TrackedRun {
  readonly id: string
  /** One row of the history; buffered, never awaited by training. */
  log(metrics: Readonly<Record<string, number>>, step?: number): void
  summarize(values: Readonly<Record<string, number | string>>): void
  artifact(name: string, digest: string, files: ReadonlyMap<string, Uint8Array>): void
  finish(outcome: { readonly exitCode: number; readonly message?: string | undefined }): Promise<void>
}

/** Where experiments are written down. */
export interface Tracker extends Closable {
  start(run: RunDefinition): TrackedRun
}
