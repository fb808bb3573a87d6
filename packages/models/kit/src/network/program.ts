import { type KernelSet, type Pointer } from '../kernels/index.js'
import { type HeadNode, headNode } from './head-nodes.js'
import { isView, layerNode, type PassState } from './layer-nodes.js'
import { type ParameterLayout, parameterLayout, readWeights, type Weights, writeWeights } from './parameters.js'
import { inputName, type ResolvedNetwork, sizeOf } from './resolve.js'

/**
 * A network laid out in a kernel set's memory: weights, activations and (for training) gradients at fixed places, and the passes over them.
 * The same program runs on WASM and on plain JavaScript. Nothing is allocated after it is made.
 */
export interface Program {
  readonly network: ResolvedNetwork
  readonly kernels: KernelSet
  readonly layout: ParameterLayout
  /** Rows it has room for. */
  readonly rows: number
  /** Input, `[rows, ...input]`: the caller fills it. */
  readonly input: Pointer
  /** Flat weights, and their gradient (0 when not for training). */
  readonly parameters: Pointer
  readonly gradients: Pointer
  readonly heads: readonly HeadNode[]
  readonly state: PassState
  forward(rows: number): void
  /** Gradient of what the heads' `loss` calls left, into `gradients`. */
  backward(rows: number): void
  readonly load: (weights: Weights) => void
  readonly store: () => Weights
}

interface Value {
  readonly pointer: Pointer
  readonly gradient: Pointer
  readonly size: number
  isWritten: boolean
}

/** Lays a network out for at most `rows` rows. */
export function compileProgram(
  network: ResolvedNetwork,
  kernels: KernelSet,
  { rows, training }: { readonly rows: number; readonly training: boolean },
): Program {
  const layout = parameterLayout(network)
  const parameters = kernels.allocate(layout.floats)
  const gradients = training ? kernels.allocate(layout.floats) : 0
  const offsets = new Map(layout.slots.map(({ name, offset }) => [name, offset * 4]))
  const at = (base: Pointer, owner: string) => (role: string) => base + offsets.get(`${owner}/${role}`)!
  const state: PassState = { training: false, seed: 0, step: 0 }

  const input = kernels.allocate(rows * sizeOf(network.input))
  const values = new Map<string, Value>([[inputName, { pointer: input, gradient: 0, size: sizeOf(network.input), isWritten: false }]])
  const shapes = new Map([[inputName, network.input]])
  const nodes = network.layers.map((layer, index) => {
    const size = sizeOf(layer.shape)
    const sources = layer.from.map((name) => values.get(name)!)
    const value: Value = isView(layer)
      ? sources[0]
      : { pointer: kernels.allocate(rows * size), gradient: training ? kernels.allocate(rows * size) : 0, size, isWritten: false }
    values.set(layer.name, value)
    shapes.set(layer.name, layer.shape)
    const inputs = layer.from.map((name) => ({ pointer: values.get(name)!.pointer, shape: shapes.get(name)! }))
    const place = { kernels, layer, index, rows, training, state, inputs, output: value.pointer, outputGradient: value.gradient }
    return { sources, node: layerNode({ ...place, parameter: at(parameters, layer.name), gradient: at(gradients, layer.name) }) }
  })
  const heads = network.heads.map((head) => {
    const { pointer: x, size: features } = values.get(head.from)!
    return headNode(kernels, head, {
      x,
      features,
      rows,
      training,
      parameter: at(parameters, head.name),
      gradient: at(gradients, head.name),
    })
  })

  const backwards = training ? backwardPasses() : []
  const forwards = [...nodes.map(({ node }) => node), ...heads]

  /** In reverse order; a value read twice gets the first gradient written and the others added. */
  function backwardPasses(): ((rows: number) => void)[] {
    const spare = kernels.allocate(rows * Math.max(...[...values.values()].map(({ size }) => size)))
    const f = kernels.functions
    const passes: ((rows: number) => void)[] = []
    const connect = (sources: readonly Value[], backward: (inputGradients: readonly Pointer[]) => (rows: number) => void): void => {
      const late: Value[] = []
      const targets = sources.map((source) => {
        if (source.gradient === 0) return 0
        if (source.isWritten) {
          late.push(source)
          return spare
        }
        source.isWritten = true
        return source.gradient
      })
      passes.push(backward(targets))
      // Both inputs of an `add` get the same numbers, so one spare buffer is enough for them.
      for (const { size, gradient } of late) passes.push((n) => f.add(n * size, spare, gradient))
    }
    for (const head of [...heads].reverse()) connect([values.get(head.head.from)!], ([dx]) => head.backward(dx))
    for (const [i, { sources, node }] of [...nodes.entries()].reverse())
      if (!isView(network.layers[i])) connect(sources, (dx) => node.backward(dx))
    return passes
  }

  const flat = (): Float32Array => kernels.f32.subarray(parameters >> 2, (parameters >> 2) + layout.floats)
  return {
    network,
    kernels,
    layout,
    rows,
    input,
    parameters,
    gradients,
    heads,
    state,
    forward(n) {
      for (let i = 0; i < forwards.length; i++) forwards[i].forward(n)
    },
    backward(n) {
      for (let i = 0; i < backwards.length; i++) backwards[i](n)
    },
    load: (weights) => writeWeights(layout, weights, flat()),
    store: () => readWeights(layout, flat()),
  }
}
