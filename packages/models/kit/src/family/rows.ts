import { formatTime, TradingError, type Evaluation } from '@gatehouse/contracts'
import { type Labels } from '../train/samples.js'

/**
 * Labelled rows of a dataset, in the order in which they became known: what a family trains and is judged on. A family's `readRows` makes them by streaming its
 * feature set, the one that runs live, and looking forward for the labels. Families add columns of their own.
 */
export interface FamilyRows {
  readonly count: number
  /** Raw features, `[table rows, width]`, row-major, as float32 (the precision that a predictor's rows have); `NaN` is missing. */
  readonly table: Float32Array
  readonly width: number
  /** For sequences: the table row with which each row's window ends, and how many rows a window has. Without it row i is table row i. */
  readonly windows?: { readonly ends: Int32Array; readonly steps: number } | undefined
  /** By head of the network: class indices (negative none) or values (`NaN` none). */
  readonly labels: ReadonlyMap<string, Labels>
  /** When each row is known, and when the last of its labels is, ns. `t0` never falls. */
  readonly t0: BigInt64Array
  readonly t1: BigInt64Array
  /** Rows of one group (a day, a query) lie together and are never parted; an id each. A ranking network needs it. */
  readonly groups?: Int32Array | undefined
  /** Index of each row's instrument in the dataset. */
  readonly instrument: Int32Array
  /** Importance of each row; default the uniqueness of its label interval. */
  readonly weights?: Float32Array | undefined
}

/** Indices of rows that have a label of any head and pass a test, ascending. */
export function labelledRows(rows: FamilyRows, keep: (row: number) => boolean = () => true): Int32Array {
  const heads = [...rows.labels.values()]
  const kept: number[] = []
  for (let row = 0; row < rows.count; row++) {
    if (keep(row) && heads.some((labels) => (labels instanceof Int32Array ? labels[row] >= 0 : !Number.isNaN(labels[row])))) kept.push(row)
  }
  return Int32Array.from(kept)
}

/** Table rows that some rows' inputs are made of, each once, ascending: what a normaliser is fitted on and drift is measured against. */
export function tableRowsOf({ table, width, windows }: FamilyRows, indices: Int32Array): Int32Array {
  if (windows === undefined) return indices
  const isUsed = new Uint8Array(table.length / width)
  for (const row of indices) isUsed.fill(1, windows.ends[row] - windows.steps + 1, windows.ends[row] + 1)
  return Int32Array.from(isUsed.keys()).filter((row) => isUsed[row] === 1)
}

/** Some rows of the table, `[rows, width]`. */
export function pickTable({ table, width }: Pick<FamilyRows, 'table' | 'width'>, tableRows: Int32Array): Float32Array {
  const picked = new Float32Array(tableRows.length * width)
  tableRows.forEach((row, i) => picked.set(table.subarray(row * width, (row + 1) * width), i * width))
  return picked
}

/** Boundaries of groups over rows in order: the first of each, and the count at the end. */
export function groupOffsets(groups: Int32Array): Int32Array {
  const offsets: number[] = []
  for (let i = 0; i < groups.length; i++) if (i === 0 || groups[i] !== groups[i - 1]) offsets.push(i)
  return Int32Array.from([...offsets, groups.length])
}

/** Intervals of some rows, for splits. */
export function intervalsOf({ t0, t1, groups }: FamilyRows, indices: Int32Array) {
  return {
    t0: BigInt64Array.from(indices, (row) => t0[row]),
    t1: BigInt64Array.from(indices, (row) => t1[row]),
    groups: groups && Int32Array.from(indices, (row) => groups[row]),
  }
}

/** From when the first of some rows, in time order, is known until all of their labels are: what an evaluation and a look at test data name. */
export function stretchOf({ t0, t1 }: Pick<FamilyRows, 't0' | 't1'>, indices: ArrayLike<number>): Evaluation['windows']['test'] {
  let end = 0n
  for (let i = 0; i < indices.length; i++) if (t1[indices[i]] > end) end = t1[indices[i]]
  return { from: formatTime(t0[indices[0]]), to: formatTime(end + 1n) }
}

/**
 * Checks what a family's `readRows` made.
 * @throws {TradingError} `MODEL_INPUT_INVALID` naming the column and the row; `MODEL_TOO_LITTLE_DATA` for no rows
 */
export function checkRows(family: string, { count, table, width, windows, labels, t0, t1, groups, instrument, weights }: FamilyRows): void {
  const invalid = (message: string, details: Record<string, unknown>): TradingError =>
    new TradingError('MODEL_INPUT_INVALID', `${family}: ${message}`, details)
  if (count === 0)
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      `${family}: the data set gave no rows; its features never warmed up, use a longer range`,
      {
        family,
      },
    )
  if (table.length % width !== 0 || (windows === undefined && table.length !== count * width))
    throw invalid(`${count} rows of ${width} features and a table of ${table.length} numbers do not agree`, { count, width })
  const columns = { t0, t1, instrument, groups, weights, ends: windows?.ends, ...Object.fromEntries(labels) }
  for (const [name, column] of Object.entries(columns))
    if (column !== undefined && column.length !== count)
      throw invalid(`${name} has ${column.length} entries for ${count} rows`, { column: name, found: column.length, expected: count })
  for (let row = 0; row < count; row++) {
    if (t1[row] < t0[row] || (row > 0 && t0[row] < t0[row - 1]))
      throw invalid(`row ${row} is out of order, or its label ends before it begins`, { row, t0: t0[row], t1: t1[row] })
  }
  const bad = table.findIndex((x) => x === Infinity || x === -Infinity)
  if (bad >= 0) throw invalid(`feature ${bad % width} of table row ${Math.floor(bad / width)} is infinite`, { row: Math.floor(bad / width), feature: bad % width }) // prettier-ignore
  if (groups !== undefined && new Set(groups).size !== groupOffsets(groups).length - 1)
    throw invalid('the rows of a group do not lie together', {})
}
