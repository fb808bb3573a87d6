import { type RunRecord } from '../../../src/report/run-record.js'

/** Daily bars as columns. */
export interface Bars {
  readonly times: BigInt64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
}

/** Seeded random walk: 32-bit LCG, so that the same seed gives the same bars everywhere. */
export function randomBars(count: number, { seed = 1, stepNs = 86_400_000_000_000n, drift = 0.0004 } = {}): Bars {
  let state = seed >>> 0
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const times = new BigInt64Array(count)
  const [open, high, low, close] = [0, 0, 0, 0].map(() => new Float64Array(count))
  let price = 100
  let at = 1_420_156_800_000_000_000n
  for (let i = 0; i < count; i++) {
    const shocks = Array.from({ length: 6 }, uniform).reduce((total, value) => total + value - 0.5, 0)
    open[i] = price
    price *= 1 + drift + 0.016 * shocks
    close[i] = price
    high[i] = Math.max(open[i], close[i]) * (1 + 0.006 * uniform())
    low[i] = Math.min(open[i], close[i]) * (1 - 0.006 * uniform())
    times[i] = at
    const weekday = Number((at / 86_400_000_000_000n + 4n) % 7n)
    at += stepNs === 86_400_000_000_000n && weekday === 5 ? 3n * stepNs : stepNs
  }
  return { times, open, high, low, close }
}

/** Options of {@link smaCross}. */
export interface SmaCrossOptions {
  readonly symbol?: string | undefined
  readonly fast?: number | undefined
  readonly slow?: number | undefined
  readonly cash?: number | undefined
  /** Fraction of the notional. */
  readonly feeRate?: number | undefined
  /** Closes what is open on the last bar, at its open. */
  readonly closesAtEnd?: boolean | undefined
}

/**
 * A moving-average cross, long and short with everything, whole shares, filled at the next bar's open: written here on its own, so that
 * the statistics are tested without the engine.
 */
export function smaCross(bars: Bars, options: SmaCrossOptions = {}): RunRecord {
  const { symbol = 'TEST', fast = 10, slow = 30, cash: initial = 10_000, feeRate = 0, closesAtEnd = true } = options
  const count = bars.times.length
  const average = (length: number): Float64Array =>
    Float64Array.from(bars.close, (_, i) =>
      i + 1 < length ? NaN : bars.close.subarray(i + 1 - length, i + 1).reduce((sum, value) => sum + value, 0) / length,
    )
  const fastAverage = average(fast)
  const slowAverage = average(slow)
  const equity = new Float64Array(count)
  const fills: { at: bigint; quantity: number; price: number; fee: number }[] = []
  let cash = initial
  let quantity = 0
  let wanted = 0
  const trade = (row: number, size: number, price: number): void => {
    const fee = Math.abs(size) * price * feeRate
    cash -= size * price + fee
    quantity += size
    fills.push({ at: bars.times[row], quantity: size, price, fee })
  }
  for (let i = 0; i < count; i++) {
    if (wanted !== 0) {
      if (quantity !== 0) trade(i, -quantity, bars.open[i])
      const size = Math.floor(cash / (bars.open[i] * (1 + feeRate)))
      if (size > 0) trade(i, wanted * size, bars.open[i])
      wanted = 0
    }
    // What is open on the last bar is closed at its open, the last price at which an order can still fill.
    if (i === count - 1 && closesAtEnd && quantity !== 0) trade(i, -quantity, bars.open[i])
    equity[i] = cash + quantity * bars.close[i]
    if (i > 0 && fastAverage[i - 1] < slowAverage[i - 1] && fastAverage[i] > slowAverage[i]) wanted = 1
    if (i > 0 && fastAverage[i - 1] > slowAverage[i - 1] && fastAverage[i] < slowAverage[i]) wanted = -1
  }
  return {
    name: `SMA ${fast}/${slow} cross`,
    environment: 'simulated',
    currency: 'USD',
    initialEquity: initial,
    equity: { times: bars.times, values: equity },
    instruments: [{ symbol }],
    fills: {
      times: BigInt64Array.from(fills, ({ at }) => at),
      instruments: new Uint32Array(fills.length),
      quantities: Float64Array.from(fills, (fill) => fill.quantity),
      prices: Float64Array.from(fills, ({ price }) => price),
      fees: Float64Array.from(fills, ({ fee }) => fee),
    },
    benchmark: { name: `${symbol}, bought and held`, times: bars.times, values: bars.close, heldFrom: bars.times[slow - 1] },
    prices: [{ instrument: 0, times: bars.times, close: bars.close, high: bars.high, low: bars.low }],
    orders: { submitted: fills.length, filled: fills.length, canceled: 0, rejected: 0, expired: 0, working: 0 },
  }
}
