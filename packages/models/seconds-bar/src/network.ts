import { residual, type HeadDefinition, type LayerDefinition, type NetworkDefinition } from '@gatehouse/model-kit'
import { spacing, windowRows } from './features.js'

/** Outputs, in the order of `Prediction.values`. */
export const outputs = ['touch', 'direction'] as const

const heads: readonly HeadDefinition[] = outputs.map((name) => ({ kind: 'binary', name }))
const [rowUnits, contextUnits, jointUnits] = [32, 8, 32]
/** Minutes between the taps of each convolution: together they see the window from end to end. */
const dilations = [1, 2, 4, 8]
const dropout = 0.2

/**
 * The network on rows a minute apart: what the last row says, plus a narrow causal temporal convolution network over the half hour of rows that ends with it. The
 * narrow branch learns context; were it as wide as the row's own layer it would learn the noise of thirty rows.
 * @param features numbers a row
 */
export function secondsNetwork(features: number): NetworkDefinition {
  const context = dilations.flatMap((dilation, i) =>
    residual(`context-${i + 1}`, `context-${i}`, [
      { kind: 'causal-conv1d', filters: contextUnits, kernel: 3, dilation, activation: 'relu' },
      { kind: 'dropout', rate: dropout },
    ]),
  )
  const layers: readonly LayerDefinition[] = [
    { kind: 'dense', name: 'row', units: rowUnits, activation: 'relu' },
    { kind: 'dense', name: 'narrow', units: contextUnits, activation: 'relu' },
    { kind: 'layer-norm', name: 'context-0' },
    ...context,
    { kind: 'dense', name: 'wide', units: rowUnits },
    { kind: 'add', name: 'joint', from: ['row', 'wide'] },
    { kind: 'layer-norm', name: 'joint-norm' },
    { kind: 'last-step', name: 'now' },
    { kind: 'dense', name: 'decide', units: jointUnits, activation: 'relu' },
  ]
  return { input: [windowRows, features], layers, heads }
}

/**
 * The same network on rows a second apart: every dilation times sixty, so that each second has its own chain of minutes. A causal convolution sees only the rows
 * its taps reach, so with the same weights it says what the network says of those rows alone. Training on rows a minute apart costs a
 * sixtieth of training on every second, serving streams.
 */
export function everySecond({ input: [rows, features], layers, heads }: NetworkDefinition): NetworkDefinition {
  return {
    input: [(rows - 1) * spacing + 1, features],
    layers: layers.map((layer) => (layer.kind === 'causal-conv1d' ? { ...layer, dilation: (layer.dilation ?? 1) * spacing } : layer)),
    heads,
  }
}
