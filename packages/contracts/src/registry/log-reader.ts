import { isTradingError, readLog } from '@gatehouse/durable-log'
import { RegistryState } from './fold.js'
import type { RegistryHead } from './interfaces.js'
import { refuse } from './refused.js'

/**
 * Keeps the fold of a registry's log up to date. Reading again from the last entry seen, it notices a log that was cut or
 * rewritten under a running process.
 */
export class LogReader {
  readonly state = new RegistryState()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(readonly directory: string) {}

  /**
   * Takes in what was appended since the last call. Calls run one after the other.
   * @throws {Refused} rule `log` when what was read before is no longer there
   * @throws {TradingError} `LOG_…` from the log, `REGISTRY_LOG_INVALID` for an entry
   */
  refresh(signal?: AbortSignal): Promise<RegistryState> {
    const next = this.#turn.then(() => this.#read(signal))
    this.#turn = next.catch(() => undefined)
    return next
  }

  async #read(signal: AbortSignal | undefined): Promise<RegistryState> {
    const { index: known, hash } = this.state.head
    let seenLast = known === 0
    try {
      for await (const record of readLog(this.directory, { from: Math.max(0, known - 1), signal })) {
        if (record.index >= known) this.state.apply(record)
        else if (record.hash === hash) seenLast = true
        else refuse('log', record.hash, hash, `Log entry ${record.index} changed since this process read it`)
      }
    } catch (error) {
      // A registry that nothing was written to, or synced to, yet.
      if (!(known === 0 && isTradingError(error, 'LOG_NOT_FOUND'))) throw error
    }
    if (!seenLast)
      refuse(
        'log',
        'cut',
        { index: known, hash },
        `The log ended after ${known} entries when this process read it last, and is shorter now`,
      )
    return this.state
  }
}

/** @throws {Refused} rule `log` when the log does not go on from a head that was seen before, here or outside */
export function requireExtends(state: RegistryState, seen: RegistryHead, where: string): void {
  const found = state.hashAfter(seen.index)
  if (found !== seen.hash) {
    refuse(
      'log',
      found ?? `only ${state.head.index} entries`,
      seen,
      `The log does not continue the ${seen.index} entries that ${where} saw: it was cut or rewritten`,
    )
  }
}
