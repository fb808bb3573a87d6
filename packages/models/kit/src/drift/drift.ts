import { TradingError, type ModelDescription } from '@gatehouse/contracts'

/** Bins of one feature over the training rows, as `model.json` has them. */
export type DriftReference = NonNullable<ModelDescription['driftReference']>[number]

/**
 * Bins each feature of training rows `[rows, names]` by its quantiles; missing values are left out. A feature that has nearly always one value, a rare flag say, gets a
 * second edge just above it: else all that it may become would lie in one bin with it.
 * @param values in the precision in which rows are observed: a value that stands on an edge must stay there
 * @param bins default 10, as the population stability index is read
 * @throws {TradingError} `MODEL_METRIC_INVALID` for values that are not whole rows
 */
export function driftReference(values: Float64Array | Float32Array, names: readonly string[], bins = 10): readonly DriftReference[] {
  if (!Number.isInteger(bins) || bins < 2)
    throw new TradingError('MODEL_METRIC_INVALID', `bins must be at least 2, found ${bins}`, { bins })
  if (values.length % names.length !== 0)
    throw new TradingError('MODEL_METRIC_INVALID', `${values.length} values are not rows of ${names.length}`, { values: values.length })
  return names.map((feature, j) => {
    const column: number[] = []
    for (let i = j; i < values.length; i += names.length) if (Number.isFinite(values[i])) column.push(values[i])
    column.sort((a, b) => a - b)
    const quantiles = Array.from({ length: bins - 1 }, (_, k) => column[Math.floor(((k + 1) * column.length) / bins)])
    const edges = column.length === 0 ? [0] : [...new Set(quantiles)]
    if (column.length > 0 && edges.length === 1) edges.push(column.find((x) => x > edges[0]) ?? justAbove(edges[0]))
    const counts = new Float64Array(edges.length + 1)
    for (const x of column) counts[binOf(edges, x)]++
    return { feature, edges, fractions: Array.from(counts, (n) => (column.length > 0 ? n / column.length : 1 / counts.length)) }
  })
}

/** Counts what a predictor sees against the training distribution. Allocates nothing per row. */
export interface DriftMonitor {
  /** Takes one feature vector; missing values are left out. */
  observe(values: ArrayLike<number>): void
  /**
   * Population stability index a feature: `sum (p - q) ln(p / q)` over bins. Under 0.1 stable, over 0.25 shifted, as it is read in credit scoring. `NaN` before
   * the first row. Shares are floored at half a row, so that an empty bin does not make it infinite.
   */
  stabilityIndex(): Float64Array
  /** Rows counted. */
  readonly rows: number
  /** Counts as bytes, and back. */
  save(): Uint8Array
  restore(state: Uint8Array): void
  reset(): void
}

export function driftMonitor(reference: readonly DriftReference[]): DriftMonitor {
  const offsets: number[] = []
  let total = 0
  for (const { edges } of reference) {
    offsets.push(total)
    total += edges.length + 1
  }
  // The last number is the row count.
  const counts = new Float64Array(total + 1)
  return {
    get rows() {
      return counts[total]
    },
    observe(values) {
      counts[total]++
      for (let j = 0; j < reference.length; j++) if (Number.isFinite(values[j])) counts[offsets[j] + binOf(reference[j].edges, values[j])]++
    },
    stabilityIndex: () =>
      Float64Array.from(reference, ({ fractions }, j) => {
        let rows = 0
        for (let k = 0; k < fractions.length; k++) rows += counts[offsets[j] + k]
        let index = 0
        for (let k = 0; k < fractions.length; k++) {
          const p = Math.max(counts[offsets[j] + k], 0.5) / rows
          const q = Math.max(fractions[k], 0.5 / rows)
          index += (p - q) * Math.log(p / q)
        }
        return rows > 0 ? index : NaN
      }),
    save: () => new Uint8Array(counts.slice().buffer),
    restore(state) {
      if (state.length !== counts.byteLength)
        throw new TradingError('MODEL_STATE_INVALID', 'the saved drift counts belong to another reference', {
          expected: counts.byteLength,
          found: state.length,
        })
      const saved = new Float64Array(state.slice().buffer)
      if (!saved.every((count) => Number.isSafeInteger(count) && count >= 0))
        throw new TradingError('MODEL_STATE_INVALID', 'the saved drift counts are damaged', {})
      counts.set(saved)
    },
    reset: () => void counts.fill(0),
  }
}

/** A step or two of float32: rounding does not cross it, anything else does. */
const justAbove = (x: number): number => x + Math.max(Math.abs(x) * 2 ** -22, 2 ** -126)

/** Bin of a number: how many edges lie at or below it. */
function binOf(edges: readonly number[], x: number): number {
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (x >= edges[middle]) low = middle + 1
    else high = middle
  }
  return low
}
