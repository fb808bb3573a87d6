import { formatTime, manifestShapeContract, TradingError, type ManifestPin } from '@gatehouse/contracts'
import type { Candidate, Dataset, TimeNs, TrainOptions } from '@gatehouse/core'
import {
  describeCalibration,
  fitNormaliser,
  fitTemperature,
  holdOutSplit,
  mixSeeds,
  normalise,
  compilePlan,
  pickRows,
  random,
  rowSamples,
  trainNetwork,
  uniquenessWeights,
  writeArtifact,
  type TrainingSet,
  type TrainedNetwork,
  type Normaliser,
} from '@gatehouse/model-kit'
import { featureCount, regimeFeatureSpec } from './features.js'
import { regimeNetwork, type ResolvedOptions } from './options.js'
import { regimes, signals } from './prediction.js'
import { readRows, type RegimeRows } from './rows.js'

/** Share of the training rows, the latest, that early stopping and calibration look at. */
const validationShare = 0.15
const goldenRows = 5

/** A network fitted on rows, with what turns raw features into its inputs. */
export interface Fitted {
  readonly trained: TrainedNetwork
  readonly normaliser: Normaliser
  readonly temperature: number
}

/** Indices of the rows whose label is known before `until`. */
export function rowsBefore(rows: RegimeRows, until: TimeNs | undefined): Int32Array {
  const kept: number[] = []
  for (let i = 0; i < rows.count; i++) if (rows.signal[i] >= 0 && (until === undefined || rows.t1[i] < until)) kept.push(i)
  if (kept.length < 500) {
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      `macro-regime: ${kept.length} labelled rows before ${until === undefined ? 'the end' : formatTime(until)}; 500 are needed`,
      {
        rows: kept.length,
        needed: 500,
      },
    )
  }
  return Int32Array.from(kept)
}

/** Fits the family's network, or with no hidden layers its logistic baseline, on some rows; the latest of them, purged, are the validation part. */
export async function fit(
  rows: RegimeRows,
  indices: Int32Array,
  {
    hidden,
    epochs,
    seed,
    shuffleLabels,
    onProgress,
    signal,
  }: TrainOptions & Pick<ResolvedOptions, 'hidden' | 'epochs' | 'shuffleLabels'> & { readonly seed: number },
): Promise<Fitted> {
  const t0 = BigInt64Array.from(indices, (row) => rows.t0[row])
  const t1 = BigInt64Array.from(indices, (row) => rows.t1[row])
  const split = holdOutSplit({ t0, t1 }, { share: validationShare })
  const normaliser = fitNormaliser(
    pickFeatures(
      rows,
      Int32Array.from(split.train, (i) => indices[i]),
    ),
    featureCount,
  )
  const set = trainingSet(rows, indices, normaliser, uniquenessWeights({ t0, t1 }))
  const trained = await trainNetwork({
    network: regimeNetwork(hidden),
    training: shuffleLabels ? shuffled(pickRows(set, split.train), seed) : pickRows(set, split.train),
    validation: shuffleLabels ? shuffled(pickRows(set, split.test), seed + 1) : pickRows(set, split.test),
    seed,
    epochs,
    batch: 256,
    patience: 6,
    optimiser: { rate: 0.003, weightDecay: 0.001 },
    onProgress,
    signal,
  })
  return {
    trained,
    normaliser,
    temperature: temperatureOf(
      trained,
      normaliser,
      rows,
      Int32Array.from(split.test, (i) => indices[i]),
    ),
  }
}

export function pickFeatures(rows: RegimeRows, indices: Int32Array): Float32Array {
  const picked = new Float32Array(indices.length * featureCount)
  indices.forEach((row, i) => picked.set(rows.features.subarray(row * featureCount, (row + 1) * featureCount), i * featureCount))
  return picked
}

function trainingSet(rows: RegimeRows, indices: Int32Array, normaliser: Normaliser, weights: Float32Array): TrainingSet {
  const features = pickFeatures(rows, indices)
  normalise(normaliser, features, features.length, features, 0)
  return {
    samples: rowSamples(features, featureCount),
    labels: new Map([
      ['signal', Int32Array.from(indices, (row) => rows.signal[row])],
      ['regime', Int32Array.from(indices, (row) => rows.regime[row])],
    ]),
    weights,
  }
}

/** The same labels in random order: nothing can be learned of them. */
function shuffled(set: TrainingSet, seed: number): TrainingSet {
  const order = random(mixSeeds(seed, 0x5b0ff1ed)).shuffle(Int32Array.from({ length: set.samples.count }, (_, i) => i))
  return { ...set, labels: new Map([...set.labels].map(([name, labels]) => [name, Int32Array.from(order, (i) => labels[i])])) }
}

/** Temperature of the regime head on rows that the weights were not fitted on. */
function temperatureOf({ network, weights }: TrainedNetwork, normaliser: Normaliser, rows: RegimeRows, indices: Int32Array): number {
  const plan = compilePlan({ network: network.definition, weights, normaliser })
  const logits = new Float32Array(indices.length * regimes.length)
  const labels = new Int32Array(indices.length)
  indices.forEach((row, i) => {
    const raw = plan.compute(rows.features.subarray(row * featureCount, (row + 1) * featureCount))
    logits.set(raw.subarray(signals.length), i * regimes.length)
    labels[i] = rows.regime[row]
  })
  const calibration = fitTemperature(logits, labels, regimes.length)
  return calibration.kind === 'temperature' ? calibration.temperature : 1
}

/** Trains a candidate on the rows of a pinned dataset whose labels end before `until`. */
export async function trainRegime(
  dataset: Dataset,
  options: ResolvedOptions,
  { seed = 1, until, onProgress, signal }: TrainOptions = {},
): Promise<Candidate> {
  const pin = requirePin(dataset)
  const rows = await readRows(dataset, { horizon: options.horizon, onProgress, signal })
  const indices = rowsBefore(rows, until)
  const { trained, normaliser, temperature } = await fit(rows, indices, { ...options, seed, onProgress, signal })
  const end = indices.reduce((latest, row) => (rows.t1[row] > latest ? rows.t1[row] : latest), 0n)
  const { files, digest } = writeArtifact({
    network: trained.network,
    weights: trained.weights,
    normaliser,
    golden: Array.from({ length: goldenRows }, (_, i) => {
      const row = indices[Math.floor(((i + 0.5) * indices.length) / goldenRows)]
      return rows.features.slice(row * featureCount, (row + 1) * featureCount)
    }),
    description: {
      name: options.name,
      family: 'macro-regime',
      features: regimeFeatureSpec(dataset.source),
      labels: {
        heads: [
          {
            output: 'signal',
            kind: 'ordered-classes',
            classes: [...signals],
            horizon: `${options.horizon} bars`,
            definition: 'forward log return / (sd(140) sqrt horizon), cut at -1, -0.25, 0.25, 1',
          },
          {
            output: 'regime',
            kind: 'classes',
            classes: [...regimes],
            horizon: `${options.horizon} bars`,
            definition: 'trend at 0.25 sd; volatile: forward sd above 1.15 sd(700)',
          },
        ],
      },
      calibration: [describeCalibration('regime', { kind: 'temperature', temperature })],
      provenance: {
        backend: { name: trained.backend, version: '1', precision: 'float32' },
        seeds: { training: seed },
        versions: {},
        data: [pin],
        ...(options.codeHash === undefined ? {} : { codeHash: options.codeHash }),
        train: { from: formatTime(rows.t0[indices[0]]), to: formatTime(end + 1n) },
        hyperparameters: {
          horizon: options.horizon,
          hidden: [...options.hidden],
          epochs: trained.epochs.length,
          bestEpoch: trained.bestEpoch,
          shuffledLabels: options.shuffleLabels,
        },
      },
      needs: {
        type: manifestShapeContract.name,
        contractVersion: manifestShapeContract.version,
        columns: pin.holds.columns.filter(({ name }) => ['availableAt', 'high', 'low', 'close', 'volume'].includes(name)),
        sources: [{ dataset: dataset.source, schema: 'ohlcv-1h' }],
      },
      trigger: { every: 'ohlcv-1h' },
      extra: { regimePriors: frequencies(rows, indices) },
      driftReference: driftReference(rows, indices, dataset.source),
    },
  })
  return { files, digest }
}

/** Share of each regime, counted as if each had come once more: a regime that never came has a prior, too. */
export function frequencies(rows: RegimeRows, indices: Int32Array): number[] {
  const counts = new Array<number>(regimes.length).fill(1)
  for (const row of indices) counts[rows.regime[row]]++
  return counts.map((count) => count / (indices.length + regimes.length))
}

/** Deciles of every feature over the training rows: what live features are compared with. */
function driftReference(rows: RegimeRows, indices: Int32Array, source: string) {
  const bins = 10
  return regimeFeatureSpec(source).items.map(({ name }, column) => {
    const values = Float64Array.from(indices, (row) => rows.features[row * featureCount + column]).sort()
    const edges = [...new Set(Array.from({ length: bins - 1 }, (_, k) => values[Math.floor(((k + 1) * values.length) / bins)]))]
    const fractions = new Array<number>(edges.length + 1).fill(0)
    for (const value of values) fractions[edges.filter((edge) => value >= edge).length] += 1 / values.length
    return { feature: name, edges, fractions: fractions.map((fraction) => Math.min(1, fraction)) }
  })
}

function requirePin(dataset: Dataset): ManifestPin {
  if (dataset.pins.length > 0) return dataset.pins[0]
  throw notPinned(dataset)
}

export function notPinned({ name }: Dataset): TradingError {
  return new TradingError(
    'MODEL_DATA_NOT_PINNED',
    `macro-regime: dataset ${name} has no pin; commit it to a manifest and use the snapshot of the pin, or nobody can say what the model saw`,
    { dataset: name },
  )
}
