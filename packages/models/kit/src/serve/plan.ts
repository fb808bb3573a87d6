import { TradingError } from '@gatehouse/contracts'
import { kernels as makeKernels, type KernelBackend } from '../kernels/index.js'
import { type NetworkDefinition } from '../network/definition.js'
import { type Weights } from '../network/parameters.js'
import { compileProgram } from '../network/program.js'
import { type ResolvedHead, resolveNetwork, sizeOf } from '../network/resolve.js'
import { noNormaliser, type Normaliser, normaliseGroup, placedNormaliser } from './normaliser.js'

/** What a head outputs: `logits` of classes or of one event, `probabilities` of ordered classes, a `value`, a ranking `score`. */
export type OutputKind = 'logits' | 'probabilities' | 'value' | 'score'

export interface PlanOutput {
  readonly name: string
  readonly kind: OutputKind
  /** Numbers a row. */
  readonly width: number
  /** First number of a row's output, in rows of one sample: outputs of `rows` samples start at `offset * rows`. */
  readonly offset: number
}

/** A compiled network: raw features in, raw outputs out, no allocation once warm. */
export interface Plan {
  readonly backend: KernelBackend
  /** Numbers of one sample. */
  readonly inputSize: number
  readonly outputs: readonly PlanOutput[]
  /** Numbers of one sample's outputs. */
  readonly outputSize: number
  /**
   * Runs the network on raw features.
   * @param input whole samples, row-major; a ranking group is all its rows at once, up to the plan's `rows`
   * @returns every output in order, each `[rows, width]`; reused by the next call with as many rows
   */
  compute(input: Float32Array): Float32Array
}

export interface PlanOptions {
  readonly network: NetworkDefinition
  readonly weights: Weights
  readonly normaliser?: Normaliser | undefined
  /** Most samples in one call. Default 1. */
  readonly rows?: number | undefined
  /** Default: WASM SIMD where the host has it. A replay must use the backend of the recording: the two round differently. */
  readonly backend?: KernelBackend | undefined
}

/**
 * Compiles a network into a preallocated plan.
 * @throws {TradingError} `MODEL_NETWORK_INVALID`, `MODEL_ARTIFACT_INVALID` for weights that do not fit, `MODEL_INPUT_INVALID` from `compute`
 */
export function compilePlan({ network: definition, weights, normaliser = noNormaliser, rows: most = 1, backend }: PlanOptions): Plan {
  const network = resolveNetwork(definition)
  const features = network.input[network.input.length - 1]
  checkNormaliser(normaliser, features)
  const kernels = makeKernels(backend)
  const program = compileProgram(network, kernels, { rows: most, training: false })
  program.load(weights)
  const normalise = placedNormaliser(kernels, normaliser)
  // The memory does not grow any more, so these views stay valid.
  const { f32 } = kernels
  const inputSize = sizeOf(network.input)
  const at = program.input >> 2
  const outputs = planOutputs(network.heads)
  const results = Array.from({ length: most }, (_, i) => new Float32Array((i + 1) * network.outputWidth))
  const sources = program.heads.map(({ output }) => output >> 2)
  return {
    backend: kernels.backend,
    inputSize,
    outputs,
    outputSize: network.outputWidth,
    compute(input) {
      const rows = input.length / inputSize
      if (!Number.isInteger(rows) || rows < 1 || rows > most) throw badInput(input.length, inputSize, most)
      f32.set(input, at)
      normalise(rows, inputSize, program.input)
      normaliseGroup(normaliser, input, rows, features, f32, at)
      program.forward(rows)
      const result = results[rows - 1]
      let to = 0
      for (let h = 0; h < sources.length; h++) {
        program.heads[h].finish(rows)
        const from = sources[h]
        const count = rows * outputs[h].width
        for (let i = 0; i < count; i++) result[to++] = f32[from + i]
      }
      return result
    },
  }
}

const outputKinds = {
  classes: 'logits',
  'ordered-classes': 'probabilities',
  binary: 'logits',
  regression: 'value',
  relevance: 'score',
} as const

export function planOutputs(heads: readonly ResolvedHead[]): PlanOutput[] {
  let offset = 0
  return heads.map(({ name, width, definition }) => {
    const output = { name, kind: outputKinds[definition.kind], width, offset }
    offset += width
    return output
  })
}

export function checkNormaliser({ kind, center, scale }: Normaliser, features: number): void {
  const expected = kind === 'none' || kind === 'within-group' ? 0 : features
  if (center.length !== expected || scale.length !== expected)
    throw new TradingError('MODEL_ARTIFACT_INVALID', `the normaliser has ${center.length} columns, the network ${features} features`, {
      found: center.length,
      expected,
    })
  if (scale.some((s) => !(s !== 0 && Number.isFinite(s))) || center.some((c) => !Number.isFinite(c)))
    throw new TradingError('MODEL_ARTIFACT_INVALID', 'the normaliser has a scale of zero or a number that is not finite', {})
}

function badInput(found: number, size: number, most: number): TradingError {
  return new TradingError('MODEL_INPUT_INVALID', `the plan takes 1 to ${most} samples of ${size} numbers, found ${found} numbers`, {
    found,
    size,
    most,
  })
}
