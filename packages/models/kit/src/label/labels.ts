import { TradingError } from '@gatehouse/contracts'

/** Labels with the stretch of the series each depends on; rows `from[i]` to `to[i]`, both included. Splits are purged by these intervals. */
export interface LabelSet<A extends Int32Array | Float32Array = Int32Array | Float32Array> {
  /** Negative (class) or `NaN` where the series ends before the label is known. */
  readonly labels: A
  readonly from: Int32Array
  readonly to: Int32Array
}

/** Times of a label set's intervals, for splits. */
export function labelIntervals(
  { from, to }: Pick<LabelSet, 'from' | 'to'>,
  times: BigInt64Array,
): { t0: BigInt64Array; t1: BigInt64Array } {
  return { t0: BigInt64Array.from(from, (row) => times[row]), t1: BigInt64Array.from(to, (row) => times[row]) }
}

/**
 * Forward log return over `horizon` rows in units of its own volatility: `(ln P[t+H] - ln P[t]) / (sigma[t] * sqrt(H))`.
 * @param volatility of one row's log return, known at t
 */
export function forwardReturn(
  prices: Float64Array,
  { horizon, volatility }: { readonly horizon: number; readonly volatility: Float64Array },
): LabelSet<Float32Array> {
  requireHorizon(horizon)
  sameLength(prices, volatility)
  return rows(
    prices.length,
    horizon,
    Float32Array,
    NaN,
    (t, end) => Math.log(prices[end] / prices[t]) / (volatility[t] * Math.sqrt(horizon)),
  )
}

/**
 * Cuts a number into ordered classes: class k holds `cuts[k-1] <= x < cuts[k]`; missing stays missing.
 * @param cuts ascending
 */
export function cutIntoClasses({ labels, from, to }: LabelSet<Float32Array>, cuts: readonly number[]): LabelSet<Int32Array> {
  if (cuts.length === 0 || cuts.some((cut, i) => Number.isNaN(cut) || cut <= cuts[i - 1])) throw invalid('cuts must ascend', { cuts })
  return { labels: Int32Array.from(labels, (x) => (Number.isNaN(x) ? -1 : cuts.filter((cut) => x >= cut).length)), from, to }
}

/**
 * Trend by volatility: 0 bull-quiet, 1 bull-volatile, 2 range, 3 bear-quiet, 4 bear-volatile. Range where the forward return is at most `flat` of its
 * volatility; volatile where the deviation of the next `horizon` returns exceeds `wild` times the volatility known at t.
 * @param trendVolatility scales the forward return, `longVolatility` the volatility to come; both of one row
 */
export function trendByVolatility(
  prices: Float64Array,
  {
    horizon,
    trendVolatility,
    longVolatility,
    flat = 0.25,
    wild = 1.15,
  }: {
    readonly horizon: number
    readonly trendVolatility: Float64Array
    readonly longVolatility: Float64Array
    readonly flat?: number | undefined
    readonly wild?: number | undefined
  },
): LabelSet<Int32Array> {
  requireHorizon(horizon)
  sameLength(prices, trendVolatility, longVolatility)
  return rows(prices.length, horizon, Int32Array, -1, (t, end) => {
    const z = Math.log(prices[end] / prices[t]) / (trendVolatility[t] * Math.sqrt(horizon))
    let [sum, squares] = [0, 0]
    for (let i = t + 1; i <= end; i++) {
      const r = Math.log(prices[i] / prices[i - 1])
      sum += r
      squares += r * r
    }
    const deviation = Math.sqrt(Math.max(0, squares - (sum * sum) / horizon) / Math.max(1, horizon - 1))
    if (!Number.isFinite(z) || !Number.isFinite(deviation) || !Number.isFinite(longVolatility[t])) return NaN
    const isWild = deviation > wild * longVolatility[t]
    return Math.abs(z) <= flat ? 2 : (z > 0 ? 0 : 3) + (isWild ? 1 : 0)
  })
}

export interface BarrierLabels extends LabelSet<Int32Array> {
  /** Row at which a barrier was touched, or the horizon ended. */
  readonly touched: Int32Array
  /** Log return from t to that row. */
  readonly returns: Float64Array
}

/**
 * Triple barrier (López de Prado 2018, chapter 3): 2 when the upper barrier is touched first, 0 the lower, 1 when neither is within `horizon` rows. A row that
 * touches both counts as the lower one: within a bar the order is unknown, and the pessimist is not surprised. A missing row before the touch leaves no label:
 * nobody knows what it touched. Rows whose horizon the series does not hold have a label only where they touch early, which is a choice of wild ones: give them
 * `NaN` distances to leave them out.
 * @param high highs and lows of the rows where they are bars; default the prices
 * @param up distance of the barriers as log returns at each t (a multiple of volatility, say); `NaN` gives no label
 */
export function tripleBarrier(
  prices: Float64Array,
  {
    horizon,
    up,
    down = up,
    high = prices,
    low = prices,
  }: {
    readonly horizon: number
    readonly up: Float64Array
    readonly down?: Float64Array | undefined
    readonly high?: Float64Array | undefined
    readonly low?: Float64Array | undefined
  },
): BarrierLabels {
  requireHorizon(horizon)
  sameLength(prices, up, down, high, low)
  const n = prices.length
  const labels = new Int32Array(n).fill(-1)
  const touched = Int32Array.from({ length: n }, (_, t) => Math.min(n - 1, t + horizon))
  const returns = new Float64Array(n).fill(NaN)
  for (let t = 0; t < n; t++) {
    if (!(up[t] > 0 && down[t] > 0)) continue
    const [upper, lower] = [prices[t] * Math.exp(up[t]), prices[t] * Math.exp(-down[t])]
    if (Number.isNaN(upper + lower)) continue
    for (let i = t + 1; i <= t + horizon && i < n; i++) {
      if (Number.isNaN(prices[i] + high[i] + low[i])) break
      const isLower = low[i] <= lower
      const isUpper = !isLower && high[i] >= upper
      if (!isLower && !isUpper && i < t + horizon) continue
      labels[t] = isLower ? 0 : isUpper ? 2 : 1
      touched[t] = i
      returns[t] = Math.log((isLower ? Math.min(lower, high[i]) : isUpper ? Math.max(upper, low[i]) : prices[i]) / prices[t])
      break
    }
  }
  return { labels, touched, returns, from: Int32Array.from({ length: n }, (_, t) => t), to: touched }
}

/** Meta-label of a side (+1, -1, 0 none): 1 when following it touched its profit barrier first, else 0; `NaN` without a side or label. */
export function metaLabel({ labels, from, to }: BarrierLabels, side: Int8Array | Int32Array): LabelSet<Float32Array> {
  sameLength(labels, side)
  return {
    labels: Float32Array.from(labels, (label, t) => (label < 0 || side[t] === 0 ? NaN : label === (side[t] > 0 ? 2 : 0) ? 1 : 0)),
    from,
    to,
  }
}

/**
 * Direction of the mean of the next `horizon` mids against the mid now: 0 down, 1 flat (within `threshold` as a log move), 2 up. Rows may be events.
 */
export function smoothedDirection(
  mids: Float64Array,
  { horizon, threshold }: { readonly horizon: number; readonly threshold: number },
): LabelSet<Int32Array> {
  requireHorizon(horizon)
  return rows(mids.length, horizon, Int32Array, -1, (t, end) => {
    // Each window is summed afresh, as differences from the mid now: a missing mid then spoils only the windows it lies in, and a price that stood still is 0 to the
    // last bit, where a running sum would leave a trace that a threshold of 0 takes for a move.
    let sum = 0
    for (let k = t + 1; k <= end; k++) sum += mids[k] - mids[t]
    const move = Math.log1p(sum / (horizon * mids[t]))
    return Number.isNaN(move) ? NaN : move > threshold ? 2 : move < -threshold ? 0 : 1
  })
}

/** Spread at the horizon against now: 0 narrower, 1 same, 2 wider. Spreads in ticks; differences under half a tick are none. */
export function spreadTransition(spreadTicks: Float64Array, horizon: number): LabelSet<Int32Array> {
  requireHorizon(horizon)
  return rows(spreadTicks.length, horizon, Int32Array, -1, (t, end) => {
    const change = spreadTicks[end] - spreadTicks[t]
    return Number.isNaN(change) ? NaN : change > 0.5 ? 2 : change < -0.5 ? 0 : 1
  })
}

/** Signed market impact in basis points: log mid move from before row t to the horizon, where the net aggressor flow of the row is not zero; `NaN` elsewhere. */
export function signedImpact(
  mids: Float64Array,
  { flow, horizon }: { readonly flow: Float64Array; readonly horizon: number },
): LabelSet<Float32Array> {
  requireHorizon(horizon)
  sameLength(mids, flow)
  return rows(mids.length, horizon, Float32Array, NaN, (t, end) =>
    t === 0 || flow[t] === 0 || Number.isNaN(flow[t]) ? NaN : 1e4 * Math.log(mids[end] / mids[t - 1]),
  )
}

/**
 * Grades 0 to `grades - 1` by rank within each group (a day): the best share gets the highest grade. Ties get the lower one. `NaN` returns get `NaN`.
 */
export function gradesWithin(returns: Float32Array | Float64Array, groups: Int32Array, grades = 5): Float32Array {
  if (!Number.isInteger(grades) || grades < 2) throw invalid(`grades must be at least 2, found ${grades}`, { grades })
  const result = new Float32Array(returns.length).fill(NaN)
  for (let g = 0; g + 1 < groups.length; g++) {
    const known = Array.from({ length: groups[g + 1] - groups[g] }, (_, i) => groups[g] + i).filter((i) => !Number.isNaN(returns[i]))
    const values = known.map((i) => returns[i]).sort((a, b) => a - b)
    for (const i of known) result[i] = Math.floor((values.indexOf(returns[i]) * grades) / values.length)
  }
  return result
}

/**
 * The row at which `durationNs` has passed since each row: a horizon in time for rows at uneven times. -1 where the series ends before.
 */
export function rowsAfter(times: BigInt64Array, durationNs: bigint): Int32Array {
  const result = new Int32Array(times.length).fill(-1)
  for (let t = 0, end = 0; t < times.length; t++) {
    while (end < times.length && times[end] - times[t] < durationNs) end++
    if (end < times.length) result[t] = end
  }
  return result
}

function rows<A extends Int32Array | Float32Array>(
  n: number,
  horizon: number,
  make: new (length: number) => A,
  missing: number,
  label: (t: number, end: number) => number,
): LabelSet<A> {
  const labels = new make(n).fill(missing) as A
  for (let t = 0; t + horizon < n; t++) {
    const value = label(t, t + horizon)
    // As float32: a return over a volatility of almost nothing may be finite only before.
    labels[t] = Number.isFinite(Math.fround(value)) ? value : missing
  }
  return {
    labels,
    from: Int32Array.from({ length: n }, (_, t) => t),
    to: Int32Array.from({ length: n }, (_, t) => Math.min(n - 1, t + horizon)),
  }
}

function requireHorizon(horizon: number): void {
  if (!Number.isInteger(horizon) || horizon < 1) throw invalid(`a horizon is a positive number of rows, found ${horizon}`, { horizon })
}
function sameLength(first: ArrayLike<number>, ...others: ArrayLike<number>[]): void {
  const bad = others.find(({ length }) => length !== first.length)
  if (bad) throw invalid(`series of ${first.length} and ${bad.length} rows do not belong together`, { lengths: [first.length, bad.length] })
}
function invalid(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_LABEL_INVALID', message, details)
}
