import { basename } from 'node:path'
import { civilOfDay, dayOfCivil } from '../../calendar/civil.js'
import type { TimeZone } from '../../calendar/time-zone.js'

/**
 * How a file writes time. `iso`: `2024-01-31`, `2024-01-31 09:30[:00[.123]]`, `…T…`, with `Z` or an offset or in the file's zone;
 * `compact`: `20240131` or `20240131 09:30[:00]`; `us`: `01/31/2024[ 09:30[:00]]`; `milliseconds-of-day`: since local midnight of the date in the
 * file's name; the others count since 1970, UTC.
 */
export type TimeFormat =
  'iso' | 'compact' | 'us' | 'milliseconds-of-day' | 'epoch-seconds' | 'epoch-milliseconds' | 'epoch-microseconds' | 'epoch-nanoseconds'

const detectable: readonly (readonly [TimeFormat, RegExp])[] = [
  ['compact', /^\d{8}( \d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$/],
  ['iso', /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)? ?(Z|[+-]\d{2}:?\d{2})?$/],
  ['us', /^\d{1,2}\/\d{1,2}\/\d{4}( \d{1,2}:\d{2}(:\d{2})?)?$/],
  ['epoch-nanoseconds', /^\d{19}$/],
  ['epoch-microseconds', /^\d{16}$/],
  ['epoch-milliseconds', /^\d{13}$/],
  ['epoch-seconds', /^\d{9,10}(\.\d+)?$/],
]

/** The format of a time as text, or `undefined`. Milliseconds of a day are never guessed. */
export function detectTimeFormat(text: string): TimeFormat | undefined {
  return detectable.find(([, pattern]) => pattern.test(text))?.[0]
}

/** Reads times of one format; the result stands in `seconds` and `nanos`. */
export class TimeField {
  /** Whole seconds since 1970, UTC. */
  seconds = 0
  nanos = 0
  /** Date and seconds of that day as written; for formats that count since 1970 only `localDay` is right. */
  day = NaN
  secondsOfDay = NaN
  #dateCode = -1
  #date = NaN
  /** Day whose offset is known, and the offset where the whole day has one; `NaN` on days when clocks change. */
  #offsetDay = NaN
  #offset = NaN
  #i = 0
  readonly #isEpoch: boolean

  constructor(
    readonly format: TimeFormat,
    readonly zone: TimeZone,
    /** Local date of the file, for `milliseconds-of-day`. */
    readonly fileDay: number = NaN,
  ) {
    this.#isEpoch = format.startsWith('epoch')
  }

  /** Reads one field; false when it is not a time of this format or lies before 1970. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    while (start < end && bytes[start] === 32) start++
    while (end > start && bytes[end - 1] === 32) end--
    if (start === end) return false
    this.#i = start
    this.nanos = 0
    switch (this.format) {
      case 'iso':
        return this.#iso(bytes, end)
      case 'compact':
        return this.#setDate(this.#digits(bytes, end, 8)) && this.#clock(bytes, end) && this.#i === end && this.#toUtc()
      case 'us':
        return this.#us(bytes, end)
      case 'milliseconds-of-day':
        return this.#millisecondsOfDay(bytes, end)
      default:
        return this.#epoch(bytes, end)
    }
  }

  /** Local date of the time that was read, days since 1970. */
  get localDay(): number {
    return this.#isEpoch ? Math.floor((this.seconds + this.zone.offsetSeconds(this.seconds)) / 86_400) : this.day
  }

  #iso(bytes: Uint8Array, end: number): boolean {
    const year = this.#digits(bytes, end, 4)
    if (bytes[this.#i++] !== 45) return false
    const month = this.#digits(bytes, end, 2)
    if (bytes[this.#i++] !== 45) return false
    if (!this.#setDate(year * 10_000 + month * 100 + this.#digits(bytes, end, 2)) || !this.#clock(bytes, end)) return false
    if (this.#i === end) return this.#toUtc()
    if (bytes[this.#i] === 32) this.#i++
    const sign = bytes[this.#i++]
    let offset = 0
    if (sign === 43 || sign === 45) {
      const hours = this.#digits(bytes, end, 2)
      if (bytes[this.#i] === 58) this.#i++
      const minutes = this.#i === end ? 0 : this.#digits(bytes, end, 2)
      offset = (hours * 3600 + minutes * 60) * (sign === 45 ? -1 : 1)
    } else if (sign !== 90 && sign !== 122) return false
    this.seconds = this.day * 86_400 + this.secondsOfDay - offset
    return this.#i === end && this.seconds >= 0
  }

  #us(bytes: Uint8Array, end: number): boolean {
    const month = this.#number(bytes, end)
    if (bytes[this.#i++] !== 47) return false
    const day = this.#number(bytes, end)
    if (bytes[this.#i++] !== 47) return false
    const year = this.#digits(bytes, end, 4)
    return this.#setDate(year * 10_000 + month * 100 + day) && this.#clock(bytes, end) && this.#i === end && this.#toUtc()
  }

  #millisecondsOfDay(bytes: Uint8Array, end: number): boolean {
    const milliseconds = this.#number(bytes, end)
    if (this.#i !== end || !(milliseconds < 86_400_000)) return false
    this.day = this.fileDay
    this.secondsOfDay = Math.floor(milliseconds / 1000)
    this.nanos = (milliseconds - this.secondsOfDay * 1000) * 1_000_000
    return this.#toUtc()
  }

  #epoch(bytes: Uint8Array, end: number): boolean {
    const { format } = this
    const subDigits = format === 'epoch-seconds' ? 0 : format === 'epoch-milliseconds' ? 3 : format === 'epoch-microseconds' ? 6 : 9
    const nanosPerUnit = format === 'epoch-milliseconds' ? 1_000_000 : format === 'epoch-microseconds' ? 1000 : 1
    const whole = end - this.#i - subDigits
    if (subDigits > 0) {
      this.seconds = whole > 0 ? this.#digits(bytes, end, whole) : 0
      this.nanos = this.#digits(bytes, end, Math.min(subDigits, end - this.#i)) * nanosPerUnit
    } else {
      this.seconds = this.#number(bytes, end)
      if (this.#i < end && bytes[this.#i] === 46) this.#fraction(bytes, end)
    }
    return this.#i === end && this.seconds >= 0 && this.seconds < 0x1_0000_0000 && this.nanos >= 0
  }

  /** `[ T]HH:MM[:SS[.fraction]]`, or nothing, which is midnight. */
  #clock(bytes: Uint8Array, end: number): boolean {
    this.secondsOfDay = 0
    if (this.#i === end || (bytes[this.#i] !== 32 && bytes[this.#i] !== 84)) return true
    this.#i++
    const hour = this.#number(bytes, end)
    if (bytes[this.#i++] !== 58) return false
    const minute = this.#digits(bytes, end, 2)
    let second = 0
    if (this.#i < end && bytes[this.#i] === 58) {
      this.#i++
      second = this.#digits(bytes, end, 2)
      if (this.#i < end && bytes[this.#i] === 46) this.#fraction(bytes, end)
    }
    this.secondsOfDay = hour * 3600 + minute * 60 + second
    return hour < 24 && minute < 60 && second < 60
  }

  #fraction(bytes: Uint8Array, end: number): void {
    let scale = 100_000_000
    let nanos = 0
    for (this.#i++; this.#i < end; this.#i++) {
      const digit = bytes[this.#i] - 48
      if (!(digit >= 0 && digit <= 9)) break
      nanos += digit * scale
      scale = Math.floor(scale / 10)
    }
    this.nanos = nanos
  }

  /** Exactly `count` digits; `NaN` otherwise. */
  #digits(bytes: Uint8Array, end: number, count: number): number {
    let value = 0
    for (let n = 0; n < count; n++) {
      const digit = this.#i < end ? bytes[this.#i] - 48 : -1
      if (!(digit >= 0 && digit <= 9)) return NaN
      value = value * 10 + digit
      this.#i++
    }
    return value
  }

  /** As many digits as there are, at least one; `NaN` otherwise. */
  #number(bytes: Uint8Array, end: number): number {
    let value = 0
    const from = this.#i
    while (this.#i < end && bytes[this.#i] >= 48 && bytes[this.#i] <= 57) value = value * 10 + bytes[this.#i++] - 48
    return this.#i === from ? NaN : value
  }

  /** Takes a date as the number `yyyymmdd`. Files repeat a date for many rows, so the last is remembered. */
  #setDate(code: number): boolean {
    if (code !== this.#dateCode) {
      const year = Math.floor(code / 10_000)
      const month = Math.floor(code / 100) % 100
      const day = code % 100
      if (!(month >= 1 && month <= 12 && day >= 1 && year >= 1)) return false
      const date = dayOfCivil(year, month, day)
      // 30 February is 1 March to the arithmetic: a date that comes back changed does not exist.
      if (civilOfDay(date).day !== day) return false
      this.#dateCode = code
      this.#date = date
    }
    this.day = this.#date
    return true
  }

  #toUtc(): boolean {
    if (this.day !== this.#offsetDay) {
      const midnight = Number(this.zone.timeOfLocal(this.day, 0) / 1_000_000_000n)
      const lastSecond = Number(this.zone.timeOfLocal(this.day, 86_399) / 1_000_000_000n)
      this.#offset = lastSecond - midnight === 86_399 ? this.day * 86_400 - midnight : NaN
      this.#offsetDay = this.day
    }
    this.seconds = Number.isNaN(this.#offset)
      ? Number(this.zone.timeOfLocal(this.day, this.secondsOfDay) / 1_000_000_000n)
      : this.day * 86_400 + this.secondsOfDay - this.#offset
    return this.seconds >= 0
  }
}

/** The date in a file's name, `20131007_trade.zip`, as days since 1970; `NaN` when there is none. */
export function dayOfFile(path: string): number {
  const match = /(\d{4})-?(\d{2})-?(\d{2})/.exec(basename(path))
  return match === null ? NaN : dayOfCivil(Number(match[1]), Number(match[2]), Number(match[3]))
}
