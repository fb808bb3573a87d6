import type { Clock } from '../time/time.js'

/** What a command touches outside the registry; a bin passes the real thing, a test its own. */
export interface CommandIo {
  readonly clock: Clock
  readFile(path: string): Promise<string>
  /** Every file of a directory by name, not its subdirectories. */
  readDirectory(path: string): Promise<ReadonlyMap<string, Uint8Array>>
  /** Writes a file that is not there yet; `isSecret` files are for their owner alone. */
  writeNewFile(path: string, content: string, options?: { readonly isSecret?: boolean | undefined }): Promise<void>
  /** Values for options that were not given: paths, never keys themselves. */
  readonly defaults: {
    readonly directory?: string | undefined
    readonly keys?: string | undefined
    readonly keyFile?: string | undefined
  }
}

/** What a command came to. Exit codes: 0 done, 1 it could not be done, 2 it was refused. */
export interface CommandResult {
  readonly exitCode: 0 | 1 | 2
  readonly stdout: string
  readonly stderr: string
}
