import { TradingError } from '@gatehouse/durable-log'

/** Nanoseconds since the Unix epoch, UTC. Documents carry it as RFC 3339 text, see {@link formatTime}. */
export type TimeNs = bigint

/** Where the time comes from: the wall clock, a virtual one in a backtest, a fixed one in a test. */
export interface Clock {
  /** Nanoseconds since the Unix epoch, UTC. */
  now(): TimeNs
}

/** The machine's wall clock, millisecond resolution. */
export const systemClock: Clock = { now: () => BigInt(Date.now()) * 1_000_000n }

export const nsPerSecond = 1_000_000_000n
export const nsPerDay = 86_400n * nsPerSecond

const layout = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z$/

/**
 * A time as documents carry it: RFC 3339, UTC, `Z`, no fraction or 3, 6 or 9 digits of it. Lossless, readable, and what
 * CloudEvents and every language's date parser take.
 * @throws {TradingError} `TIME_INVALID` outside the years 0000 to 9999
 */
export function formatTime(time: TimeNs): string {
  let seconds = time / nsPerSecond
  let fraction = time % nsPerSecond
  if (fraction < 0n) {
    seconds -= 1n
    fraction += nsPerSecond
  }
  const date = new Date(Number(seconds) * 1000)
  const year = date.getUTCFullYear()
  if (!(year >= 0 && year <= 9999))
    throw new TradingError('TIME_INVALID', `${time} ns is outside the years 0000 to 9999`, { time: String(time) })
  const digits = String(fraction)
    .padStart(9, '0')
    .replace(/(000)+$/, '')
  return `${date.toISOString().slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`
}

/**
 * Reads what {@link formatTime} writes, and any RFC 3339 time in UTC with up to nine digits of fraction.
 * @throws {TradingError} `TIME_INVALID` for another layout, an offset other than `Z`, or a date that does not exist
 */
export function parseTime(text: string): TimeNs {
  const match = layout.exec(text)
  if (match !== null) {
    const [, year, month, day, hour, minute, second, fraction = ''] = match
    const whole = `${year}-${month}-${day}T${hour}:${minute}:${second}`
    const milliseconds = Date.parse(`${whole}Z`)
    // Date rolls 30 February over to March: a date that comes back changed does not exist.
    if (!Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(whole)) {
      return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
    }
  }
  throw new TradingError('TIME_INVALID', `"${text}" is not a UTC time such as 2026-01-31T09:30:00Z or 2026-01-31T09:30:00.000000001Z`, {
    text,
  })
}
