import { type CallOptions, type Dataset, type Prediction } from '@gatehouse/core'
import { walkForwardSplits } from '../split/purged-splits.js'
import { type FamilyDefinition, type Measure } from './definition.js'
import { type Fit, fitRows } from './fit.js'
import { concat } from './judge.js'
import { type Judging } from './judging.js'
import { predictRows } from './predict-rows.js'
import { checkRows, type FamilyRows, intervalsOf, labelledRows } from './rows.js'

export interface CrossValidateOptions<R extends FamilyRows> extends CallOptions {
  /** Only rows whose labels end before this take part: the test rows stay unseen. */
  readonly until?: bigint | undefined
  /** Default 4. */
  readonly folds?: number | undefined
  readonly seed?: number | undefined
  /** Rows that were read before; several settings then share one reading. */
  readonly rows?: R | undefined
  /** Rows to be judged on, of those of a fold's test part; default all. All are learnt from. */
  readonly judged?: ((row: number, rows: R) => boolean) | undefined
}

/** What was said of the folds' rows by models that had not seen them. */
export interface CrossValidation<R extends FamilyRows> {
  readonly judging: Judging<R>
  readonly measures: readonly Measure[]
  /** Estimates by name. */
  readonly figures: Readonly<Record<string, number>>
}

/**
 * Purged walk-forward folds inside the training rows: how to choose between settings without a look at the test rows. Every fold is trained on what lies before it.
 * @throws {TradingError} `MODEL_TOO_LITTLE_DATA` when a fold is left without rows
 */
export async function crossValidateFamily<R extends FamilyRows, P extends Prediction>(
  family: FamilyDefinition<R, P>,
  dataset: Dataset,
  { until, folds = 4, seed = 1, rows: given, judged = () => true, onProgress, signal }: CrossValidateOptions<R> = {},
): Promise<CrossValidation<R>> {
  const rows = given ?? (await family.readRows(dataset, { features: family.features(dataset.source), onProgress, signal }))
  checkRows(family.name, rows)
  const indices = labelledRows(rows, (row) => until === undefined || rows.t1[row] < until)
  const splits = walkForwardSplits(intervalsOf(rows, indices), { folds, embargoNs: family.training.embargoNs }).map((split) => ({
    train: Int32Array.from(split.train, (i) => indices[i]),
    test: Int32Array.from(split.test, (i) => indices[i]).filter((row) => judged(row, rows)),
  }))
  const said: Float32Array[] = []
  const fits: Fit[] = []
  for (const [k, { train, test }] of splits.entries()) {
    fits.push(await fitRows(family, rows, { indices: train, seed, onProgress, signal }))
    said.push(predictRows(fits[k], rows, test))
    onProgress?.({ stage: `${family.name}: cross-validated`, done: k + 1, total: splits.length, unit: 'folds' })
  }
  const test = Int32Array.from(splits.flatMap((split) => Array.from(split.test)))
  // The settings that come from training are those of the first fold's, in whose training part no test row is.
  const extra = family.extra?.(rows, splits[0].train, fits[0]) ?? {}
  const judging: Judging<R> = { rows, test, values: concat(said), width: fits[0].network.outputWidth, outputs: fits[0].outputs, extra }
  const measures = family.measure(judging)
  const once = new Float64Array(test.length).fill(1)
  return { judging, measures, figures: Object.fromEntries(measures.map(({ name, statistic }) => [name, statistic(once)])) }
}
