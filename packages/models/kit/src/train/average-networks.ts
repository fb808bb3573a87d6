import { TradingError } from '@gatehouse/contracts'
import { type LayerDefinition, type NetworkDefinition } from '../network/definition.js'
import { type ResolvedNetwork, resolveNetwork } from '../network/resolve.js'
import { type Weights } from '../network/parameters.js'

type Member = { readonly network: ResolvedNetwork; readonly weights: Weights }

/**
 * Several trained networks of one definition as one that gives the mean of their outputs: an ensemble that is one artifact, one plan, one call. Logits, values and
 * scores are averaged as they are; of ordered classes the score and the places of the cuts. Their hidden layers lie side by side, so the work grows with the square
 * of the members. For flat chains of dense layers; dropout, which only training has, falls away.
 * @throws {TradingError} `MODEL_NETWORK_INVALID` for another kind of layer or members of several definitions, `MODEL_INPUT_INVALID` for no member
 */
export function averageNetworks(members: readonly Member[]): Member {
  if (members.length === 0) throw new TradingError('MODEL_INPUT_INVALID', 'an average needs a network', {})
  const [{ network }] = members
  if (members.length === 1) return members[0]
  const dense = network.layers.filter(({ definition }) => definition.kind !== 'dropout')
  const odd = dense.find(({ definition }) => definition.kind !== 'dense')
  const branch = network.heads.find(({ definition }) => definition.from !== undefined)
  if (network.input.length !== 1 || odd !== undefined || branch !== undefined)
    throw new TradingError(
      'MODEL_NETWORK_INVALID',
      `only flat chains of dense layers can lie side by side; "${odd?.name ?? branch?.name ?? 'input'}" is something else`,
      {
        layer: odd?.name ?? branch?.name ?? 'input',
        expected: 'dense',
      },
    )
  const definitions = new Set(members.map((member) => JSON.stringify(member.network.definition)))
  if (definitions.size > 1)
    throw new TradingError('MODEL_NETWORK_INVALID', 'only networks of one definition have a mean', { definitions: definitions.size })
  const K = members.length
  const weights = new Map<string, Float32Array>()
  const layers = dense.map(({ name, definition }, depth): LayerDefinition => {
    const { units, activation } = definition as Extract<LayerDefinition, { kind: 'dense' }>
    const kernels = members.map((member) => member.weights.get(`${name}/kernel`)!)
    const inputs = kernels[0].length / units
    // The first layer reads the same inputs; later ones read their own member's units.
    weights.set(`${name}/kernel`, sideBySide(kernels, { inputs, units, shares: depth === 0 }))
    weights.set(
      `${name}/bias`,
      Float32Array.from({ length: K * units }, (_, i) => members[Math.floor(i / units)].weights.get(`${name}/bias`)![i % units]),
    )
    return { kind: 'dense', name, units: K * units, activation }
  })
  for (const { name, tensors } of network.heads)
    for (const { name: tensor, role } of tensors) {
      const parts = members.map((member) => member.weights.get(tensor)!)
      weights.set(tensor, role === 'kernel' && layers.length > 0 ? stacked(parts, K) : role === 'cutpoints' ? meanCuts(parts) : mean(parts))
      if (role !== 'kernel' && role !== 'bias' && role !== 'cutpoints' && role !== 'log-variance')
        throw new TradingError('MODEL_NETWORK_INVALID', `head "${name}" has a ${role}, which has no average`, { layer: name })
    }
  const definition: NetworkDefinition = { input: network.input, layers, heads: network.definition.heads }
  return { network: resolveNetwork(definition), weights }
}

/** `[inputs, units]` of each member as one matrix: with shared inputs next to each other, else along the diagonal. */
function sideBySide(
  kernels: readonly Float32Array[],
  { inputs, units, shares }: { readonly inputs: number; readonly units: number; readonly shares: boolean },
): Float32Array {
  const K = kernels.length
  const all = new Float32Array((shares ? inputs : K * inputs) * K * units)
  kernels.forEach((kernel, k) => {
    for (let i = 0; i < inputs; i++)
      for (let u = 0; u < units; u++) all[((shares ? 0 : k * inputs) + i) * K * units + k * units + u] = kernel[i * units + u]
  })
  return all
}

/** Head kernels one below the other, each a share of the mean. */
function stacked(parts: readonly Float32Array[], K: number): Float32Array {
  return Float32Array.from({ length: K * parts[0].length }, (_, i) => parts[Math.floor(i / parts[0].length)][i % parts[0].length] / K)
}

const mean = (parts: readonly Float32Array[]): Float32Array =>
  parts[0].map((_, i) => parts.reduce((sum, part) => sum + part[i], 0) / parts.length)

/** Cut points are kept as the first and the distances behind a softplus: what is averaged is where they lie. */
function meanCuts(parts: readonly Float32Array[]): Float32Array {
  const distance = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)))
  return parts[0].map((_, k) => {
    if (k === 0) return parts.reduce((sum, part) => sum + part[0], 0) / parts.length
    const average = parts.reduce((sum, part) => sum + distance(part[k]), 0) / parts.length
    return average > 30 ? average : Math.log(Math.expm1(average))
  })
}
