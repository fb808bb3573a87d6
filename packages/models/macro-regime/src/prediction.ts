import type { Instrument, Prediction, TimeNs } from '@gatehouse/core'

/** Forward return over the horizon in units of its volatility, cut at -1, -0.25, 0.25 and 1. Ordered. */
export const signals = ['STRONG_SELL', 'SELL', 'HOLD', 'BUY', 'STRONG_BUY'] as const
export type Signal = (typeof signals)[number]

/** Where the trend goes and how rough it will be. */
export const regimes = ['bull-quiet', 'bull-volatile', 'range', 'bear-quiet', 'bear-volatile'] as const
export type Regime = (typeof regimes)[number]

/** What the probability of each class is measured in when one is named: the class named is the largest multiple of its own scale. */
export interface ClassScales {
  readonly signals: readonly number[]
  readonly regimes: readonly number[]
}

/** What the family says after each hourly bar. `values` holds the five signal probabilities, then the five regime probabilities. */
export class MacroRegimePrediction implements Prediction {
  readonly type = 'macro-regime'
  at: TimeNs = 0n

  /** @param scales what the decisions are relative to */
  constructor(
    readonly model: string,
    readonly digest: string,
    readonly instrument: Instrument,
    readonly scales: ClassScales,
    readonly values: Float32Array = new Float32Array(signals.length + regimes.length),
  ) {}

  /** Probability of each of {@link signals}. */
  get signalProbabilities(): Float32Array {
    return this.values.subarray(0, signals.length)
  }
  /** Probability of each of {@link regimes}. */
  get regimeProbabilities(): Float32Array {
    return this.values.subarray(signals.length)
  }
  get signal(): Signal {
    return signals[likeliest(this.values, 0, this.scales.signals)]
  }
  get regime(): Regime {
    return regimes[likeliest(this.values, signals.length, this.scales.regimes)]
  }
  /** Mean signal, from -2 (STRONG_SELL) to 2 (STRONG_BUY). */
  get score(): number {
    return scoreOf(this.values, 0)
  }
  copy(): this {
    const copy = new MacroRegimePrediction(this.model, this.digest, this.instrument, this.scales, this.values.slice())
    copy.at = this.at
    return copy as this
  }
}

/** How much of its size a strategy should take. */
export interface Posture {
  /** From -1 (fully short) to 1 (fully long). */
  readonly bias: number
  /** Largest share of the usual size, 0 to 1: rough regimes halve it. */
  readonly maximum: number
}

/** Score at which the posture is full: the planted and the real signal both move the mean by far less than one class. */
const fullScore = 0.5

/** A prediction as a bound on size: trade the bias, never more than the maximum. */
export function posture(prediction: Pick<MacroRegimePrediction, 'values'>): Posture {
  const volatile = prediction.values[signals.length + 1] + prediction.values[signals.length + 4]
  return { bias: Math.max(-1, Math.min(1, scoreOf(prediction.values, 0) / fullScore)), maximum: 1 - 0.5 * volatile }
}

/** Mean class of five ordered probabilities from `offset` on, -2 to 2. */
export function scoreOf(probabilities: ArrayLike<number>, offset: number): number {
  let score = 0
  for (let k = 0; k < signals.length; k++) score += (k - 2) * probabilities[offset + k]
  return score
}

/** The class to act on: the largest probability relative to its scale. The plain largest one would hardly ever name what is rare and matters most. */
export function likeliest(probabilities: ArrayLike<number>, offset: number, scales: readonly number[]): number {
  let best = 0
  let highest = -Infinity
  for (let k = 0; k < scales.length; k++) {
    const lift = probabilities[offset + k] / scales[k]
    if (lift > highest) {
      highest = lift
      best = k
    }
  }
  return best
}
