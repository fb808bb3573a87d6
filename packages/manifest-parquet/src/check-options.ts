import { TradingError } from '@gatehouse/durable-log'

/** An option that cannot be meant: refused before anything is written or deleted. */
export function invalidOption(name: string, value: unknown, expected: string): TradingError {
  const shown = typeof value === 'string' ? `"${value}"` : String(value)
  return new TradingError('MANIFEST_INVALID_OPTION', `${name} is ${expected}, not ${shown}`, { name, value: shown })
}

/** Refuses what is no number from `least` on; leaving it out is allowed. */
export function requireNumbers(options: Readonly<Record<string, unknown>>, least = 0): void {
  for (const [name, value] of Object.entries(options)) {
    // Infinity says never.
    if (value !== undefined && !(typeof value === 'number' && value >= least)) throw invalidOption(name, value, `a number from ${least} on`)
  }
}

/** Refuses what is none of the names; leaving it out is allowed. */
export function requireOneOf(name: string, value: unknown, names: readonly string[]): void {
  if (value !== undefined && !(names as readonly unknown[]).includes(value)) throw invalidOption(name, value, `one of ${names.join(', ')}`)
}

/** Refuses what is no list of texts; leaving it out is allowed. */
export function requireTexts(name: string, value: unknown): void {
  if (value !== undefined && !(Array.isArray(value) && value.every((text) => typeof text === 'string')))
    throw invalidOption(name, value, 'a list of texts')
}

/** Refuses what is no time in nanoseconds; leaving it out is allowed. */
export function requireTime(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'bigint') throw invalidOption(name, value, 'a bigint, nanoseconds since 1970')
}
