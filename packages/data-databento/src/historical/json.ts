import { camelCase } from '../layout/layout.js'

/** Keys of an answer in camelCase, through lists and objects. */
export function camelKeys<T>(value: unknown): T {
  if (Array.isArray(value)) return value.map((item) => camelKeys<unknown>(item)) as T
  if (typeof value !== 'object' || value === null) return value as T
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camelCase(key), camelKeys<unknown>(item)])) as T
}
