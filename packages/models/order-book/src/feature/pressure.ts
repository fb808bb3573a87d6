import { bookLevels, memories, type Moment, usual } from './moment.js'
import { least } from './levels.js'
import { even, odd, type Section } from './section.js'

/** Levels that the near book is made of. */
const near = 5
/** Memories (places in `memories`) that the near book is averaged over. */
const spans = [1, 2] as const
/** Memory: lean and total of the event before, then their sums over time. */
const [lastLean, lastTotal, sums] = [0, 1, 2]

/** Which side is heavier, how that compares with the last seconds, and whether the book is thin or thick. */
export const pressure: Section = {
  columns: [
    ...[1, 3, 5, 10].map((n) => odd(`imbalance${n}`, 'fraction', `(bid - ask) / (bid + ask) of the best ${n} levels`)),
    odd('microprice', 'ticks', 'price weighted by the opposite best queue, less the middle'),
    odd('lean', 'ln-ratio', `ln of bid to ask size of the best ${near} levels`),
    ...spans.map((m) => odd(`leanMean${memories[m]}`, 'ln-ratio', `lean, mean over ${memories[m]} s`)),
    even('depth', 'ln-ratio', `ln of all that rests to its mean over ${memories[usual]} s`),
    ...spans.map((m) =>
      even(`depthMean${memories[m]}`, 'ln-ratio', `ln of its mean over ${memories[m]} s to that over ${memories[usual]} s`),
    ),
  ],
  slots: sums + 2 * spans.length,
  follow(state, at, now) {
    const { keep, total } = now
    for (let s = 0; s < spans.length; s++) {
      const m = spans[s]
      const leanSum = at + sums + s
      const totalSum = leanSum + spans.length
      if (now.isFirst) continue
      state[leanSum] = keep[m] * state[leanSum] + (1 - keep[m]) * state[at + lastLean]
      state[totalSum] = keep[m] * state[totalSum] + (1 - keep[m]) * state[at + lastTotal]
    }
    state[at + lastLean] = leanOf(now)
    state[at + lastTotal] = total
  },
  write(state, at, { bidSize, askSize, reference, spread, total, weight }, values, out) {
    let bid = 0
    let ask = 0
    let k = out
    for (let i = 0; i < bookLevels; i++) {
      bid += bidSize[i]
      ask += askSize[i]
      if (i === 0 || i === 2 || i === 4 || i === 9) values[k++] = bid + ask > 0 ? (bid - ask) / (bid + ask) : 0
    }
    const usualTotal = 2 * bookLevels * reference
    const floor = least * usualTotal
    values[k++] = (values[out] * spread) / 2
    values[k++] = state[at + lastLean]
    for (let s = 0; s < spans.length; s++, k++) {
      const m = spans[s]
      const isKnown = weight[m] > 1e-9
      const mean = isKnown ? state[at + sums + spans.length + s] / weight[m] : total
      values[k] = isKnown ? state[at + sums + s] / weight[m] : state[at + lastLean]
      values[k + spans.length + 1] = Math.log((mean + floor) / (usualTotal + floor))
    }
    values[k] = Math.log((total + floor) / (usualTotal + floor))
  },
}

function leanOf({ bidSize, askSize, reference }: Moment): number {
  let bid = least * reference
  let ask = bid
  for (let i = 0; i < near; i++) {
    bid += bidSize[i]
    ask += askSize[i]
  }
  return Math.log(bid / ask)
}
