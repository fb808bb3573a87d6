import { TradingError } from '@gatehouse/contracts'
import { requireCount } from './input.js'

/** Options of {@link probabilityOfBacktestOverfitting}. */
export interface OverfittingOptions {
  /** Columns of the matrix: the strategies that were tried. */
  readonly trials: number
  /** Even number of blocks that time is cut into; every half of them trains once. Default 16: 12,870 splits. */
  readonly blocks?: number | undefined
}

/** How well the best strategy in sample did out of sample. */
export interface Overfitting {
  /** Probability that the best in sample is below the median out of sample, in [0, 1]. */
  readonly probability: number
  /** Log odds of the relative rank out of sample of the best in sample, one a split, ascending. */
  readonly logits: Float64Array
  /** Share of splits in which the best in sample lost out of sample (Sharpe ratio below 0). */
  readonly probabilityOfLoss: number
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation on Sharpe ratios.
 * @param returns per period, row-major, shape `[periods, trials]`; rows beyond a whole number of blocks are left out
 * @throws {TradingError} `STATISTICS_INPUT` for a shape that does not fit, an odd number of blocks, or a return that is not finite
 * @see Bailey, Borwein, Lopez de Prado and Zhu (2017), "The Probability of Backtest Overfitting", J. of Computational Finance 20(4)
 */
export function probabilityOfBacktestOverfitting(returns: Float64Array, { trials, blocks = 16 }: OverfittingOptions): Overfitting {
  requireCount('probabilityOfBacktestOverfitting', 'trials', trials, 2)
  requireCount('probabilityOfBacktestOverfitting', 'blocks', blocks, 2)
  const periods = returns.length / trials
  const length = Math.floor(periods / blocks)
  if (!Number.isInteger(periods) || blocks % 2 !== 0 || blocks > 24 || length < 2) {
    throw new TradingError(
      'STATISTICS_INPUT',
      `probabilityOfBacktestOverfitting needs whole rows of ${trials} trials, an even number of at most 24 blocks and two rows a block; got ${returns.length} values for ${blocks} blocks`,
      { values: returns.length, trials, blocks },
    )
  }
  const { sums, squares } = blockSums(returns, trials, blocks, length)
  const logits: number[] = []
  let losses = 0
  const half = blocks / 2
  for (const training of halves(blocks)) {
    let best = -1
    let bestRatio = -Infinity
    const outside = new Float64Array(trials)
    for (let trial = 0; trial < trials; trial++) {
      let [inSum, inSquares, outSum, outSquares] = [0, 0, 0, 0]
      for (let block = 0; block < blocks; block++) {
        if ((training >>> block) & 1) {
          inSum += sums[block * trials + trial]
          inSquares += squares[block * trials + trial]
        } else {
          outSum += sums[block * trials + trial]
          outSquares += squares[block * trials + trial]
        }
      }
      const inRatio = sharpeOfSums(inSum, inSquares, half * length)
      outside[trial] = sharpeOfSums(outSum, outSquares, half * length)
      if (inRatio > bestRatio) {
        bestRatio = inRatio
        best = trial
      }
    }
    if (best === -1) continue
    // Ties share the middle of their ranks, so that equal strategies are neither good nor bad.
    let below = 0
    let equal = 0
    for (const ratio of outside) {
      if (ratio < outside[best]) below++
      else if (ratio === outside[best]) equal++
    }
    const rank = (below + (equal + 1) / 2) / (trials + 1)
    logits.push(Math.log(rank / (1 - rank)))
    if (outside[best] < 0) losses++
  }
  const sorted = Float64Array.from(logits).sort()
  return {
    probability: sorted.filter((logit) => logit <= 0).length / (sorted.length || NaN),
    logits: sorted,
    probabilityOfLoss: losses / (sorted.length || NaN),
  }
}

function blockSums(
  returns: Float64Array,
  trials: number,
  blocks: number,
  length: number,
): { readonly sums: Float64Array; readonly squares: Float64Array } {
  const sums = new Float64Array(blocks * trials)
  const squares = new Float64Array(blocks * trials)
  for (let row = 0; row < blocks * length; row++) {
    const block = Math.floor(row / length)
    for (let trial = 0; trial < trials; trial++) {
      const value = returns[row * trials + trial]
      if (!Number.isFinite(value)) {
        throw new TradingError(
          'STATISTICS_INPUT',
          `return of trial ${trial} in period ${row} is ${value}; every trial needs every period`,
          { trial, row },
        )
      }
      sums[block * trials + trial] += value
      squares[block * trials + trial] += value * value
    }
  }
  return { sums, squares }
}

function sharpeOfSums(sum: number, squares: number, count: number): number {
  const mean = sum / count
  const variance = squares / count - mean * mean
  if (variance > 1e-18 * mean * mean) return mean / Math.sqrt(variance)
  return mean === 0 ? 0 : Math.sign(mean) * Infinity
}

/** Every choice of half of the blocks, as bits. */
function* halves(blocks: number): Generator<number> {
  const end = 2 ** blocks
  for (let mask = 2 ** (blocks / 2) - 1; mask < end;) {
    yield mask
    // Gosper's hack: the next larger number with as many bits.
    const low = mask & -mask
    const ripple = mask + low
    mask = ripple | (((mask ^ ripple) / low) >>> 2)
  }
}
