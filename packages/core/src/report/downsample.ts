/**
 * Rows to draw of a series, so that a chart looks the same and its size does not depend on the length of the run.
 * Time is cut into `columns` equal steps, and of each the first, lowest, highest and last row are kept: no spike is lost.
 * @param times seconds, ascending; shape `[n]`
 * @param values shape `[n]`; rows that are not finite are never kept
 * @returns ascending rows, at most `4 * columns`
 */
export function rowsToDraw(times: Float64Array, values: Float64Array, columns: number): Uint32Array {
  const count = times.length
  if (count <= 4 * columns) return Uint32Array.from(values.keys()).filter((row) => Number.isFinite(values[row]))
  const first = times[0]
  const scale = columns / (times[count - 1] - first || 1)
  const rows: number[] = []
  for (let start = 0; start < count;) {
    const column = columnOf(times[start])
    let low = -1
    let high = -1
    let opening = -1
    let closing = -1
    let row = start
    for (; row < count && columnOf(times[row]) === column; row++) {
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
  return Uint32Array.from(rows)

  function columnOf(time: number): number {
    return Math.min(columns - 1, Math.floor((time - first) * scale))
  }
}

/** Evenly spread rows, the first and the last included, at most `most`. */
export function evenRows(count: number, most: number): Uint32Array {
  if (count <= most) return Uint32Array.from({ length: count }, (_, row) => row)
  return Uint32Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)))
}
