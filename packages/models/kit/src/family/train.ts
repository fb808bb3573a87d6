import {
  formatTime,
  holdsSource,
  isSameSource,
  manifestShapeContract,
  TradingError,
  type DataSource,
  type FeatureSpec,
  type ManifestPin,
  type ManifestShape,
} from '@gatehouse/contracts'
import { type Candidate, type Dataset, type Prediction, type TrainOptions } from '@gatehouse/core'
import { writeArtifact } from '../artifact/artifact.js'
import { describeCalibration } from '../calibrate/calibration.js'
import { driftReference } from '../drift/drift.js'
import { type FeatureSet } from '../feature/feature-set.js'
import { type FamilyDefinition } from './definition.js'
import { type Fit, fitRows } from './fit.js'
import { checkRows, type FamilyRows, groupOffsets, labelledRows, pickTable, tableRowsOf } from './rows.js'

/** Numbers of all golden inputs together: a long window is written three times, a short vector five. */
const goldenNumbers = 60_000

/**
 * Trains a candidate on the rows of a pinned dataset whose labels end before `until`.
 * @throws {TradingError} `MODEL_DATA_NOT_PINNED`, `MODEL_TOO_LITTLE_DATA`, `MODEL_FEATURE_NEVER_WARM`, `MODEL_ONE_CLASS`, `MODEL_TRAINING_DIVERGED`
 */
export async function trainFamily<R extends FamilyRows, P extends Prediction>(
  family: FamilyDefinition<R, P>,
  dataset: Dataset,
  { seed = 1, until, onProgress, signal }: TrainOptions = {},
): Promise<Candidate> {
  requirePins(family.name, dataset)
  const features = family.features(dataset.source)
  const rows = await family.readRows(dataset, { features, onProgress, signal })
  checkRows(family.name, rows)
  const indices = trainingRows(rows, until)
  requireWarm(family.name, features.spec, rows, indices)
  const fit = await fitRows(family, rows, { indices, seed, onProgress, signal })
  const { files, digest } = writeArtifact({
    network: fit.network,
    weights: fit.weights,
    normaliser: fit.normaliser,
    golden: goldenInputs(rows, indices, fit),
    description: describe(family, dataset, { features, rows, indices, fit, seed }),
  })
  return { files, digest }
}

/**
 * What must not be missing has a value in some training row: a column of nothing would be trained as zeros, and its predictor would never speak.
 * @throws {TradingError} `MODEL_FEATURE_NEVER_WARM`
 */
function requireWarm(family: string, { items }: FeatureSpec, rows: FamilyRows, indices: Int32Array): void {
  if (indices.length === 0) return
  const seen = tableRowsOf(rows, indices)
  const isMissing = (column: number): boolean => seen.every((row) => Number.isNaN(rows.table[row * rows.width + column]))
  const cold = items
    .filter(({ missing }, j) => (missing === 'refuse' || missing === 'carry-forward') && isMissing(j))
    .map(({ name }) => name)
  if (cold.length > 0)
    throw new TradingError(
      'MODEL_FEATURE_NEVER_WARM',
      `${family}: ${cold.join(', ')} has no value in ${seen.length} training rows; use a longer range, or drop the feature`,
      { features: cold },
    )
}

/** Rows whose labels are all known before a time. */
export function trainingRows(rows: FamilyRows, until: bigint | undefined): Int32Array {
  return labelledRows(rows, (row) => until === undefined || rows.t1[row] < until)
}

interface Parts<R extends FamilyRows> {
  readonly features: FeatureSet
  readonly rows: R
  readonly indices: Int32Array
  readonly fit: Fit
  readonly seed: number
}

function describe<R extends FamilyRows, P extends Prediction>(
  family: FamilyDefinition<R, P>,
  dataset: Dataset,
  { features, rows, indices, fit, seed }: Parts<R>,
): Parameters<typeof writeArtifact>[0]['description'] {
  const { trained, calibrations, outputs, validation } = fit
  const { items } = features.spec
  const window = (part: Int32Array) => {
    const end = part.reduce((latest, row) => (rows.t1[row] > latest ? rows.t1[row] : latest), 0n)
    return { from: formatTime(rows.t0[part[0]]), to: formatTime(end + 1n) }
  }
  const seen = tableRowsOf(rows, indices)
  const settings = { epochs: trained.epochs.length, bestEpoch: trained.bestEpoch, shuffledLabels: family.training.shuffleLabels ?? false }
  const curves = { lossCurve: trained.epochs.map(({ loss }) => loss), validationCurve: trained.epochs.map(({ validationLoss }) => validationLoss) } // prettier-ignore
  return {
    name: family.modelName,
    family: family.name,
    features: features.spec,
    labels: { heads: [...family.heads] },
    calibration: outputs.flatMap(({ name }, o) => (calibrations[o].kind === 'none' ? [] : [describeCalibration(name, calibrations[o])])),
    provenance: {
      backend: { name: trained.backend, version: '1', precision: 'float32' },
      seeds: { training: seed },
      versions: {},
      data: [...dataset.pins],
      ...(family.codeHash === undefined ? {} : { codeHash: family.codeHash }),
      train: window(indices),
      validation: window(validation),
      hyperparameters: { ...settings, ...curves, ...family.settings },
    },
    needs: {
      type: manifestShapeContract.name,
      contractVersion: manifestShapeContract.version,
      columns: neededColumns(family.name, dataset.pins, family.columns),
      sources: neededSources(items, dataset.pins),
    },
    trigger: describeTrigger(family.serving.trigger),
    driftReference: [
      ...driftReference(
        pickTable(rows, seen),
        items.map(({ name }) => name),
      ),
    ],
    ...(family.extra === undefined ? {} : { extra: family.extra(rows, indices, fit) }),
  }
}

const describeTrigger = (trigger: FamilyDefinition['serving']['trigger']) => ('everyNs' in trigger ? { everyNs: String(trigger.everyNs) } : { ...trigger }) // prettier-ignore

/** Every source that features read. One is optional where a feature flags that it is missing and no other needs a value of it. */
function neededSources(items: FeatureSpec['items'], pins: readonly ManifestPin[]): ManifestShape['sources'] {
  const sources = items.map(({ source }) => source)
  const each = sources.filter((source, i) => sources.findIndex((one) => isSameSource(one, source)) === i)
  const isOptional = (source: DataSource): boolean => {
    const missing = items.filter((item) => isSameSource(item.source, source)).map((item) => item.missing)
    return missing.includes('flag') && missing.every((what) => what === 'flag' || what === 'zero')
  }
  // A model of nothing but guesses needs all that it was trained on.
  if (each.every(isOptional)) return each
  return each.map((source) => (isOptional(source) ? { ...source, optional: holdsSource(pins, source) ? 'present' : 'absent' } : source))
}

/** @throws {TradingError} `MODEL_INPUT_INVALID` naming the columns that no pin holds */
function neededColumns(family: string, pins: readonly ManifestPin[], names: readonly string[]): ManifestPin['holds']['columns'] {
  const columns = new Map(pins.flatMap(({ holds }) => holds.columns.map((column) => [column.name, column] as const)))
  const missing = names.filter((name) => !columns.has(name))
  if (missing.length > 0)
    throw new TradingError('MODEL_INPUT_INVALID', `${family}: the pinned data has no column ${missing.join(', ')}; record it with the schemas that the family reads`, { missing }) // prettier-ignore
  return names.map((name) => columns.get(name)!)
}

/** Inputs spread over the training rows, whole groups for a ranker; what is missing takes the value that the normaliser puts in its place. */
function goldenInputs(rows: FamilyRows, indices: Int32Array, { normaliser }: Fit): readonly Float32Array[] {
  const { table, width, windows, groups } = rows
  const offsets = groups && groupOffsets(Int32Array.from(indices, (row) => groups[row]))
  const units = offsets ? offsets.length - 1 : indices.length
  const steps = windows?.steps ?? 1
  const wanted = Math.max(3, Math.min(5, Math.floor(goldenNumbers / (steps * width))))
  return Array.from({ length: wanted }, (_, k) => {
    const unit = Math.floor(((k + 0.5) * units) / wanted)
    const row = indices[offsets ? offsets[unit] : unit]
    const last = windows ? windows.ends[row] : offsets ? indices[offsets[unit + 1] - 1] : row
    const first = windows ? last - steps + 1 : row
    const input = table.slice(first * width, (last + 1) * width)
    return input.map((x, i) => (Number.isNaN(x) ? (normaliser.center[i % width] ?? 0) : x))
  })
}

/** @throws {TradingError} `MODEL_DATA_NOT_PINNED` */
export function requirePins(family: string, { name, pins }: Dataset): void {
  if (pins.length === 0)
    throw new TradingError(
      'MODEL_DATA_NOT_PINNED',
      `${family}: dataset ${name} has no pin; commit it to a manifest and use the snapshot of the pin, or nobody can say what the model saw`,
      { dataset: name },
    )
}
