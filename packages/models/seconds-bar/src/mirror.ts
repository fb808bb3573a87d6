import type { FamilyRows } from '@gatehouse/model-kit'
import type { SecondsRows } from './rows.js'

/**
 * The same rows in a market where every rise is a fall. Nothing says that the two differ within half an hour, and seeing both keeps a network from taking the drift
 * of its training days for a law.
 * @param signs -1 for features that change their sign, in the order of the columns
 */
export function mirrored(rows: SecondsRows, indices: Int32Array, signs: Int8Array): FamilyRows {
  const { table, width, windows, labels, t0, t1, instrument } = rows
  const [touch, direction] = [labels.get('touch')!, labels.get('direction')!]
  return {
    count: indices.length,
    table: table.map((x, i) => x * signs[i % width]),
    width,
    windows: windows && { ends: Int32Array.from(indices, (row) => windows.ends[row]), steps: windows.steps },
    labels: new Map([
      ['touch', Float32Array.from(indices, (row) => touch[row])],
      ['direction', Float32Array.from(indices, (row) => 1 - direction[row])],
    ]),
    t0: BigInt64Array.from(indices, (row) => t0[row]),
    t1: BigInt64Array.from(indices, (row) => t1[row]),
    instrument: Int32Array.from(indices, (row) => instrument[row]),
  }
}
