import { canonicalJson, sha256Hex, TradingError } from '@gatehouse/contracts'
import { kernels as makeKernels, type KernelSet, type Pointer } from '../kernels/index.js'
import { headNode } from '../network/head-nodes.js'
import { parameterLayout, writeWeights } from '../network/parameters.js'
import { activationCode, inputName, type ResolvedLayer, type ResolvedNetwork, resolveNetwork, sizeOf } from '../network/resolve.js'
import { noNormaliser, normalise } from './normaliser.js'
import { checkNormaliser, type Plan, type PlanOptions, planOutputs } from './plan.js'

/** A causal network that takes one new row at a time and gives what the full window would, to rounding: about a hundredth of the work. */
export interface StreamingPlan extends Pick<Plan, 'backend' | 'outputs' | 'outputSize'> {
  /** Numbers of one row. */
  readonly rowSize: number
  /** Rows that a prediction depends on. */
  readonly receptiveField: number
  /** False until `receptiveField` rows have come. */
  readonly isWarm: boolean
  /** Takes a row of raw features; the outputs (reused) are those of the window that ends with it, once warm. */
  push(row: Float32Array): Float32Array
  /** Exact continuation after a restart. */
  save(): Uint8Array
  /** @throws {TradingError} `MODEL_STATE_INVALID` */
  restore(state: Uint8Array): void
  reset(): void
}

/** A value of one step, as the layers see it. */
interface StepValue {
  readonly pointer: Pointer
  readonly size: number
  /** Input rows it depends on. */
  readonly field: number
}
type Step = (phase: number, tick: number) => void

/**
 * Compiles a causal network for streaming: a ring of past inputs a convolution, and with a patch front end one set of rings a phase, so that every row
 * gives a prediction.
 * @throws {TradingError} `MODEL_STREAMING_INEXACT` naming the layer, when streaming would differ from the window the network was trained on
 */
export function compileStreamingPlan({
  network: definition,
  weights,
  normaliser = noNormaliser,
  backend,
}: Omit<PlanOptions, 'rows'>): StreamingPlan {
  const network = resolveNetwork(definition)
  if (network.input.length !== 2) throw inexact('input', 'it has no steps to stream')
  const [steps, rowSize] = network.input
  checkNormaliser(normaliser, rowSize)
  if (normaliser.kind === 'within-group') throw inexact('input', 'a ranking has no steps to stream')
  const kernels = makeKernels(backend)
  const layout = parameterLayout(network)
  const parameters = kernels.allocate(layout.floats)
  const offsets = new Map(layout.slots.map(({ name, offset }) => [name, parameters + offset * 4]))
  writeWeights(layout, weights, kernels.f32.subarray(parameters >> 2, (parameters >> 2) + layout.floats))

  const { patch, front } = patchOf(network)
  // What is remembered between rows lies in one stretch of memory, so a state is a copy of it.
  const memory = kernels.allocate(2 * patch * rowSize)
  const rings = network.layers.map((layer) => ring(kernels, layer, network, patch))
  const memoryEnd = kernels.used
  const values = new Map<string, StepValue>()
  const run: Step[] = []
  const row = kernels.allocate(patch * rowSize)
  values.set(front, { pointer: row, size: patch * rowSize, field: patch })
  for (const [i, layer] of network.layers.entries()) {
    if (layer.name === front) continue
    if (layer.from.includes(inputName) && front !== inputName) throw inexact(layer.name, 'it reads the input beside the patch layer')
    const inputs = layer.from.map((name) => values.get(name)!)
    values.set(
      layer.name,
      stepOf(kernels, layer, inputs, rings[i], patch, (role) => offsets.get(`${layer.name}/${role}`)!, run),
    )
  }
  const heads = network.heads.map((head) => {
    const { pointer: x, size: features } = values.get(head.from)!
    const parameter = (role: string): Pointer => offsets.get(`${head.name}/${role}`)!
    return headNode(kernels, head, { x, features, rows: 1, training: false, parameter, gradient: () => 0 })
  })
  const receptiveField = Math.max(...network.heads.map(({ from }) => values.get(from)!.field))
  if (receptiveField > steps)
    throw inexact('input', `it sees ${receptiveField} rows but was trained on windows of ${steps}, whose start is padding`)

  const { f32, functions } = kernels
  const outputs = planOutputs(network.heads)
  const result = new Float32Array(network.outputWidth)
  const identity = Buffer.from(
    sha256Hex(
      canonicalJson(definition) +
        [...weights].map(([name, w]) => name + sha256Hex(new Uint8Array(w.buffer, w.byteOffset, w.byteLength))).join(),
    ),
    'hex',
  )
  let count = 0
  const reset = (): void => {
    f32.fill(0, memory >> 2, memoryEnd >> 2)
    count = 0
  }
  return {
    backend: kernels.backend,
    rowSize,
    receptiveField,
    outputs,
    outputSize: network.outputWidth,
    get isWarm() {
      return count >= receptiveField
    },
    push(values) {
      if (values.length !== rowSize)
        throw new TradingError('MODEL_INPUT_INVALID', `a row holds ${rowSize} numbers, found ${values.length}`, {
          expected: rowSize,
          found: values.length,
        })
      const phase = count % patch
      // Each row is written twice, `patch` rows apart, so that the patch that ends with this row is always contiguous.
      const slot = memory + phase * rowSize * 4
      normalise(normaliser, values, rowSize, f32, slot >> 2)
      functions.copy(rowSize, slot, slot + patch * rowSize * 4)
      functions.copy(patch * rowSize, slot + rowSize * 4, row)
      const tick = (count - phase) / patch
      for (let i = 0; i < run.length; i++) run[i](phase, tick)
      let to = 0
      for (let h = 0; h < heads.length; h++) {
        heads[h].forward(1)
        heads[h].finish(1)
        const from = heads[h].output >> 2
        for (let k = 0; k < outputs[h].width; k++) result[to++] = f32[from + k]
      }
      count++
      return result
    },
    save() {
      const state = new Uint8Array(40 + memoryEnd - memory)
      state.set(identity)
      new DataView(state.buffer).setFloat64(32, count, true)
      state.set(new Uint8Array(f32.buffer, memory, memoryEnd - memory), 40)
      return state
    },
    restore(state) {
      if (state.length !== 40 + memoryEnd - memory || !identity.equals(state.subarray(0, 32)))
        throw new TradingError(
          'MODEL_STATE_INVALID',
          'the saved state belongs to another network or other weights; warm up from recorded data',
          {},
        )
      const saved = new DataView(state.buffer, state.byteOffset).getFloat64(32, true)
      if (!Number.isSafeInteger(saved) || saved < 0)
        throw new TradingError('MODEL_STATE_INVALID', 'the saved state holds an impossible row count', { count: saved })
      new Uint8Array(f32.buffer, memory, memoryEnd - memory).set(state.subarray(40))
      count = saved
    },
    reset,
  }
}

/** The size of a patch layer at the front, 1 without one, and the name of the value that a row (or patch) enters as. */
function patchOf({ layers }: ResolvedNetwork): { patch: number; front: string } {
  const patches = layers.filter(({ definition: { kind } }) => kind === 'patch')
  if (patches.length === 0) return { patch: 1, front: inputName }
  const [layer] = patches
  if (patches.length > 1 || layer.from[0] !== inputName)
    throw inexact(layer.name, 'only one patch layer, right behind the input, can be streamed')
  return { patch: (layer.definition as { size: number }).size, front: layer.name }
}

/** Rings of a convolution's past inputs, one a phase; 0 for other layers. */
function ring(kernels: KernelSet, { definition, from }: ResolvedLayer, network: ResolvedNetwork, patch: number): Pointer {
  if (definition.kind !== 'causal-conv1d') return 0
  const shape = from[0] === inputName ? network.input : network.layers.find(({ name }) => name === from[0])!.shape
  return kernels.allocate(patch * ((definition.kernel - 1) * (definition.dilation ?? 1) + 1) * shape[shape.length - 1])
}

/** One step of a layer; the order of `run` is the network's. */
function stepOf(
  kernels: KernelSet,
  layer: ResolvedLayer,
  inputs: readonly StepValue[],
  ringPointer: Pointer,
  patch: number,
  parameter: (role: string) => Pointer,
  run: Step[],
): StepValue {
  const f = kernels.functions
  const { definition, name, shape } = layer
  const [{ pointer: x, size, field }] = inputs
  const value = (units: number, extra = 0): StepValue => ({ pointer: kernels.allocate(units), size: units, field: field + extra })
  switch (definition.kind) {
    case 'dense': {
      const y = value(definition.units)
      const code = activationCode[definition.activation ?? 'linear']
      const [w, b] = [parameter('kernel'), parameter('bias')]
      run.push(() => f.dense(1, size, y.size, x, w, b, y.pointer, code))
      return y
    }
    case 'layer-norm': {
      const y = value(size)
      const [gamma, beta] = [parameter('gamma'), parameter('beta')]
      run.push(() => f.norm(1, size, x, gamma, beta, y.pointer, 0))
      return y
    }
    case 'causal-conv1d': {
      const { filters: O, kernel: K, dilation = 1, activation = 'linear' } = definition
      const length = (K - 1) * dilation + 1
      const y = value(O, (K - 1) * dilation * patch)
      const code = activationCode[activation]
      const [w, b] = [parameter('kernel'), parameter('bias')]
      run.push((phase, tick) => {
        const base = ringPointer + phase * length * size * 4
        const slot = tick % length
        f.copy(size, x, base + slot * size * 4)
        f.convStep(size, O, K, dilation, base, length, slot, w, b, y.pointer, code)
      })
      return y
    }
    case 'activation': {
      const y = value(size)
      const code = activationCode[definition.activation]
      run.push(() => {
        f.copy(size, x, y.pointer)
        f.activate(size, y.pointer, code)
      })
      return y
    }
    case 'add': {
      const [a, b] = inputs
      const y = { ...value(size), field: Math.max(a.field, b.field) }
      run.push(() => {
        f.copy(size, a.pointer, y.pointer)
        f.add(size, b.pointer, y.pointer)
      })
      return y
    }
    case 'dropout':
    case 'last-step':
      return inputs[0]
    case 'flatten':
      if (sizeOf(shape) === size) return inputs[0]
      throw inexact(name, 'it needs every step of the window at once')
    case 'gru':
      throw inexact(name, 'a recurrent layer starts each window from zero, a stream does not')
    case 'bilinear':
    case 'temporal-attention':
    case 'bilinear-norm':
      throw inexact(name, 'it needs every step of the window at once')
    case 'patch':
      throw inexact(name, 'only one patch layer, right behind the input, can be streamed')
  }
}

function inexact(layer: string, why: string): TradingError {
  return new TradingError(
    'MODEL_STREAMING_INEXACT',
    `"${layer}" cannot be streamed exactly: ${why}. Serve the full window with compilePlan`,
    { layer },
  )
}
