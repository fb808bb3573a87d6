import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { type HeadDefinition, type LayerDefinition, type NetworkDefinition } from '../network/definition.js'
import { inputName, type ResolvedNetwork, resolveNetwork, type TensorDefinition } from '../network/resolve.js'
import { planOutputs } from '../serve/plan.js'

type DescribedNetwork = ModelDescription['network']
type DescribedLayer = DescribedNetwork['layers'][number]
type Settings = DescribedLayer['parameters']

/** Layers of this prefix are heads: the dense part, the loss and the output in one. */
const headPrefix = 'head-'

/** A network as `model.json` has it. */
export function describeNetwork({ input, layers, heads, parameterCount }: ResolvedNetwork): DescribedNetwork {
  const weights = (tensors: readonly TensorDefinition[]): DescribedLayer['weights'] =>
    tensors.map(({ role, name, shape }) => ({ role, tensor: name, shape: [...shape] }))
  return {
    inputs: [{ name: inputName, shape: [...input] }],
    outputs: planOutputs(heads).map(({ name, kind, width }) => ({ name, kind, shape: [width] })),
    layers: [
      ...layers.map(({ name, from, shape, definition: { kind, name: _name, from: _from, ...settings }, tensors }) => ({
        name,
        kind,
        from: [...from],
        outputShape: [...shape],
        parameters: clean(settings),
        weights: weights(tensors),
      })),
      ...heads.map(({ name, from, width, definition: { kind, name: _name, from: _from, ...settings }, tensors }) => ({
        name,
        kind: headPrefix + kind,
        from: [from],
        outputShape: [width],
        parameters: clean(settings),
        weights: weights(tensors),
      })),
    ],
    parameterCount,
  }
}

/**
 * The definition that a `model.json` describes, checked: the description must be exactly what this kit would write for it.
 * @throws {TradingError} `MODEL_NETWORK_INVALID` for a network this kit does not know, `MODEL_ARTIFACT_INVALID` where shapes, tensors or outputs disagree
 */
export function networkFromDescription(described: DescribedNetwork): ResolvedNetwork {
  if (described.inputs.length !== 1) throw disagree('inputs', 'one input', described.inputs.length)
  const isHead = ({ kind }: DescribedLayer): boolean => kind.startsWith(headPrefix)
  const definition: NetworkDefinition = {
    input: described.inputs[0].shape,
    // What a file says a layer is gets checked by resolveNetwork and by the comparison below.
    layers: described.layers
      .filter((layer) => !isHead(layer))
      .map(({ kind, name, from, parameters }) => ({ ...parameters, kind, name, from }) as unknown as LayerDefinition),
    heads: described.layers
      .filter(isHead)
      .map(
        ({ kind, name, from, parameters }) =>
          ({ ...parameters, kind: kind.slice(headPrefix.length), name, from: from[0] }) as unknown as HeadDefinition,
      ),
  }
  const network = resolveNetwork(definition)
  const expected = describeNetwork(network)
  for (const key of ['inputs', 'outputs', 'layers', 'parameterCount'] as const)
    if (JSON.stringify(sorted(expected[key])) !== JSON.stringify(sorted(described[key])))
      throw disagree(key, JSON.stringify(expected[key]).slice(0, 200), JSON.stringify(described[key]).slice(0, 200))
  return network
}

/** Key order carries no meaning in JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}

/** Absent options stay absent. */
function clean(settings: Readonly<Record<string, unknown>>): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings
}

function disagree(at: string, expected: string, found: unknown): TradingError {
  return new TradingError(
    'MODEL_ARTIFACT_INVALID',
    `model.json disagrees with itself at network.${at}: expected ${expected}, found ${String(found)}`,
    { at },
  )
}
