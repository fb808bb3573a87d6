/** The networks that `bench/models.ts` measures: a part of it. */
import { gapRanker } from '@gatehouse/model-gap-ranker'
import { macroRegime } from '@gatehouse/model-macro-regime'
import { orderBook } from '@gatehouse/model-order-book'
import { everySecond, secondsBar, secondsNetwork } from '@gatehouse/model-seconds-bar'
import { random, residual, resolveNetwork, rowSamples, type NetworkDefinition, type TrainingSet } from '@gatehouse/model-kit'

/** One network, and what is asked of it. */
export interface Case {
  readonly network: NetworkDefinition
  readonly batch: number
  /** Samples of one prediction: a ranking group has many. */
  readonly rows: number
  /** p50 and p99 in µs that issue 7 asks for. */
  readonly target?: readonly [number, number]
  /** Times PyTorch's step that training may take. */
  readonly torchLimit?: number
}

const convolutions = (filters: number, dilations: readonly number[]): NetworkDefinition['layers'] =>
  dilations.map((dilation) => ({ kind: 'causal-conv1d', filters, kernel: 3, dilation, activation: 'relu' }))
/** The networks of the research notes, seed 42. */
export const cases: Readonly<Record<string, Case>> = {
  regime: {
    network: {
      input: [64],
      layers: [{ kind: 'dense', units: 128, activation: 'relu' }, { kind: 'layer-norm' }, { kind: 'dense', units: 64, activation: 'relu' }],
      heads: [{ kind: 'classes', name: 'regime', classes: 5 }],
    },
    batch: 256,
    rows: 1,
    target: [2, 5],
    torchLimit: 3,
  },
  gru: {
    network: { input: [48, 16], layers: [{ kind: 'gru', units: 32 }], heads: [{ kind: 'classes', name: 'regime', classes: 5 }] },
    batch: 64,
    rows: 1,
    torchLimit: 1.5,
  },
  tcn: {
    network: {
      input: [1800, 16],
      layers: [
        { kind: 'patch', size: 10 },
        { kind: 'dense', units: 32, activation: 'relu', name: 'block-0' },
        ...[1, 2, 4, 8, 16, 32].flatMap((dilation, i) =>
          residual(`block-${i + 1}`, `block-${i}`, [
            { kind: 'causal-conv1d', filters: 32, kernel: 3, dilation, activation: 'relu' },
            { kind: 'layer-norm' },
          ]),
        ),
        { kind: 'last-step' },
      ],
      heads: [{ kind: 'classes', name: 'direction', classes: 3 }],
    },
    batch: 32,
    rows: 1,
    torchLimit: 1.5,
  },
  book: {
    network: {
      input: [100, 40],
      layers: [{ kind: 'dense', units: 32, activation: 'relu' }, ...convolutions(32, [1, 2, 4]), { kind: 'gru', units: 32 }],
      heads: [
        { kind: 'classes', name: 'direction', classes: 3 },
        { kind: 'classes', name: 'spread', classes: 3 },
        { kind: 'regression', name: 'impact', huberDelta: 1 },
      ],
    },
    batch: 64,
    rows: 1,
    target: [100, 200],
    torchLimit: 1.5,
  },
  // What the order-book family serves: features do the work that convolutions and a GRU do in `book`.
  'order-book': { network: orderBook().definition.network, batch: 128, rows: 1, target: [100, 200] },
  // What the other families serve; seconds-bar streams, below: this is the window it is trained on.
  'seconds-bar': { network: secondsNetwork(secondsBar().features('synthetic').items.length), batch: 256, rows: 1 },
  'macro-regime': { network: macroRegime().definition.network, batch: 256, rows: 1, target: [2, 5] },
  'gap-ranker': { network: gapRanker().definition.network, batch: 16 * 32, rows: 32, target: [8, 15] },
  tabl: {
    network: {
      input: [10, 40],
      layers: [
        { kind: 'bilinear-norm' },
        { kind: 'bilinear', steps: 10, units: 60, activation: 'relu' },
        { kind: 'bilinear', steps: 5, units: 120, activation: 'relu' },
        { kind: 'temporal-attention' },
        { kind: 'bilinear', steps: 1, units: 3 },
        { kind: 'flatten' },
      ],
      heads: [{ kind: 'classes', name: 'direction', classes: 3 }],
    },
    batch: 64,
    rows: 1,
  },
  rank: {
    network: {
      input: [24],
      layers: [
        { kind: 'dense', units: 64, activation: 'relu' },
        { kind: 'dense', units: 32, activation: 'relu' },
      ],
      heads: [{ kind: 'relevance', name: 'relevance' }],
    },
    batch: 16 * 32,
    rows: 32,
    target: [8, 15],
    torchLimit: 5,
  },
}

/** Networks that are served row by row, with p50 and p99 in µs that issue 7 asks for. */
export const streams: Readonly<Record<string, { readonly network: NetworkDefinition; readonly target: readonly [number, number] }>> = {
  tcn: { network: cases.tcn.network, target: [3, 8] },
  'seconds-bar': { network: everySecond(cases['seconds-bar'].network), target: [3, 8] },
}

/** Seeded rows and labels: only their sizes matter here. */
export function trainingSet({ network, batch, rows }: Case): TrainingSet {
  const draw = random(42)
  const resolved = resolveNetwork(network)
  const size = network.input.reduce((a, b) => a * b, 1)
  const samples = {
    ...rowSamples(
      Float32Array.from({ length: batch * size }, () => draw.normal()),
      size,
    ),
    shape: network.input,
  }
  const labels = new Map(
    resolved.heads.map(({ name, width, definition: { kind } }) => [name, kind === 'classes' || kind === 'ordered-classes' ? Int32Array.from({ length: batch }, () => draw.integer(width)) : Float32Array.from({ length: batch }, () => draw.integer(kind === 'binary' ? 2 : 5))] as const), // prettier-ignore
  )
  return { samples, labels, ...(rows > 1 ? { groups: Int32Array.from({ length: batch / rows + 1 }, (_, i) => i * rows) } : {}) }
}
