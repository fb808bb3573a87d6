import {
  type AlphaBeta,
  alphaBeta,
  type AlphaOptions,
  upCapture,
  downCapture,
  upDownCapture,
  beta,
  alpha,
  excessSharpe,
} from './benchmark.js'
import { maxDrawdown } from './drawdown.js'
import { requireCount, requireSameLength } from './input.js'
import { type SharpeOptions, sharpeRatio, type SortinoOptions, sortinoRatio } from './ratios.js'
import { type AnnualOptions, annualReturn } from './returns.js'
import { annualVolatility, type DownsideOptions, downsideRisk, type VolatilityOptions } from './volatility.js'

/**
 * A statistic over a rolling window.
 * @param window rows each value is computed of
 * @returns shape `[max(0, n - window + 1)]`: the first value belongs to row `window - 1`
 * @throws {TradingError} `STATISTICS_INPUT` for a window that is not a whole number of at least 1
 */
export function roll(values: Float64Array, window: number, statistic: (values: Float64Array) => number): Float64Array {
  requireCount('roll', 'window', window)
  return Float64Array.from({ length: Math.max(0, values.length - window + 1) }, (_, i) => statistic(values.subarray(i, i + window)))
}

/** {@link roll} over two series row by row. @throws {TradingError} `STATISTICS_INPUT` when the lengths differ */
export function rollPairs<T>(
  left: Float64Array,
  right: Float64Array,
  window: number,
  statistic: (left: Float64Array, right: Float64Array) => T,
): readonly T[] {
  requireCount('rollPairs', 'window', window)
  requireSameLength('rollPairs', left, right)
  return Array.from({ length: Math.max(0, left.length - window + 1) }, (_, i) =>
    statistic(left.subarray(i, i + window), right.subarray(i, i + window)),
  )
}

/** Options of the rolling statistics. */
export interface RollOptions {
  /** Rows in a window. */
  readonly window: number
}

/** Rolling {@link maxDrawdown}, each window from its own start. */
export function rollMaxDrawdown(returns: Float64Array, { window }: RollOptions): Float64Array {
  return roll(returns, window, maxDrawdown)
}

/** Rolling {@link annualReturn}. */
export function rollCagr(returns: Float64Array, { window, ...options }: RollOptions & AnnualOptions): Float64Array {
  return roll(returns, window, (part) => annualReturn(part, options))
}

/** Rolling {@link annualVolatility}. */
export function rollAnnualVolatility(returns: Float64Array, { window, ...options }: RollOptions & VolatilityOptions): Float64Array {
  return roll(returns, window, (part) => annualVolatility(part, options))
}

/** Rolling {@link downsideRisk} against a constant required return. */
export function rollDownsideRisk(
  returns: Float64Array,
  { window, ...options }: RollOptions & DownsideOptions & { readonly requiredReturn?: number | undefined },
): Float64Array {
  return roll(returns, window, (part) => downsideRisk(part, options))
}

/** Rolling {@link sharpeRatio} against a constant risk-free return. */
export function rollSharpeRatio(
  returns: Float64Array,
  { window, ...options }: RollOptions & SharpeOptions & { readonly riskFree?: number | undefined },
): Float64Array {
  return roll(returns, window, (part) => sharpeRatio(part, options))
}

/** Rolling {@link sortinoRatio} against a constant required return. */
export function rollSortinoRatio(
  returns: Float64Array,
  { window, ...options }: RollOptions & SortinoOptions & { readonly requiredReturn?: number | undefined },
): Float64Array {
  return roll(returns, window, (part) => sortinoRatio(part, options))
}

/** Rolling {@link excessSharpe}. */
export function rollExcessSharpe(returns: Float64Array, benchmark: Float64Array, { window }: RollOptions): Float64Array {
  return Float64Array.from(rollPairs(returns, benchmark, window, excessSharpe))
}

/** Rolling {@link alphaBeta}.. */
export function rollAlphaBeta(
  returns: Float64Array,
  benchmark: Float64Array,
  { window, ...options }: RollOptions & AlphaOptions,
): readonly AlphaBeta[] {
  return rollPairs(returns, benchmark, window, (own, market) => alphaBeta(own, market, options))
}

/** Rolling {@link alpha}. */
export function rollAlpha(
  returns: Float64Array,
  benchmark: Float64Array,
  { window, ...options }: RollOptions & AlphaOptions,
): Float64Array {
  return Float64Array.from(rollPairs(returns, benchmark, window, (own, market) => alpha(own, market, options)))
}

/** Rolling {@link beta}. */
export function rollBeta(returns: Float64Array, benchmark: Float64Array, { window, ...options }: RollOptions & AlphaOptions): Float64Array {
  return Float64Array.from(rollPairs(returns, benchmark, window, (own, market) => beta(own, market, options)))
}

/** Rolling {@link upCapture}. */
export function rollUpCapture(
  returns: Float64Array,
  benchmark: Float64Array,
  { window, ...options }: RollOptions & AnnualOptions,
): Float64Array {
  return Float64Array.from(rollPairs(returns, benchmark, window, (own, market) => upCapture(own, market, options)))
}

/** Rolling {@link downCapture}. */
export function rollDownCapture(
  returns: Float64Array,
  benchmark: Float64Array,
  { window, ...options }: RollOptions & AnnualOptions,
): Float64Array {
  return Float64Array.from(rollPairs(returns, benchmark, window, (own, market) => downCapture(own, market, options)))
}

/** Rolling {@link upDownCapture}. */
export function rollUpDownCapture(
  returns: Float64Array,
  benchmark: Float64Array,
  { window, ...options }: RollOptions & AnnualOptions,
): Float64Array {
  return Float64Array.from(rollPairs(returns, benchmark, window, (own, market) => upDownCapture(own, market, options)))
}
