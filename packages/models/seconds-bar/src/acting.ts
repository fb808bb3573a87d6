import type { SecondsBarPrediction } from './prediction.js'

type Said = Pick<SecondsBarPrediction, 'direction' | 'quality' | 'risk' | 'barrier'>

/** A trade that a prediction is worth, or `undefined` for none. */
export interface Entry {
  readonly side: 'buy' | 'sell'
  /** Part of the largest size one would trade on such a signal, 0 to 1. */
  readonly size: number
  /** Prices of the barriers: take the profit at one, stop at the other, and leave at the horizon if neither came. */
  readonly profitPrice: number
  readonly stopPrice: number
  /** Expected gain after costs, a log return of the traded value. */
  readonly expected: number
}

export interface EntryOptions {
  /** The last price. */
  readonly price: number
  /** Fraction of the traded value that one way costs: half a spread and fees. It is paid twice. */
  readonly costPerTurnover: number
  /** Part of the growth-optimal size to trade; default 0.5, because probabilities are estimates. */
  readonly caution?: number | undefined
}

/**
 * A trade by itself: from now to whichever barrier comes first. It is worth its costs when `(quality - risk) * barrier` is more than twice the cost of one way.
 * The size is the growth-optimal one for outcomes of plus and minus one barrier (Kelly 1956), `mean / mean square`, times the caution, at most 1.
 */
export function entry(
  { direction, quality, risk, barrier }: Said,
  { price, costPerTurnover, caution = 0.5 }: EntryOptions,
): Entry | undefined {
  const cost = 2 * costPerTurnover
  const expected = (quality - risk) * barrier - cost
  if (!(expected > 0 && price > 0)) return undefined
  const meanSquare = quality * (barrier - cost) ** 2 + risk * (barrier + cost) ** 2 + (1 - quality - risk) * cost ** 2
  const kelly = (expected * barrier) / meanSquare
  return {
    side: direction > 0 ? 'buy' : 'sell',
    size: Math.min(1, caution * kelly),
    profitPrice: price * Math.exp(direction * barrier),
    stopPrice: price * Math.exp(-direction * barrier),
    expected,
  }
}

/**
 * When to enter what somebody else has decided: `wait` while the price is expected to come towards the order by more than `patience`, a fraction of the price; `now`
 * when it is not. Waiting beyond the caller's own deadline is the caller's to end.
 * @param side of the decided order
 */
export function timing(
  { direction, quality, risk, barrier }: Said,
  side: 'buy' | 'sell',
  { patience = 0.00005 }: { readonly patience?: number | undefined } = {},
): 'now' | 'wait' {
  const expectedRise = direction * (quality - risk) * barrier
  return (side === 'buy' ? -expectedRise : expectedRise) > patience ? 'wait' : 'now'
}
