import { type ModelDescription } from '@gatehouse/contracts'
import { type CallOptions, type Dataset, type InputSpec, type Instrument, type Prediction, type Predictor, type TimeRange, type Trigger } from '@gatehouse/core' // prettier-ignore
import { type LoadedArtifact } from '../artifact/artifact.js'
import { type FeatureSet } from '../feature/feature-set.js'
import { type NetworkDefinition } from '../network/definition.js'
import { type Normaliser } from '../serve/normaliser.js'
import { type TrainNetworkOptions } from '../train/train-network.js'
import { type Fit } from './fit.js'
import { type Judging } from './judging.js'
import { type FamilyRows } from './rows.js'

/** How a head's raw output becomes a probability. */
export type CalibrationMethod = 'none' | 'temperature' | 'isotonic'

/** Settings of a family's training; what is left out has the kit's default. */
export interface FamilyTraining extends Pick<TrainNetworkOptions, 'epochs' | 'batch' | 'optimiser' | 'patience' | 'classWeights'> {
  /** Share of the training rows, the latest, purged, that early stopping and calibration look at. Default 0.15. */
  readonly validationShare?: number | undefined
  /** Least time between training and validation or test labels beyond the labels' own intervals, ns. Default 0. */
  readonly embargoNs?: bigint | undefined
  /** Seeds that are trained; the one with the least validation loss is kept. Default 1. */
  readonly restarts?: number | undefined
  /** Keep the mean of all seeds as one wide network instead of the best: for flat chains of dense layers. Default false. */
  readonly averaged?: boolean | undefined
  /** Default `standard`, clipped at 6 deviations. */
  readonly normaliser?: { readonly kind?: Normaliser['kind'] | undefined; readonly clip?: number | undefined } | undefined
  /** Train the network in a worker thread, so that this one stays free for another family. Same bits. Default false. */
  readonly inThread?: boolean | undefined
  /** Worker threads that several seeds are trained in; 0 trains one after the other in this thread, with less memory. Same bits. Default one a core. */
  readonly threads?: number | undefined
  /** Fewest labelled rows. Default 500. */
  readonly leastRows?: number | undefined
  /** Trains on labels in random order: the candidate that no gate may let through. For tests and demonstrations. */
  readonly shuffleLabels?: boolean | undefined
}

/** A judge's opponent, fitted on the rows that the model was trained on and measured on the same test rows. */
export interface Baseline<R extends FamilyRows = FamilyRows> {
  /** `[a-z][a-zA-Z0-9]*`; the gate's edge is `<metric>Over<Name>`. */
  readonly name: string
  readonly description: string
  /** Metrics, of {@link FamilyDefinition.measure}, that the edge of the model is stated for. */
  readonly edges: readonly string[]
  /** What it would have said: `[fold.test, outputs]`, in the layout of the model's calibrated outputs. */
  readonly predict: (fold: BaselineFold<R>, options: CallOptions) => Float32Array | Promise<Float32Array>
}

export interface BaselineFold<R extends FamilyRows = FamilyRows> {
  /** How the model is fitted, for baselines that are fitted alike. */
  readonly family: Pick<FamilyDefinition<R>, 'name' | 'network' | 'training' | 'calibration' | 'augment'>
  readonly rows: R
  /** Indices of rows. */
  readonly train: Int32Array
  readonly test: Int32Array
  /** Numbers a row. */
  readonly width: number
  readonly seed: number
}

/** A figure of the evaluation: an estimate, and through its statistic an interval. */
export interface Measure {
  /** `[a-z][a-zA-Z0-9]*`, such as `macroF1`. */
  readonly name: string
  readonly unit: string
  readonly direction: 'higher' | 'lower'
  /** Of the test rows' multiplicities, in the order of {@link Judging.test}. */
  readonly statistic: (weights: Float64Array) => number
}

/** Returns of acting on the predictions, net of costs. */
export interface Economics {
  /** Fees, slippage and latency assumed, in words. */
  readonly costs: string
  /** Net simple return of each period, in time order. */
  readonly returns: Float64Array
}

/** A score of each test row, and what came of it. */
export interface Deciles {
  /** Such as `Net return of a trade in the likelier direction`. */
  readonly title: string
  /** What the score is, such as `expected return, bp`. */
  readonly by: string
  /** Of the outcome. */
  readonly unit: string
  readonly score: ArrayLike<number>
  /** `NaN` where it is not known. */
  readonly outcome: ArrayLike<number>
}

/** What a family says of itself when it is loaded. */
export interface FamilyServing<P extends Prediction> {
  readonly trigger: Trigger
  readonly scope?: 'instrument' | 'universe' | undefined
  /** Default: every schema of the features with the longest warm-up of any of them, and splits in-band. */
  readonly inputs?: ((features: FeatureSet) => readonly InputSpec[]) | undefined
  /** Most rows in one call of the plan: the largest universe of a ranker. Default 1. */
  readonly rows?: number | undefined
  readonly open: (loaded: LoadedFamily, instruments: readonly Instrument[]) => Predictor<P>
}

/** An artifact with the features it was trained on. */
export interface LoadedFamily {
  readonly artifact: LoadedArtifact
  readonly features: FeatureSet
}

/** A family: features, labels, network and what to measure. Everything else is the kit's. */
export interface FamilyDefinition<R extends FamilyRows = FamilyRows, P extends Prediction = Prediction> {
  /** Of the family; error messages begin with it. */
  readonly name: string
  /** Name under which candidates are registered. */
  readonly modelName: string
  /** SHA-256 (hex) of the code that trains, so that a gate knows what made the weights. */
  readonly codeHash?: string | undefined
  readonly features: (source: string) => FeatureSet
  readonly readRows: (
    dataset: Dataset,
    options: CallOptions & { readonly features: FeatureSet; readonly range?: TimeRange | undefined },
  ) => Promise<R>
  readonly network: NetworkDefinition
  /** What the heads mean, in the order of the network's heads. */
  readonly heads: ModelDescription['labels']['heads']
  readonly training: FamilyTraining
  /**
   * More rows to learn from, made of some rows: a mirrored market, say. Of the same width, heads and windows (into a table of their own), without groups. Asked for the training and the
   * validation part apart, so that nothing passes between them; never judged, counted, or part of the drift reference.
   */
  readonly augment?: ((rows: R, indices: Int32Array) => FamilyRows) | undefined
  /** By head; default temperature for whatever states probabilities. */
  readonly calibration?: Readonly<Record<string, CalibrationMethod>> | undefined
  /** Columns of the data that are read, for the gate's check that they are there. */
  readonly columns: readonly string[]
  /** The family's own settings in `model.json`, from the training rows and what was fitted on them: how common the classes were, where to cut a score, say. */
  readonly extra?: ((rows: R, train: Int32Array, fit?: Fit) => NonNullable<ModelDescription['extra']>) | undefined
  /** More hyperparameters for `model.json`. */
  readonly settings?: ModelDescription['provenance']['hyperparameters'] | undefined
  /** The figures, the first one being the one the family is chosen by. Called for the model and for every baseline. */
  readonly measure: (judging: Judging<R>) => readonly Measure[]
  readonly baselines: readonly Baseline<R>[]
  readonly economics?: ((judging: Judging<R>) => Economics) | undefined
  /** The class that a prediction names by a rule of its own, of each test row: what the report's confusion shows of that head. Default: the likeliest. */
  readonly named?: ((judging: Judging<R>, head: string) => ArrayLike<number> | undefined) | undefined
  /** What the report shows by tenths of the test rows: a score of each, and what came of it. */
  readonly deciles?: ((judging: Judging<R>) => Deciles) | undefined
  readonly serving: FamilyServing<P>
}
