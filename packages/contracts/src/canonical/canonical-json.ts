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
 * bigint, functions, symbols, lone surrogates, class instances, cycles, nesting past 200 or more than `maximumNodes` values
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown, { maximumNodes = 20_000_000 }: { readonly maximumNodes?: number | undefined } = {}): string {
  return write(value, { path: [], left: maximumNodes })
}

interface Walk {
  /** Keys from the root to here, for the message. */
  readonly path: (string | number)[]
  /** Objects that share members grow exponentially when written out: this bounds the work, not the input's size. */
  left: number
}

function write(value: unknown, walk: Walk): string {
  if (walk.left-- <= 0) throw invalid(walk, 'so many values')
  if (value === null || value === true || value === false) return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid(walk, String(value))
    return JSON.stringify(value)
  }
  if (typeof value === 'string') return text(value, walk)
  if (typeof value !== 'object') throw invalid(walk, typeof value)
  if (walk.path.length >= maximumDepth) throw invalid(walk, `nesting past ${maximumDepth}`)
  if (Array.isArray(value)) {
    // Array.from visits holes, which JSON cannot carry; map would skip them.
    return `[${Array.from(value, (item, index) => member(item, index, walk)).join(',')}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) throw invalid(walk, 'an instance of a class')
  const record = value as Record<string, unknown>
  // Without a comparator sort() orders by UTF-16 code units, which is what RFC 8785 asks for.
  const keys = Object.keys(record).sort()
  return `{${keys.map((key) => `${text(key, walk)}:${member(record[key], key, walk)}`).join(',')}}`
}

function member(value: unknown, key: string | number, walk: Walk): string {
  walk.path.push(key)
  const written = write(value, walk)
  walk.path.pop()
  return written
}

function text(value: string, walk: Walk): string {
  if (loneSurrogate.test(value)) throw invalid(walk, 'a lone surrogate')
  return JSON.stringify(value)
}

function invalid({ path }: Walk, what: string): TradingError {
  const at = `/${path.slice(0, 20).join('/')}${path.length > 20 ? '/…' : ''}`
  return new TradingError('CANONICAL_JSON_INVALID', `JSON cannot carry ${what} at "${at}"; remove it or write it as a string or null`, {
    at,
    what,
  })
}
