import { TradingError } from '@gatehouse/core'

/** A point in time: ISO 8601 text, a `Date`, or ns since the Unix epoch as a bigint. */
export type TimeInput = string | Date | bigint

/**
 * The time as the API takes it: integers for ns, ISO 8601 otherwise. Text is passed on as it is, so a date alone keeps its meaning (midnight UTC).
 * @throws {TradingError} `DATABENTO_TIME`
 */
export function apiTime(time: TimeInput, what: string): string {
  if (typeof time === 'bigint') return String(time)
  if (time instanceof Date) {
    if (Number.isNaN(time.getTime())) throw invalid(what, 'an invalid Date')
    return time.toISOString()
  }
  if (!/^\d{4}-\d{2}(-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?)?$/.test(time)) throw invalid(what, `"${time}"`)
  return time
}

/** The day as `YYYY-MM-DD`. @throws {TradingError} `DATABENTO_TIME` */
export function apiDate(time: TimeInput, what: string): string {
  const nanos = timeNs(time, what)
  return new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 10)
}

/** The time in ns since the Unix epoch; text without a zone is UTC. @throws {TradingError} `DATABENTO_TIME` */
export function timeNs(time: TimeInput, what: string): bigint {
  if (typeof time === 'bigint') return time
  if (time instanceof Date) return BigInt(apiTime(time, what) === '' ? 0 : time.getTime()) * 1_000_000n
  apiTime(time, what)
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? ''
  const whole = time.replace(/\.\d+/, '')
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/.test(whole.slice(10))
  const milliseconds = Date.parse(whole.length > 10 && !hasZone ? `${whole}Z` : whole)
  if (Number.isNaN(milliseconds)) throw invalid(what, `"${time}"`)
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

function invalid(what: string, found: string): TradingError {
  return new TradingError('DATABENTO_TIME', `${what} takes ISO 8601 text, a Date or ns as a bigint, got ${found}`, { what })
}
