import { canonicalJson, sha256Hex, TradingError } from '@gatehouse/contracts'
import { readSafetensors, type StoredTensor, writeSafetensors } from '../artifact/safetensors.js'
import { type Weights } from '../network/parameters.js'
import { sizeOf } from '../network/resolve.js'
import { type Executor } from './executor.js'
import { type Samples, type SampleSource } from './samples.js'
import { type EpochReport, type TrainingState, type TrainNetworkOptions } from './train-network.js'

interface Header {
  readonly fingerprint: string
  readonly epoch: number
  readonly shuffle: number
  readonly sinceBest: number
  readonly bestEpoch: number
  readonly bestLoss: number | null
  readonly hasBest: boolean
  readonly powers: readonly [number, number]
  readonly history: readonly (Omit<EpochReport, 'headLosses' | 'validationLoss'> & {
    headLosses: readonly (number | null)[]
    validationLoss: number | null
  })[]
  readonly tensors: string
}

/**
 * A checkpoint as safetensors: weights, both moments of Adam, the best weights, and where the run stands.
 * @param run of {@link runFingerprint}
 */
export function writeCheckpoint(executor: Executor, run: string, state: TrainingState): Uint8Array {
  const { powers, first, second } = executor.saveOptimiser()
  const tensors = new Map<string, StoredTensor>([
    ['adam.first', vector(first)],
    ['adam.second', vector(second)],
    ...prefixed('weights', executor.store()),
    ...(state.best ? prefixed('best', state.best) : []),
  ])
  const header: Header = {
    fingerprint: run,
    epoch: state.epoch,
    shuffle: state.shuffle,
    sinceBest: state.sinceBest,
    bestEpoch: state.bestEpoch,
    bestLoss: orNull(state.bestLoss),
    hasBest: state.best !== undefined,
    powers,
    history: state.history.map((h) => ({ ...h, headLosses: h.headLosses.map(orNull), validationLoss: orNull(h.validationLoss) })),
    tensors: digest(tensors),
  }
  const training = canonicalJson(header)
  return writeSafetensors({ tensors, metadata: { training, sha256: sha256Hex(training) } })
}

/** @throws {TradingError} `MODEL_CHECKPOINT_INVALID` when it is damaged or belongs to another run */
export function readCheckpoint(executor: Executor, run: string, bytes: Uint8Array): TrainingState {
  try {
    const { tensors, metadata } = readSafetensors(bytes)
    if (metadata.sha256 !== sha256Hex(metadata.training)) throw new Error('its header was changed')
    const header = JSON.parse(metadata.training) as Header
    if (header.tensors !== digest(tensors)) throw new Error('its numbers were changed')
    if (header.fingerprint !== run) throw new Error('it was written with another network, data set, seed, backend or options')
    executor.load(unprefixed('weights', tensors, executor))
    executor.restoreOptimiser({
      powers: header.powers,
      first: tensors.get('adam.first')!.values,
      second: tensors.get('adam.second')!.values,
    })
    return {
      ...header,
      bestLoss: header.bestLoss ?? Infinity,
      best: header.hasBest ? unprefixed('best', tensors, executor) : undefined,
      history: header.history.map((h) => ({
        ...h,
        headLosses: h.headLosses.map((x) => x ?? NaN),
        validationLoss: h.validationLoss ?? NaN,
      })),
    }
  } catch (cause) {
    throw new TradingError('MODEL_CHECKPOINT_INVALID', `cannot resume from this checkpoint: ${(cause as Error).message}`, {}, { cause })
  }
}

/** What must be the same for a resumed run to be bit-equal to an unbroken one: settings, and every number of the data. */
export function runFingerprint(
  backend: string,
  { network, training, validation, seed = 0, epochs, batch, optimiser, patience, classWeights }: TrainNetworkOptions,
): string {
  const sets = [training, validation].map(
    (set) =>
      set && {
        samples: digestOfSamples(set.samples),
        labels: [...set.labels].map(([name, labels]) => [name, digestOf(labels)]),
        weights: set.weights && digestOf(set.weights),
        groups: set.groups && digestOf(set.groups),
      },
  )
  const settings = {
    network,
    sets,
    seed,
    epochs,
    batch,
    optimiser,
    patience,
    classWeights: classWeights instanceof Map ? [...classWeights] : classWeights,
  }
  return sha256Hex(backend + JSON.stringify(settings))
}

/** Of the data that samples are cut from where they say so: overlapping windows would be read many times. */
function digestOfSamples(samples: Samples): unknown {
  const { count, shape, source } = samples
  if (source) return digestOfSource(source)
  const row = new Float32Array(sizeOf(shape))
  const rows = Array.from({ length: count }, (_, i) => {
    samples.fill(i, row, 0)
    return digestOf(row)
  })
  return { shape, rows: sha256Hex(rows.join('')) }
}
function digestOfSource(source: SampleSource): unknown {
  const { kind } = source
  if (kind === 'rows') return { kind, values: digestOf(source.values), features: source.features }
  if (kind === 'windows') return { ...source, series: digestOf(source.series), ends: digestOf(source.ends) }
  if (kind === 'joined') return { kind, first: digestOfSource(source.first), second: digestOfSource(source.second) }
  return { kind, from: digestOfSource(source.from), indices: digestOf(source.indices) }
}

const vector = (values: Float32Array): StoredTensor => ({ shape: [values.length], values })
const orNull = (x: number): number | null => (Number.isFinite(x) ? x : null)
const digestOf = (values: Float32Array | Int32Array): string =>
  sha256Hex(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
const digest = (tensors: ReadonlyMap<string, StoredTensor>): string =>
  sha256Hex(
    [...tensors]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { values }]) => `${name} ${digestOf(values)}`)
      .join('\n'),
  )
const prefixed = (prefix: string, weights: Weights): [string, StoredTensor][] =>
  [...weights].map(([name, values]) => [`${prefix}:${name}`, vector(values)])
/** In the layout's order, as `store` gives them: a resumed run returns what an unbroken one returns. */
const unprefixed = (prefix: string, tensors: ReadonlyMap<string, StoredTensor>, { layout }: Executor): Weights =>
  new Map(layout.slots.map(({ name }) => [name, tensors.get(`${prefix}:${name}`)!.values]))
