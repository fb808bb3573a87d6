import { TradingError } from '@gatehouse/contracts'

/** Throws `STATISTICS_INPUT` when two series that are read row by row differ in length. */
export function requireSameLength(function_: string, left: ArrayLike<unknown>, right: ArrayLike<unknown>): void {
  if (left.length === right.length) return
  throw new TradingError(
    'STATISTICS_INPUT',
    `${function_} got series of ${left.length} and ${right.length} values; align them first (alignSeries joins two series by time)`,
    { function: function_, left: left.length, right: right.length },
  )
}

/** Throws `STATISTICS_INPUT` unless `value` is a finite number within `[least, most]`. */
export function requireRange(function_: string, option: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most && Number.isFinite(value)) return
  throw new TradingError('STATISTICS_INPUT', `${function_} needs ${option} within [${least}, ${most}], got ${value}`, {
    function: function_,
    option,
    value,
    least,
    most,
  })
}

/** Throws `STATISTICS_INPUT` unless `value` is a whole number of at least `least`. */
export function requireCount(function_: string, option: string, value: number, least = 1): void {
  if (Number.isInteger(value) && value >= least) return
  throw new TradingError('STATISTICS_INPUT', `${function_} needs ${option} to be a whole number of at least ${least}, got ${value}`, {
    function: function_,
    option,
    value,
    least,
  })
}
