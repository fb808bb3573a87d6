/** A stable `SCREAMING_SNAKE` literal. Each package lists its own in `src/error-codes.ts` and in its README, with cause and cure. */
export type ErrorCode = Uppercase<string>

/**
 * The one error class of Gatehouse. Branch on `code`, never on the message or on `instanceof` across packages.
 * It lives on the ground floor so that every package throws the same class; `@gatehouse/contracts` and `@gatehouse/core` re-export it.
 */
export class TradingError extends Error {
  override readonly name: string = 'TradingError'

  /**
   * @param code stable literal to branch on
   * @param message what happened, with which values, and what to do; never a token or an account number
   * @param details the values, for programs
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** True when `error` is a {@link TradingError}, also one thrown by a second copy of this package. */
export function isTradingError(error: unknown, code?: ErrorCode): error is TradingError {
  return error instanceof Error && error.name === 'TradingError' && 'code' in error && (code === undefined || error.code === code)
}
