import { type FamilyRows } from '@gatehouse/model-kit'
import { mirror } from './feature/book-features.js'
import { rowWidth } from './book-path.js'
import { type BookRows } from './rows.js'

/** Some rows of the mirrored market, in which bids are asks: what is learnt of rising prices is learnt of falling ones, too. */
export function mirroredRows(rows: BookRows, indices: Int32Array): FamilyRows {
  const table = new Float32Array(indices.length * rowWidth)
  indices.forEach((row, i) => {
    table.set(rows.table.subarray(row * rowWidth, (row + 1) * rowWidth), i * rowWidth)
    mirror(table, i * rowWidth)
  })
  const direction = rows.labels.get('direction')!
  const spread = rows.labels.get('spread')!
  const impact = rows.labels.get('impact')!
  return {
    count: indices.length,
    width: rowWidth,
    table,
    labels: new Map<string, Int32Array | Float32Array>([
      ['direction', Int32Array.from(indices, (row) => (direction[row] < 0 ? -1 : 2 - direction[row]))],
      ['spread', Int32Array.from(indices, (row) => spread[row])],
      ['impact', Float32Array.from(indices, (row) => -impact[row])],
    ]),
    t0: BigInt64Array.from(indices, (row) => rows.t0[row]),
    t1: BigInt64Array.from(indices, (row) => rows.t1[row]),
    instrument: Int32Array.from(indices, (row) => rows.instrument[row]),
    weights: new Float32Array(indices.length).fill(1),
  }
}
