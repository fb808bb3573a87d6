import { TradingError } from '@gatehouse/contracts'

/**
 * A streaming function of one number after another. All of its memory is `slots` float64 numbers in a slab that the feature set owns, so nothing is
 * allocated per event, and saving a feature set is copying its slab: what is restored continues bit for bit.
 */
export interface Transform {
  /** Stable expression; part of the feature hash. */
  readonly definition: string
  /** Numbers pushed before the first result. */
  readonly warmUp: number
  readonly slots: number
  /** Sets slots that do not start at zero. */
  readonly start?: ((state: Float64Array, at: number) => void) | undefined
  /** Takes a number, gives the result; `NaN` until warm. A missing (`NaN`) number gives `NaN` and changes nothing. */
  readonly push: (state: Float64Array, at: number, x: number) => number
}

/** One after the other. The second sees only what the first has once it is warm. */
export function chain(...parts: readonly Transform[]): Transform {
  return parts.reduce((a, b) => ({
    definition: `${a.definition} | ${b.definition}`,
    warmUp: a.warmUp + b.warmUp,
    slots: a.slots + b.slots,
    start: (state, at) => {
      a.start?.(state, at)
      b.start?.(state, at + a.slots)
    },
    push: (state, at, x) => {
      const y = a.push(state, at, x)
      return y === y ? b.push(state, at + a.slots, y) : NaN
    },
  }))
}

/** A function of two transforms of the same numbers. */
export function combine(name: string, a: Transform, b: Transform, join: (a: number, b: number) => number): Transform {
  return {
    definition: `${name}(${a.definition}, ${b.definition})`,
    warmUp: Math.max(a.warmUp, b.warmUp),
    slots: a.slots + b.slots,
    start: (state, at) => {
      a.start?.(state, at)
      b.start?.(state, at + a.slots)
    },
    push: (state, at, x) => {
      const left = a.push(state, at, x)
      const right = b.push(state, at + a.slots, x)
      return left === left && right === right ? join(left, right) : NaN
    },
  }
}

/** A function without memory. */
export const map = (definition: string, act: (x: number) => number): Transform => ({
  definition,
  warmUp: 0,
  slots: 0,
  push: (_state, _at, x) => act(x),
})

/** The number itself. */
export const identity = map('x', (x) => x)
export const log = map('log', (x) => (x > 0 ? Math.log(x) : NaN))

/** Slots: 0 next place, 1 numbers seen (up to length), then the ring. */
const ringSlots = 2

/** The number `n` pushes ago. */
export function lag(n: number): Transform {
  requireLength('lag', n)
  return {
    definition: `lag(${n})`,
    warmUp: n,
    slots: ringSlots + n,
    push: (state, at, x) => {
      if (x !== x) return NaN
      const place = at + ringSlots + state[at]
      const old = state[at + 1] === n ? state[place] : NaN
      state[place] = x
      advance(state, at, n)
      return old
    },
  }
}

/** `x - x[n pushes ago]`; of logs, a log return. */
export const difference = (n: number): Transform => ({
  ...combine('-', identity, lag(n), (x, old) => x - old),
  definition: `difference(${n})`,
})

/** Log return over `n` pushes of a price. */
export const logReturn = (n: number): Transform => ({ ...chain(log, difference(n)), definition: `logReturn(${n})` })

/**
 * Exponentially weighted mean, weight halving every `halfLife` pushes, corrected for its start so that it is unbiased from the first number.
 * @param warmUp pushes before it speaks; default three half lives
 */
export function ewma(halfLife: number, warmUp = Math.ceil(3 * halfLife)): Transform {
  if (!(halfLife > 0)) throw invalid(`ewma needs a positive half life, found ${halfLife}`)
  const keep = 2 ** (-1 / halfLife)
  return {
    definition: `ewma(${halfLife},${warmUp})`,
    warmUp: warmUp - 1,
    slots: 3,
    push: (state, at, x) => {
      if (x !== x) return NaN
      state[at] = keep * state[at] + (1 - keep) * x
      state[at + 1] = keep * state[at + 1] + (1 - keep)
      if (state[at + 2] < warmUp) state[at + 2]++
      return state[at + 2] >= warmUp ? state[at] / state[at + 1] : NaN
    },
  }
}

/** Square root of the exponentially weighted mean square: volatility of returns about zero. */
export const ewmaVolatility = (halfLife: number): Transform => ({ ...chain(map('square', (x) => x * x), ewma(halfLife), map('sqrt', Math.sqrt)), definition: `ewmaVolatility(${halfLife})` }) // prettier-ignore

/** Slots: ring, then mean and sum of squared deviations. */
function moments(n: number, name: string, result: (mean: number, squares: number, x: number) => number): Transform {
  requireLength(name, n)
  const mean = ringSlots + n
  return {
    definition: `${name}(${n})`,
    warmUp: n - 1,
    slots: ringSlots + n + 2,
    push: (state, at, x) => {
      if (x !== x) return NaN
      const place = at + ringSlots + state[at]
      const old = state[place]
      const isFull = state[at + 1] === n
      state[place] = x
      advance(state, at, n)
      if (isFull && state[at] !== 0) {
        // Welford's update for a window that slides by one.
        const before = state[at + mean]
        const after = before + (x - old) / n
        state[at + mean] = after
        state[at + mean + 1] += (x - old) * (x - after + old - before)
      } else if (state[at + 1] === n) {
        // Once a round the window is summed afresh: rounding cannot pile up, and the cost a push stays constant.
        let sum = 0
        for (let i = 0; i < n; i++) sum += state[at + ringSlots + i]
        const fresh = sum / n
        let squares = 0
        for (let i = 0; i < n; i++) squares += (state[at + ringSlots + i] - fresh) ** 2
        state[at + mean] = fresh
        state[at + mean + 1] = squares
      }
      return state[at + 1] === n ? result(state[at + mean], state[at + mean + 1] > 0 ? state[at + mean + 1] : 0, x) : NaN
    },
  }
}

export const rollingMean = (n: number): Transform => moments(n, 'rollingMean', (mean) => mean)
export const rollingSum = (n: number): Transform => moments(n, 'rollingSum', (mean) => mean * n)
/** Standard deviation, divisor n - 1. */
export const rollingStd = (n: number): Transform => moments(n, 'rollingStd', (_mean, squares) => Math.sqrt(squares / (n - 1)))
/** How many deviations the last number lies from the mean of the window that holds it; 0 in a flat window. */
export const zScore = (n: number): Transform =>
  moments(n, 'zScore', (mean, squares, x) => (squares > 0 ? (x - mean) / Math.sqrt(squares / (n - 1)) : 0))

/** Largest (or smallest) of the last `n`: a queue of candidates, each number enters and leaves once. Slots: first, size, clock, then pairs. */
function extreme(n: number, name: string, isBeaten: (old: number, x: number) => boolean): Transform {
  requireLength(name, n)
  return {
    definition: `${name}(${n})`,
    warmUp: n - 1,
    slots: 3 + 2 * n,
    push: (state, at, x) => {
      if (x !== x) return NaN
      let first = state[at]
      let size = state[at + 1]
      const clock = ++state[at + 2]
      if (size > 0 && state[pairAt(at, first, n)] <= clock - n) {
        first = (first + 1) % n
        size--
      }
      while (size > 0 && isBeaten(state[pairAt(at, first + size - 1, n) + 1], x)) size--
      const place = pairAt(at, first + size, n)
      state[place] = clock
      state[place + 1] = x
      state[at] = first
      state[at + 1] = size + 1
      return clock >= n ? state[at + 3 + 2 * first + 1] : NaN
    },
  }
}
/** Where a pair (clock, number) of the queue lies. */
const pairAt = (at: number, i: number, n: number): number => at + 3 + 2 * (i % n)

export const rollingMax = (n: number): Transform => extreme(n, 'rollingMax', (old, x) => old <= x)
export const rollingMin = (n: number): Transform => extreme(n, 'rollingMin', (old, x) => old >= x)

/** Place in the range of the last `n`: 0 at the low, 1 at the high, 0.5 in a flat range. */
export const rangePosition = (n: number): Transform => {
  const range = combine('range', rollingMin(n), rollingMax(n), (low, high) => high - low)
  const above = combine('above', identity, rollingMin(n), (x, low) => x - low)
  return { ...combine('position', above, range, (a, r) => (r > 0 ? a / r : 0.5)), definition: `rangePosition(${n})` }
}
/** Fraction below the highest of the last `n` prices, at most 0. */
export const drawdown = (n: number): Transform => ({
  ...combine('drawdown', identity, rollingMax(n), (x, high) => x / high - 1),
  definition: `drawdown(${n})`,
})

/** Efficiency ratio (Kaufman 1995): net move over the path walked, signed; near 0 in a range, ±1 in a straight trend. */
export const efficiency = (n: number): Transform => {
  const path = chain(difference(1), map('abs', Math.abs), rollingSum(n))
  return { ...combine('efficiency', difference(n), path, (net, walked) => (walked > 0 ? net / walked : 0)), definition: `efficiency(${n})` }
}

/** Wilder's smoothing: seeded with the mean of the first `n`, then `y += (x - y) / n`. */
export function wilder(n: number): Transform {
  requireLength('wilder', n)
  return {
    definition: `wilder(${n})`,
    warmUp: n - 1,
    slots: 2,
    push: (state, at, x) => {
      if (x !== x) return NaN
      if (state[at + 1] < n) {
        state[at] += x / n
        return ++state[at + 1] === n ? state[at] : NaN
      }
      state[at] += (x - state[at]) / n
      return state[at]
    },
  }
}

/** Relative strength index (Wilder 1978), 0 to 100; 100 when nothing fell, 50 when nothing moved. */
export const relativeStrength = (n: number): Transform => {
  const gains = chain(map('gain', (d) => Math.max(0, d)), wilder(n)) // prettier-ignore
  const losses = chain(map('loss', (d) => Math.max(0, -d)), wilder(n)) // prettier-ignore
  const index = combine('rsi', gains, losses, (up, down) => (up + down > 0 ? (100 * up) / (up + down) : 50))
  return { ...chain(difference(1), index), definition: `relativeStrength(${n})` }
}

function advance(state: Float64Array, at: number, n: number): void {
  state[at] = state[at] + 1 === n ? 0 : state[at] + 1
  if (state[at + 1] < n) state[at + 1]++
}
function requireLength(name: string, n: number): void {
  if (!Number.isInteger(n) || n < 1 || n > 1e7) throw invalid(`${name} needs a length that is a positive integer, found ${n}`)
}
function invalid(message: string): TradingError {
  return new TradingError('MODEL_FEATURE_INVALID', message, {})
}
