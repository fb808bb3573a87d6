import type { Instrument } from './instrument.js'
import type { TimeNs } from './time.js'

/**
 * What a model says about one instrument at one moment. Families extend it with named fields over `values`.
 * Emitted objects are reused: valid during the call; `copy()` to keep.
 */
export interface Prediction {
  /** The family's literal, to narrow on: `'macro-regime'`. */
  readonly type: string
  /** Name of the model, and the digest of its artifact. */
  readonly model: string
  readonly digest: string
  readonly instrument: Instrument
  readonly at: TimeNs
  /** The calibrated outputs in the order of the family's label map: what the journal keeps and a replay compares. */
  readonly values: Float32Array
  copy(): this
}
