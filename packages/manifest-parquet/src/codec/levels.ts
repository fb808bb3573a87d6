import { type ByteCursor } from './byte-cursor.js'
import { decodeHybrid } from './hybrid.js'

let levels = new Int32Array(0)

/**
 * Reads a page's definition levels and marks which of its `count` rows hold a value.
 * Third-party files declare every column OPTIONAL and mostly hold no null: that case is one run and costs nothing per row.
 * @returns how many rows hold a value; `present` is written from `to` on only when some do not
 */
export function readPresence(cursor: ByteCursor, maxDefinition: number, count: number, present: () => Uint8Array, to: number): number {
  if (isOneRun(cursor, maxDefinition, count)) return count
  if (levels.length < count) levels = new Int32Array(count)
  decodeHybrid(cursor, 32 - Math.clz32(maxDefinition), levels, 0, count)
  let held = 0
  for (let i = 0; i < count; i++) if (levels[i] === maxDefinition) held++
  if (held === count) return count
  const target = present()
  for (let i = 0; i < count; i++) target[to + i] = levels[i] === maxDefinition ? 1 : 0
  return held
}

function isOneRun(cursor: ByteCursor, maxDefinition: number, count: number): boolean {
  const start = cursor.at
  const head = cursor.varint()
  if (head % 2 === 0 && head / 2 === count && cursor.byte() === maxDefinition) return true
  cursor.at = start
  return false
}

/** Spreads `held` packed values out to the rows marked present, last to first, and fills the others with `absent`. */
export function spread<T extends { [index: number]: unknown }>(
  values: T,
  present: Uint8Array,
  to: number,
  count: number,
  held: number,
  absent: T[number],
): void {
  let from = to + held - 1
  for (let i = to + count - 1; i >= to; i--) values[i] = present[i] === 1 ? values[from--] : absent
}
