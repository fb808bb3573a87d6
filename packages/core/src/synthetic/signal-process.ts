import type { RandomStream } from './random.js'

/**
 * Three states of activity. On heavy volume, in quiet and in hectic markets, trends run on; on light volume, in normal ones, they are faded. So the planted
 * signal is momentum times a function that is a step in volume and U-shaped in volatility. Levels and shares keep it close to uncorrelated with momentum,
 * with raw (unscaled) returns, with volatility and with volume: a model that is linear in them sees little, one that can multiply sees it.
 */
const activityVolatility: readonly number[] = [0.3, 1, 1.7]
export const activityVolume: readonly number[] = [1.4, 0.4, 1.4]
const normal = 1

export interface SignalProcessOptions {
  /** Weight of the past in momentum, per step: 0.95 remembers about 20 steps. */
  readonly memory: number
  /** Chance per step that activity is drawn anew, and that it is normal then: quiet and hectic share the rest. */
  readonly renewal: number
  readonly normalShare: number
  /** Drift per step in units of its volatility at full momentum: with it in quiet and hectic markets, against it in normal ones. */
  readonly trend: number
  readonly fade: number
}

/** Momentum counts up to this, so that a trend cannot feed on itself for ever. */
const momentumBound = 1
/** One wild step must not rule momentum for its whole memory. */
const stepBound = 3

/**
 * The planted signal of a bar series: `drift = (activity is normal ? -fade : trend) * bounded momentum`, all of it a function of bars already seen.
 * Momentum is an exponential average of returns in units of their volatility, scaled to variance 1 for a random walk.
 */
export class SignalProcess {
  momentum = 0
  activity = 1
  readonly #gain: number
  readonly #quietShare: number
  /** Volatility in each state; its root mean square over time is 1. */
  readonly #volatility: readonly number[]

  constructor(readonly options: SignalProcessOptions) {
    this.#gain = Math.sqrt(1 - options.memory * options.memory)
    this.#quietShare = (1 - options.normalShare) / 2
    const shares = [this.#quietShare, options.normalShare, this.#quietShare]
    const rms = Math.sqrt(activityVolatility.reduce((sum, level, state) => sum + shares[state] * level * level, 0))
    this.#volatility = activityVolatility.map((level) => level / rms)
  }

  /** Volatility of the present activity; 1 is the average. */
  get volatility(): number {
    return this.#volatility[this.activity]
  }

  /** Expected next step in units of its volatility, given everything seen so far. */
  get drift(): number {
    const m = this.momentum
    const bounded = m > momentumBound ? momentumBound : m < -momentumBound ? -momentumBound : m
    return (this.activity === normal ? -this.options.fade : this.options.trend) * bounded
  }

  /** Starts afresh: no momentum, activity by its shares. */
  start(random: RandomStream): void {
    this.momentum = 0
    this.activity = this.#draw(random)
  }

  /** The activity of the next step, which may be new. */
  renew(random: RandomStream): void {
    if (random.uniform() < this.options.renewal) this.activity = this.#draw(random)
  }

  #draw(random: RandomStream): number {
    const u = random.uniform()
    return u < this.#quietShare ? 0 : u < this.#quietShare + this.options.normalShare ? normal : 2
  }

  /** Takes in one step, in units of its volatility. */
  observe(step: number): void {
    const bounded = step > stepBound ? stepBound : step < -stepBound ? -stepBound : step
    this.momentum = this.options.memory * this.momentum + this.#gain * bounded
  }
}

/** A signal at another strength; 0 plants nothing. */
export function scaled(options: SignalProcessOptions, strength: number): SignalProcessOptions {
  return { ...options, trend: options.trend * strength, fade: options.fade * strength }
}
