import type { Writable } from 'node:stream'
import type { DbnReader } from '../../file/open-dbn.js'
import type { TextOutput } from '../output.js'

/** What a command gets: parsed options, where to write, and how to open its input. */
export interface CommandContext {
  readonly files: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly out: TextOutput
  readonly stderr: Writable
  /** Opens a file, or standard input for `-`; reports progress on a terminal. */
  readonly open: (file: string, options?: { readonly upgrade?: boolean | undefined }) => Promise<DbnReader>
  readonly signal: AbortSignal
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A mistake on the command line: exit code 2, with the usage line. */
export class UsageError extends Error {}

/** The one input of a command. */
export function onlyFile({ files }: CommandContext): string {
  if (files.length !== 1) throw new UsageError(`expected one FILE (or - for standard input), got ${files.length}`)
  return files[0]
}

/** A whole number of at least 0, `undefined` when the option was not given. */
export function countOption({ options }: CommandContext, name: string): number | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  const value = text === '' ? NaN : Number(text)
  if (typeof text !== 'string' || !Number.isSafeInteger(value) || value < 0)
    throw new UsageError(`--${name} takes a whole number, got "${String(text)}"`)
  return value
}
