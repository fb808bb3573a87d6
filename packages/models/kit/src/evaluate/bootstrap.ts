import { TradingError } from '@gatehouse/contracts'
import { random } from '../random.js'

/** An interval around an estimate, as `Evaluation` has it. */
export interface Interval {
  readonly lower: number
  readonly upper: number
  readonly level: number
  readonly method: string
}

export interface BootstrapOptions {
  /** Mean length of a block in rows: at least the horizon of overlapping labels. Default n^(1/3). */
  readonly block?: number | undefined
  /** Default 1000. */
  readonly draws?: number | undefined
  /** Default 0.95. */
  readonly level?: number | undefined
  readonly seed?: number | undefined
}

/**
 * Percentile interval by the stationary bootstrap (Politis & Romano 1994): blocks of geometric length, wrapped around the end, so that neighbouring rows stay
 * together. For the edge over a baseline, let `statistic` take the difference on the same rows.
 * @param statistic of some row indices, with repetitions; `NaN` draws are left out
 * @throws {TradingError} `MODEL_METRIC_INVALID` when no draw gives a number
 */
export function bootstrapInterval(
  rows: number,
  statistic: (indices: Int32Array) => number,
  { block = Math.cbrt(rows), draws = 1000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval {
  if (!(block >= 1) || !(level > 0 && level < 1) || rows < 2)
    throw new TradingError('MODEL_METRIC_INVALID', 'a bootstrap needs two rows, block >= 1 and a level between 0 and 1', {
      rows,
      block,
      level,
    })
  const draw = random(seed)
  const indices = new Int32Array(rows)
  const values: number[] = []
  for (let d = 0; d < draws; d++) {
    let at = draw.integer(rows)
    for (let i = 0; i < rows; i++) {
      indices[i] = at
      at = draw.uniform() < 1 / block ? draw.integer(rows) : (at + 1) % rows
    }
    const value = statistic(indices)
    if (Number.isFinite(value)) values.push(value)
  }
  if (values.length === 0) throw new TradingError('MODEL_METRIC_INVALID', 'no bootstrap draw gave a number', { draws })
  values.sort((a, b) => a - b)
  const at = (q: number): number => values[Math.min(values.length - 1, Math.floor(q * values.length))]
  return {
    lower: at((1 - level) / 2),
    upper: at((1 + level) / 2),
    level,
    method: `stationary block bootstrap, ${values.length} draws, mean block ${Math.round(10 * block) / 10}, percentiles`,
  }
}

/** The values at some indices: what a bootstrap statistic starts with. */
export function takeRows(values: ArrayLike<number>, indices: Int32Array, width = 1): Float64Array {
  const taken = new Float64Array(indices.length * width)
  for (let i = 0; i < indices.length; i++) for (let k = 0; k < width; k++) taken[i * width + k] = values[indices[i] * width + k]
  return taken
}
