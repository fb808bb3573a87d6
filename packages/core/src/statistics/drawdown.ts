import { sum } from './moments.js'

/**
 * Drawdown of compounded returns from the highest value so far, the start included: `value / peak - 1`, fractions in [-1, 0].
 * @returns shape `[periods]`
 */
export function drawdownSeries(returns: Float64Array): Float64Array {
  const out = new Float64Array(returns.length)
  let growth = 1
  let peak = 1
  for (let i = 0; i < returns.length; i++) {
    if (returns[i] === returns[i]) growth *= 1 + returns[i]
    if (growth > peak) peak = growth
    out[i] = (growth - peak) / peak
  }
  return out
}

/** Drawdown of an equity or price curve from its highest value so far; fractions in [-1, 0]; shape as given, `NaN` at a gap and until equity is first above 0. */
export function drawdownOfEquity(equity: Float64Array): Float64Array {
  const out = new Float64Array(equity.length)
  let peak = -Infinity
  for (let i = 0; i < equity.length; i++) {
    if (equity[i] > peak) peak = equity[i]
    out[i] = peak > 0 ? (equity[i] - peak) / peak : NaN
  }
  return out
}

/**
 * Largest loss from a peak of the compounded returns, the start included: a fraction in [-1, 0].
 * @returns `NaN` for no returns
 */
export function maxDrawdown(returns: Float64Array): number {
  return returns.length === 0 ? NaN : least(drawdownSeries(returns))
}

/** Largest loss from a peak of an equity or price curve: a fraction in [-1, 0]; `NaN` for an empty curve. */
export function maxDrawdownOfEquity(equity: Float64Array): number {
  let peak = -Infinity
  let deepest = NaN
  for (let i = 0; i < equity.length; i++) {
    if (equity[i] > peak) peak = equity[i]
    const fall = peak > 0 ? (equity[i] - peak) / peak : NaN
    if (fall === fall && !(fall >= deepest)) deepest = fall
  }
  return deepest
}

/** One fall from a peak and the way back. Positions are rows of the curve. */
export interface Drawdown {
  /** Row of the peak it fell from. */
  readonly peak: number
  /** Row of the lowest point. */
  readonly trough: number
  /** First row back at or above the peak; the last row of the curve when it never came back. */
  readonly end: number
  /** At the trough: a fraction in [-1, 0). */
  readonly depth: number
  readonly isRecovered: boolean
}

/**
 * Every drawdown of an equity or price curve, oldest first. A curve that ends under water has an unrecovered last one.
 * @param equity shape `[n]`; rows that are `NaN` are passed over
 */
export function drawdowns(equity: Float64Array): readonly Drawdown[] {
  const found: Drawdown[] = []
  forEachDrawdown(equity, (drawdown) => found.push(drawdown))
  return found
}

/** {@link drawdowns} one at a time, for curves whose drawdowns are too many to hold. */
export function forEachDrawdown(equity: Float64Array, visit: (drawdown: Drawdown) => void): void {
  let peak = -1
  let trough = -1
  let last = -1
  for (let i = 0; i < equity.length; i++) {
    if (equity[i] !== equity[i]) continue
    last = i
    if (peak === -1 || equity[i] >= equity[peak] || !(equity[peak] > 0)) {
      if (trough !== -1) visit({ peak, trough, end: i, depth: equity[trough] / equity[peak] - 1, isRecovered: true })
      peak = i
      trough = -1
    } else if (trough === -1 || equity[i] < equity[trough]) trough = i
  }
  if (trough !== -1) visit({ peak, trough, end: last, depth: equity[trough] / equity[peak] - 1, isRecovered: false })
}

/**
 * Longest time from a trough back to the level of the peak before it, in the unit of `times`; unrecovered falls do not count.
 * @param times shape as `equity`, ascending
 */
export function longestRecovery(equity: Float64Array, times: Float64Array): number {
  let longest = 0
  for (const { trough, end, isRecovered } of drawdowns(equity)) {
    if (isRecovered) longest = Math.max(longest, times[end] - times[trough])
  }
  return longest
}

/**
 * Ulcer index: root of the squared drawdowns over `n - 1`, a fraction.
 * @see Martin and McCann (1989), "The Investor's Guide to Fidelity Funds"
 */
export function ulcerIndex(returns: Float64Array): number {
  if (returns.length < 2) return NaN
  const falls = drawdownSeries(returns)
  let squares = 0
  for (let i = 0; i < falls.length; i++) squares += falls[i] * falls[i]
  return Math.sqrt(squares / (returns.length - 1))
}

/** Pain index: the mean drawdown, as a positive fraction. */
export function painIndex(returns: Float64Array): number {
  return returns.length === 0 ? NaN : -sum(drawdownSeries(returns)) / returns.length
}

function least(values: Float64Array): number {
  let found = NaN
  for (let i = 0; i < values.length; i++) if (!(values[i] >= found) && values[i] === values[i]) found = values[i]
  return found
}
