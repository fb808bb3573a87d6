import { TradingError } from '@gatehouse/durable-log'

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Documents nest a dozen levels; a hostile one must not exhaust the stack. */
const maximumDepth = 200

// With the u flag a surrogate that has its pair is one code point and does not match.
const loneSurrogate = /[\uD800-\uDFFF]/u

/**
 * The one byte-exact JSON text of a value, as RFC 8785 (JSON Canonicalization Scheme) has it: members sorted by UTF-16
 * code units, no white space, numbers in ECMAScript's shortest form. Digests are taken over its UTF-8 bytes.
 * Only own enumerable string keys are read, so nothing inherited can enter a digest.
 * @throws {TradingError} `CANONICAL_JSON_INVALID` for what JSON cannot carry without loss: `NaN`, infinities, `undefined`,
 * bigint, functions, symbols, lone surrogates, class instances, cycles or nesting past 200
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown): string {
  return write(value, '', 0)
}

function write(value: unknown, path: string, depth: number): string {
  if (depth > maximumDepth) throw invalid(path, `nesting past ${maximumDepth}`)
  if (value === null || value === true || value === false) return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid(path, String(value))
    return JSON.stringify(value)
  }
  if (typeof value === 'string') return text(value, path)
  if (Array.isArray(value)) {
    // Array.from visits holes, which JSON cannot carry; map would skip them.
    return `[${Array.from(value, (item, index) => write(item, `${path}/${index}`, depth + 1)).join(',')}]`
  }
  if (typeof value !== 'object') throw invalid(path, typeof value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) throw invalid(path, 'an instance of a class')
  const record = value as Record<string, unknown>
  // Without a comparator sort() orders by UTF-16 code units, which is what RFC 8785 asks for.
  const members = Object.keys(record).sort()
  return `{${members.map((key) => `${text(key, path)}:${write(record[key], `${path}/${key}`, depth + 1)}`).join(',')}}`
}

function text(value: string, path: string): string {
  if (loneSurrogate.test(value)) throw invalid(path, 'a lone surrogate')
  return JSON.stringify(value)
}

function invalid(path: string, what: string): TradingError {
  return new TradingError(
    'CANONICAL_JSON_INVALID',
    `JSON cannot carry ${what} at "${path || '/'}"; remove it or write it as a string or null`,
    { path, what },
  )
}
