import {
  averageNetworks,
  initialWeights,
  predictOutputs,
  random,
  resolveNetwork,
  rowSamples,
  type NetworkDefinition,
} from '@gatehouse/model-kit'
import { expect, test } from 'vitest'

const definition: NetworkDefinition = {
  input: [5],
  layers: [
    { kind: 'dense', name: 'first', units: 6, activation: 'tanh' },
    { kind: 'dropout', name: 'noise', rate: 0.3 },
    { kind: 'dense', name: 'second', units: 3, activation: 'relu' },
  ],
  heads: [
    { kind: 'classes', name: 'regime', classes: 3 },
    { kind: 'ordered-classes', name: 'signal', classes: 4 },
    { kind: 'binary', name: 'up' },
    { kind: 'regression', name: 'move' },
  ],
}
const network = resolveNetwork(definition)
const draw = random(3)
const samples = rowSamples(Float32Array.from({ length: 50 }, () => draw.normal()), 5) // prettier-ignore
const members = [1, 2, 3].map((seed) => ({ network, weights: initialWeights(network, seed) }))

test('the average of networks gives the mean of their logits and values', () => {
  const average = predictOutputs(averageNetworks(members), samples)
  const each = members.map((member) => predictOutputs(member, samples))
  for (const head of ['regime', 'up', 'move'])
    average.get(head)!.forEach((value, i) => {
      expect(value).toBeCloseTo(each.reduce((sum, outputs) => sum + outputs.get(head)![i], 0) / 3, 5)
    })
})

test('ordered classes keep their order: cuts are averaged where they lie', () => {
  const probabilities = predictOutputs(averageNetworks(members), samples).get('signal')!
  for (let i = 0; i < 10; i++) {
    const row = probabilities.subarray(4 * i, 4 * i + 4)
    expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
    expect(Math.min(...row)).toBeGreaterThan(0)
  }
})

test('one network is its own average', () => {
  expect(averageNetworks(members.slice(0, 1))).toBe(members[0])
})

test('layers that mix what lies side by side are refused', () => {
  const normed = resolveNetwork({ ...definition, layers: [...definition.layers, { kind: 'layer-norm', name: 'norm' }] })
  const parts = [1, 2].map((seed) => ({ network: normed, weights: initialWeights(normed, seed) }))
  expect(() => averageNetworks(parts)).toThrow(expect.objectContaining({ code: 'MODEL_NETWORK_INVALID' }))
})

test('networks of several definitions have no mean', () => {
  const other = resolveNetwork({ ...definition, layers: [{ kind: 'dense', name: 'first', units: 6 }, ...definition.layers.slice(1)] })
  const parts = [network, other].map((one) => ({ network: one, weights: initialWeights(one, 1) }))
  expect(() => averageNetworks(parts)).toThrow(expect.objectContaining({ code: 'MODEL_NETWORK_INVALID' }))
})
