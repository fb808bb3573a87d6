import { memories, usual } from './moment.js'
import { even, fullness, odd, youngest, type Section } from './section.js'

const spans = [0, 1, 2, 3] as const
const volatilitySpans = [1, 2, 3] as const
/** Variance a second that counts as nothing, ticks squared. */
const stillness = 0.01
/** A quarter of a squared tick under the root: moves of half a tick on a still market are no news. */
const grain = 0.25
/** Memory: middle of the event before, last move's sign, its age, sums of moves, sums of squares. */
const [last, sign, age, sums] = [0, 1, 2, 3]
const squares = sums + spans.length

/** Where the middle went, in units of its usual volatility, and how rough it is. */
export const moves: Section = {
  columns: [
    ...spans.map((m) => odd(`move${memories[m]}`, 'standard-deviations', `moves of the middle over ${memories[m]} s to what is usual`)),
    ...volatilitySpans.map((m) =>
      even(`roughness${memories[m]}`, 'ln-ratio', `ln of variance over ${memories[m]} s to that over ${memories[usual]} s`),
    ),
    odd('lastMove', 'sign', 'which way the middle moved last'),
    even('moveAge', 'ln-seconds', 'ln of the time since the middle moved'),
  ],
  slots: squares + memories.length,
  follow(state, at, { mid, keep, elapsed, isFirst }) {
    const change = isFirst ? 0 : mid - state[at + last]
    state[at + last] = mid
    for (let m = 0; m < memories.length; m++) state[at + squares + m] = keep[m] * state[at + squares + m] + change * change
    for (let s = 0; s < spans.length; s++) state[at + sums + s] = keep[spans[s]] * state[at + sums + s] + change
    if (change === 0) state[at + age] += elapsed
    else {
      state[at + sign] = change > 0 ? 1 : -1
      state[at + age] = 0
    }
  },
  write(state, at, { weight }, values, out) {
    const perSecond = varianceOf(state, at, weight[usual])
    let k = out
    for (let s = 0; s < spans.length; s++) values[k++] = state[at + sums + s] / Math.sqrt(perSecond * memories[spans[s]] + grain)
    for (let s = 0; s < volatilitySpans.length; s++) {
      const m = volatilitySpans[s]
      values[k++] = Math.log((state[at + squares + m] / memories[m] + stillness) / (perSecond + stillness))
    }
    values[k++] = state[at + sign]
    values[k] = Math.log(youngest + state[at + age])
  },
}

/** Variance of the middle a second over the longest memory, ticks squared. @param weight how full that memory is */
export function varianceOf(state: Float64Array, at: number, weight: number): number {
  return state[at + squares + usual] / (memories[usual] * fullness(weight))
}
