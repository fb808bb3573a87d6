import { isTradingError, TradingError } from '@gatehouse/durable-log'
import type { Refusal } from '../gate/interfaces.js'
import { Refused } from './refused.js'

/** An admission that is refused, as the error that `admit` throws. */
export function admissionRefused(
  error: unknown,
  { reference, environment }: { readonly reference: string; readonly environment: string },
): TradingError {
  const refusal = refusalOf(error)
  return new TradingError(
    'ADMISSION_REFUSED',
    `${reference.slice(0, 120)} is not admitted to ${environment}: ${refusal.message}`,
    { refusal, reference: reference.slice(0, 120), environment },
    { cause: error },
  )
}

/** Any failure as a refusal: what could not be verified is refused, with what happened. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal
  const rule = isTradingError(error)
    ? /^LOG_|^REGISTRY_LOG/.test(error.code)
      ? 'log'
      : /^CONTRACT_/.test(error.code)
        ? 'contract-version'
        : error.code.toLowerCase().replaceAll('_', '-')
    : 'failure'
  const message = error instanceof Error ? error.message : 'Something that is not an Error was thrown'
  return { approved: false, rule, observed: isTradingError(error) ? error.code : message, limit: null, message }
}

/** Whether an error is the caller's own abort, which is passed on as it is. */
export function isAborted(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason
}
