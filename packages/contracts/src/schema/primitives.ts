import Type, { type TProperties, type TSchema } from 'typebox'

/**
 * A pattern that judges the whole string alike in JavaScript and Python: `$` in Python's `re` also matches before a
 * final newline, which the lookahead takes back. Digits are spelled `[0-9]` because `\d` is any script's digit there.
 */
export const whole = (pattern: string): string => `^(?:${pattern})$(?!\\n)`

/** A closed object: an unknown member is an error, so a misspelt one cannot pass as absent. */
export const closed = <P extends TProperties>(properties: P, options: { description?: string } = {}) =>
  Type.Object(properties, { ...options, additionalProperties: false })

/** A map whose every key fits a pattern. */
export const mapOf = <S extends TSchema>(keyPattern: string, item: S, options: { description?: string; maxProperties?: number } = {}) =>
  Type.Record(Type.String({ pattern: whole(keyPattern) }), item, { ...options, additionalProperties: false })

/** A finite number. The bounds are what keeps `1e400`, which JSON can spell, from becoming infinity. */
export const finite = (description: string) => Type.Number({ minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE, description })

export const count = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

export const text = (description: string) => Type.String({ minLength: 1, description })

export const digest = (description: string) =>
  Type.String({ pattern: whole('[0-9a-f]{64}'), description: `${description} (SHA-256, lower-case hex)` })

export const time = (description: string) =>
  Type.String({
    pattern: whole('[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?Z'),
    description: `${description} (RFC 3339, UTC, up to nine digits of fraction)`,
  })

/** Names of models, policies, clauses: `order-book`, `macro-regime/2`. */
export const slugPattern = '[a-z0-9]+(?:[-/][a-z0-9]+)*'
export const slug = (description: string) => Type.String({ pattern: whole(slugPattern), maxLength: 100, description })

/** Names of measured values and rule inputs: no dots, which JSON-Logic would split. */
export const measureNamePattern = '[a-z][a-zA-Z0-9]{0,79}'
export const measureName = (description: string) => Type.String({ pattern: whole(measureNamePattern), description })

export const nanoseconds = (description: string) =>
  Type.String({ pattern: whole('[1-9][0-9]{0,18}'), description: `${description} (nanoseconds, decimal digits)` })

export const stage = Type.Union([Type.Literal('paper'), Type.Literal('production')], {
  description: 'The alias that is earned: paper admits to paper accounts, production to paper and live ones',
})
export const environment = Type.Union([Type.Literal('simulated'), Type.Literal('paper'), Type.Literal('live')], {
  description: 'Who holds the money',
})

/** One of a few words. */
export const words = <const V extends string[]>(values: readonly [...V], options: { description?: string } = {}) =>
  Type.Enum(values, options)

export const window = closed(
  { from: time('First instant, included'), to: time('Last instant, excluded') },
  { description: 'A stretch of time, half open' },
)

/** Makes every level of a type read-only: documents are values. */
export type Immutable<T> = T extends readonly (infer I)[]
  ? readonly Immutable<I>[]
  : T extends object
    ? { readonly [K in keyof T]: Immutable<T[K]> }
    : T
