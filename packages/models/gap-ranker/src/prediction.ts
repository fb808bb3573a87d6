import type { Instrument, Prediction, TimeNs } from '@gatehouse/core'

/** What the family says of one name of a morning. `values` holds score, probability, rank and the number of names ranked. */
export class GapPrediction implements Prediction {
  readonly type = 'gap-ranker'
  at: TimeNs = 0n

  constructor(
    readonly model: string,
    readonly digest: string,
    readonly instrument: Instrument,
    readonly values = new Float32Array(4),
  ) {}

  /** Orders the names of one morning; means nothing across mornings. */
  get score(): number {
    return this.values[0]
  }
  /** Calibrated probability of the move that the model was trained for: `close` above the open, unless stated otherwise. */
  get probability(): number {
    return this.values[1]
  }
  /** 1 is the best of the morning. */
  get rank(): number {
    return this.values[2]
  }
  /** Names ranked this morning. */
  get names(): number {
    return this.values[3]
  }
  copy(): this {
    const copy = new GapPrediction(this.model, this.digest, this.instrument, this.values.slice())
    copy.at = this.at
    return copy as this
  }
}

/** Which predictions are acted on. */
export interface StakeOptions {
  /** Most names. Default 5. */
  readonly top?: number | undefined
  /** Least probability of the move. Default 0.5. */
  readonly atLeast?: number | undefined
}

/** Share of the family's capital to put on a name at the open, to be taken off at the close: equal parts for the best names that are more likely than not to move. */
export function stake(
  { rank, probability }: Pick<GapPrediction, 'rank' | 'probability'>,
  { top = 5, atLeast = 0.5 }: StakeOptions = {},
): number {
  return rank <= top && probability >= atLeast ? 1 / top : 0
}
