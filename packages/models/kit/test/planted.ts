import { random } from '../src/random.js'
import { rowSamples, type TrainingSet } from '../src/train/samples.js'
import { type NetworkDefinition } from '../src/network/definition.js'

/** Three classes that a linear model cannot part: sign of x0 * x1, or neither when both are small. */
export function plantedSet(count: number, seed: number): TrainingSet & { readonly values: Float32Array } {
  const draw = random(seed)
  const values = Float32Array.from({ length: count * 4 }, () => draw.normal())
  const labels = Int32Array.from({ length: count }, (_, i) => {
    const product = values[4 * i] * values[4 * i + 1]
    return Math.abs(product) < 0.15 ? 1 : product > 0 ? 2 : 0
  })
  return { samples: rowSamples(values, 4), labels: new Map([['direction', labels]]), values }
}

export const plantedNetwork: NetworkDefinition = {
  input: [4],
  layers: [
    { kind: 'dense', units: 32, activation: 'relu' },
    { kind: 'layer-norm' },
    { kind: 'dropout', rate: 0.05 },
    { kind: 'dense', units: 16, activation: 'relu' },
  ],
  heads: [{ kind: 'classes', name: 'direction', classes: 3 }],
}
