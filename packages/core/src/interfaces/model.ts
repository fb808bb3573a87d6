import type { Artifact, CallOptions, CandidateFiles, Computable, Evaluation, FeatureSpec, ManifestPin } from '@gatehouse/contracts'
import type { Batch } from './batch.js'
import type { Instrument } from './instrument.js'
import type { Prediction } from './prediction.js'
import type { Schema } from './schema.js'
import type { TimeNs, TimeRange } from './time.js'
import type { MarketView } from './view.js'

/** What a model reads, and how much history warms it. */
export interface InputSpec {
  readonly schema: Schema
  /** Source it was trained on; another is refused without a passing cross-source parity report. */
  readonly source: string
  /** Rows of this schema before the first prediction. */
  readonly warmUp: number
}

/** When a model predicts: after each row of a schema, on the multiples of a time before which a row came, or once a session at a local time. */
export type Trigger =
  { readonly every: Schema } | { readonly everyNs: number } | { readonly session: `${number}:${number}`; readonly calendar: string }

/** A loaded artifact. Paper and live accounts take it only inside an `Admitted`. */
export interface Model<P extends Prediction = Prediction> extends Computable {
  readonly name: string
  /** SHA-256 (hex) of `model.json`. */
  readonly digest: string
  readonly inputs: readonly InputSpec[]
  readonly trigger: Trigger
  /** `'instrument'` (default): opened once for each instrument. `'universe'`: opened once on all of them, as a ranker is. */
  readonly scope?: 'instrument' | 'universe' | undefined
  /** One instrument, or a universe for a ranker. */
  open(instruments: readonly Instrument[]): Predictor<P>
}

/** A model at work on its instruments: streaming features, then the network. */
export interface Predictor<P extends Prediction = Prediction> {
  /** Synchronous and allocation-free. */
  update(view: MarketView): void
  /** Called on the trigger; several predictions for a ranking; the emitted objects are reused. */
  predict(now: TimeNs, emit: (prediction: P) => void): void
  /** False until every feature has the history it needs; the engine does not ask an unwarmed predictor. */
  readonly isWarm: boolean
  /** Exact continuation after a restart: `restore(save())` gives the same bytes out for the same views in. */
  save(): Uint8Array
  restore(state: Uint8Array): void
}

/** Recorded data to train and judge on, always by pin where it came from a manifest; one schema, or several joined ({@link joinDatasets}). */
export interface Dataset {
  readonly name: string
  /** What names the bytes for ever, one for each table; empty where nothing is pinned, and nothing can be promoted. */
  readonly pins: readonly ManifestPin[]
  readonly source: string
  readonly instruments: readonly Instrument[]
  readonly range: TimeRange
  /** Batches in `availableAt` order; can be read many times. */
  batches(schema: Schema, range?: TimeRange, options?: CallOptions): AsyncIterable<Batch>
}

export interface TrainOptions extends CallOptions {
  /** Same seed and backend, same bytes out. */
  readonly seed?: number | undefined
  /** Only rows whose label ends before this are trained on. */
  readonly until?: TimeNs | undefined
}

export interface EvaluateOptions extends CallOptions {
  /** Configurations tried in the campaign, this one included. Not optional: a Sharpe ratio without it cannot be judged. */
  readonly trials: number
  /** Variance of the trials' Sharpe ratios per period; with several trials and without it the deflated ratio is unknown. */
  readonly varianceOfSharpes?: number | undefined
}

/** A trained artifact, not yet registered. */
export interface Candidate {
  /** `model.json`, `metadata.json`, `weights.safetensors`, …: what {@link Artifact} will hold. */
  readonly files: CandidateFiles
  /** SHA-256 (hex) of `model.json`. */
  readonly digest: string
}

/** What a family package exports, and what a fifth family implements. */
export interface ModelFamily<P extends Prediction = Prediction> {
  readonly name: string
  /** The feature spec for one source of data: a model trained on one refuses another. */
  features(source: string): FeatureSpec
  train(dataset: Dataset, options?: TrainOptions): Promise<Candidate>
  evaluate(candidate: Candidate, dataset: Dataset, options: EvaluateOptions): Promise<Evaluation>
  /** For research and simulation; paper and live need `registry.admit(alias, environment, family.load)`. */
  load(artifact: Artifact): Promise<Model<P>>
}
