import { TradingError } from '@gatehouse/contracts'

/**
 * A streaming function of one number after another. All of its memory is `slots` float64 numbers in a slab that the feature set owns, and the numbers that it takes
 * and gives are cells of the same slab: a number that one function hands another is boxed, a cell is not. So nothing is allocated per event, and saving a feature
 * set is copying its slab: what is restored continues bit for bit.
 */
export interface Transform {
  /** Stable expression; part of the feature hash. */
  readonly definition: string
  /** Numbers pushed before the first result. */
  readonly warmUp: number
  readonly slots: number
  /** Sets slots that do not start at zero. */
  readonly start?: ((cells: Float64Array, at: number) => void) | undefined
  /**
   * Takes the number in cell `from` and puts the result into cell `to`, which may be the same one; `NaN` until warm. A missing (`NaN`) number gives `NaN` and
   * changes nothing.
   * @param at first of its slots
   */
  readonly push: (cells: Float64Array, at: number, from: number, to: number) => void
}

/** One after the other. The second sees only what the first has once it is warm. */
export function chain(...parts: readonly Transform[]): Transform {
  return parts.reduce((a, b) => ({
    definition: `${a.definition} | ${b.definition}`,
    warmUp: a.warmUp + b.warmUp,
    slots: a.slots + b.slots,
    start: (cells, at) => {
      a.start?.(cells, at)
      b.start?.(cells, at + a.slots)
    },
    push: (cells, at, from, to) => {
      a.push(cells, at, from, to)
      if (cells[to] === cells[to]) b.push(cells, at + a.slots, to, to)
    },
  }))
}

/** Writes a function of the numbers in cells `a` and `b` into cell `to`, which may be one of them. */
export type JoinInto = (cells: Float64Array, a: number, b: number, to: number) => void

/** A function of two transforms of the same numbers, written where it belongs: nothing is boxed. */
export function combineInto(name: string, a: Transform, b: Transform, join: JoinInto): Transform {
  return {
    definition: `${name}(${a.definition}, ${b.definition})`,
    warmUp: Math.max(a.warmUp, b.warmUp),
    slots: a.slots + b.slots + 1,
    start: (cells, at) => {
      a.start?.(cells, at)
      b.start?.(cells, at + a.slots)
    },
    push: (cells, at, from, to) => {
      const left = at + a.slots + b.slots
      a.push(cells, at, from, left)
      b.push(cells, at + a.slots, from, to)
      if (cells[left] === cells[left] && cells[to] === cells[to]) join(cells, left, to, to)
      else cells[to] = NaN
    },
  }
}

/** A function of two transforms of the same numbers. The engine may box three numbers a push, 48 bytes; {@link combineInto} does without. */
export const combine = (name: string, a: Transform, b: Transform, join: (a: number, b: number) => number): Transform =>
  combineInto(name, a, b, (cells, left, right, to) => void (cells[to] = join(cells[left], cells[right])))

/** A function without memory, written where it belongs: nothing is boxed. @param act puts a function of cell `from` into cell `to`, which may be the same */
export const mapInto = (definition: string, act: (cells: Float64Array, from: number, to: number) => void): Transform => ({
  definition,
  warmUp: 0,
  slots: 0,
  push: (cells, _at, from, to) => act(cells, from, to),
})

/** A function without memory. The engine may box two numbers a push, 32 bytes; {@link mapInto} does without. */
export const map = (definition: string, act: (x: number) => number): Transform =>
  mapInto(definition, (cells, from, to) => void (cells[to] = act(cells[from])))

/** The number itself. */
export const identity = mapInto('x', (cells, from, to) => void (cells[to] = cells[from]))
export const log = mapInto('log', (cells, from, to) => {
  const x = cells[from]
  // Not `x > 0 ? … : NaN`: a number that may be the global `NaN` is boxed.
  cells[to] = NaN
  if (x > 0) cells[to] = Math.log(x)
})
export const square = mapInto('square', (cells, from, to) => void (cells[to] = cells[from] * cells[from]))
/** Of at least zero: rounding may leave a sum of squares below it when the window is flat again. */
export const squareRoot = mapInto('sqrt', (cells, from, to) => void (cells[to] = Math.sqrt(Math.max(0, cells[from]))))
const minus: JoinInto = (cells, a, b, to) => void (cells[to] = cells[a] - cells[b])

/** Slots: 0 next place, 1 numbers seen (up to length), then the ring. */
const ringSlots = 2

/** The number `n` pushes ago. */
export function lag(n: number): Transform {
  requireLength('lag', n)
  return {
    definition: `lag(${n})`,
    warmUp: n,
    slots: ringSlots + n,
    push: (cells, at, from, to) => {
      const x = cells[from]
      cells[to] = NaN
      if (x !== x) return
      const place = at + ringSlots + cells[at]
      if (cells[at + 1] === n) cells[to] = cells[place]
      cells[place] = x
      advance(cells, at, n)
    },
  }
}

/** `x - x[n pushes ago]`; of logs, a log return. */
export const difference = (n: number): Transform => ({
  ...combineInto('-', identity, lag(n), minus),
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
    push: (cells, at, from, to) => {
      const x = cells[from]
      cells[to] = NaN
      if (x !== x) return
      cells[at] = keep * cells[at] + (1 - keep) * x
      cells[at + 1] = keep * cells[at + 1] + (1 - keep)
      if (cells[at + 2] < warmUp) cells[at + 2]++
      if (cells[at + 2] >= warmUp) cells[to] = cells[at] / cells[at + 1]
    },
  }
}

/** Square root of the exponentially weighted mean square: volatility of returns about zero. */
export const ewmaVolatility = (halfLife: number): Transform => ({ ...chain(square, ewma(halfLife), squareRoot), definition: `ewmaVolatility(${halfLife})` }) // prettier-ignore

/** Writes into cell `to` what a window's mean, in cell `mean`, its squared deviations, in the next one, and its last number, in cell `from`, give. */
type MomentInto = (cells: Float64Array, mean: number, from: number, to: number) => void

/** Slots: ring, then mean and sum of squared deviations. */
function moments(n: number, name: string, result: MomentInto): Transform {
  requireLength(name, n)
  return {
    definition: `${name}(${n})`,
    warmUp: n - 1,
    slots: ringSlots + n + 2,
    push: (cells, at, from, to) => {
      const x = cells[from]
      if (x !== x) return void (cells[to] = NaN)
      const mean = at + ringSlots + n
      const place = at + ringSlots + cells[at]
      const old = cells[place]
      const isFull = cells[at + 1] === n
      cells[place] = x
      advance(cells, at, n)
      if (isFull && cells[at] !== 0) {
        // Welford's update for a window that slides by one.
        const before = cells[mean]
        const after = before + (x - old) / n
        cells[mean] = after
        cells[mean + 1] += (x - old) * (x - after + old - before)
      } else if (cells[at + 1] === n) {
        // Once a round the window is summed afresh: rounding cannot pile up, and the cost a push stays constant.
        let sum = 0
        for (let i = 0; i < n; i++) sum += cells[at + ringSlots + i]
        const fresh = sum / n
        let squares = 0
        for (let i = 0; i < n; i++) squares += (cells[at + ringSlots + i] - fresh) ** 2
        cells[mean] = fresh
        cells[mean + 1] = squares
      } else return void (cells[to] = NaN)
      result(cells, mean, from, to)
    },
  }
}

export const rollingMean = (n: number): Transform => moments(n, 'rollingMean', (cells, mean, _from, to) => void (cells[to] = cells[mean]))
export const rollingSum = (n: number): Transform => moments(n, 'rollingSum', (cells, mean, _from, to) => void (cells[to] = cells[mean] * n))
/** Standard deviation, divisor n - 1. */
export const rollingStd = (n: number): Transform =>
  moments(n, 'rollingStd', (cells, mean, _from, to) => void (cells[to] = Math.sqrt(positive(cells[mean + 1]) / (n - 1))))
/** How many deviations the last number lies from the mean of the window that holds it; 0 in a flat window. */
export const zScore = (n: number): Transform =>
  moments(n, 'zScore', (cells, mean, from, to) => {
    cells[to] = cells[mean + 1] > 0 ? (cells[from] - cells[mean]) / Math.sqrt(cells[mean + 1] / (n - 1)) : 0
  })

/** Largest (`sign` 1) or smallest (-1) of the last `n`: a queue of candidates, each number enters and leaves once. Slots: first, size, clock, then pairs. */
function extreme(n: number, name: string, sign: 1 | -1): Transform {
  requireLength(name, n)
  return {
    definition: `${name}(${n})`,
    warmUp: n - 1,
    slots: 3 + 2 * n,
    push: (cells, at, from, to) => {
      const x = cells[from]
      cells[to] = NaN
      if (x !== x) return
      let first = cells[at]
      let size = cells[at + 1]
      const clock = ++cells[at + 2]
      if (size > 0 && cells[pairAt(at, first, n)] <= clock - n) {
        first = (first + 1) % n
        size--
      }
      while (size > 0 && sign * cells[pairAt(at, first + size - 1, n) + 1] <= sign * x) size--
      const place = pairAt(at, first + size, n)
      cells[place] = clock
      cells[place + 1] = x
      cells[at] = first
      cells[at + 1] = size + 1
      if (clock >= n) cells[to] = cells[at + 3 + 2 * first + 1]
    },
  }
}
/** Where a pair (clock, number) of the queue lies. */
const pairAt = (at: number, i: number, n: number): number => at + 3 + 2 * (i % n)

export const rollingMax = (n: number): Transform => extreme(n, 'rollingMax', 1)
export const rollingMin = (n: number): Transform => extreme(n, 'rollingMin', -1)

/** Place in the range of the last `n`: 0 at the low, 1 at the high, 0.5 in a flat range. */
export const rangePosition = (n: number): Transform => {
  const range = combineInto('range', rollingMax(n), rollingMin(n), minus)
  const above = combineInto('above', identity, rollingMin(n), minus)
  const position: JoinInto = (cells, a, r, to) => void (cells[to] = cells[r] > 0 ? cells[a] / cells[r] : 0.5)
  return { ...combineInto('position', above, range, position), definition: `rangePosition(${n})` }
}
/** Fraction below the highest of the last `n` prices, at most 0. */
export const drawdown = (n: number): Transform => ({
  ...combineInto('drawdown', identity, rollingMax(n), (cells, x, high, to) => void (cells[to] = cells[x] / cells[high] - 1)),
  definition: `drawdown(${n})`,
})

/** Efficiency ratio (Kaufman 1995): net move over the path walked, signed; near 0 in a range, ±1 in a straight trend. */
export const efficiency = (n: number): Transform => {
  const absolute = mapInto('abs', (cells, from, to) => void (cells[to] = Math.abs(cells[from])))
  const path = chain(difference(1), absolute, rollingSum(n))
  const share: JoinInto = (cells, net, walked, to) => void (cells[to] = cells[walked] > 0 ? cells[net] / cells[walked] : 0)
  return { ...combineInto('efficiency', difference(n), path, share), definition: `efficiency(${n})` }
}

/** Wilder's smoothing: seeded with the mean of the first `n`, then `y += (x - y) / n`. */
export function wilder(n: number): Transform {
  requireLength('wilder', n)
  return {
    definition: `wilder(${n})`,
    warmUp: n - 1,
    slots: 2,
    push: (cells, at, from, to) => {
      const x = cells[from]
      cells[to] = NaN
      if (x !== x) return
      if (cells[at + 1] < n) {
        cells[at] += x / n
        if (++cells[at + 1] < n) return
      } else cells[at] += (x - cells[at]) / n
      cells[to] = cells[at]
    },
  }
}

/** Relative strength index (Wilder 1978), 0 to 100; 100 when nothing fell, 50 when nothing moved. */
export const relativeStrength = (n: number): Transform => {
  const gains = chain(mapInto('gain', (cells, from, to) => void (cells[to] = Math.max(0, cells[from]))), wilder(n)) // prettier-ignore
  const losses = chain(mapInto('loss', (cells, from, to) => void (cells[to] = Math.max(0, -cells[from]))), wilder(n)) // prettier-ignore
  const index = combineInto('rsi', gains, losses, (cells, up, down, to) => {
    cells[to] = cells[up] + cells[down] > 0 ? (100 * cells[up]) / (cells[up] + cells[down]) : 50
  })
  return { ...chain(difference(1), index), definition: `relativeStrength(${n})` }
}

/** Rounding may leave the squares of a flat window below zero. */
function positive(squares: number): number {
  return squares > 0 ? squares : 0
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
