import { memories, usual } from './moment.js'
import { even, fullness, odd, signedLog, youngest, type Section } from './section.js'

const spans = [0, 1, 2, 3] as const
const volumeSpans = [0, 1, 2] as const
/** Share that a trade has in the usual size: about the last hundred count. */
const share = 0.01
/** Memory: usual size, usual logarithm, their weight, last side, last size against the usual, age, sums of signed and of all volume. */
const [mean, meanLog, meanWeight, side, size, age, signed] = [0, 1, 2, 3, 4, 5, 6]
const volume = signed + spans.length

/** What the aggressors took, in usual trades. */
export const trades: Section = {
  columns: [
    ...spans.map((m) => odd(`taken${memories[m]}`, 'ln-trades', `volume bought less volume sold over ${memories[m]} s`)),
    ...volumeSpans.map((m) =>
      even(`volume${memories[m]}`, 'ln-ratio', `ln of volume over ${memories[m]} s to the usual over ${memories[usual]} s`),
    ),
    odd('lastSide', 'sign', 'who was the aggressor of the last trade'),
    even('lastSize', 'ln-ratio', 'ln of its size, less the mean logarithm'),
    odd('lastSigned', 'ln-ratio', 'lastSide times lastSize'),
    even('tradeAge', 'ln-seconds', 'ln of the time since it'),
  ],
  slots: volume + memories.length,
  follow(state, at, { keep, elapsed, isTrade, tradeSize, tradeSide }) {
    if (isTrade) {
      const logSize = Math.log(tradeSize)
      // Against the trades before it: its own size is not part of what is usual.
      state[at + size] = state[at + meanWeight] > 0 ? logSize - state[at + meanLog] / state[at + meanWeight] : 0
      state[at + mean] += share * (tradeSize - state[at + mean])
      state[at + meanLog] += share * (logSize - state[at + meanLog])
      state[at + meanWeight] += share * (1 - state[at + meanWeight])
      state[at + side] = tradeSide
      state[at + age] = 0
    } else state[at + age] += elapsed
    for (let s = 0; s < spans.length; s++) state[at + signed + s] = keep[spans[s]] * state[at + signed + s] + tradeSide * tradeSize
    for (let m = 0; m < memories.length; m++) state[at + volume + m] = keep[m] * state[at + volume + m] + tradeSize
  },
  write(state, at, { weight }, values, out) {
    const usualSize = state[at + meanWeight] > 0 ? state[at + mean] / state[at + meanWeight] : 1
    const perSecond = state[at + volume + usual] / (memories[usual] * fullness(weight[usual]) * usualSize)
    let k = out
    for (let s = 0; s < spans.length; s++) values[k++] = signedLog(state[at + signed + s] / usualSize)
    for (let s = 0; s < volumeSpans.length; s++) {
      const m = volumeSpans[s]
      values[k++] = Math.log((1 + state[at + volume + m] / usualSize) / (1 + perSecond * memories[m]))
    }
    values[k++] = state[at + side]
    values[k++] = state[at + size]
    values[k++] = state[at + side] * state[at + size]
    values[k] = Math.log(youngest + state[at + age])
  },
}
