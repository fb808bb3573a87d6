import type { RunOptions } from './options.js'
import { RunSession, type RunResult } from './session.js'

/**
 * Runs a strategy over feeds against a broker, from start to end.
 * @throws {TradingError} `MODEL_NOT_ADMITTED` when a model may not trade where the money is; `OPTION_INVALID`; `STRATEGY_FAILED` with what the strategy threw as
 * its cause; errors of feeds and broker; `signal.reason` when aborted
 */
export function run(options: RunOptions): Promise<RunResult> {
  return start(options).done
}

/** Starts a run and gives the handle to it: events to observe, commands, `await session.done`. */
export function start(options: RunOptions): RunSession {
  return new RunSession(options)
}
