import { sha256Hex, TradingError } from '@gatehouse/contracts'
import { type CallOptions } from '@gatehouse/core'
import { writeSafetensors } from '../artifact/safetensors.js'
import { type Calibration, fitIsotonic, fitTemperature } from '../calibrate/calibration.js'
import { type NetworkDefinition } from '../network/definition.js'
import { type Weights } from '../network/parameters.js'
import { type ResolvedNetwork } from '../network/resolve.js'
import { fitNormaliserOver, type Normaliser } from '../serve/normaliser.js'
import { type PlanOutput, planOutputs } from '../serve/plan.js'
import { holdOutSplit, uniquenessWeights } from '../split/purged-splits.js'
import { averageNetworks } from '../train/average-networks.js'
import { predictOutputs } from '../train/predict.js'
import { type TrainingSet } from '../train/samples.js'
import { trainEnsemble } from '../train/train-many.js'
import { trainNetwork, type TrainedNetwork } from '../train/train-network.js'
import { type CalibrationMethod, type FamilyDefinition } from './definition.js'
import { augmentedSet, normalisedSamples, trainingSet, withShuffledLabels } from './inputs.js'
import { type FamilyRows, intervalsOf, tableRowsOf } from './rows.js'

/** A network with what turns raw features into its inputs and its outputs into probabilities. */
export interface FittedModel {
  readonly network: ResolvedNetwork
  readonly weights: Weights
  readonly normaliser: Normaliser
  readonly outputs: readonly PlanOutput[]
  /** In the order of the outputs. */
  readonly calibrations: readonly Calibration[]
}

export interface Fit extends FittedModel {
  readonly trained: TrainedNetwork
  /** Row indices that weights were fitted on, and those that stopped the training and calibrated it. */
  readonly fitted: Int32Array
  readonly validation: Int32Array
}

export interface FitOptions extends CallOptions {
  readonly seed: number
  /** Another network than the family's: a linear one, for the baseline. */
  readonly network?: NetworkDefinition | undefined
}

/**
 * Fits a family's network on some of its rows. The latest of them, purged, are the validation part; the normaliser sees the others only.
 * @throws {TradingError} `MODEL_TOO_LITTLE_DATA`, `MODEL_ONE_CLASS`, `MODEL_TRAINING_DIVERGED`
 */
export async function fitRows<R extends FamilyRows>(
  {
    name,
    network: own,
    training,
    calibration = {},
    augment,
  }: Pick<FamilyDefinition<R>, 'name' | 'network' | 'training' | 'calibration' | 'augment'>,
  rows: R,
  { indices, network = own, seed, onProgress, signal }: FitOptions & { readonly indices: Int32Array },
): Promise<Fit> {
  const {
    validationShare = 0.15,
    embargoNs = 0n,
    restarts = 1,
    leastRows = 500,
    normaliser: kind,
    shuffleLabels = false,
    averaged = false,
  } = training
  if (indices.length < leastRows)
    throw new TradingError('MODEL_TOO_LITTLE_DATA', `${name}: ${indices.length} labelled rows to train on, ${leastRows} are needed; use a longer range`, { rows: indices.length, needed: leastRows }) // prettier-ignore
  const intervals = intervalsOf(rows, indices)
  const split = holdOutSplit(intervals, { share: validationShare, embargoNs })
  const [fitted, validation] = [split.train, split.test].map((part) => Int32Array.from(part, (i) => indices[i]))
  const more = augment && [fitted, validation].map((part) => augment(rows, part))
  const seen = [{ table: rows.table, rows: tableRowsOf(rows, fitted) }, ...(more ? [wholeOf(more[0])] : [])]
  const normaliser = fitNormaliserOver(seen, rows.width, kind)
  const samples = normalisedSamples(rows, normaliser)
  const weights = rows.weights ? Float32Array.from(indices, (row) => rows.weights![row]) : uniquenessWeights(intervals)
  const setOf = (part: Int32Array, k: number) => {
    const chosen = { indices: Int32Array.from(part, (i) => indices[i]), weights: Float32Array.from(part, (i) => weights[i]) }
    const set = more ? augmentedSet(rows, samples, { ...chosen, more: more[k], normaliser }) : trainingSet(rows, samples, chosen)
    return shuffleLabels ? withShuffledLabels(set, seed + k) : set
  }
  const { epochs, batch, optimiser, patience, classWeights, inThread = false, threads } = training
  const job = { network, training: setOf(split.train, 0), validation: setOf(split.test, 1), epochs, batch, optimiser, patience, classWeights } // prettier-ignore
  const candidates =
    restarts > 1 || inThread
      ? await trainEnsemble(job, Array.from({ length: restarts }, (_, k) => seed + 7919 * k), { onProgress, signal, workers: inThread ? 1 : threads }) // prettier-ignore
      : [await trainNetwork({ ...job, seed, onProgress, signal })]
  const best = candidates.reduce((least, one) => (leastLoss(one) < leastLoss(least) ? one : least))
  // Curves and epochs of an average are those of its best member.
  const trained = averaged ? { ...best, ...averageNetworks(candidates) } : best
  const outputs = planOutputs(trained.network.heads)
  // Of the rows themselves, not of what was added; shuffled where training was: calibrated on the truth, a twin that learnt nothing could borrow some of it.
  const held = trainingSet(rows, samples, { indices: validation, weights: new Float32Array(validation.length).fill(1) })
  const calibrations = fitCalibrations(trained, shuffleLabels ? withShuffledLabels(held, seed + 1) : held, calibration)
  return { network: trained.network, weights: trained.weights, normaliser, outputs, calibrations, trained, fitted, validation }
}

/** Names a fitted model that is not written as an artifact, in a ledger of looks: SHA-256 of its weights as safetensors. */
export function fittedDigest({ network, weights }: Pick<FittedModel, 'network' | 'weights'>): string {
  const tensors = new Map(network.tensors.map(({ name, shape }) => [name, { shape, values: weights.get(name)! }]))
  return sha256Hex(writeSafetensors({ tensors, metadata: {} }))
}

/** What some rows are made of: their table may hold more. */
function wholeOf(rows: FamilyRows) {
  return {
    table: rows.table,
    rows: tableRowsOf(
      rows,
      Int32Array.from({ length: rows.count }, (_, row) => row),
    ),
  }
}

const leastLoss = ({ epochs, bestEpoch }: TrainedNetwork): number => epochs[bestEpoch].validationLoss

/** Calibration of every output on rows that the weights were not fitted on. */
function fitCalibrations(
  trained: TrainedNetwork,
  { samples, labels: heads }: TrainingSet,
  methods: Readonly<Record<string, CalibrationMethod>>,
): readonly Calibration[] {
  const raw = predictOutputs(trained, samples)
  return planOutputs(trained.network.heads).map(({ name, kind, width }): Calibration => {
    const method = methods[name] ?? (kind === 'value' || kind === 'score' ? 'none' : 'temperature')
    const labels = Float64Array.from(heads.get(name)!)
    if (method === 'none' || !labels.some((label) => label >= 0)) return { kind: 'none' }
    const outputs = raw.get(name)!
    // What is stated as a probability is calibrated through its logarithm.
    const logits = kind === 'probabilities' ? outputs.map((p) => Math.log(Math.max(p, 1e-12))) : outputs
    if (method === 'temperature') return fitTemperature(logits, labels, width)
    if (width !== 1) throw new TradingError('MODEL_INPUT_INVALID', `isotonic calibration is for one event; "${name}" has ${width} outputs`, { output: name }) // prettier-ignore
    return fitIsotonic(
      outputs.map((logit) => 1 / (1 + Math.exp(-logit))),
      labels,
    )
  })
}
