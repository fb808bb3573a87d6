import { fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ErrorCode } from '@gatehouse/durable-log'
import { isTradingError, TradingError, type CallOptions, type Progress } from '@gatehouse/core'

/** What a program says to the one that started it: how far it is, and at last its answer, or what stopped it. */
type Said<T> =
  | { readonly progress: Progress }
  | { readonly answer: T; readonly peakKilobytes: number }
  | { readonly failed: { readonly code: ErrorCode | undefined; readonly message: string; readonly stack: string | undefined } }

/**
 * The body of a program: tells whoever started it how far it is, and then the answer. Started by hand it prints the answer.
 * @param work what the program does
 */
export async function answer<T>(work: (onProgress: (progress: Progress) => void) => Promise<T>): Promise<void> {
  const say = (said: Said<T>): Promise<void> =>
    new Promise((resolve) => (process.send === undefined ? resolve() : process.send(said, undefined, undefined, () => resolve())))
  try {
    const given = await work((progress) => void say({ progress }))
    if (process.send === undefined && given !== undefined) console.log(given)
    // Awaited: what is still on its way is lost with the connection, and an answer may name thousands of instruments.
    await say({ answer: given, peakKilobytes: process.resourceUsage().maxRSS })
  } catch (error) {
    if (process.send === undefined || !(error instanceof Error)) throw error
    await say({ failed: { code: isTradingError(error) ? error.code : undefined, message: error.message, stack: error.stack } })
  }
  process.disconnect?.()
}

interface Ran {
  readonly from: number
  to: number
  kilobytes: number
}

export interface ProgramOptions extends CallOptions {
  /** Killed in the middle it is no failure: the answer is `undefined` then. */
  readonly mayBeKilled?: boolean | undefined
}

/** The programs that run beside this one, each in a process of its own: what one held is gone when it ends. */
export class Programs {
  readonly #signal: AbortSignal
  readonly #ran: Ran[] = []

  /** @param signal stops those that run, and lets none start */
  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  run<T>(program: string, args: readonly string[], options: ProgramOptions & { readonly mayBeKilled: true }): Promise<T | undefined>
  run<T>(program: string, args: readonly string[], options?: ProgramOptions): Promise<T>
  run<T>(program: string, args: readonly string[], { onProgress, mayBeKilled = false }: ProgramOptions = {}): Promise<T | undefined> {
    const signal = this.#signal
    signal.throwIfAborted()
    const ran: Ran = { from: performance.now(), to: Infinity, kilobytes: 0 }
    this.#ran.push(ran)
    return new Promise((resolve, reject) => {
      const path = join(fileURLToPath(new URL('.', import.meta.url)), program)
      const child = fork(path, args, {
        // A young generation of 4 MB instead of 16: about 30 MB less of each program, in the same time (measured on the order-book study).
        execArgv: [...process.execArgv, '--max-semi-space-size=4'],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'advanced',
      })
      const stop = (): void => void child.kill()
      signal.addEventListener('abort', stop, { once: true })
      let errors = ''
      let end: Exclude<Said<T>, { progress: Progress }> | undefined
      child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()))
      child.on('message', (said: Said<T>) => {
        if ('progress' in said) onProgress?.(said.progress)
        else end = said
      })
      child.on('error', reject)
      child.on('close', (_status, by) => {
        signal.removeEventListener('abort', stop)
        ran.to = performance.now()
        if (end !== undefined && 'answer' in end) {
          ran.kilobytes = end.peakKilobytes
          resolve(end.answer)
        } else if (signal.aborted) reject(signal.reason as Error)
        else if (mayBeKilled && by === 'SIGKILL') resolve(undefined)
        else reject(end === undefined ? new Error(`${program} ended without an answer${by === null ? '' : ` (${by})`}: ${errors.trim()}`) : failure(end.failed)) // prettier-ignore
      })
    })
  }

  /** The most memory that this program and those beside it can have held at once: each is taken to be at its peak for as long as it ran. Megabytes. */
  get peakMegabytes(): number {
    const beside = this.#ran.map(({ from: at }) =>
      this.#ran.reduce((sum, { from, to, kilobytes }) => (from <= at && at < to ? sum + kilobytes : sum), 0),
    )
    return (process.resourceUsage().maxRSS + Math.max(0, ...beside)) / 1024
  }
}

/** What stopped a program, as this one throws it. */
function failure({ code, message, stack = message }: { code: ErrorCode | undefined; message: string; stack: string | undefined }): Error {
  return Object.assign(code === undefined ? new Error(message) : new TradingError(code, message), { stack })
}
