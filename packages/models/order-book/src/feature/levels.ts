import { bookLevels } from './moment.js'
import { even, odd, type Section } from './section.js'

/** Levels whose distance is told. */
const spans = [1, 4, 9] as const
/** An empty level counts as this share of the usual size. */
export const least = 0.02

/** The normalised book: sizes against the usual, bids against asks, and how far the levels reach. */
export const levels: Section = {
  columns: [
    ...numbers().map((i) => even(`depth${i}`, 'ln-ratio', `ln of both sizes of level ${i} to the usual size of a level`)),
    ...numbers().map((i) => odd(`lean${i}`, 'ln-ratio', `ln of bid to ask size of level ${i}`)),
    ...spans.map((i) => even(`reach${i}`, 'ln-ticks', `ln of the distance between both levels ${i}`)),
    ...spans.map((i) => odd(`skew${i}`, 'ln-ratio', `ln of ask to bid distance of level ${i} from the middle`)),
  ],
  slots: 0,
  follow: () => undefined,
  write(_state, _at, { bidSize, askSize, bidDistance, askDistance, reference }, values, out) {
    const floor = least * reference
    for (let i = 0; i < bookLevels; i++) {
      const bid = bidSize[i] + floor
      const ask = askSize[i] + floor
      values[out + i] = Math.log((bid + ask) / (2 * reference))
      values[out + bookLevels + i] = Math.log(bid / ask)
    }
    let k = out + 2 * bookLevels
    for (let s = 0; s < spans.length; s++, k++) {
      const bid = bidDistance[spans[s]]
      const ask = askDistance[spans[s]]
      // Books may be locked or crossed for an instant; distances are floored at half a tick.
      values[k] = Math.log(bid + ask > 0.5 ? bid + ask : 0.5)
      values[k + spans.length] = Math.log((ask > 0.5 ? ask : 0.5) / (bid > 0.5 ? bid : 0.5))
    }
  },
}

function numbers(): readonly number[] {
  return Array.from({ length: bookLevels }, (_, i) => i)
}
