import { setImmediate as yieldTurn } from 'node:timers/promises'
import { TradingError, type CallOptions } from '@gatehouse/contracts'
import { kernels, type KernelBackend } from '../kernels/index.js'
import { type NetworkDefinition } from '../network/definition.js'
import { initialWeights, type Weights } from '../network/parameters.js'
import { type ResolvedNetwork, resolveNetwork } from '../network/resolve.js'
import { mixSeeds, random } from '../random.js'
import { batchesOf, largestBatch } from './batches.js'
import { readCheckpoint, runFingerprint, writeCheckpoint } from './checkpoint.js'
import { type Executor, noTapeExecutor, type SampleWeights } from './executor.js'
import { checkTrainingSet, requireLabelled, type TrainingSet } from './samples.js'
import { progressReporter } from './progress.js'

/** How the learning rate goes over the steps: exact arithmetic only, so that weights repeat on every engine. */
export type Schedule = (typeof schedules)[number]
const schedules = ['constant', 'linear', 'smooth'] as const

export interface OptimiserOptions {
  /** Peak learning rate. Default 0.001. */
  readonly rate?: number | undefined
  readonly beta1?: number | undefined
  readonly beta2?: number | undefined
  readonly epsilon?: number | undefined
  /** Decoupled decay of kernels. Default 0. */
  readonly weightDecay?: number | undefined
  /** Default 5. */
  readonly clipNorm?: number | undefined
  /** After the warm-up: constant, linearly to zero, or smoothly to zero (half a cosine in shape). Default `smooth`. */
  readonly schedule?: Schedule | undefined
  /** Share of all steps that the rate climbs linearly. Default 0.05. */
  readonly warmUp?: number | undefined
}

export interface EpochReport {
  readonly epoch: number
  /** Mean training loss over heads with their weights, dropout on. */
  readonly loss: number
  readonly headLosses: readonly number[]
  /** Mean validation loss; `NaN` without a validation set. */
  readonly validationLoss: number
}

export interface TrainNetworkOptions extends CallOptions {
  readonly network: NetworkDefinition
  readonly training: TrainingSet
  /** Purged of training labels by the caller (see `purgedSplits`). Without it there is no early stopping. */
  readonly validation?: TrainingSet | undefined
  /** Same seed and backend, same bits. Default 0. */
  readonly seed?: number | undefined
  readonly epochs: number
  /** Rows a step; for ranking, groups a step. Default 64. */
  readonly batch?: number | undefined
  readonly optimiser?: OptimiserOptions | undefined
  /** Epochs without a better validation loss before it stops. Default 10. */
  readonly patience?: number | undefined
  /** `balanced` weighs classes by the inverse of their frequency in the training set; or weights by head, one a class. */
  readonly classWeights?: 'balanced' | ReadonlyMap<string, readonly number[]> | undefined
  /** Default: the best kernels of this host, without a tape. */
  readonly executor?: KernelBackend | ((network: ResolvedNetwork, size: { readonly rows: number }) => Executor) | undefined
  /** Start from these weights instead of fresh ones. */
  readonly weights?: Weights | undefined
  /** Bytes of a checkpoint to go on from: the result is bit-equal to never having stopped. */
  readonly resume?: Uint8Array | undefined
  /** Called after every epoch with the bytes to resume from. */
  readonly onCheckpoint?: ((bytes: Uint8Array) => void | Promise<void>) | undefined
}

export interface TrainedNetwork {
  readonly network: ResolvedNetwork
  /** Of the best epoch by validation loss; of the last without a validation set. */
  readonly weights: Weights
  readonly epochs: readonly EpochReport[]
  readonly bestEpoch: number
  readonly stopped: 'epochs' | 'patience'
  readonly backend: string
  readonly seed: number
}

const adamDefaults = {
  rate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  clipNorm: 5,
  schedule: 'smooth',
  warmUp: 0.05,
} as const

/**
 * Trains a network: seeded shuffling, AdamW, early stopping on the validation set.
 * @throws {TradingError} `MODEL_INPUT_INVALID`, `MODEL_ONE_CLASS`, `MODEL_TOO_LITTLE_DATA`, `MODEL_TRAINING_DIVERGED`, `MODEL_CHECKPOINT_INVALID`; the
 * signal's reason when aborted
 */
export async function trainNetwork(options: TrainNetworkOptions): Promise<TrainedNetwork> {
  const { training, validation, seed = 0, epochs, batch = 64, patience = 10, signal } = options
  const network = resolveNetwork(options.network)
  checkTrainingSet(network, training, 'training')
  if (validation) checkTrainingSet(network, validation, 'validation')
  for (const [name, value] of Object.entries({ epochs, batch, patience }))
    if (!Number.isInteger(value) || value < 1)
      throw new TradingError('MODEL_INPUT_INVALID', `${name} must be a positive integer, found ${value}`, { [name]: value })
  if (!Number.isSafeInteger(seed)) throw new TradingError('MODEL_INPUT_INVALID', `seed must be an integer, found ${seed}`, { seed })
  const optimiser = withDefaults(options.optimiser)
  const executor = makeExecutor(options, network, Math.max(largestBatch(training, batch), validation ? largestBatch(validation, batch) : 0))
  try {
    const report = progressReporter(options, 'training', 'epochs', epochs)
    const weigh = sampleWeights(network, training, training, options.classWeights)
    const weighValidation = validation && sampleWeights(network, training, validation, options.classWeights)
    requireLabelled(network, training, weigh, 'training')
    if (validation && weighValidation) requireLabelled(network, validation, weighValidation, 'validation')
    const stepsPerEpoch = batchesOf(training, batch).length
    const shuffle = random(mixSeeds(seed, 1))
    const run = options.resume || options.onCheckpoint ? runFingerprint(executor.backend, options) : ''
    let state = options.resume
      ? readCheckpoint(executor, run, options.resume)
      : startingState(executor, options.weights ?? initialWeights(network, seed), shuffle.state)
    const order = random(seed, state.shuffle)
    while (state.epoch < epochs && state.sinceBest < patience) {
      const totals = new Float64Array(network.heads.length)
      const counts = new Float64Array(network.heads.length)
      let step = state.epoch * stepsPerEpoch
      for (const rows of batchesOf(training, batch, order)) {
        signal?.throwIfAborted()
        const losses = executor.gradient(training, rows, { seed: mixSeeds(seed, 2), step, sampleWeights: weigh })
        losses.forEach((loss, h) => {
          if (Number.isNaN(loss)) return
          totals[h] += loss
          counts[h]++
        })
        executor.update({ ...optimiser, rate: rateAt(step, stepsPerEpoch * epochs, optimiser) })
        step++
        if (report.isDue()) await yieldTurn()
      }
      const headLosses = Array.from(totals, (total, h) => (counts[h] > 0 ? total / counts[h] : NaN))
      const loss = weightedLoss(network, headLosses)
      const validationLoss =
        validation && weighValidation ? weightedLoss(network, meanLosses(executor, validation, batch, weighValidation)) : NaN
      const entry = { epoch: state.epoch, loss, headLosses, validationLoss }
      if (!Number.isFinite(loss) || (validation && !Number.isFinite(validationLoss)))
        throw new TradingError(
          'MODEL_TRAINING_DIVERGED',
          `the loss is ${loss} (validation ${validationLoss}) in epoch ${state.epoch}; lower the learning rate`,
          { ...entry },
        )
      const isBest = validation === undefined || validationLoss < state.bestLoss
      state = {
        epoch: state.epoch + 1,
        shuffle: order.state,
        sinceBest: isBest ? 0 : state.sinceBest + 1,
        bestEpoch: isBest ? entry.epoch : state.bestEpoch,
        bestLoss: isBest && validation ? validationLoss : state.bestLoss,
        best: isBest ? executor.store() : state.best,
        history: [...state.history, entry],
      }
      report.advance(state.epoch, `loss ${loss.toFixed(4)}${validation ? `, validation ${validationLoss.toFixed(4)}` : ''}`)
      if (options.onCheckpoint) await options.onCheckpoint(writeCheckpoint(executor, run, state))
      await yieldTurn()
    }
    signal?.throwIfAborted()
    const weights = state.best ?? executor.store()
    // Without a validation set no loss is computed after the last step.
    for (const [name, values] of weights)
      if (!values.every(Number.isFinite))
        throw new TradingError('MODEL_TRAINING_DIVERGED', `tensor "${name}" is not finite after training; lower the learning rate`, { tensor: name }) // prettier-ignore
    return {
      network,
      weights,
      epochs: state.history,
      bestEpoch: state.bestEpoch,
      stopped: state.sinceBest >= patience ? 'patience' : 'epochs',
      backend: executor.backend,
      seed,
    }
  } finally {
    executor.dispose()
  }
}

/** Where a training run stands between two epochs. */
export interface TrainingState {
  readonly epoch: number
  readonly shuffle: number
  readonly sinceBest: number
  readonly bestEpoch: number
  readonly bestLoss: number
  readonly best: Weights | undefined
  readonly history: readonly EpochReport[]
}

function startingState(executor: Executor, weights: Weights, shuffle: number): TrainingState {
  executor.load(weights)
  return { epoch: 0, shuffle, sinceBest: 0, bestEpoch: 0, bestLoss: Infinity, best: undefined, history: [] }
}

function makeExecutor({ executor }: TrainNetworkOptions, network: ResolvedNetwork, rows: number): Executor {
  if (typeof executor === 'function') return executor(network, { rows })
  return noTapeExecutor(network, kernels(executor), { rows })
}

/** Loss of each head over a whole set, dropout off. */
export function meanLosses(executor: Executor, set: TrainingSet, batch: number, weigh: SampleWeights): number[] {
  const loss = new Float64Array(executor.network.heads.length)
  const weight = new Float64Array(executor.network.heads.length)
  for (const rows of batchesOf(set, batch)) {
    const part = executor.evaluate(set, rows, weigh)
    part.loss.forEach((value, h) => (loss[h] += value))
    part.weight.forEach((value, h) => (weight[h] += value))
  }
  return Array.from(loss, (value, h) => (weight[h] > 0 ? value / weight[h] : NaN))
}

/** Heads with learned weights count one: their learned factor would let a head's loss fall by being ignored. */
function weightedLoss({ heads }: ResolvedNetwork, losses: readonly number[]): number {
  let sum = 0
  heads.forEach(({ definition: { weight = 1 } }, h) => {
    if (!Number.isNaN(losses[h]) || heads.length === 1) sum += (weight === 'learned' ? 1 : weight) * losses[h]
  })
  return sum
}

function sampleWeights(
  network: ResolvedNetwork,
  training: TrainingSet,
  set: TrainingSet,
  option: TrainNetworkOptions['classWeights'],
): SampleWeights {
  const classHeads = network.heads.filter(({ definition: { kind } }) => kind === 'classes' || kind === 'ordered-classes')
  const weighed: readonly string[] = typeof option === 'object' ? [...option.keys()] : []
  const unknown = weighed.find((name) => !classHeads.some((head) => head.name === name))
  if (unknown !== undefined)
    throw new TradingError('MODEL_INPUT_INVALID', `class weights are of "${unknown}", which is no head of classes`, { head: unknown })
  const perClass = network.heads.map(({ name, width, definition }) => {
    const labels = training.labels.get(name)!
    if (option === undefined || !(labels instanceof Int32Array)) return undefined
    if (option !== 'balanced') {
      const given = option.get(name)
      if (given !== undefined && (given.length !== width || given.some((w) => !(w >= 0 && Number.isFinite(w)))))
        throw new TradingError('MODEL_INPUT_INVALID', `class weights of head "${name}" must be ${width} non-negative numbers`, {
          head: name,
        })
      return given
    }
    if (definition.kind !== 'classes' && definition.kind !== 'ordered-classes') return undefined
    const counts = new Float64Array(width)
    for (const c of labels) if (c >= 0) counts[c]++
    const total = counts.reduce((a, b) => a + b, 0)
    return Array.from(counts, (n) => (n > 0 ? total / (width * n) : 0))
  })
  const labels = network.heads.map(({ name }) => set.labels.get(name)!)
  return (head, row) => (set.weights?.[row] ?? 1) * (perClass[head]?.[labels[head][row]] ?? 1)
}

function withDefaults(options: OptimiserOptions = {}): Required<{ [K in keyof typeof adamDefaults]: NonNullable<OptimiserOptions[K]> }> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const merged = { ...adamDefaults, ...given }
  const isShare = (x: number): boolean => x >= 0 && x < 1
  const { rate, clipNorm, epsilon, weightDecay, beta1, beta2, warmUp, schedule } = merged
  if (!(
    rate > 0 &&
    clipNorm > 0 &&
    epsilon > 0 &&
    weightDecay >= 0 &&
    [beta1, beta2, warmUp].every(isShare) &&
    schedules.includes(schedule)
  ))
    throw new TradingError(
      'MODEL_INPUT_INVALID',
      `the optimiser needs rate, clipNorm and epsilon > 0, weightDecay >= 0, beta1, beta2 and warmUp in [0, 1), and a schedule of ${schedules.join(', ')}`,
      { ...merged },
    )
  return merged
}

function rateAt(step: number, steps: number, { rate, warmUp, schedule }: ReturnType<typeof withDefaults>): number {
  const climb = Math.floor(warmUp * steps)
  if (step < climb) return (rate * (step + 1)) / (climb + 1)
  const t = (step - climb) / Math.max(1, steps - climb)
  return rate * (schedule === 'constant' ? 1 : schedule === 'linear' ? 1 - t : 1 - t * t * (3 - 2 * t))
}
