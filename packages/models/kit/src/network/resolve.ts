import { TradingError } from '@gatehouse/contracts'
import { type Activation, type HeadDefinition, type LayerDefinition, type NetworkDefinition } from './definition.js'

/** Sizes without the batch: `[features]` or `[steps, features]`. */
export type Shape = readonly number[]

/** How a tensor starts: Glorot uniform over these fans, one value everywhere, or these values. */
export type Initial =
  { readonly fanIn: number; readonly fanOut: number } | { readonly value: number } | { readonly values: readonly number[] }

/** A trained tensor of a layer or head. */
export interface TensorDefinition {
  /** `layer/role`, unique in the network. */
  readonly name: string
  readonly role: string
  readonly shape: Shape
  readonly initial: Initial
  /** Whether weight decay applies: to kernels, not to biases, gains and cutpoints. */
  readonly decays: boolean
}

export interface ResolvedLayer {
  readonly name: string
  readonly definition: LayerDefinition
  /** Names of what it reads; `input` is the network's input. */
  readonly from: readonly string[]
  readonly shape: Shape
  readonly tensors: readonly TensorDefinition[]
}

export interface ResolvedHead {
  readonly name: string
  readonly definition: HeadDefinition
  readonly from: string
  /** Numbers it outputs a row: classes, or 1. */
  readonly width: number
  readonly tensors: readonly TensorDefinition[]
}

/** A definition that was checked: every shape known, every name set. */
export interface ResolvedNetwork {
  readonly definition: NetworkDefinition
  readonly input: Shape
  readonly layers: readonly ResolvedLayer[]
  readonly heads: readonly ResolvedHead[]
  /** All tensors, decaying ones first. */
  readonly tensors: readonly TensorDefinition[]
  readonly parameterCount: number
  /** Numbers a row over all heads. */
  readonly outputWidth: number
}

export const activationCode: Readonly<Record<Activation, number>> = { linear: 0, relu: 1, sigmoid: 2, tanh: 3 }

/** Name of the network's input in `from`. */
export const inputName = 'input'

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

/**
 * Checks a network definition and works out every shape.
 * @throws {TradingError} `MODEL_NETWORK_INVALID` naming the layer, what was expected and what was found
 */
export function resolveNetwork(definition: NetworkDefinition): ResolvedNetwork {
  const { input, layers, heads } = definition
  if (input.length !== 1 && input.length !== 2) throw invalid('input', 'a shape [features] or [steps, features]', input)
  for (const size of input) requireCount('input', 'size', size)
  const shapes = new Map<string, Shape>([[inputName, input]])
  let last = inputName
  const resolved = layers.map((layer, index): ResolvedLayer => {
    const name = layer.name ?? `${layer.kind}-${index}`
    if (shapes.has(name)) throw invalid(name, 'a name no other layer has', name)
    const from = layer.from === undefined ? [last] : typeof layer.from === 'string' ? [layer.from] : layer.from
    const inputs = from.map((source) => {
      const shape = shapes.get(source)
      if (shape === undefined) throw invalid(name, 'to read the input or an earlier layer', source)
      return shape
    })
    if (inputs.length !== (layer.kind === 'add' ? 2 : 1)) throw invalid(name, layer.kind === 'add' ? 'two inputs' : 'one input', from)
    const { shape, tensors = [] } = resolveLayer(name, layer, inputs)
    shapes.set(name, shape)
    last = name
    return { name, definition: layer, from, shape, tensors: tensors.map((t) => tensor(name, t)) }
  })
  if (heads.length === 0) throw invalid('heads', 'at least one head', 0)
  const names = new Set<string>()
  const resolvedHeads = heads.map((head): ResolvedHead => {
    if (shapes.has(head.name) || names.has(head.name)) throw invalid(head.name, 'a name no other layer or head has', head.name)
    names.add(head.name)
    return resolveHead(head, head.from ?? last, shapes.get(head.from ?? last))
  })
  const all = [...resolved, ...resolvedHeads].flatMap(({ tensors }) => tensors)
  return {
    definition,
    input,
    layers: resolved,
    heads: resolvedHeads,
    tensors: [...all.filter(({ decays }) => decays), ...all.filter(({ decays }) => !decays)],
    parameterCount: all.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    outputWidth: resolvedHeads.reduce((sum, { width }) => sum + width, 0),
  }
}

type Draft = [role: string, shape: Shape, initial: Initial | 'glorot' | number]
interface Outcome {
  readonly shape: Shape
  readonly tensors?: Draft[]
}

function tensor(owner: string, [role, shape, initial]: Draft): TensorDefinition {
  return {
    name: `${owner}/${role}`,
    role,
    shape,
    initial:
      initial === 'glorot'
        ? { fanIn: shape[0], fanOut: shape[shape.length - 1] }
        : typeof initial === 'number'
          ? { value: initial }
          : initial,
    decays: role === 'kernel' || role === 'recurrent' || role === 'time',
  }
}

function resolveLayer(name: string, layer: LayerDefinition, inputs: readonly Shape[]): Outcome {
  const [input] = inputs
  const features = input[input.length - 1]
  switch (layer.kind) {
    case 'dense': {
      requireCount(name, 'units', layer.units)
      requireActivation(name, layer.activation)
      return { shape: [...input.slice(0, -1), layer.units], tensors: [['kernel', [features, layer.units], 'glorot'], ['bias', [layer.units], 0]] } // prettier-ignore
    }
    case 'causal-conv1d': {
      const [steps] = sequence(name, input)
      const { filters, kernel, dilation = 1 } = layer
      for (const [key, value] of Object.entries({ filters, kernel, dilation })) requireCount(name, key, value)
      requireActivation(name, layer.activation)
      const initial = { fanIn: kernel * features, fanOut: kernel * filters }
      return { shape: [steps, filters], tensors: [['kernel', [kernel, features, filters], initial], ['bias', [filters], 0]] } // prettier-ignore
    }
    case 'patch': {
      const [steps] = sequence(name, input)
      requireCount(name, 'size', layer.size)
      if (steps % layer.size !== 0) throw invalid(name, `steps that are a multiple of ${layer.size}`, steps)
      return { shape: [steps / layer.size, layer.size * features] }
    }
    case 'layer-norm':
      return { shape: input, tensors: [['gamma', [features], 1], ['beta', [features], 0]] } // prettier-ignore
    case 'gru': {
      const [steps] = sequence(name, input)
      requireCount(name, 'units', layer.units)
      if (layer.units % 4 !== 0) throw invalid(name, 'units that are a multiple of 4', layer.units)
      const H = layer.units
      return {
        shape: layer.sequence ? [steps, H] : [H],
        tensors: [
          ['kernel', [features, 3 * H], { fanIn: features, fanOut: H }],
          ['bias', [3 * H], 0],
          ['recurrent', [H, 3 * H], { fanIn: H, fanOut: H }],
          ['recurrent-bias', [3 * H], 0],
        ],
      }
    }
    case 'bilinear': {
      const [steps] = sequence(name, input)
      requireCount(name, 'steps', layer.steps)
      requireCount(name, 'units', layer.units)
      requireActivation(name, layer.activation)
      return {
        shape: [layer.steps, layer.units],
        tensors: [
          ['time', [layer.steps, steps], { fanIn: steps, fanOut: layer.steps }],
          ['kernel', [features, layer.units], 'glorot'],
          ['bias', [layer.steps, layer.units], 0],
        ],
      }
    }
    case 'temporal-attention': {
      const [steps] = sequence(name, input)
      return { shape: input, tensors: [['attention', [steps, steps], { fanIn: steps, fanOut: steps }], ['mix', [1], 0]] } // prettier-ignore
    }
    case 'bilinear-norm': {
      const [steps] = sequence(name, input)
      return {
        shape: input,
        tensors: [
          ['time-gamma', [features], 1],
          ['time-beta', [features], 0],
          ['feature-gamma', [steps], 1],
          ['feature-beta', [steps], 0],
          ['mix', [2], 0.5],
        ],
      }
    }
    case 'activation':
      requireActivation(name, layer.activation)
      return { shape: input }
    case 'dropout':
      if (!(layer.rate >= 0 && layer.rate < 1)) throw invalid(name, 'a rate in [0, 1)', layer.rate)
      return { shape: input }
    case 'add': {
      const [a, b] = inputs
      if (a.length !== b.length || a.some((size, i) => size !== b[i])) throw invalid(name, 'two inputs of one shape', [a, b])
      return { shape: a }
    }
    case 'last-step':
      sequence(name, input)
      return { shape: [features] }
    case 'flatten':
      return { shape: [sizeOf(input)] }
    default:
      // A definition read from a file can name anything.
      throw invalid(name, 'a known kind of layer', (layer as { kind: unknown }).kind)
  }
}

function resolveHead(head: HeadDefinition, from: string, input: Shape | undefined): ResolvedHead {
  const { name, weight = 1 } = head
  if (input === undefined) throw invalid(name, 'to read the input or a layer', from)
  if (input.length !== 1) throw invalid(name, 'a layer of shape [features] before it; add last-step or flatten', input)
  if (weight !== 'learned' && !(weight > 0 && Number.isFinite(weight))) throw invalid(name, 'a positive weight or learned', weight)
  const [features] = input
  const tensors: Draft[] = []
  let width = 1
  switch (head.kind) {
    case 'classes': {
      const { smoothing = 0 } = head
      if (!(smoothing >= 0 && smoothing < 1)) throw invalid(name, 'smoothing in [0, 1)', smoothing)
      width = requireClasses(name, head.classes)
      tensors.push(['kernel', [features, width], 'glorot'], ['bias', [width], 0])
      break
    }
    case 'ordered-classes':
      width = requireClasses(name, head.classes)
      tensors.push(['kernel', [features, 1], 'glorot'], ['cutpoints', [width - 1], { values: firstCutpoints(width) }])
      break
    case 'regression':
      if (head.huberDelta !== undefined && !(head.huberDelta > 0)) throw invalid(name, 'a positive huberDelta', head.huberDelta)
      tensors.push(['kernel', [features, 1], 'glorot'], ['bias', [1], 0])
      break
    case 'binary':
    case 'relevance':
      tensors.push(['kernel', [features, 1], 'glorot'], ['bias', [1], 0])
      break
    default:
      throw invalid(name, 'a known kind of head', (head as { kind: unknown }).kind)
  }
  if (weight === 'learned') tensors.push(['log-variance', [1], 0])
  return { name, definition: head, from, width, tensors: tensors.map((t) => tensor(name, t)) }
}

/** softplus(0) = ln 2 apart, the first one such that they lie around zero. */
const firstCutpoints = (classes: number): number[] =>
  Array.from({ length: classes - 1 }, (_, k) => (k === 0 ? (-(classes - 2) / 2) * Math.LN2 : 0))

function sequence(name: string, shape: Shape): Shape {
  if (shape.length !== 2) throw invalid(name, 'an input of shape [steps, features]', shape)
  return shape
}
function requireCount(name: string, key: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 1 << 24) throw invalid(name, `${key} to be a positive integer`, value)
}
function requireClasses(name: string, classes: number): number {
  if (!Number.isInteger(classes) || classes < 2 || classes > 1000) throw invalid(name, 'classes between 2 and 1000', classes)
  return classes
}
function requireActivation(name: string, activation: Activation | undefined): void {
  if (activation !== undefined && !Object.hasOwn(activationCode, activation)) throw invalid(name, 'a known activation', activation)
}
function invalid(layer: string, expected: string, found: unknown): TradingError {
  return new TradingError('MODEL_NETWORK_INVALID', `layer "${layer}" needs ${expected}, found ${JSON.stringify(found)}`, {
    layer,
    expected,
    found,
  })
}
