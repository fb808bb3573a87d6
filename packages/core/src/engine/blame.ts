import { formatTime, isTradingError, TradingError, type ErrorCode } from '@gatehouse/contracts'
import type { Engine } from './engine.js'

/** Names who threw: strategy or model, and where. Errors of the platform that passed through a handler stay what they are. */
export function blame(engine: Engine, cause: unknown): unknown {
  const { caller, strategy, now, rows } = engine
  if (isTradingError(cause) || caller === undefined) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const who = caller === 'strategy' ? strategy.name : 'a model'
  const code: ErrorCode = caller === 'strategy' ? 'STRATEGY_FAILED' : 'MODEL_FAILED'
  return new TradingError(
    code,
    `${who} threw at ${formatTime(now)}, after ${rows} ${rows === 1 ? 'row' : 'rows'}: ${reason}`,
    { strategy: strategy.name, at: now, rows },
    { cause },
  )
}
