import { memories } from './moment.js'
import { even, youngest, type Section } from './section.js'

const spans = [1, 2, 4] as const
/** Memory: spread of the event before, its age, sums over time. */
const [last, age, sums] = [0, 1, 2]
/** Spreads are floored at this: a locked book has none. */
const floor = 0.5

/** Where the spread stands, for how long, and what it has been. */
export const spreadState: Section = {
  columns: [
    even('spread', 'ln-ticks', 'ln of best offer less best bid'),
    even('isWide', 'flag', '1 when the spread is more than a tick'),
    ...spans.map((m) => even(`spreadExcess${memories[m]}`, 'ln-ratio', `ln of the spread to its mean over ${memories[m]} s`)),
    even('spreadAge', 'ln-seconds', 'ln of the time since the spread changed'),
  ],
  slots: sums + spans.length,
  follow(state, at, { spread, keep, elapsed, isFirst }) {
    const now = spread > floor ? spread : floor
    for (let s = 0; s < spans.length; s++) {
      const sum = at + sums + s
      if (!isFirst) state[sum] = keep[spans[s]] * state[sum] + (1 - keep[spans[s]]) * state[at + last]
    }
    const isSame = !isFirst && Math.abs(now - state[at + last]) < 0.25
    state[at + age] = isSame ? state[at + age] + elapsed : 0
    state[at + last] = now
  },
  write(state, at, { spread, weight }, values, out) {
    const now = state[at + last]
    values[out] = Math.log(now)
    values[out + 1] = spread > 1.5 ? 1 : 0
    for (let s = 0; s < spans.length; s++) {
      const m = spans[s]
      values[out + 2 + s] = weight[m] > 1e-9 ? Math.log(now / (state[at + sums + s] / weight[m])) : 0
    }
    values[out + 2 + spans.length] = Math.log(youngest + state[at + age])
  },
}
