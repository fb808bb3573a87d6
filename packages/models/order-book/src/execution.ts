import { type BookNow, place, type Tendencies } from './prediction.js'

/** What to do with an order that has to be done. */
export interface ExecutionAdvice {
  /**
   * `take`: cross the spread now, waiting is expected to cost. `join`: rest at the best price of one's own side. `wait`: the market is expected to come by more
   * than the half spread that resting would earn; rest a tick behind, or not at all.
   */
  readonly action: 'take' | 'join' | 'wait'
  /** Where to rest, ticks from the best price of one's own side, negative is behind; for `take` the whole spread. */
  readonly offsetTicks: number
  /** Expected cost against the middle now of taking at once, and of taking when the horizon has passed, basis points. */
  readonly costNowBp: number
  readonly costLaterBp: number
}

export interface ExecutionOptions {
  readonly side: 'buy' | 'sell'
  /** What waiting must be expected to save before it is advised, basis points. Default 0. */
  readonly leastSavingBp?: number | undefined
}

/** The parts of a prediction that execution reads. */
export interface Expectation extends BookNow {
  readonly values: Float32Array
  readonly tendencies: Tendencies
}

/**
 * Take or wait, and at which price: compares the half spread now with the half spread that is expected at the horizon plus the expected move. No fill of a
 * resting order is assumed: one that comes is a gain on top.
 */
export function executionAdvice(prediction: Expectation, { side, leastSavingBp = 0 }: ExecutionOptions): ExecutionAdvice {
  const { spreadTicks, tickBp } = prediction
  const costNowBp = (spreadTicks * tickBp) / 2
  const savingBp = expectedSaving(prediction, side === 'buy' ? 1 : -1)
  const action = !(savingBp > leastSavingBp) ? 'take' : savingBp > costNowBp ? 'wait' : 'join'
  return {
    action,
    offsetTicks: action === 'take' ? spreadTicks : action === 'join' ? 0 : -1,
    costNowBp,
    costLaterBp: costNowBp - savingBp,
  }
}

/** What taking at the horizon is expected to save over taking now, basis points. @param sign 1 buys, -1 sells */
export function expectedSaving({ values, tendencies, tickBp, usualMoveBp }: Expectation, sign: number): number {
  const drift = (values[place.direction + 2] - values[place.direction]) * tendencies.meanMove * usualMoveBp
  const narrowing = values[place.spread] * tendencies.narrowerTicks - values[place.spread + 2] * tendencies.widerTicks
  return (narrowing * tickBp) / 2 - sign * drift
}
