import { evaluationContract, holdsSource, parseTime, TradingError, type Evaluation, type ModelDescription } from '@gatehouse/contracts'
import {
  deflatedSharpeRatio,
  type CallOptions,
  type Candidate,
  type Dataset,
  type EvaluateOptions,
  type Prediction,
  type TimeRange,
} from '@gatehouse/core'
import { type LoadedArtifact, readArtifact } from '../artifact/artifact.js'
import { driftMonitor } from '../drift/drift.js'
import { requireSameFeatures } from '../feature/feature-set.js'
import { outputCalibrations } from '../serve/predictor.js'
import { blockInterval, timeBlocks } from './blocks.js'
import { type Baseline, type FamilyDefinition, type Measure } from './definition.js'
import { sharpePerPeriod } from './economics.js'
import { type FittedModel, fitRows } from './fit.js'
import { type Judging } from './judging.js'
import { type LookLedger } from './looks.js'
import { predictRows } from './predict-rows.js'
import { checkRows, type FamilyRows, labelledRows, stretchOf, tableRowsOf } from './rows.js'
import { requirePins } from './train.js'

/** How a candidate is judged, beyond what core's interface says. */
export interface JudgeOptions extends EvaluateOptions {
  /** Parts of the test window that figures are also shown for. Default 4. */
  readonly folds?: number | undefined
  /** Train again before each fold, on all rows whose labels end before it: judges the recipe as it would be used, not one set of weights. Default false. */
  readonly retrain?: boolean | undefined
  /** Coverage of intervals. Default 0.9, what shipped policies ask for `paper`; `production` asks 0.95. */
  readonly level?: number | undefined
  /** Judge only rows known in this range: a test part that the training left a gap before. Default: all after the training. */
  readonly range?: TimeRange | undefined
  /** Counts every look at the test rows; with it `trials` cannot be understated. */
  readonly looks?: LookLedger | undefined
}

/** An evaluation with what a report shows beside it. */
export interface Judgement<R extends FamilyRows = FamilyRows> {
  readonly evaluation: Evaluation
  readonly judging: Judging<R>
  readonly measures: readonly Measure[]
  readonly baselines: readonly { readonly baseline: Baseline<R>; readonly judging: Judging<R> }[]
  /** The artifact as it was loaded, and the model that the last fold was predicted by. */
  readonly artifact: LoadedArtifact
  readonly model: FittedModel
  readonly drift: { readonly names: readonly string[]; readonly stabilityIndex: Float64Array }
  readonly returns: Float64Array | undefined
}

interface Fold {
  readonly train: Int32Array
  readonly test: Int32Array
}

/** Judges a candidate on the rows of a dataset that become known after its training labels ended, beside baselines fitted on the rows it was trained on. */
export async function judgeFamily<R extends FamilyRows, P extends Prediction>(
  family: FamilyDefinition<R, P>,
  candidate: Candidate,
  dataset: Dataset,
  options: JudgeOptions,
): Promise<Judgement<R>> {
  const { level = 0.9, retrain = false, folds: wanted = 4, looks, onProgress, signal } = options
  const artifact = readArtifact(candidate.files, { rows: family.serving.rows })
  const { description, digest } = artifact
  requirePins(family.name, dataset)
  requireSame(family, description, dataset)
  const rows = await family.readRows(dataset, { features: family.features(dataset.source), onProgress, signal })
  checkRows(family.name, rows)
  const trainedTo = parseTime(description.provenance.train.to)
  const range = options.range ?? { from: trainedTo, to: 2n ** 62n }
  const test = labelledRows(rows, (row) => rows.t0[row] >= trainedTo && rows.t0[row] >= range.from && rows.t0[row] < range.to)
  const train = labelledRows(rows, (row) => rows.t1[row] < trainedTo)
  const blocks = timeBlocks(rows, test)
  const count = blocks.length - 1
  if (count < Math.max(2, wanted))
    throw new TradingError('MODEL_TOO_LITTLE_DATA', `${family.name}: ${count} independent rows after ${description.provenance.train.to}, fewer than ${wanted} folds; judge on a longer range`, { rows: test.length, independentRows: count }) // prettier-ignore
  const edges = Array.from({ length: wanted + 1 }, (_, k) => blocks[Math.floor((k * count) / wanted)])
  const own: FittedModel = { ...artifact, outputs: artifact.plan.outputs, calibrations: outputCalibrations(artifact) }
  const folds = retrain ? refits(rows, edges.slice(1).map((to, k) => test.subarray(edges[k], to))) : [{ train, test }] // prettier-ignore
  const seed = description.provenance.seeds['training'] ?? 1
  let model = own
  const said: Float32Array[] = []
  for (const [k, fold] of folds.entries()) {
    if (retrain) model = await fitRows(family, rows, { indices: fold.train, seed, onProgress, signal })
    said.push(predictRows(model, rows, fold.test))
    onProgress?.({ stage: `${family.name}: judged`, done: k + 1, total: folds.length, unit: 'folds' })
  }
  const judging: Judging<R> = {
    rows,
    test,
    values: concat(said),
    width: own.network.outputWidth,
    outputs: own.outputs,
    extra: description.extra ?? {},
  }
  const measures = family.measure(judging)
  const opponents = await judgeBaselines(family, { judging, folds, seed }, { onProgress, signal })
  const economics = family.economics?.(judging)
  const window = (part: ArrayLike<number>) => stretchOf(rows, part)
  const seenTrials = looks?.look({ artifactDigest: digest, test: window(test), reason: `evaluation of ${description.name}` }) ?? 1
  const trials = Math.max(options.trials, seenTrials)
  const drift = driftOf(description, rows, test)
  const evaluation = evaluationContract.parse({
    type: 'evaluation',
    contractVersion: evaluationContract.version,
    artifactDigest: digest,
    measuredAt: window(test).to,
    evaluator: { name: `@gatehouse/model-${family.name}`, version: '1' },
    windows: { train: description.provenance.train, test: window(test), ...embargo(rows.t0[test[0]] - trainedTo) },
    folds: edges.slice(1).map((to, k) => ({
      train: [retrain ? window(folds[k].train) : description.provenance.train],
      test: [window(test.subarray(edges[k], to))],
      rows: to - edges[k],
    })),
    rows: test.length,
    independentRows: count,
    seeds: [seed],
    trials,
    metrics: {
      // A figure that these rows cannot give, an AUC of one class say, is left out: a gate that asks for it refuses.
      ...Object.fromEntries(measures.map((measure) => [measure.name, metricOf(measure, { blocks, edges, level })] as const).filter(([, { value }]) => Number.isFinite(value))), // prettier-ignore
      featureDriftPsi: { value: largest(drift.stabilityIndex), unit: 'dimensionless', direction: 'lower' },
      ...(economics === undefined ? {} : economicMetrics(economics.returns, { ...options, trials })),
    },
    baselines: opponents.map(({ baseline, judging: theirs }) =>
      describeBaseline(baseline, measures, { theirs: family.measure(theirs), blocks, level }),
    ),
    ...(economics === undefined ? {} : { costs: economics.costs }),
  })
  return { evaluation, judging, measures, baselines: opponents, artifact, model, drift, returns: economics?.returns }
}

/** {@link judgeFamily}, the evaluation alone. */
export async function evaluateFamily<R extends FamilyRows, P extends Prediction>(
  family: FamilyDefinition<R, P>,
  candidate: Candidate,
  dataset: Dataset,
  options: JudgeOptions,
): Promise<Evaluation> {
  return (await judgeFamily(family, candidate, dataset, options)).evaluation
}

/** Gap between training and test; one of months is more nanoseconds than the document counts, and is seen from the windows. */
const embargo = (ns: bigint) => (ns <= BigInt(Number.MAX_SAFE_INTEGER) ? { embargoNs: Number(ns) } : {})

/** Rows to train again on before each test part: all whose labels end before it begins. */
function refits(rows: FamilyRows, parts: readonly Int32Array[]): readonly Fold[] {
  return parts.map((test) => ({ test, train: labelledRows(rows, (row) => rows.t1[row] < rows.t0[test[0]]) }))
}

async function judgeBaselines<R extends FamilyRows, P extends Prediction>(
  family: FamilyDefinition<R, P>,
  { judging, folds, seed }: { readonly judging: Judging<R>; readonly folds: readonly Fold[]; readonly seed: number },
  options: CallOptions,
): Promise<Judgement<R>['baselines']> {
  const { rows, width } = judging
  const judged: { baseline: Baseline<R>; judging: Judging<R> }[] = []
  for (const [k, baseline] of family.baselines.entries()) {
    const values: Float32Array[] = []
    for (const { train, test } of folds) values.push(await baseline.predict({ family, rows, train, test, width, seed }, options))
    judged.push({ baseline, judging: { ...judging, values: concat(values) } })
    options.onProgress?.({ stage: `${family.name}: baselines`, done: k + 1, total: family.baselines.length, unit: 'baselines' })
  }
  return judged
}

interface Resampling {
  readonly blocks: Int32Array
  readonly level: number
}

function metricOf({ unit, direction, statistic }: Measure, { blocks, edges, level }: Resampling & { readonly edges: readonly number[] }) {
  const rows = blocks[blocks.length - 1]
  const value = statistic(new Float64Array(rows).fill(1))
  const interval = Number.isFinite(value) ? blockInterval(blocks, statistic, level) : undefined
  const folds = edges.slice(1).map((to, k) => statistic(new Float64Array(rows).fill(1, edges[k], to)))
  return {
    value,
    unit,
    direction,
    ...(interval === undefined ? {} : { interval }),
    // A fold that cannot be measured, of one class say, would make the list lie.
    ...(folds.every(Number.isFinite) ? { folds } : {}),
  }
}

function describeBaseline(
  { name, description, edges }: Pick<Baseline, 'name' | 'description' | 'edges'>,
  measures: readonly Measure[],
  { theirs, blocks, level }: Resampling & { readonly theirs: readonly Measure[] },
): Evaluation['baselines'][number] {
  const once = new Float64Array(blocks[blocks.length - 1]).fill(1)
  const figures = theirs.map((measure) => [measure.name, measure.statistic(once)] as const)
  return {
    name,
    description,
    metrics: Object.fromEntries(figures.filter(([, value]) => Number.isFinite(value))),
    edges: Object.fromEntries(
      edges.flatMap((edge) => {
        const [ours, other] = [measures, theirs].map((list) => list.find((measure) => measure.name === edge))
        if (ours === undefined || other === undefined)
          throw new TradingError('MODEL_METRIC_INVALID', `baseline ${name}: there is no metric ${edge} to state an edge for`, { baseline: name, metric: edge }) // prettier-ignore
        const sign = ours.direction === 'higher' ? 1 : -1
        const difference = (weights: Float64Array): number => sign * (ours.statistic(weights) - other.statistic(weights))
        const value = difference(once)
        const interval = Number.isFinite(value) ? blockInterval(blocks, difference, level) : undefined
        return interval === undefined ? [] : [[edge, { value, interval }] as const]
      }),
    ),
  }
}

function economicMetrics(returns: Float64Array, { trials, varianceOfSharpes }: EvaluateOptions): Evaluation['metrics'] {
  const ratio = sharpePerPeriod(returns)
  const deflated = deflatedSharpeRatio(returns, { trials, varianceOfSharpes })
  // Several trials whose spread nobody stated leave the deflated ratio unknown: it is left out, and a gate that asks for it refuses.
  return {
    ...(Number.isFinite(ratio) ? { sharpePerBar: { value: ratio, unit: 'dimensionless', direction: 'higher' } } : {}),
    ...(Number.isFinite(deflated) ? { deflatedSharpe: { value: deflated, unit: 'probability', direction: 'higher' } } : {}),
  }
}

/** A model is judged on what it was made for: its labels, its features, its source. */
function requireSame(
  family: Pick<FamilyDefinition, 'name' | 'heads' | 'features'>,
  { labels, features, needs }: ModelDescription,
  { source, pins }: Dataset,
): void {
  const atHand = family.features(source).spec
  const trained = JSON.stringify(labels.heads.map(({ output, horizon, definition }) => [output, horizon, definition]))
  const judged = JSON.stringify(family.heads.map(({ output, horizon, definition }) => [output, horizon, definition]))
  if (trained !== judged)
    throw new TradingError('MODEL_INPUT_INVALID', `${family.name}: the candidate was trained on labels ${trained} and would be judged on ${judged}; judge it with the options it was trained with`, { trained, judged }) // prettier-ignore
  requireSameFeatures(features, atHand)
  const added = needs.sources.filter((one) => one.optional === 'absent' && holdsSource(pins, one)).map(({ schema }) => schema)
  if (added.length > 0)
    throw new TradingError('MODEL_INPUT_INVALID', `${family.name}: the candidate was trained without ${added.join(', ')}, which the data set holds; judge it without, or train it with them`, { schemas: added }) // prettier-ignore
}

/** Population stability of every feature over the test rows. @throws {TradingError} `MODEL_ARTIFACT_INVALID` for an artifact without a reference */
function driftOf({ driftReference, family }: ModelDescription, rows: FamilyRows, test: Int32Array): Judgement['drift'] {
  if (driftReference === undefined)
    throw new TradingError('MODEL_ARTIFACT_INVALID', `${family}: the artifact has no drift reference; train the model again`, {})
  const monitor = driftMonitor(driftReference)
  for (const row of tableRowsOf(rows, test)) monitor.observe(rows.table.subarray(row * rows.width, (row + 1) * rows.width))
  return { names: driftReference.map(({ feature }) => feature), stabilityIndex: monitor.stabilityIndex() }
}

/** A feature that was always missing has no index, and no drift to report. */
const largest = (values: Float64Array): number => values.reduce((most, x) => (x > most ? x : most), 0)

/** Arrays one after the other. */
export function concat(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
