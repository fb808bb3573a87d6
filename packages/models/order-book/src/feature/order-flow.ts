import { memories, type Moment } from './moment.js'
import { odd, signedLog, type Section } from './section.js'

const spans = [0, 1, 2, 3] as const
/** Levels of the wide sum. */
const depth = 5
/** Memory: bid prices, bid sizes, ask prices, ask sizes of the event before, then sums of the best level, then of all. */
const [bids, bidSizes, asks, askSizes, best] = [0, depth, 2 * depth, 3 * depth, 4 * depth]
const wide = best + spans.length

/**
 * Order-flow imbalance (Cont, Kukanov & Stoikov 2014): what joined the bid and left the offer, less the opposite, at the best level and over five, in usual
 * level sizes.
 */
export const orderFlow: Section = {
  columns: [
    ...spans.map((m) => odd(`flow${memories[m]}`, 'ln-size', `order-flow imbalance of the best level over ${memories[m]} s`)),
    ...spans.map((m) => odd(`flowWide${memories[m]}`, 'ln-size', `order-flow imbalance of ${depth} levels over ${memories[m]} s`)),
  ],
  slots: wide + spans.length,
  follow(state, at, now) {
    let first = 0
    let all = 0
    for (let level = 0; level < depth; level++) {
      const change = step(state, at, now, level)
      if (level === 0) first = change
      all += change
    }
    for (let s = 0; s < spans.length; s++) {
      const keep = now.keep[spans[s]]
      state[at + best + s] = keep * state[at + best + s] + first
      state[at + wide + s] = keep * state[at + wide + s] + all
    }
  },
  write(state, at, { reference }, values, out) {
    for (let s = 0; s < 2 * spans.length; s++) values[out + s] = signedLog(state[at + best + s] / reference)
  },
}

/** A level against what it was at the event before, and remembers it. */
function step(state: Float64Array, at: number, now: Moment, level: number): number {
  const bid = now.mid - now.bidDistance[level]
  const ask = now.mid + now.askDistance[level]
  const bidSize = now.bidSize[level]
  const askSize = now.askSize[level]
  const bidMove = bid - state[at + bids + level]
  const askMove = ask - state[at + asks + level]
  const bidBefore = state[at + bidSizes + level]
  const askBefore = state[at + askSizes + level]
  state[at + bids + level] = bid
  state[at + asks + level] = ask
  state[at + bidSizes + level] = bidSize
  state[at + askSizes + level] = askSize
  if (now.isFirst) return 0
  // Prices are in ticks here: a hundredth of one is rounding.
  const joined = bidMove > 0.01 ? bidSize : bidMove < -0.01 ? -bidBefore : bidSize - bidBefore
  const offered = askMove < -0.01 ? askSize : askMove > 0.01 ? -askBefore : askSize - askBefore
  return joined - offered
}
