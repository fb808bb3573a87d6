import { requireCount } from './input.js'
import { maxDrawdown } from './drawdown.js'
import { mean, median, quantileOfSorted, standardDeviation } from './moments.js'
import { sharpeRatio } from './ratios.js'
import { annualReturn, type AnnualOptions, cumReturnsFinal } from './returns.js'
import { best, worst } from './wins.js'

/** Options of {@link monteCarlo}. */
export interface MonteCarloOptions extends AnnualOptions {
  /** Paths to draw. Default 1000. */
  readonly paths?: number | undefined
  /**
   * - `'shuffle'` (default): the same returns in another order; the end is the same, the drawdowns are not
   * - `'bootstrap'`: returns drawn with replacement
   * - `'block'`: runs of `blockLength` returns drawn with replacement, which keeps their dependence
   */
  readonly method?: 'shuffle' | 'bootstrap' | 'block' | undefined
  /** Default 20. */
  readonly blockLength?: number | undefined
  /** Same seed, same paths. Default 1. */
  readonly seed?: number | undefined
}

/** A statistic over many paths. */
export interface PathDistribution {
  /** One value a path, ascending. */
  readonly values: Float64Array
  readonly mean: number
  readonly median: number
  readonly standardDeviation: number
  readonly least: number
  readonly most: number
  /** Fractions in [0, 1]: `quantile(0.05)`. */
  quantile(fraction: number): number
  /** Share of paths at or below a value: the probability of ruin for a drawdown, of missing a goal for a return. */
  shareAtOrBelow(value: number): number
}

/** Distributions over the paths. */
export interface MonteCarlo {
  readonly totalReturn: PathDistribution
  readonly annualReturn: PathDistribution
  readonly maxDrawdown: PathDistribution
  readonly sharpeRatio: PathDistribution
}

/** What other orders or samples of the same returns would have come to. Deterministic for a seed. */
export function monteCarlo(returns: Float64Array, options: MonteCarloOptions = {}): MonteCarlo {
  const { paths = 1000, method = 'shuffle', blockLength = 20, seed = 1, periodsPerYear = 'daily' } = options
  requireCount('monteCarlo', 'paths', paths)
  requireCount('monteCarlo', 'blockLength', blockLength)
  const random = mulberry32(seed)
  const columns = Array.from({ length: 4 }, () => new Float64Array(paths))
  const path = returns.slice()
  for (let i = 0; i < paths; i++) {
    if (method === 'shuffle') shuffle(path, random)
    else draw(path, returns, method === 'block' ? blockLength : 1, random)
    columns[0][i] = cumReturnsFinal(path)
    columns[1][i] = annualReturn(path, { periodsPerYear })
    columns[2][i] = maxDrawdown(path)
    columns[3][i] = sharpeRatio(path, { periodsPerYear })
  }
  const [totalReturn, annual, drawdown, sharpe] = columns.map(distributionOf)
  return { totalReturn, annualReturn: annual, maxDrawdown: drawdown, sharpeRatio: sharpe }
}

function distributionOf(column: Float64Array): PathDistribution {
  const values = column.filter((value) => value === value).sort()
  return {
    values,
    mean: mean(values),
    median: median(values),
    standardDeviation: standardDeviation(values),
    least: worst(values),
    most: best(values),
    quantile: (fraction) => quantileOfSorted(values, fraction),
    shareAtOrBelow: (value) => values.filter((drawn) => drawn <= value).length / (values.length || NaN),
  }
}

function shuffle(values: Float64Array, random: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const swapped = values[i]
    values[i] = values[j]
    values[j] = swapped
  }
}

function draw(into: Float64Array, from: Float64Array, length: number, random: () => number): void {
  let row = 0
  for (let i = 0; i < into.length; i++) {
    // Blocks wrap around, so that the first and last returns are drawn as often as any other.
    row = i % length === 0 ? Math.floor(random() * from.length) : (row + 1) % from.length
    into[i] = from[row]
  }
}

/** Tommy Ettinger's 32-bit generator: small, seeded, the same on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
