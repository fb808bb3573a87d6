import { type BookRows } from '@gatehouse/model-order-book'

/** Some rows of one stream. */
export interface PartOfStream {
  readonly rows: BookRows
  readonly indices: Int32Array
}

/** Rows of several streams in time order, as if they were instruments of one data set. */
export function joinRows(parts: readonly PartOfStream[]): BookRows {
  const { width } = parts[0].rows
  const order = parts
    .flatMap(({ rows, indices }, part) => Array.from(indices, (row) => ({ part, row, rows, time: rows.t0[row] })))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.part - b.part))
  const table = new Float32Array(order.length * width)
  order.forEach(({ rows, row }, i) => table.set(rows.table.subarray(row * width, (row + 1) * width), i * width))
  const singles = (pick: (rows: BookRows) => ArrayLike<number>): Float32Array =>
    Float32Array.from(order, ({ rows, row }) => pick(rows)[row])
  const doubles = (pick: (rows: BookRows) => ArrayLike<number>): Float64Array =>
    Float64Array.from(order, ({ rows, row }) => pick(rows)[row])
  const classes = (head: string): Int32Array => Int32Array.from(order, ({ rows, row }) => rows.labels.get(head)![row])
  return {
    count: order.length,
    width,
    table,
    t0: BigInt64Array.from(order, ({ rows, row }) => rows.t0[row]),
    t1: BigInt64Array.from(order, ({ rows, row }) => rows.t1[row]),
    instrument: Int32Array.from(order, ({ part }) => part),
    weights: new Float32Array(order.length).fill(1),
    labels: new Map<string, Int32Array | Float32Array>([
      ['direction', classes('direction')],
      ['spread', classes('spread')],
      ['impact', singles(({ labels }) => labels.get('impact')!)],
    ]),
    spread: singles(({ spread }) => spread),
    laterSpread: singles(({ laterSpread }) => laterSpread),
    tickBp: singles(({ tickBp }) => tickBp),
    scaleBp: singles(({ scaleBp }) => scaleBp),
    impactBp: singles(({ impactBp }) => impactBp),
    imbalance: singles(({ imbalance }) => imbalance),
    move: doubles(({ move }) => move),
    meanMove: doubles(({ meanMove }) => meanMove),
    flow: doubles(({ flow }) => flow),
  }
}
