import type { SessionMinutes } from './minute-world.js'
import { RandomStream } from './random.js'

const seconds = 60
/** Part of the distance between quotes and efficient price that a second closes. */
const catchUp = 0.05
/** Enough for a trade at the open, the high, the low and the close. */
export const leastVolume = 4
const bridgeVariance = Float64Array.from({ length: seconds }, (_, i) => Math.sqrt((seconds - 1 - i) / (seconds - i)))

/**
 * One minute of one name in seconds, reused from minute to minute. Opens, highs, lows, closes and volumes add up to the minute's bar to the tick
 * and share.
 */
export class SecondPath {
  readonly open = new Int32Array(seconds)
  readonly high = new Int32Array(seconds)
  readonly low = new Int32Array(seconds)
  readonly close = new Int32Array(seconds)
  readonly volume = new Uint32Array(seconds)
  /** Efficient price at the end of each second, ticks. */
  readonly efficient = new Float64Array(seconds)
  /** The tick below the middle of the market at the end of each second: sellers trade at it, buyers one above. */
  readonly quote = new Int32Array(seconds)
  readonly #weights = new Float64Array(seconds)
  #random = new RandomStream(0)
  #lastQuote = 0

  /** Positions are by day and name, so a day is the same whatever was generated before it. */
  startDay(seed: number, symbol: string, day: number): void {
    this.#random = new RandomStream(seed, 'second', symbol, day)
    this.#lastQuote = 0
  }

  /** Refines one minute of a session. */
  refine(minutes: SessionMinutes, cell: number): void {
    this.#bridge(minutes, cell)
    this.#trade(minutes, cell)
    this.#share(minutes.volume[cell])
  }

  /** Takes over another's minute. */
  copyFrom(other: SecondPath): void {
    this.open.set(other.open)
    this.high.set(other.high)
    this.low.set(other.low)
    this.close.set(other.close)
    this.volume.set(other.volume)
    this.efficient.set(other.efficient)
    this.quote.set(other.quote)
  }

  /** A Brownian bridge between the ends of the minute, pressed together where it leaves the minute's high or low. */
  #bridge({ start, efficient, volatility, high, low }: SessionMinutes, cell: number): void {
    const path = this.efficient
    const random = this.#random
    const end = efficient[cell]
    const step = volatility[cell] / Math.sqrt(seconds)
    let x = start[cell]
    const top = Math.max(x, end)
    const bottom = Math.min(x, end)
    let highest = top
    let lowest = bottom
    for (let i = 0; i < seconds - 1; i++) {
      x += (end - x) / (seconds - i) + step * bridgeVariance[i] * random.normal()
      path[i] = x
      if (x > highest) highest = x
      if (x < lowest) lowest = x
    }
    path[seconds - 1] = end
    // Excursions beyond both ends are pressed within the bar's extremes. They are not stretched to them, which would make spikes of small ones.
    const up = highest > top ? Math.min(1, Math.max(0, high[cell] - 0.5 - top) / (highest - top)) : 1
    const down = lowest < bottom ? Math.min(1, Math.max(0, bottom - low[cell] - 0.5) / (bottom - lowest)) : 1
    for (let i = 0; i < seconds - 1; i++) {
      const at = path[i]
      if (at > top) path[i] = top + (at - top) * up
      else if (at < bottom) path[i] = bottom - (bottom - at) * down
    }
  }

  /** Trades a tick apart around the middle of the market; the minute's extremes are touched once at least. */
  #trade(minutes: SessionMinutes, cell: number): void {
    const { open, high, low, close, efficient, quote } = this
    const random = this.#random
    const top = minutes.high[cell]
    const bottom = minutes.low[cell]
    let last = minutes.open[cell]
    let highest = 0
    let lowest = 0
    let before = minutes.start[cell]
    let tick = this.#lastQuote === 0 ? Math.floor(before) : this.#lastQuote
    for (let i = 0; i < seconds; i++) {
      const bits = random.word()
      const isBuyer = bits & 1
      // Quotes follow by rounding each move up or down at random, and catch up slowly. Rounding the price itself would make every move be
      // followed by its reversal, which a model would learn in a market that has nothing to learn.
      const move = efficient[i] - before + catchUp * (before - tick - 0.5)
      const whole = Math.floor(move)
      tick += whole + (random.uniform() < move - whole ? 1 : 0)
      if (i === seconds - 1) tick = minutes.close[cell] - isBuyer
      quote[i] = tick
      const price = tick + isBuyer > top ? top : tick + isBuyer < bottom ? bottom : tick + isBuyer
      open[i] = last
      close[i] = price
      high[i] = price > last ? price : last
      low[i] = price < last ? price : last
      // One second in eight has a trade a tick further out than its ends.
      if ((bits & 0x70) === 0 && high[i] < top) high[i]++
      else if ((bits & 0x70) === 0x10 && low[i] > bottom) low[i]--
      if (high[i] > high[highest]) highest = i
      if (low[i] < low[lowest]) lowest = i
      last = price
      before = efficient[i]
    }
    high[highest] = top
    low[lowest] = bottom
    this.#lastQuote = tick
  }

  /** Shares by random weights; cumulative rounding makes them add up exactly. */
  #share(volume: number): void {
    const weights = this.#weights
    const random = this.#random
    let sum = 0
    for (let i = 0; i < seconds; i++) {
      const u = random.uniform()
      sum += 0.25 + 2.25 * u * u
      weights[i] = sum
    }
    const free = volume - seconds * leastVolume
    const scale = free / sum
    let before = 0
    for (let i = 0; i < seconds; i++) {
      const upTo = i === seconds - 1 ? free : Math.floor(weights[i] * scale)
      this.volume[i] = upTo - before + leastVolume
      before = upTo
    }
  }
}
