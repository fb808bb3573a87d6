/** Sessions that rolling figures look back on; the short window and the long one. */
export const shortWindow = 20
export const longWindow = 60
/** Daily bars before a name can be ranked: the previous close of the first of twenty returns is the twenty-first. */
export const warmUpDays = shortWindow + 1

/**
 * Places of one name's numbers in the slab. `NaN` is not known. First what a row reads, so that it lies together; the rings of daily bars behind.
 */
export const slot = {
  /** Daily bars seen, and local day of the last one. */
  count: 0,
  lastDay: 1,
  previousClose: 2,
  /** Figures over the last daily bars, made when the last one came. */
  usualVolume: 3,
  usualVolumeLong: 4,
  dollarVolume: 5,
  volatility: 6,
  bodyVolatility: 7,
  bodyVolatilityLong: 8,
  range: 9,
  drift: 10,
  lastReturn: 11,
  weekReturn: 12,
  monthReturn: 13,
  place: 14,
  lastVolume: 15,
  lastClosePlace: 16,
  /** Published figures. */
  floatShares: 17,
  sharesShort: 18,
  shortRatio: 19,
  /** News since the last daily bar. */
  newsSum: 20,
  newsCount: 21,
  /** This morning, for the day in `UniverseFeatures`. All but the price are of bars with volume, and `NaN` without one. */
  price: 22,
  preVolume: 23,
  preHigh: 24,
  preNotional: 25,
} as const
const ringsAt = 26
/** A ring each of ln C, ln(C/C[-1]), ln(1+V), C V, ln(C/O), ln(H/L): what sums are made of, so that a day's sums take no logarithm. */
const rings = { close: 0, step: 1, volume: 2, value: 3, body: 4, range: 5 } as const
export const slotsPerName = ringsAt + 6 * longWindow

type Ring = keyof typeof rings
const placeIn = (at: number, ring: Ring, count: number): number => at + ringsAt + rings[ring] * longWindow + (count % longWindow)

/** Readies a name's slots. */
export function startName(state: Float64Array, at: number): void {
  state.fill(NaN, at, at + slotsPerName)
  state[at + slot.count] = 0
  state[at + slot.lastDay] = -1
  state[at + slot.newsSum] = 0
  state[at + slot.newsCount] = 0
}

export interface DayOfName {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** Takes a finished session. A second bar of the same day is a correction and takes the first one's place. */
export function takeDay(state: Float64Array, at: number, day: number, { open, high, low, close, volume }: DayOfName): void {
  if (day < state[at + slot.lastDay]) return
  if (day > state[at + slot.lastDay]) {
    state[at + slot.count]++
    state[at + slot.newsSum] = 0
    state[at + slot.newsCount] = 0
  }
  state[at + slot.lastDay] = day
  const last = state[at + slot.count] - 1
  const before = last > 0 ? state[placeIn(at, 'close', last - 1)] : NaN
  state[placeIn(at, 'close', last)] = Math.log(close)
  state[placeIn(at, 'step', last)] = Math.log(close) - before
  state[placeIn(at, 'volume', last)] = Math.log(1 + volume)
  state[placeIn(at, 'value', last)] = close * volume
  state[placeIn(at, 'body', last)] = Math.log(close / open)
  state[placeIn(at, 'range', last)] = Math.log(high / low)
  state[at + slot.previousClose] = close
  state[at + slot.lastClosePlace] = high > low ? (close - low) / (high - low) : 0.5
  summarise(state, at)
}

/** A split of `ratio` new shares an old one: prices fall and share counts rise by it. */
export function takeSplit(state: Float64Array, at: number, ratio: number): void {
  const shift = Math.log(ratio)
  for (let i = 0; i < longWindow; i++) {
    state[placeIn(at, 'close', i)] -= shift
    state[placeIn(at, 'volume', i)] += shift
  }
  state[at + slot.previousClose] /= ratio
  state[at + slot.floatShares] *= ratio
  state[at + slot.sharesShort] *= ratio
  if (state[at + slot.count] > 0) summarise(state, at)
}

/** Figures over the rings. Summed anew each day: a day's sum costs nothing, and sums that are never updated never drift. */
function summarise(state: Float64Array, at: number): void {
  const last = state[at + slot.count] - 1
  if (last < shortWindow) return
  const of = (ring: Ring, back: number): number => state[placeIn(at, ring, last - back)]
  let [volumes, values, squares, bodies, bodySquares, ranges] = [0, 0, 0, 0, 0, 0]
  for (let back = 0; back < shortWindow; back++) {
    const step = of('step', back)
    const body = of('body', back)
    volumes += of('volume', back)
    values += of('value', back)
    squares += step * step
    bodies += body
    bodySquares += body * body
    ranges += of('range', back)
  }
  // The ring holds the last 60 days; of a younger name there are fewer.
  const days = Math.min(longWindow, last + 1)
  let [volumesLong, bodySquaresLong, highest, lowest] = [0, 0, -Infinity, Infinity]
  for (let back = 0; back < days; back++) {
    const body = of('body', back)
    const close = of('close', back)
    volumesLong += of('volume', back)
    bodySquaresLong += body * body
    if (close > highest) highest = close
    if (close < lowest) lowest = close
  }
  state[at + slot.usualVolume] = volumes / shortWindow
  state[at + slot.usualVolumeLong] = volumesLong / days
  state[at + slot.dollarVolume] = orMissing(values / shortWindow)
  state[at + slot.volatility] = orMissing(Math.sqrt(squares / shortWindow))
  state[at + slot.bodyVolatility] = orMissing(Math.sqrt(bodySquares / shortWindow))
  state[at + slot.bodyVolatilityLong] = orMissing(Math.sqrt(bodySquaresLong / days))
  state[at + slot.range] = orMissing(ranges / shortWindow)
  state[at + slot.drift] = bodies / shortWindow
  state[at + slot.lastReturn] = of('step', 0)
  state[at + slot.weekReturn] = of('close', 0) - of('close', 5)
  state[at + slot.monthReturn] = of('close', 0) - of('close', shortWindow)
  state[at + slot.place] = highest > lowest ? (of('close', 0) - lowest) / (highest - lowest) : 0.5
  state[at + slot.lastVolume] = of('volume', 0)
}

/** Zero has no logarithm and divides nothing. */
function orMissing(x: number): number {
  return x > 0 ? x : NaN
}
