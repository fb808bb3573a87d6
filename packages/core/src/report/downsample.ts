import { type Curve } from '../statistics/sampling.js'
import { secondsReader } from '../statistics/time-columns.js'

/**
 * Thins a curve so that a chart looks the same and its size does not depend on the length of the run. Time is cut into `columns` equal
 * steps, and of each the first, lowest, highest and last row are kept: no spike and no drawdown is lost. Rows that are not finite go.
 * @returns at most `4 * columns` rows
 */
export function thin(curve: Curve, columns: number): Curve {
  const rows = rowsToDraw(curve, columns)
  return { times: BigInt64Array.from(rows, (row) => curve.times[row]), values: Float64Array.from(rows, (row) => curve.values[row]) }
}

function rowsToDraw({ times, values }: Curve, columns: number): readonly number[] {
  const count = times.length
  const rows: number[] = []
  if (count <= 4 * columns) {
    for (let row = 0; row < count; row++) if (Number.isFinite(values[row])) rows.push(row)
    return rows
  }
  const secondsAt = secondsReader(times)
  const first = secondsAt(0)
  const scale = columns / (secondsAt(count - 1) - first || 1)
  const columnOf = (row: number): number => Math.min(columns - 1, Math.floor((secondsAt(row) - first) * scale))
  for (let start = 0; start < count;) {
    const column = columnOf(start)
    let low = -1
    let high = -1
    let opening = -1
    let closing = -1
    let row = start
    for (; row < count && columnOf(row) === column; row++) {
      const value = values[row]
      if (!Number.isFinite(value)) continue
      if (opening === -1) opening = low = high = row
      if (value < values[low]) low = row
      if (value > values[high]) high = row
      closing = row
    }
    if (opening !== -1) rows.push(...new Set([opening, Math.min(low, high), Math.max(low, high), closing]))
    start = row
  }
  return rows
}

/** Evenly spread rows, the first and the last included, at most `most`. */
export function evenRows(count: number, most: number): Uint32Array {
  if (count <= most) return Uint32Array.from({ length: count }, (_, row) => row)
  return Uint32Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)))
}
