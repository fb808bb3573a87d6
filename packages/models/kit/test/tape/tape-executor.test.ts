import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Executor,
  fusedOps,
  initialWeights,
  kernels,
  noTapeExecutor,
  resolveNetwork,
  tapeExecutor,
  trainNetwork,
} from '@gatehouse/model-kit'
import { smallNetworks } from '../networks.js'
import { plantedNetwork, plantedSet } from '../planted.js'
import { randomSet } from '../random-set.js'
import { plainOps } from './plain-ops.js'

beforeAll(async () => {
  tf.enableProdMode()
  await tf.setBackend('cpu')
})

const count = 9
const withoutDropout = (definition: (typeof smallNetworks)[string]): typeof definition => ({
  ...definition,
  layers: definition.layers.filter(({ kind }) => kind !== 'dropout'),
})

/** Losses and gradient at the same weights and batch. */
function outcome(executor: Executor, set: ReturnType<typeof randomSet>): { losses: Float64Array; gradient: Float32Array } {
  executor.load(initialWeights(executor.network, 5))
  const rows = Int32Array.from({ length: count }, (_, i) => i)
  const losses = executor.gradient(
    set,
    { rows, groups: set.groups },
    { seed: 3, step: 5, sampleWeights: (_head, row) => set.weights![row] },
  )
  return { losses, gradient: executor.readGradient() }
}
function expectEqual(a: ReturnType<typeof outcome>, b: ReturnType<typeof outcome>): void {
  a.losses.forEach((loss, h) => expect(Math.abs(loss - b.losses[h]), `loss ${h}: ${loss} v ${b.losses[h]}`).toBeLessThan(1e-5))
  a.gradient.forEach((g, i) => expect(Math.abs(g - b.gradient[i]), `gradient ${i}: ${g} v ${b.gradient[i]}`).toBeLessThan(1e-5))
}

describe('one network, three executors, one gradient', () => {
  for (const [name, definition] of Object.entries(smallNetworks))
    test(`${name}: tfjs tape with fused operations, WASM without a tape, and plain JavaScript`, () => {
      const network = resolveNetwork(definition)
      const set = randomSet(definition, count)
      const wasm = outcome(noTapeExecutor(network, kernels('wasm-simd'), { rows: count }), set)
      expectEqual(wasm, outcome(noTapeExecutor(network, kernels('js'), { rows: count }), set))
      expectEqual(wasm, outcome(tapeExecutor(tf, network, { rows: count, ops: fusedOps(tf) }), set))
    })
})

describe('our kernels agree with tfjs own operations and their gradients', () => {
  for (const [name, full] of Object.entries(smallNetworks))
    test(name, () => {
      const definition = withoutDropout(full)
      const network = resolveNetwork(definition)
      const set = randomSet(definition, count)
      expectEqual(
        outcome(noTapeExecutor(network, kernels(), { rows: count }), set),
        outcome(tapeExecutor(tf, network, { rows: count, ops: plainOps }), set),
      )
    })
})

test('training on the tape gives the weights that training without it gives', async () => {
  const options = { network: plantedNetwork, training: plantedSet(300, 1), epochs: 2, batch: 50, seed: 4 }
  const [plain, tape] = [
    await trainNetwork(options),
    await trainNetwork({ ...options, executor: (network, { rows }) => tapeExecutor(tf, network, { rows }) }),
  ]
  for (const [name, values] of plain.weights)
    values.forEach((x, i) => expect(Math.abs(x - tape.weights.get(name)![i]), name).toBeLessThan(1e-4))
})

test('an own loss trains: here the output is pulled to a constant', async () => {
  const { weights } = await trainNetwork({
    network: { input: [4], layers: [], heads: [{ kind: 'regression', name: 'size' }] },
    training: { ...plantedSet(50, 1), labels: new Map([['size', new Float32Array(50)]]) },
    epochs: 200,
    optimiser: { rate: 0.1 },
    executor: (network, { rows }) =>
      tapeExecutor(tf, network, { rows, loss: ({ outputs }) => tf.mean(tf.square(tf.sub(outputs.get('size')!, 3))) }),
  })
  expect(weights.get('size/bias')![0]).toBeCloseTo(3, 2)
})

test('a training step on the tape leaks no tensor', () => {
  const network = resolveNetwork(smallNetworks.tcn)
  const set = randomSet(smallNetworks.tcn, count)
  const executor = tapeExecutor(tf, network, { rows: count })
  outcome(executor, set)
  const before = tf.memory().numTensors
  for (let i = 0; i < 5; i++) outcome(executor, set)
  expect(tf.memory().numTensors).toBe(before)
})
