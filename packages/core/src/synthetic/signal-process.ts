import type { RandomStream } from './random.js'

/**
 * Three states of activity with a sign each. The sign, and with it the planted signal, is a U-shaped function of activity: trends run on in quiet
 * and in hectic markets and are faded in normal ones. The levels are chosen so that E[sign] = E[sign * level] = 0; a model that is
 * linear in momentum, in raw (unscaled) returns, in volatility and in volume therefore sees nothing, and one that can multiply and bend sees it all.
 */
export const activitySign: readonly number[] = [1, -1, 1]
export const activityVolatility: readonly number[] = [0.3, 1, 1.7]
export const activityVolume: readonly number[] = [0.4, 1, 1.6]
const quietShare = 0.25
const normalShare = 0.5
/** Root mean square of `activityVolatility` under its shares: volatilities are divided by it to average 1. */
export const activityRms = Math.sqrt(0.25 * 0.09 + 0.5 + 0.25 * 2.89)

export function drawActivity(random: RandomStream): number {
  const u = random.uniform()
  return u < quietShare ? 0 : u < quietShare + normalShare ? 1 : 2
}

export interface SignalProcessOptions {
  /** Weight of the past in momentum, per step: 0.95 remembers about 20 steps. */
  readonly memory: number
  /** Chance per step that activity is drawn anew. */
  readonly renewal: number
  /** Largest drift per step in units of the step's volatility, per unit of momentum; 0 plants nothing. */
  readonly strength: number
}

/** Momentum is bounded in the signal, so that a trend cannot feed on itself for ever. */
const momentumBound = 2
/** One wild step must not rule momentum for its whole memory. */
const stepBound = 3

/**
 * The planted signal of a bar series: `drift = strength * sign(activity) * bounded momentum`, all of it a function of bars already seen.
 * Momentum is an exponential average of returns in units of their volatility, scaled to variance 1 for a random walk.
 */
export class SignalProcess {
  momentum = 0
  activity = 1
  readonly #gain: number

  constructor(readonly options: SignalProcessOptions) {
    this.#gain = Math.sqrt(1 - options.memory * options.memory)
  }

  /** Expected next step in units of its volatility, given everything seen so far. */
  get drift(): number {
    const m = this.momentum
    return (
      this.options.strength * activitySign[this.activity] * (m > momentumBound ? momentumBound : m < -momentumBound ? -momentumBound : m)
    )
  }

  /** Starts afresh: no momentum, activity by its shares. */
  start(random: RandomStream): void {
    this.momentum = 0
    this.activity = drawActivity(random)
  }

  /** The activity of the next step, which may be new. */
  renew(random: RandomStream): void {
    if (random.uniform() < this.options.renewal) this.activity = drawActivity(random)
  }

  /** Takes in one step, in units of its volatility. */
  observe(step: number): void {
    const bounded = step > stepBound ? stepBound : step < -stepBound ? -stepBound : step
    this.momentum = this.options.memory * this.momentum + this.#gain * bounded
  }

  copyFrom(other: { readonly momentum: number; readonly activity: number }): void {
    this.momentum = other.momentum
    this.activity = other.activity
  }
}
