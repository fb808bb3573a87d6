import { memories, usual } from './moment.js'
import { even, fullness, odd, youngest, type Section } from './section.js'

const spans = [0, 1, 2] as const
/** Memory: sums of events and of trades, then the best bid and the best offer: price, age, largest size. */
const [events, tradeEvents, bid] = [0, memories.length, 2 * memories.length]
const [age, most, queueSlots] = [1, 2, 3]
const ask = bid + queueSlots
/** Ages are compared from here, seconds. */
const settled = 0.01

/** How fast events and trades come against the usual, and the lives of the best queues. */
export const activity: Section = {
  columns: [
    ...spans.map((m) =>
      even(`eventRate${memories[m]}`, 'ln-ratio', `ln of events a second over ${memories[m]} s to those over ${memories[usual]} s`),
    ),
    ...spans.map((m) =>
      even(`tradeRate${memories[m]}`, 'ln-ratio', `ln of trades a second over ${memories[m]} s to those over ${memories[usual]} s`),
    ),
    odd('queueAge', 'ln-ratio', 'ln of the age of the best bid to that of the best offer'),
    even('queueYouth', 'ln-seconds', 'ln of the younger of both ages'),
    odd('queueLeft', 'fraction', 'share of its largest size that the best bid has left, less that of the best offer'),
    even('queueWorn', 'fraction', 'mean share of their largest sizes that the best queues have left'),
  ],
  slots: 2 * memories.length + 2 * queueSlots,
  follow(state, at, { mid, bidDistance, askDistance, bidSize, askSize, keep, elapsed, isFirst, isTrade }) {
    for (let m = 0; m < memories.length; m++) {
      state[at + events + m] = keep[m] * state[at + events + m] + 1
      state[at + tradeEvents + m] = keep[m] * state[at + tradeEvents + m] + (isTrade ? 1 : 0)
    }
    follow(state, at + bid, mid - bidDistance[0], bidSize[0], isFirst ? -1 : elapsed)
    follow(state, at + ask, mid + askDistance[0], askSize[0], isFirst ? -1 : elapsed)
  },
  write(state, at, { bidSize, askSize, weight }, values, out) {
    const full = memories[usual] * fullness(weight[usual])
    const usualEvents = state[at + events + usual] / full
    const usualTrades = state[at + tradeEvents + usual] / full
    for (let s = 0; s < spans.length; s++) {
      const m = spans[s]
      values[out + s] = Math.log((1 + state[at + events + m]) / (1 + usualEvents * memories[m]))
      values[out + spans.length + s] = Math.log((1 + state[at + tradeEvents + m]) / (1 + usualTrades * memories[m]))
    }
    const bidAge = state[at + bid + age]
    const askAge = state[at + ask + age]
    const bidLeft = state[at + bid + most] > 0 ? bidSize[0] / state[at + bid + most] : 1
    const askLeft = state[at + ask + most] > 0 ? askSize[0] / state[at + ask + most] : 1
    const k = out + 2 * spans.length
    values[k] = Math.log((settled + bidAge) / (settled + askAge))
    values[k + 1] = Math.log(youngest + (bidAge < askAge ? bidAge : askAge))
    values[k + 2] = bidLeft - askLeft
    values[k + 3] = (bidLeft + askLeft) / 2
  },
}

/** A best queue lives as long as its price stays. `elapsed` is negative when nothing was before. */
function follow(state: Float64Array, at: number, price: number, size: number, elapsed: number): void {
  const isSame = elapsed >= 0 && Math.abs(price - state[at]) < 0.01
  state[at] = price
  state[at + age] = isSame ? state[at + age] + elapsed : 0
  state[at + most] = isSame && state[at + most] > size ? state[at + most] : size
}
