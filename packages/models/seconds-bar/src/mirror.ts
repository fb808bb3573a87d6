import type { FamilyRows } from '@gatehouse/model-kit'
import { windowRows } from './features.js'
import type { SecondsRows } from './rows.js'

/**
 * The same rows in a market where every rise is a fall. Nothing says that the two differ within half an hour, and seeing both keeps a network from taking the drift
 * of its training days for a law.
 * @param signs -1 for features that change their sign, in the order of the columns
 */
export function mirrored(rows: SecondsRows, indices: Int32Array, signs: Int8Array): FamilyRows {
  const { width, labels, t0, t1, instrument } = rows
  const [touch, direction] = [labels.get('touch')!, labels.get('direction')!]
  const { table, ends } = usedRows(rows, indices)
  for (let i = 0; i < table.length; i++) table[i] *= signs[i % width]
  return {
    count: indices.length,
    table,
    width,
    windows: { ends, steps: windowRows },
    labels: new Map([
      ['touch', Float32Array.from(indices, (row) => touch[row])],
      ['direction', Float32Array.from(indices, (row) => 1 - direction[row])],
    ]),
    t0: BigInt64Array.from(indices, (row) => t0[row]),
    t1: BigInt64Array.from(indices, (row) => t1[row]),
    instrument: Int32Array.from(indices, (row) => instrument[row]),
  }
}

/** A copy of the feature rows that some windows hold, and where in it they end. No others: a normaliser is fitted on the copy, and must not see what comes later. */
function usedRows(
  { table, width, windows }: SecondsRows,
  indices: Int32Array,
): { readonly table: Float32Array; readonly ends: Int32Array } {
  const ends = Int32Array.from(indices, (row) => windows!.ends[row])
  const place = new Int32Array(table.length / width).fill(-1)
  for (const end of ends) place.fill(0, end - windowRows + 1, end + 1)
  let count = 0
  for (let row = 0; row < place.length; row++) if (place[row] === 0) place[row] = count++
  const used = new Float32Array(count * width)
  for (let row = 0; row < place.length; row++)
    if (place[row] >= 0) used.set(table.subarray(row * width, (row + 1) * width), place[row] * width)
  return { table: used, ends: ends.map((end) => place[end]) }
}
