import { requireRange } from './input.js'
import { mean, quantile, sum } from './moments.js'
import { nelderMead } from './nelder-mead.js'

/** Tail of the losses by a generalized Pareto distribution. Losses are positive here. */
export interface GpdRiskEstimates {
  /** Loss above which the tail was fitted; 0 when no fit was found. */
  readonly threshold: number
  readonly scale: number
  readonly shape: number
  /** Loss that is exceeded with probability `probability`. */
  readonly valueAtRisk: number
  /** Mean loss beyond it. */
  readonly expectedShortfall: number
}

const NO_ESTIMATE: GpdRiskEstimates = { threshold: 0, scale: 0, shape: 0, valueAtRisk: 0, expectedShortfall: 0 }
const FIRST_THRESHOLD = 0.2
const LAST_THRESHOLD = 1e-9

/** Options of {@link gpdRiskEstimates}. */
export interface GpdOptions {
  /** Probability of a greater loss. Default 0.01. */
  readonly probability?: number | undefined
  /**
   * - `'halving'` (default): the threshold starts at a loss of 20 % and halves until a fit with a shape above 0 and a positive value at
   *   risk is found; the distribution is fitted to the losses themselves and the probability counts losses (empyrical)
   * - `'peaks-over-threshold'`: fitted to what losses exceed one threshold by, the probability counts all periods (the paper)
   */
  readonly convention?: 'halving' | 'peaks-over-threshold' | undefined
  /** For `'peaks-over-threshold'`. Default: the loss that one loss in ten exceeds. */
  readonly threshold?: number | undefined
}

/**
 * Value at risk and expected shortfall of the tail by extreme value theory.
 * @returns all zero for fewer than three returns or when no fit was found
 * @see Gilli and Kellezi (2006), "An Application of Extreme Value Theory for Measuring Financial Risk", Computational Economics 27
 */
export function gpdRiskEstimates(returns: Float64Array, options: GpdOptions = {}): GpdRiskEstimates {
  const { probability = 0.01, convention = 'halving' } = options
  requireRange('gpdRiskEstimates', 'probability', probability, 0, 1)
  const losses = returns.map((value) => -value).filter((loss) => loss > 0)
  if (returns.length < 3 || losses.length === 0) return NO_ESTIMATE
  if (convention === 'peaks-over-threshold') {
    const threshold = options.threshold ?? quantile(losses, 0.9)
    const excesses = losses.filter((loss) => loss > threshold).map((loss) => loss - threshold)
    const start = Float64Array.of(mean(excesses), 0.1)
    return estimate(excesses, start, { threshold, probability, count: returns.length }) ?? NO_ESTIMATE
  }
  for (let threshold = FIRST_THRESHOLD; threshold > LAST_THRESHOLD; threshold /= 2) {
    const beyond = losses.filter((loss) => loss >= threshold)
    const found = estimate(beyond, Float64Array.of(1, 1), { threshold, probability, count: losses.length })
    if (found !== undefined && found.shape > 0 && found.valueAtRisk > 0) return found
  }
  return NO_ESTIMATE
}

interface Tail {
  readonly threshold: number
  readonly probability: number
  /** Observations that the probability counts. */
  readonly count: number
}

function estimate(sizes: Float64Array, start: Float64Array, { threshold, probability, count }: Tail): GpdRiskEstimates | undefined {
  if (sizes.length === 0) return undefined
  const { at, hasConverged } = nelderMead(([scale, shape]) => -logLikelihood(sizes, scale, shape), start)
  const [scale, shape] = at
  if (!hasConverged || shape === 0) return undefined
  const valueAtRisk = threshold + (scale / shape) * (Math.pow((count / sizes.length) * probability, -shape) - 1)
  const expectedShortfall = shape === 1 ? 0 : valueAtRisk / (1 - shape) + (scale - shape * threshold) / (1 - shape)
  return { threshold, scale, shape, valueAtRisk, expectedShortfall }
}

/** Of sizes under scale and a shape that is not negative; the most negative number elsewhere, which keeps to fat tails. */
function logLikelihood(sizes: Float64Array, scale: number, shape: number): number {
  const impossible = -Number.MAX_VALUE
  if (shape === 0) return scale >= 0 ? -sizes.length * Math.log(scale) - sum(sizes) / scale : impossible
  if (scale === 0 || shape / scale < 0 || scale < 0) return impossible
  const logs = sizes.reduce((total, size) => total + Math.log((shape / scale) * size + 1), 0)
  return -sizes.length * Math.log(scale) - (1 / shape + 1) * logs
}
