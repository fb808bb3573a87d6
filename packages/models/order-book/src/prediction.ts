import { type Instrument, type Prediction, type TimeNs } from '@gatehouse/core'

/** Classes of the direction head, in the order of its probabilities. */
export const directions = ['down', 'flat', 'up'] as const
export type Direction = (typeof directions)[number]
/** Classes of the spread head, in the order of its probabilities. */
export const spreadChanges = ['narrower', 'same', 'wider'] as const
export type SpreadChange = (typeof spreadChanges)[number]

/** Places of the heads in `values`. */
export const place = { direction: 0, spread: 3, impact: 6 } as const
export const outputWidth = 7

/** What the training rows say of how far things go; the artifact carries it. */
export interface Tendencies {
  /** Shares of the classes. */
  readonly directionPriors: readonly number[]
  readonly spreadPriors: readonly number[]
  /** Mean size of a move that is one, in usual moves over the horizon. */
  readonly meanMove: number
  /** Mean change of the spread where it narrows and where it widens, ticks, both positive. */
  readonly narrowerTicks: number
  readonly widerTicks: number
}

/** The state of the book that a prediction was made at. */
export interface BookNow {
  /** Spread, ticks. */
  readonly spreadTicks: number
  /** A tick in basis points of the middle. */
  readonly tickBp: number
  /** Usual move of the middle over the horizon, basis points. */
  readonly usualMoveBp: number
}

/**
 * What the family says of one book: `values` holds the probabilities of down, flat and up, of a narrower, same and wider spread at the horizon, and the impact
 * in usual moves.
 */
export class OrderBookPrediction implements Prediction, BookNow {
  readonly type = 'order-book'
  at: TimeNs = 0n
  spreadTicks = NaN
  tickBp = NaN
  usualMoveBp = NaN

  constructor(
    readonly model: string,
    readonly digest: string,
    readonly instrument: Instrument,
    readonly tendencies: Tendencies,
    readonly values = new Float32Array(outputWidth),
  ) {}

  /** Probabilities of {@link directions}. */
  get directionProbabilities(): Float32Array {
    return this.values.subarray(place.direction, place.direction + directions.length)
  }
  /** Probabilities of {@link spreadChanges}. */
  get spreadProbabilities(): Float32Array {
    return this.values.subarray(place.spread, place.spread + spreadChanges.length)
  }
  get direction(): Direction {
    return directions[decide(this.values, place.direction, this.tendencies.directionPriors)]
  }
  get spreadChange(): SpreadChange {
    return spreadChanges[decide(this.values, place.spread, this.tendencies.spreadPriors, rarity.spread)]
  }
  /** Chance of up less chance of down, -1 to 1. */
  get lean(): number {
    return this.values[place.direction + 2] - this.values[place.direction]
  }
  /** Expected move of the middle over the horizon, basis points. */
  get driftBp(): number {
    return this.lean * this.tendencies.meanMove * this.usualMoveBp
  }
  /** Log move from before the last step's trades to the horizon, basis points: what they did to the price. Means nothing after a step without a trade. */
  get impactBp(): number {
    return this.values[place.impact] * this.usualMoveBp
  }
  copy(): this {
    const copy = new OrderBookPrediction(this.model, this.digest, this.instrument, this.tendencies, this.values.slice())
    copy.at = this.at
    copy.spreadTicks = this.spreadTicks
    copy.tickBp = this.tickBp
    copy.usualMoveBp = this.usualMoveBp
    return copy as this
  }
}

/**
 * What a probability is held against, by head: the root of how common the class is, and for the spread, which changes once in a hundred looks, its power of three quarters.
 * Chosen by purged folds of the training parts of real books. Of roots alone: their last bit is the same everywhere.
 */
export const rarity = {
  direction: (share: number): number => Math.sqrt(share),
  spread: (share: number): number => Math.sqrt(share) * Math.sqrt(Math.sqrt(share)),
} as const

/**
 * The class to act on: the largest probability relative to how common it is. The plain largest one would hardly ever name a move of a market
 * that mostly stands, or a spread that changes.
 */
export function decide(
  values: ArrayLike<number>,
  at: number,
  priors: readonly number[],
  of: (share: number) => number = rarity.direction,
): number {
  // prettier-ignore
  let best = 0
  let highest = -Infinity
  for (let k = 0; k < priors.length; k++) {
    const lift = values[at + k] / of(priors[k])
    if (lift > highest) {
      highest = lift
      best = k
    }
  }
  return best
}
