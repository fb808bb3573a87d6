import { documentDigest } from '../canonical/digest.js'
import type { FeatureSpec, ModelDescription } from '../schema/model.js'
import { holdsSource, isSameSource, sourceName } from './manifest-shape.js'
import type { TensorEntry } from './safetensors.js'

/** Identity of a feature spec: names, units, sources, definitions and their order, and the rows of one input. */
export function featureSpecHash({ items, rows }: Pick<FeatureSpec, 'items' | 'rows'>): string {
  return documentDigest({ items, rows })
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)

/** Numbers in one raw feature vector. */
export function inputSize({ network }: ModelDescription): number {
  return network.inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
}

/** Numbers in one output vector. */
export function outputSize({ network }: ModelDescription): number {
  return network.outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
}

/** Where a description contradicts itself. Empty when it does not. */
export function descriptionProblems(description: ModelDescription): readonly string[] {
  const { features, needs } = description
  const problems: string[] = []
  const hash = featureSpecHash(features)
  if (features.hash !== hash) problems.push(`features.hash is ${features.hash}, the features hash to ${hash}`)
  problems.push(
    ...repeated(
      'feature',
      features.items.map(({ name }) => name),
    ),
  )
  for (const { name, source } of features.items) {
    if (!needs.sources.some((needed) => isSameSource(needed, source)))
      problems.push(`feature "${name}" reads ${sourceName(source)}, which needs.sources does not list`)
  }
  return [...problems, ...sourceProblems(description), ...networkProblems(description), ...lengthProblems(description)]
}

/** A source is optional only where the features do without it, one of them says when it is missing, and the description is honest about the training data. */
function sourceProblems({ features, needs, provenance }: ModelDescription): string[] {
  const problems = repeated('needed source', needs.sources.map(sourceName))
  for (const source of needs.sources) {
    if (source.optional === undefined) continue
    const readers = features.items.filter((item) => isSameSource(item.source, source))
    const needy = readers.filter(({ missing }) => missing !== 'flag' && missing !== 'zero').map(({ name }) => `"${name}"`)
    if (needy.length > 0)
      problems.push(`needs.sources calls ${sourceName(source)} optional, without which ${needy.join(', ')} has no value`)
    if (!readers.some(({ missing }) => missing === 'flag')) problems.push(`needs.sources calls ${sourceName(source)} optional, and no feature flags that it is missing`) // prettier-ignore
    if (holdsSource(provenance.data, source) !== (source.optional === 'present'))
      problems.push(`needs.sources says that ${sourceName(source)} was ${source.optional} in training; the pins say otherwise`)
  }
  if (needs.sources.every(({ optional }) => optional !== undefined)) problems.push('needs.sources calls every source optional')
  return problems
}

function networkProblems({ network, labels, calibration }: ModelDescription): string[] {
  const problems = [
    ...repeated(
      'layer',
      network.layers.map(({ name }) => name),
    ),
    ...repeated(
      'output',
      network.outputs.map(({ name }) => name),
    ),
  ]
  const known = new Set(network.inputs.map(({ name }) => name))
  for (const { name, from } of network.layers) {
    problems.push(
      ...from.filter((source) => !known.has(source)).map((source) => `layer "${name}" reads "${source}", which is not before it`),
    )
    known.add(name)
  }
  for (const { name } of network.outputs) if (!known.has(name)) problems.push(`output "${name}" is not a layer`)
  const outputs = new Map(network.outputs.map(({ name, shape }) => [name, shape]))
  for (const { output, classes } of labels.heads) {
    const shape = outputs.get(output)
    if (shape === undefined) problems.push(`label head "${output}" is not an output`)
    else if (classes !== undefined && shape.at(-1) !== classes.length)
      problems.push(`label head "${output}" has ${classes.length} classes for an output of shape [${shape.join(', ')}]`)
  }
  return [
    ...problems,
    ...calibration.filter(({ output }) => !outputs.has(output)).map(({ output }) => `calibration of "${output}" is not of an output`),
  ]
}

function lengthProblems(description: ModelDescription): string[] {
  const { features, scaler, golden } = description
  const problems: string[] = []
  for (const part of ['center', 'scale'] as const) {
    const { length } = scaler[part]
    if (length !== 0 && length !== features.items.length)
      problems.push(`scaler.${part} has ${length} values for ${features.items.length} features`)
  }
  if (scaler.scale.includes(0)) problems.push('scaler.scale holds a zero')
  const [wanted, given] = [inputSize(description), outputSize(description)]
  golden.vectors.forEach(({ input, output }, index) => {
    // A vector of a ranker is one group: as many rows as it has names.
    const rows = input.length / wanted
    if (!Number.isInteger(rows) || output.length !== rows * given)
      problems.push(
        `golden vector ${index} has ${input.length} inputs and ${output.length} outputs; the network has ${wanted} and ${given} a row`,
      )
  })
  return problems
}

/** What keeps a weights file from belonging to a description. */
export function tensorProblems({ network }: ModelDescription, tensors: ReadonlyMap<string, TensorEntry>): readonly string[] {
  const problems: string[] = []
  const named = new Set<string>()
  for (const { name, weights } of network.layers) {
    for (const { tensor, shape } of weights) {
      named.add(tensor)
      const found = tensors.get(tensor)
      if (found === undefined) problems.push(`layer "${name}" names the tensor "${tensor}", which is not in the weights file`)
      else if (found.shape.length !== shape.length || found.shape.some((length, axis) => length !== shape[axis])) {
        problems.push(`tensor "${tensor}" has shape [${found.shape.join(', ')}], the description says [${shape.join(', ')}]`)
      }
    }
  }
  for (const name of tensors.keys()) if (!named.has(name)) problems.push(`no layer names the tensor "${name}"`)
  return problems
}

function repeated(kind: string, names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) => `two ${kind}s are called "${name}"`)
}
