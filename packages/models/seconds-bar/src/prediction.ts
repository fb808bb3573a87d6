import type { Instrument, Prediction, TimeNs } from '@gatehouse/core'

/**
 * What will become of a trade begun now: two barriers, equally far up and down, and a horizon. Named readings of `values`, which are
 * `[touch, direction]`: the chance that a barrier is reached within the horizon, and the chance that the upper one is first if so.
 */
export interface SecondsBarPrediction extends Prediction {
  readonly type: 'seconds-bar'
  /** 1 when the upper barrier is the likelier to be first, else -1. */
  readonly direction: 1 | -1
  /** Signal quality: the chance that a trade in this direction reaches its profit barrier within the horizon, and before the other one. */
  readonly quality: number
  /** The chance that such a trade is stopped at the other barrier. */
  readonly risk: number
  /** Distance of both barriers from the last price, a log return. */
  readonly barrier: number
  readonly horizonSeconds: number
}

/** The one object that a predictor fills again and again. */
export class SaidOfSeconds implements SecondsBarPrediction {
  readonly type = 'seconds-bar'
  readonly model: string
  readonly digest: string
  readonly instrument: Instrument
  readonly horizonSeconds: number
  at: TimeNs = 0n
  barrier = NaN

  constructor(
    readonly values: Float32Array,
    about: { readonly model: string; readonly digest: string; readonly instrument: Instrument; readonly horizonSeconds: number },
  ) {
    this.model = about.model
    this.digest = about.digest
    this.instrument = about.instrument
    this.horizonSeconds = about.horizonSeconds
  }
  get direction(): 1 | -1 {
    return this.values[1] >= 0.5 ? 1 : -1
  }
  get quality(): number {
    return qualityOf(this.values[0], this.values[1])
  }
  get risk(): number {
    return this.values[0] - this.quality
  }
  copy(): this {
    return Object.assign(new SaidOfSeconds(this.values.slice(), this), { at: this.at, barrier: this.barrier }) as this
  }
}

/** Chance that the likelier barrier is reached, and first. */
export function qualityOf(touch: number, up: number): number {
  return touch * (up >= 0.5 ? up : 1 - up)
}
