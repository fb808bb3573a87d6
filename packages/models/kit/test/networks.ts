import { type NetworkDefinition, residual } from '../src/network/definition.js'

/** Small networks that together hold every kind of layer and head. */
export const smallNetworks: Readonly<Record<string, NetworkDefinition>> = {
  mlp: {
    input: [6],
    layers: [
      { kind: 'dense', units: 9, activation: 'tanh' },
      { kind: 'layer-norm' },
      { kind: 'dense', units: 5, activation: 'sigmoid' },
      { kind: 'activation', activation: 'tanh' },
    ],
    heads: [
      { kind: 'classes', name: 'direction', classes: 3, smoothing: 0.1 },
      { kind: 'ordered-classes', name: 'grade', classes: 5, weight: 'learned' },
      { kind: 'binary', name: 'hit', weight: 0.5 },
      { kind: 'regression', name: 'impact', huberDelta: 0.8, weight: 'learned' },
    ],
  },
  tcn: {
    input: [12, 4],
    layers: [
      { kind: 'patch', size: 2 },
      { kind: 'dense', units: 8, activation: 'tanh', name: 'front' },
      ...residual('block-1', 'front', [{ kind: 'causal-conv1d', filters: 8, kernel: 2, activation: 'tanh' }, { kind: 'layer-norm' }]),
      ...residual('block-2', 'block-1', [{ kind: 'causal-conv1d', filters: 8, kernel: 3, dilation: 2, activation: 'sigmoid' }]),
      { kind: 'last-step' },
    ],
    heads: [{ kind: 'classes', name: 'direction', classes: 3 }],
  },
  gru: {
    input: [5, 3],
    layers: [
      { kind: 'gru', units: 4, sequence: true },
      { kind: 'dropout', rate: 0.3 },
      { kind: 'gru', units: 8 },
    ],
    heads: [
      { kind: 'classes', name: 'direction', classes: 3 },
      { kind: 'regression', name: 'impact' },
    ],
  },
  bilinear: {
    input: [6, 5],
    layers: [
      { kind: 'bilinear-norm' },
      { kind: 'bilinear', steps: 4, units: 7, activation: 'tanh' },
      { kind: 'temporal-attention' },
      { kind: 'bilinear', steps: 1, units: 6, activation: 'tanh' },
      { kind: 'flatten' },
    ],
    heads: [{ kind: 'classes', name: 'direction', classes: 3 }],
  },
  normFirst: {
    input: [6, 5],
    layers: [{ kind: 'layer-norm' }, { kind: 'temporal-attention' }, { kind: 'flatten' }, { kind: 'dense', units: 4, activation: 'tanh' }],
    heads: [{ kind: 'binary', name: 'hit' }],
  },
  ranker: {
    input: [6],
    layers: [{ kind: 'dense', units: 7, activation: 'tanh' }],
    heads: [
      { kind: 'relevance', name: 'relevance' },
      { kind: 'binary', name: 'hit' },
    ],
  },
}
