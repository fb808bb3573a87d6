import type { SessionMinutes } from './minute-world.js'
import { RandomStream } from './random.js'

const seconds = 60
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
  readonly #weights = new Float64Array(seconds)
  #random = new RandomStream(0)

  /** Positions are by day and name, so a day is the same whatever was generated before it. */
  startDay(seed: number, symbol: string, day: number): void {
    this.#random = new RandomStream(seed, 'second', symbol, day)
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
  }

  /** A Brownian bridge between the ends of the minute, bent where it leaves the minute's high or low. */
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
    // Excursions beyond both ends are stretched so that the furthest comes to the bar's extreme, less half a tick for the trade.
    const up = highest > top ? Math.max(0, high[cell] - 0.5 - top) / (highest - top) : 1
    const down = lowest < bottom ? Math.max(0, bottom - low[cell] - 0.5) / (bottom - lowest) : 1
    for (let i = 0; i < seconds - 1; i++) {
      const at = path[i]
      if (at > top) path[i] = top + (at - top) * up
      else if (at < bottom) path[i] = bottom - (bottom - at) * down
    }
  }

  /** Trades at the efficient price rounded up (a buyer) or down (a seller); the minute's extremes are touched once at least. */
  #trade(minutes: SessionMinutes, cell: number): void {
    const { open, high, low, close, efficient } = this
    const random = this.#random
    const top = minutes.high[cell]
    const bottom = minutes.low[cell]
    let last = minutes.open[cell]
    let highest = 0
    let lowest = 0
    for (let i = 0; i < seconds; i++) {
      const bits = random.word()
      let price = (bits & 1) === 0 ? Math.floor(efficient[i]) : Math.ceil(efficient[i])
      price = i === seconds - 1 ? minutes.close[cell] : price > top ? top : price < bottom ? bottom : price
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
    }
    high[highest] = top
    low[lowest] = bottom
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
