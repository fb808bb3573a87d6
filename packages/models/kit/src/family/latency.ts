import { type Dataset, type Instrument, type Model, type Prediction, type Schema } from '@gatehouse/core'
import { mergeViews } from '../feature/feature-matrix.js'

/** Upper bounds that latency is stated at, microseconds: the exact figure differs from run to run, and evidence should not. */
const bounds = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000]

export interface Latency {
  /** Microseconds of one update and the prediction that follows it, features included. */
  readonly p50: number
  readonly p99: number
  /** The smallest round figure at or above the 99th percentile: what evidence states. */
  readonly p99Bound: number
  readonly predictions: number
}

/**
 * Measures what one prediction costs on recorded rows: the last update before it, features included, and the network. Measured, so not part of what must repeat.
 * @param every rows of this schema ask for a prediction
 */
export async function measureLatency<P extends Prediction>(
  model: Model<P>,
  dataset: Dataset,
  {
    every,
    instruments = model.scope === 'universe' ? dataset.instruments : dataset.instruments.slice(0, 1),
    predictions = 4_000,
    now,
  }: {
    readonly every: Schema
    readonly instruments?: readonly Instrument[] | undefined
    readonly predictions?: number | undefined
    /** Microseconds of a monotonic clock; default the host's. */
    readonly now?: (() => number) | undefined
  },
): Promise<Latency> {
  const clock = now ?? (() => performance.now() * 1000)
  const predictor = model.open(instruments)
  const wanted = new Set(instruments)
  const taken: number[] = []
  const schemas = [...new Set<Schema>([...model.inputs.map(({ schema }) => schema), every])]
  // A model that does without news or splits is measured without them.
  for await (const view of mergeViews(dataset, schemas, { optional: schemas.filter((schema) => schema !== every) })) {
    if (!wanted.has(view.instrument)) continue
    const started = clock()
    predictor.update(view)
    if (view.schema !== every || !predictor.isWarm) continue
    predictor.predict(view.availableAt, () => undefined)
    taken.push(clock() - started)
    if (taken.length >= predictions) break
  }
  taken.sort((a, b) => a - b)
  const [p50, p99] = [0.5, 0.99].map((q) => taken[Math.min(taken.length - 1, Math.floor(q * taken.length))] ?? NaN)
  return { p50, p99, p99Bound: bounds.find((bound) => p99 <= bound) ?? Infinity, predictions: taken.length }
}
