import { exactExp } from './exact-math.js'
import type { SessionMinutes } from './minute-world.js'

export const seconds = 60
/** Enough for a trade at the open, the high, the low and the close. */
export const leastVolume = 4
/** Variance that rounding up or down at random adds to a move of several ticks. */
export const roundingVariance = 1 / 6
/** One over the deviation of a random walk after each second, in units of that after the minute. */
const reach = Float64Array.from({ length: seconds }, (_, i) => Math.sqrt(seconds / (i + 1)))
const partOfRest = Float64Array.from({ length: seconds }, (_, i) => 1 / (seconds - i))
const unitOf24Bits = 1 / 0x100_0000

/**
 * One minute of one name in seconds, reused from minute to minute: what the minute's bar is the sum of. It is a function of what the minute's cell holds, so minutes
 * can be refined in any order.
 *
 * What is seen at a second says nothing of those that follow but what is planted: quotes are a walk in whole ticks whose moves are all alike and, over all minutes that
 * could be, uncorrelated; bars follow from the trades, and volume from how far the walk has come, not from where the minute will end.
 */
export class SecondPath {
  readonly open = new Int32Array(seconds)
  readonly high = new Int32Array(seconds)
  readonly low = new Int32Array(seconds)
  readonly close = new Int32Array(seconds)
  readonly volume = new Uint32Array(seconds)
  /** The minute's high and low, and all its shares. */
  highest = 0
  lowest = 0
  shares = 0
  /** The efficient price's move in each second, in units of its volatility: standard normal where nothing is planted. */
  readonly move = new Float64Array(seconds)
  /** The tick below the middle of the market at the end of each second: sellers trade at it, buyers one above. */
  readonly quote = new Int32Array(seconds)

  /** Refines one minute of a session. */
  refine({ open: opens, start, end, volatility, pace: paces, place, tape }: SessionMinutes, cell: number): void {
    const { open, high, low, close, volume, move, quote } = this
    const { walk, words, at, sign, wordsAt } = tape.seek(place[cell])
    const from = start[cell]
    const to = end[cell]
    const pace = paces[cell]
    const ticks = volatility[cell]
    const perTick = 1 / ticks
    const variance = (ticks * ticks + roundingVariance) / seconds
    const normal = beforeRounding(variance)
    const scale = sign * Math.sqrt(normal)
    // A random walk less its own mean move is a bridge; the minute's move comes on top, alike in every second.
    const slope = (to - from - scale * (walk[at + seconds] - walk[at])) / seconds
    const unit = 1 / Math.sqrt(normal + (variance - normal) / seconds)
    let last = opens[cell]
    let highest = last
    let lowest = last
    let shares = 0
    // What roundings have left over: the efficient price less the quote.
    let left = 0
    let tick = from
    for (let i = 0; i < seconds; i++) {
      const step = slope + scale * (walk[at + i + 1] - walk[at + i])
      const bits = words[wordsAt + i]
      // Quotes take each move rounded up or down at random, and make up what that left over in equal parts until the minute ends: rounding the price itself would make
      // every move be followed by its reversal.
      const whole = Math.floor(left * partOfRest[i] + (step + (bits >>> 8) * unitOf24Bits))
      left = left + step - whole
      tick = i === seconds - 1 ? to : (tick + whole) | 0
      move[i] = step * unit
      quote[i] = tick
      const price = tick + (bits & 1)
      open[i] = last
      close[i] = price
      // One second in eight has a trade a tick above its ends, one in eight a tick below.
      const reaches = (bits & 0x60) === 0 ? 1 : 0
      const above = (bits >>> 4) & reaches
      const top = (price > last ? price : last) + above
      const bottom = (price < last ? price : last) - (reaches - above)
      high[i] = top
      low[i] = bottom
      if (top > highest) highest = top
      if (bottom < lowest) lowest = bottom
      const far = Math.abs(tick - from) * reach[i] * perTick
      const u = (words[wordsAt + seconds + i] >>> 8) * unitOf24Bits
      const traded = leastVolume + ((pace * (0.25 + 2.25 * u * u) * (0.6 + 0.5 * (far < 4 ? far : 4))) | 0)
      volume[i] = traded
      shares += traded
      last = price
    }
    this.highest = highest
    this.lowest = lowest
    this.shares = shares
  }
}

/** Below this variance a move is zero or one tick, all but always. */
const oneTick = 0.277

/** Variance of a normal move that has the given variance once it is rounded up or down at random; within 1 %. */
export function beforeRounding(variance: number): number {
  // The mean of f (1 - f) over the fraction f of a move: by its size where that is under a tick, by its first harmonic elsewhere.
  if (variance < oneTick) return (Math.PI / 2) * variance * variance
  const wide = variance - roundingVariance
  return wide > 2 ? wide : wide + exactExp(-2 * Math.PI * Math.PI * wide) / (Math.PI * Math.PI)
}
