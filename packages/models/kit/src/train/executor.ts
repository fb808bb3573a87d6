import { TradingError } from '@gatehouse/contracts'
import { type KernelSet, type Pointer } from '../kernels/index.js'
import { type ParameterLayout, type Weights } from '../network/parameters.js'
import { compileProgram, type Program } from '../network/program.js'
import { type ResolvedNetwork, sizeOf } from '../network/resolve.js'
import { type TrainingSet } from './samples.js'

/** Rows of one step: `rows` are sample indices; `groups` are boundaries within the batch, for ranking. */
export interface BatchRows {
  readonly rows: Int32Array
  readonly groups?: Int32Array | undefined
}

/** AdamW's settings for one step. */
export interface AdamStep {
  readonly rate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
  /** Largest gradient norm; larger ones are scaled down. */
  readonly clipNorm: number
}

/** The optimiser's memory: what a checkpoint keeps beside the weights. */
export interface OptimiserState {
  /** beta^steps of both moments, as running products. */
  readonly powers: readonly [number, number]
  readonly first: Float32Array
  readonly second: Float32Array
}

/**
 * Something that can take gradients of a network. Two exist: the no-tape executor (all in kernel memory), and the tfjs tape for own losses and layers.
 * Both leave the gradient in one flat buffer and share one Adam.
 */
export interface Executor {
  /** Recorded with the weights: same seed and backend, same bits. */
  readonly backend: string
  readonly network: ResolvedNetwork
  readonly layout: ParameterLayout
  /** Mean loss of each head over the batch (`NaN` when nothing is labelled), gradient left behind. */
  gradient(
    set: TrainingSet,
    batch: BatchRows,
    pass: { readonly seed: number; readonly step: number; readonly sampleWeights: SampleWeights },
  ): Float64Array
  /** The gradient that the last call left, a copy, in the layout's order. */
  readGradient(): Float32Array
  update(step: AdamStep): void
  /** Per head: sum of weight * loss and sum of weights; with outputs where wanted. Dropout off. */
  evaluate(
    set: TrainingSet,
    batch: BatchRows,
    sampleWeights: SampleWeights,
    outputs?: Outputs,
  ): { readonly loss: Float64Array; readonly weight: Float64Array }
  load(weights: Weights): void
  store(): Weights
  saveOptimiser(): OptimiserState
  restoreOptimiser(state: OptimiserState): void
  dispose(): void
}

/** Weight of a sample for a head: its own weight times its class's. */
export type SampleWeights = (head: number, row: number) => number

/** Raw outputs by head, `[samples, width]` in the set's order. */
export type Outputs = ReadonlyMap<string, Float32Array>

/** The no-tape executor: weights, activations, gradients and Adam stay in the kernel set's memory. */
export function noTapeExecutor(network: ResolvedNetwork, kernels: KernelSet, { rows }: { readonly rows: number }): Executor {
  const program = compileProgram(network, kernels, { rows, training: true })
  const adam = flatAdam(kernels, program.layout, program.parameters, program.gradients)
  const slots = new Map(program.layout.slots.map((slot) => [slot.name, slot.offset]))
  const variances = network.heads.map(({ name }) => slots.get(`${name}/log-variance`))
  const totals = new Float64Array(network.heads.length)

  return {
    backend: kernels.backend,
    network,
    layout: program.layout,
    gradient(set, batch, { seed, step, sampleWeights }) {
      Object.assign(program.state, { training: true, seed, step })
      fillInput(program, set, batch)
      fillTargets(program, set, batch, sampleWeights, totals)
      program.forward(batch.rows.length)
      const losses = new Float64Array(network.heads.length)
      program.heads.forEach((head, h) => {
        const { weight = 1 } = head.head.definition
        const variance = variances[h]
        const factor = weight === 'learned' ? kernels.functions.exp64(-kernels.f32[(program.parameters >> 2) + variance!]) : weight
        const total = head.loss(batch.rows.length, (batch.groups?.length ?? 1) - 1, totals[h] > 0 ? factor / totals[h] : 0)
        losses[h] = totals[h] > 0 ? total / totals[h] : NaN
        if (variance !== undefined) kernels.f32[(program.gradients >> 2) + variance] = totals[h] > 0 ? 0.5 - factor * losses[h] : 0
      })
      program.backward(batch.rows.length)
      return losses
    },
    readGradient: () => kernels.f32.slice(program.gradients >> 2, (program.gradients >> 2) + program.layout.floats),
    update: adam.update,
    evaluate(set, batch, sampleWeights, outputs) {
      program.state.training = false
      fillInput(program, set, batch)
      fillTargets(program, set, batch, sampleWeights, totals)
      program.forward(batch.rows.length)
      const loss = Float64Array.from(program.heads, (head) => head.loss(batch.rows.length, (batch.groups?.length ?? 1) - 1, 0))
      if (outputs) readOutputs(program, batch, outputs)
      return { loss, weight: totals.slice() }
    },
    load: program.load,
    store: program.store,
    saveOptimiser: adam.save,
    restoreOptimiser: adam.restore,
    dispose: () => undefined,
  }
}

function fillInput({ kernels, input, network, rows: most }: Program, { samples }: TrainingSet, { rows }: BatchRows): void {
  if (rows.length > most)
    throw new TradingError('MODEL_INPUT_INVALID', `a batch of ${rows.length} rows was given to a program for ${most}`, {
      rows: rows.length,
      most,
    })
  const size = sizeOf(network.input)
  for (let i = 0; i < rows.length; i++) samples.fill(rows[i], kernels.f32, (input >> 2) + i * size)
}

/** Copies labels and weights of the batch; `totals` gets the sum of weights of labelled rows a head. */
function fillTargets(
  { kernels, heads }: Program,
  { labels }: TrainingSet,
  { rows, groups }: BatchRows,
  weights: SampleWeights,
  totals: Float64Array,
): void {
  heads.forEach(({ head, targets }, h) => {
    const values = labels.get(head.name)!
    const isClass = values instanceof Int32Array
    const view = isClass ? kernels.i32 : kernels.f32
    const [at, w] = [targets.labels >> 2, targets.weights >> 2]
    let total = 0
    for (let i = 0; i < rows.length; i++) view[at + i] = values[rows[i]]
    if (head.definition.kind === 'relevance' && groups) {
      kernels.i32.set(groups, targets.offsets >> 2)
      for (let g = 0; g + 1 < groups.length; g++) {
        let gain = 0
        for (let i = groups[g]; i < groups[g + 1]; i++) gain += kernels.f32[at + i] > 0 ? kernels.f32[at + i] : 0
        kernels.f32[w + g] = gain > 0 ? weights(h, rows[groups[g]]) : 0
        total += kernels.f32[w + g]
      }
    } else
      for (let i = 0; i < rows.length; i++) {
        const isLabelled = isClass ? view[at + i] >= 0 : !Number.isNaN(view[at + i])
        kernels.f32[w + i] = isLabelled ? weights(h, rows[i]) : 0
        total += kernels.f32[w + i]
      }
    totals[h] = total
  })
}

function readOutputs({ kernels, heads }: Program, { rows }: BatchRows, outputs: Outputs): void {
  for (const { head, output, finish } of heads) {
    const target = outputs.get(head.name)
    if (target === undefined) continue
    finish(rows.length)
    for (let i = 0; i < rows.length; i++) {
      const from = (output >> 2) + i * head.width
      target.set(kernels.f32.subarray(from, from + head.width), rows[i] * head.width)
    }
  }
}

export interface FlatAdam {
  readonly update: (step: AdamStep) => void
  readonly save: () => OptimiserState
  readonly restore: (state: OptimiserState) => void
}

/** AdamW over one flat buffer (Loshchilov & Hutter 2019, arXiv:1711.05101), decay on kernels only. */
export function flatAdam(kernels: KernelSet, { floats, decayFloats }: ParameterLayout, parameters: Pointer, gradients: Pointer): FlatAdam {
  const f = kernels.functions
  const first = kernels.allocate(floats)
  const second = kernels.allocate(floats)
  // Running products, not powers: Math.pow may differ in the last bit between engine versions.
  let powers: readonly [number, number] = [1, 1]
  return {
    update({ rate, beta1, beta2, epsilon, weightDecay, clipNorm }) {
      if (clipNorm < Infinity) {
        const norm = Math.sqrt(f.sumSquares(floats, gradients))
        if (norm > clipNorm) f.scale(floats, gradients, clipNorm / norm)
      }
      powers = [powers[0] * beta1, powers[1] * beta2]
      const walk = (from: number, to: number, decay: number): void => {
        const at = (base: Pointer): Pointer => base + from * 4
        if (to > from)
          f.adam(
            to - from,
            at(parameters),
            at(gradients),
            at(first),
            at(second),
            rate,
            beta1,
            beta2,
            epsilon,
            1 - powers[0],
            1 - powers[1],
            decay,
          )
      }
      walk(0, decayFloats, weightDecay)
      walk(decayFloats, floats, 0)
    },
    save: () => ({
      powers,
      first: kernels.f32.slice(first >> 2, (first >> 2) + floats),
      second: kernels.f32.slice(second >> 2, (second >> 2) + floats),
    }),
    restore(state) {
      kernels.f32.set(state.first, first >> 2)
      kernels.f32.set(state.second, second >> 2)
      powers = state.powers
    },
  }
}
