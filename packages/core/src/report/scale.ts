import { civilOfDay, dayOfCivil, formatDay } from '../calendar/civil.js'
import { formatMonth } from './format.js'

/** A labelled position on an axis. */
export interface Tick {
  readonly at: number
  readonly label: string
}

/** Maps values to pixels. */
export type Scale = (value: number) => number

/** Linear or logarithmic map of `[low, high]` to `[from, to]` pixels. */
export function makeScale(low: number, high: number, from: number, to: number, isLog = false): Scale {
  if (isLog) return makeLinear(Math.log(low), Math.log(high), from, to, Math.log)
  return makeLinear(low, high, from, to, (value) => value)
}

function makeLinear(low: number, high: number, from: number, to: number, transform: (value: number) => number): Scale {
  const span = high - low || 1
  return (value) => from + ((transform(value) - low) / span) * (to - from)
}

/** Round values within `[low, high]`, about `wanted` of them. */
export function valueTicks(low: number, high: number, wanted: number, format: (value: number, step: number) => string): readonly Tick[] {
  const step = niceStep(((high - low) / Math.max(1, wanted)) * 0.7)
  // By count, because values of 1e300 a little apart have no steps between them that a float64 could tell.
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.min(4 * wanted, Math.floor(high / step + 1e-9) - first + 1)
  return Array.from({ length: Math.max(0, count) }, (_, i) => ({ at: (first + i) * step, label: format((first + i) * step, step) }))
}

/** 1, 2 or 5 times a power of ten, not below `rough`. */
export function niceStep(rough: number): number {
  if (!(rough > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * (1 - 1e-9))!
}

/** Decimals that tell multiples of `step` apart. */
export function decimalsOf(step: number): number {
  return Math.max(0, Math.min(8, Math.ceil(-Math.log10(step) - 1e-9)))
}

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/** Calendar ticks between two times in seconds since the epoch, UTC, about `wanted` of them. */
export function timeTicks(from: number, to: number, wanted: number): readonly Tick[] {
  const rough = (to - from) / Math.max(1, wanted)
  if (rough > 20 * DAY) return monthTicks(from, to, rough)
  const steps = [
    1,
    5,
    15,
    30,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
  ]
  const step = steps.find((candidate) => candidate >= rough) ?? 28 * DAY
  const ticks: Tick[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push({ at, label: step >= DAY ? shortDay(at) : clock(at, step) })
  return ticks
}

function monthTicks(from: number, to: number, rough: number): readonly Tick[] {
  const months = [1, 2, 3, 6, 12, 24, 60, 120, 240].find((candidate) => candidate * 30.4 * DAY >= rough * 0.8) ?? 600
  const start = civilOfDay(Math.floor(from / DAY))
  const ticks: Tick[] = []
  for (let month = Math.ceil((start.year * 12 + start.month - 1) / months) * months; ; month += months) {
    const day = dayOfCivil(Math.floor(month / 12), (month % 12) + 1, 1)
    if (day * DAY > to) return ticks
    if (day * DAY >= from) ticks.push({ at: day * DAY, label: months >= 12 ? String(Math.floor(month / 12)) : formatMonth(day) })
  }
}

function shortDay(at: number): string {
  const { day } = civilOfDay(Math.floor(at / DAY))
  return `${day} ${formatMonth(Math.floor(at / DAY)).slice(0, 3)}`
}

function clock(at: number, step: number): string {
  const seconds = ((at % DAY) + DAY) % DAY
  if (seconds === 0) return formatDay(Math.floor(at / DAY)).slice(5)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, ...(step < MINUTE ? [Math.floor(seconds % 60)] : [])]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
