import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Progress } from '@gatehouse/core'
import { isTradingError } from '@gatehouse/contracts'
import { compilePlan } from '../../src/serve/plan.js'
import { pickRows, rowSamples, windowSamples } from '../../src/train/samples.js'
import { trainNetwork, type TrainNetworkOptions } from '../../src/train/train-network.js'
import { plantedNetwork, plantedSet } from '../planted.js'
import { smallNetworks } from '../networks.js'
import { randomSet } from '../random-set.js'

const training = plantedSet(2000, 1)
const validation = plantedSet(500, 2)
const options: TrainNetworkOptions = {
  network: plantedNetwork,
  training,
  validation,
  epochs: 30,
  batch: 64,
  seed: 4,
  optimiser: { rate: 0.01 },
}
const digest = (weights: ReadonlyMap<string, Float32Array>): string => {
  const hash = createHash('sha256')
  for (const [name, w] of weights) hash.update(name).update(Buffer.from(w.buffer, w.byteOffset, w.byteLength))
  return hash.digest('hex')
}
const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'resolved'
  } catch (error) {
    return isTradingError(error) ? error.code : String(error)
  }
}

test('learns classes that no linear model can part', async () => {
  const { weights } = await trainNetwork(options)
  const plan = compilePlan({ network: plantedNetwork, weights })
  const labels = validation.labels.get('direction')!
  let right = 0
  for (let i = 0; i < 500; i++) {
    const logits = plan.compute(validation.values.subarray(4 * i, 4 * i + 4))
    if (logits.indexOf(Math.max(...logits)) === labels[i]) right++
  }
  expect(right / 500).toBeGreaterThan(0.85)
})

test('the same seed gives the same bits, another seed others', async () => {
  const short = { ...options, epochs: 3 }
  const [a, b, c] = [await trainNetwork(short), await trainNetwork(short), await trainNetwork({ ...short, seed: 5 })]
  expect(digest(a.weights)).toBe(digest(b.weights))
  expect(digest(a.weights)).not.toBe(digest(c.weights))
})

test('weights repeat bit for bit across processes and Node versions: this digest is pinned', async () => {
  const { weights } = await trainNetwork({ ...options, epochs: 2, executor: 'wasm-simd' })
  expect(digest(weights)).toBe('24eb1cae8a29d0ab62805112fc26591fde43c313f1236273905d439ecd77277e')
})

test('stops early, and keeps the weights of the best epoch', async () => {
  const noise = { ...training, labels: new Map([['direction', Int32Array.from({ length: 2000 }, (_, i) => (i * 7919) % 3)]]) }
  const result = await trainNetwork({ ...options, training: noise, patience: 3, epochs: 100 })
  expect(result.stopped).toBe('patience')
  expect(result.epochs.length).toBe(result.bestEpoch + 4)
  const best = Math.min(...result.epochs.map((e) => e.validationLoss))
  expect(result.epochs[result.bestEpoch].validationLoss).toBe(best)
})

test('resuming from any checkpoint gives the bits of the unbroken run', async () => {
  const checkpoints: Uint8Array[] = []
  const whole = await trainNetwork({ ...options, epochs: 5, onCheckpoint: (bytes) => void checkpoints.push(bytes) })
  for (const resume of checkpoints)
    expect(digest((await trainNetwork({ ...options, epochs: 5, resume })).weights)).toBe(digest(whole.weights))
})

test('a checkpoint that was changed, or is of another run, is refused', async () => {
  let resume = new Uint8Array()
  await trainNetwork({ ...options, epochs: 1, onCheckpoint: (bytes) => void (resume = bytes.slice()) })
  const flipped = resume.slice()
  flipped[flipped.length - 3] ^= 1
  expect(await codeOf(trainNetwork({ ...options, epochs: 1, resume: flipped }))).toBe('MODEL_CHECKPOINT_INVALID')
  expect(await codeOf(trainNetwork({ ...options, epochs: 2, resume }))).toBe('MODEL_CHECKPOINT_INVALID')
})

test('an aborted training rejects with the reason of its signal', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const run = trainNetwork({ ...options, signal: controller.signal, onProgress: () => controller.abort(reason) })
  await expect(run).rejects.toBe(reason)
})

test('progress counts epochs and says how long is left', async () => {
  const seen: Progress[] = []
  await trainNetwork({ ...options, epochs: 3, onProgress: (p) => void seen.push(p) })
  expect(seen.map(({ done, total, unit }) => [done, total, unit])).toEqual([1, 2, 3].map((done) => [done, 3, 'epochs']))
  expect(seen[0].stage).toMatch(/loss .*validation .*left/)
})

test('every kind of layer and head trains, and lowers its loss', async () => {
  for (const network of Object.values(smallNetworks)) {
    const set = randomSet(network, 40)
    const { epochs } = await trainNetwork({
      network,
      training: set,
      epochs: 25,
      batch: set.groups ? 2 : 16,
      optimiser: { rate: 0.02 },
      classWeights: 'balanced',
    })
    expect(epochs[24].loss).toBeLessThan(epochs[0].loss)
  }
})

describe('bad input is refused with its code', () => {
  const labels = training.labels.get('direction')!
  const cases: [string, string, Partial<TrainNetworkOptions>][] = [
    ['labels of one class', 'MODEL_ONE_CLASS', { training: { ...training, labels: new Map([['direction', labels.map(() => 1)]]) } }],
    ['a class out of range', 'MODEL_INPUT_INVALID', { training: { ...training, labels: new Map([['direction', labels.map(() => 3)]]) } }],
    ['labels of another length', 'MODEL_INPUT_INVALID', { training: { ...training, labels: new Map([['direction', labels.slice(1)]]) } }],
    ['no labels for a head', 'MODEL_INPUT_INVALID', { training: { ...training, labels: new Map() } }],
    ['a weight that is not a number', 'MODEL_INPUT_INVALID', { training: { ...training, weights: new Float32Array(2000).fill(NaN) } }],
    ['an empty set', 'MODEL_TOO_LITTLE_DATA', { validation: { ...plantedSet(0, 1) } }],
    [
      'a learning rate that blows up',
      'MODEL_TRAINING_DIVERGED',
      {
        network: { input: [4], layers: [], heads: [{ kind: 'regression', name: 'size' }] },
        training: { ...training, labels: new Map([['size', Float32Array.from(labels)]]) },
        validation: undefined,
        optimiser: { rate: 1e38, schedule: 'constant', warmUp: 0 },
      },
    ],
    [
      'a feature that is not a number',
      'MODEL_INPUT_INVALID',
      {
        training: {
          ...training,
          samples: rowSamples(
            training.values.map((x, i) => (i === 4001 ? NaN : x)),
            4,
          ),
        },
      },
    ],
    ['no epochs', 'MODEL_INPUT_INVALID', { epochs: 0 }],
    ['class weights of no head', 'MODEL_INPUT_INVALID', { classWeights: new Map([['directions', [1, 1, 1]]]) }],
    ['a seed that is not a number', 'MODEL_INPUT_INVALID', { seed: NaN }],
    ['weights that are all zero', 'MODEL_TOO_LITTLE_DATA', { training: { ...training, weights: new Float32Array(2000) } }],
    ['a negative weight', 'MODEL_INPUT_INVALID', { training: { ...training, weights: new Float32Array(2000).fill(-1) } }],
    [
      'a validation part without labels',
      'MODEL_TOO_LITTLE_DATA',
      { validation: { ...validation, labels: new Map([['direction', new Int32Array(500).fill(-1)]]) } },
    ],
    [
      'a head without a label beside one that has them',
      'MODEL_TOO_LITTLE_DATA',
      {
        network: { ...plantedNetwork, heads: [...plantedNetwork.heads, { kind: 'regression', name: 'size' }] },
        training: {
          ...training,
          labels: new Map<string, Int32Array | Float32Array>([...training.labels, ['size', new Float32Array(2000).fill(NaN)]]),
        },
        validation: undefined,
      },
    ],
    [
      'groups without a relevant row',
      'MODEL_TOO_LITTLE_DATA',
      {
        network: { ...plantedNetwork, heads: [{ kind: 'relevance', name: 'rank' }] },
        training: { ...training, labels: new Map([['rank', new Float32Array(2000)]]), groups: Int32Array.of(0, 1000, 2000) },
        validation: undefined,
      },
    ],
    [
      'a last step that blows up, with no validation to see it',
      'MODEL_TRAINING_DIVERGED',
      {
        network: { input: [4], layers: [], heads: [{ kind: 'regression', name: 'size' }] },
        training: { ...training, labels: new Map([['size', Float32Array.from(labels)]]) },
        validation: undefined,
        batch: 2000,
        epochs: 1,
        optimiser: { rate: 1e39, schedule: 'constant', warmUp: 0 },
      },
    ],
    ['a moment that never decays', 'MODEL_INPUT_INVALID', { optimiser: { beta1: 1 } }],
    ['an unknown schedule', 'MODEL_INPUT_INVALID', { optimiser: { schedule: 'cosine' as never } }],
    [
      'windows the wrong way round',
      'MODEL_INPUT_INVALID',
      {
        network: { input: [2, 4], layers: [{ kind: 'flatten' }], heads: plantedNetwork.heads },
        training: { ...training, samples: { ...training.samples, shape: [4, 2] } },
      },
    ],
    ['a network that does not fit the samples', 'MODEL_INPUT_INVALID', { network: { ...plantedNetwork, input: [5] } }],
    ['an unknown layer', 'MODEL_NETWORK_INVALID', { network: { ...plantedNetwork, layers: [{ kind: 'magic' } as never] } }],
  ]
  for (const [what, code, change] of cases) test(what, async () => expect(await codeOf(trainNetwork({ ...options, ...change }))).toBe(code))
})

test('no byte of a checkpoint can change unnoticed, and one that was cut short is refused', async () => {
  const small = { ...options, training: plantedSet(60, 1), validation: plantedSet(30, 2), epochs: 1 }
  let whole = new Uint8Array()
  await trainNetwork({ ...small, onCheckpoint: (bytes) => void (whole = bytes.slice()) })
  for (let at = 0; at < whole.length; at += 7) {
    const changed = whole.slice()
    changed[at] ^= 1 << (at % 8)
    expect(await codeOf(trainNetwork({ ...small, resume: changed })), `byte ${at}`).toBe('MODEL_CHECKPOINT_INVALID')
  }
  for (const length of [0, 7, 100, whole.length - 1])
    expect(await codeOf(trainNetwork({ ...small, resume: whole.slice(0, length) }))).toBe('MODEL_CHECKPOINT_INVALID')
})

test('a checkpoint is refused for other features, weights or samples of its own making, even of as many rows', async () => {
  const weights = new Float32Array(2000).fill(1)
  const short = { ...options, training: { ...training, weights }, epochs: 2 }
  let resume = new Uint8Array()
  await trainNetwork({ ...short, onCheckpoint: (bytes) => void (resume = bytes.slice()) })
  expect(await codeOf(trainNetwork({ ...short, resume }))).toBe('resolved')
  const other = rowSamples(training.values.map((x, i) => (i === 17 ? x + 1 : x)), 4) // prettier-ignore
  const { source: _source, ...unsourced } = other
  for (const changed of [
    { ...short.training, samples: other },
    { ...short.training, samples: unsourced },
    { ...short.training, weights: weights.map((w, i) => (i === 3 ? 2 : w)) },
  ])
    expect(await codeOf(trainNetwork({ ...short, training: changed, resume }))).toBe('MODEL_CHECKPOINT_INVALID')
})

test('dropout goes on where it was: a resumed run draws the masks of the unbroken one', async () => {
  const network = {
    ...plantedNetwork,
    layers: [
      { kind: 'dense', units: 8, activation: 'relu' },
      { kind: 'dropout', rate: 0.5 },
    ],
  } as const
  const checkpoints: Uint8Array[] = []
  const whole = await trainNetwork({ ...options, network, epochs: 4, onCheckpoint: (bytes) => void checkpoints.push(bytes) })
  const resumed = await trainNetwork({ ...options, network, epochs: 4, resume: checkpoints[1] })
  expect(digest(resumed.weights)).toBe(digest(whole.weights))
})

test('samples that do not exist cannot be picked, series must be whole rows', () => {
  for (const act of [
    () => pickRows(training, Int32Array.of(0, -1)),
    () => pickRows(training, Int32Array.of(0, 2000)),
    () => windowSamples(new Float32Array(7), { features: 2, steps: 1, ends: Int32Array.of(0) }),
  ])
    expect(act).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
})
