import { requireCount } from './input.js'
import { countValid, kurtosis, mean, skewness, standardDeviation, variance, type MomentOptions } from './moments.js'
import { normalCdf, normalQuantile } from './normal.js'
import { adjustedSortino, sortinoRatio } from './ratios.js'

const EULER_MASCHERONI = 0.5772156649015329

/** Options of {@link probabilisticSharpeRatio}. */
export interface ProbabilisticSharpeOptions extends MomentOptions {
  /** Sharpe ratio *per period* to beat. Default 0. LEAN: `1 / Math.sqrt(252)`, a yearly ratio of 1. */
  readonly benchmarkSharpe?: number | undefined
  /** Risk-free return per period. Default 0. */
  readonly riskFree?: number | undefined
  /** A ratio per period to judge in place of the returns' own Sharpe ratio (a Sortino ratio, a penalised one). */
  readonly ratio?: number | undefined
  /**
   * Which fourth moment enters the error: `'excess-3'` treats the *excess* kurtosis as if it were the raw one (quantstats);
   * `'raw'` (default) is Bailey and Lopez de Prado's formula, `1 - skew * SR + (k - 1) / 4 * SR^2` with raw kurtosis k = excess + 3;
   * `'excess-1'` puts the excess kurtosis in place of k (LEAN).
   */
  readonly kurtosisTerm?: 'raw' | 'excess-1' | 'excess-3' | undefined
}

/**
 * Standard error of a Sharpe ratio per period under skewed, fat-tailed returns.
 * @see Mertens (2002), "Comments on variance of the IID estimator in Lo"
 */
export function sharpeStandardError(
  returns: Float64Array,
  sharpe: number,
  { estimator, kurtosisTerm = 'raw' }: Pick<ProbabilisticSharpeOptions, 'estimator' | 'kurtosisTerm'> = {},
): number {
  const skew = skewness(returns, { estimator })
  const excess = kurtosis(returns, { estimator })
  const squared = sharpe * sharpe
  const fourth =
    kurtosisTerm === 'raw'
      ? ((excess + 2) / 4) * squared
      : kurtosisTerm === 'excess-1'
        ? ((excess - 1) / 4) * squared
        : ((excess - 3) / 4 + 0.5) * squared
  return Math.sqrt((1 - skew * sharpe + fourth) / (countValid(returns) - 1))
}

/**
 * Probability that the true Sharpe ratio is above a benchmark, given the length and shape of the sample; in [0, 1].
 * @param returns per period, fractions
 * @returns `NaN` for fewer than four returns or no variance
 * @see Bailey and Lopez de Prado (2012), "The Sharpe Ratio Efficient Frontier", J. of Risk 15(2)
 */
export function probabilisticSharpeRatio(returns: Float64Array, options: ProbabilisticSharpeOptions = {}): number {
  const { benchmarkSharpe = 0, riskFree = 0, ratio } = options
  const deviation = standardDeviation(returns)
  if (countValid(returns) < 4 || !(deviation > 0)) return NaN
  const sharpe = ratio ?? (mean(returns) - riskFree) / deviation
  return normalCdf((sharpe - benchmarkSharpe) / sharpeStandardError(returns, sharpe, options))
}

/** {@link probabilisticSharpeRatio} of the Sortino ratio per period in place of the Sharpe ratio. */
export function probabilisticSortinoRatio(returns: Float64Array, options: ProbabilisticSharpeOptions = {}): number {
  return probabilisticSharpeRatio(returns, { ...options, ratio: sortinoRatio(returns, { periodsPerYear: 1 }) })
}

/** {@link probabilisticSharpeRatio} of the {@link adjustedSortino} ratio per period in place of the Sharpe ratio. */
export function probabilisticAdjustedSortinoRatio(returns: Float64Array, options: ProbabilisticSharpeOptions = {}): number {
  return probabilisticSharpeRatio(returns, { ...options, ratio: adjustedSortino(returns, { periodsPerYear: 1 }) })
}

/**
 * Sharpe ratio per period that the best of `trials` worthless strategies is expected to show.
 * @param trials how many independent strategies were tried
 * @param varianceOfSharpes variance of their Sharpe ratios per period
 * @see Bailey and Lopez de Prado (2014), "The Deflated Sharpe Ratio", J. of Portfolio Management 40(5)
 */
export function expectedMaximumSharpe(trials: number, varianceOfSharpes: number): number {
  requireCount('expectedMaximumSharpe', 'trials', trials)
  if (trials === 1) return 0
  const first = normalQuantile(1 - 1 / trials)
  const second = normalQuantile(1 - 1 / (trials * Math.E))
  return Math.sqrt(varianceOfSharpes) * ((1 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second)
}

/** Options of {@link deflatedSharpeRatio}: what else was tried. */
export interface DeflatedSharpeOptions extends MomentOptions {
  /** How many independent strategies were tried, the chosen one included. */
  readonly trials: number
  /** Variance of their Sharpe ratios *per period*. Or give `trialSharpes`. */
  readonly varianceOfSharpes?: number | undefined
  /** Their Sharpe ratios per period. */
  readonly trialSharpes?: Float64Array | undefined
  /** Risk-free return per period. Default 0. */
  readonly riskFree?: number | undefined
}

/**
 * {@link probabilisticSharpeRatio} against the best that chance alone would show after that many trials; in [0, 1].
 * @returns `NaN` without the variance of the trials' ratios: unknown is not zero
 * @see Bailey and Lopez de Prado (2014), "The Deflated Sharpe Ratio", J. of Portfolio Management 40(5)
 */
export function deflatedSharpeRatio(returns: Float64Array, options: DeflatedSharpeOptions): number {
  const { trials, trialSharpes, riskFree, estimator } = options
  const spread = options.varianceOfSharpes ?? (trialSharpes === undefined ? NaN : variance(trialSharpes))
  const benchmarkSharpe = trials === 1 ? 0 : expectedMaximumSharpe(trials, spread)
  return probabilisticSharpeRatio(returns, { benchmarkSharpe, riskFree, estimator })
}

/**
 * How many periods are needed before a Sharpe ratio is above `benchmarkSharpe` with the given confidence.
 * @returns periods; infinite when the ratio is not above the benchmark
 * @see Bailey and Lopez de Prado (2012), "The Sharpe Ratio Efficient Frontier", J. of Risk 15(2)
 */
export function minimumTrackRecordLength(
  returns: Float64Array,
  {
    benchmarkSharpe = 0,
    confidence = 0.95,
    riskFree = 0,
  }: { benchmarkSharpe?: number | undefined; confidence?: number | undefined; riskFree?: number | undefined } = {},
): number {
  const sharpe = (mean(returns) - riskFree) / standardDeviation(returns)
  if (sharpe !== sharpe) return NaN
  if (sharpe <= benchmarkSharpe) return Infinity
  const perPeriod = sharpeStandardError(returns, sharpe) ** 2 * (countValid(returns) - 1)
  return 1 + perPeriod * (normalQuantile(confidence) / (sharpe - benchmarkSharpe)) ** 2
}
