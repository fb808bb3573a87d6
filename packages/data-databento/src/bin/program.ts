import type { Readable, Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { isTradingError } from '@gatehouse/core'
import { openDbn } from '../file/open-dbn.js'
import { book } from './commands/book.js'
import { UsageError, type CommandContext } from './commands/context.js'
import { count, csv, json, meta } from './commands/print.js'
import { serve } from './commands/serve.js'
import { split } from './commands/split.js'
import { progressBar, TextOutput } from './output.js'

const help = `gatehouse-dbn COMMAND FILE… [options]

Reads Databento's DBN (versions 1 to 3, plain or zstd). FILE may be - for standard input.

  meta FILE [--json]                       what the file says about itself
  json FILE [--limit N] [--upgrade]        metadata and records, one JSON object a line, 64-bit integers as strings
  csv FILE [--limit N] [--fields A,B] [--raw]
                                           records of one type; --raw keeps prices and times as integers
  count FILE… [--json]                     records by type
  split FILE --by symbol|instrument|day|schema --out DIR
  book FILE [--at TIME] [--levels N] [--instrument ID] [--json]
                                           the order book at a time, from MBO, MBP, TBBO or BBO
  serve FILE… [--port N] [--host H] [--speed X] [--fault SPEC] [--heartbeat-interval S]
                                           a live gateway that plays the files; the key is read from DATABENTO_API_KEY

  --fragment VERSION|auto   the input has no metadata
  --zstd node|script        what decompresses (default: node:zlib where it can)

Exit codes: 0 done, 1 the data or the system failed, 2 the command line is wrong.`

const commands: Readonly<Record<string, (context: CommandContext) => Promise<void>>> = { meta, json, csv, count, split, book, serve }

/** What a run of the program touches. */
export interface ProgramIo {
  readonly args: readonly string[]
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

async function command({ args, stdin, stdout, stderr, env, signal }: ProgramIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      limit: { type: 'string' },
      upgrade: { type: 'boolean' },
      raw: { type: 'boolean' },
      fields: { type: 'string' },
      by: { type: 'string' },
      out: { type: 'string' },
      at: { type: 'string' },
      levels: { type: 'string' },
      instrument: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      speed: { type: 'string' },
      fault: { type: 'string' },
      'heartbeat-interval': { type: 'string' },
      fragment: { type: 'string' },
      zstd: { type: 'string' },
    },
  })
  const [name, ...files] = positionals
  if (values.help === true || name === undefined || name === 'help') {
    stdout.write(`${help}\n`)
    return name === undefined && values.help !== true ? 2 : 0
  }
  const chosen = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (chosen === undefined) throw new UsageError(`there is no command "${name}"`)
  const { fragment, zstd } = values
  if (fragment !== undefined && !['1', '2', '3', 'auto'].includes(fragment)) throw new UsageError('--fragment takes 1, 2, 3 or auto')
  if (zstd !== undefined && zstd !== 'node' && zstd !== 'script') throw new UsageError('--zstd takes node or script')

  const out = new TextOutput(stdout)
  const bar = progressBar(stderr)
  try {
    await chosen({
      files,
      options: values,
      out,
      stderr,
      env,
      signal,
      open: (file, options) =>
        openDbn(file === '-' ? (stdin as AsyncIterable<Uint8Array>) : file, {
          ...options,
          fragment: fragment === undefined ? undefined : fragment === 'auto' ? 'auto' : (Number(fragment) as 1 | 2 | 3),
          zstd,
          signal,
          onProgress: bar.onProgress,
        }),
    })
  } finally {
    bar.done()
    // What is whole is printed before the error is.
    await out.flush()
  }
  return 0
}

/** Runs the program. @returns its exit code */
export async function runProgram(io: ProgramIo): Promise<number> {
  try {
    return await command(io)
  } catch (error) {
    const isUsage = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
    const code = isTradingError(error) ? `${error.code}: ` : ''
    io.stderr.write(`gatehouse-dbn: ${code}${(error as Error).message}${isUsage ? '\nSee gatehouse-dbn --help.' : ''}\n`)
    return isUsage ? 2 : 1
  }
}
