import { type NetworkDefinition } from '../src/network/definition.js'
import { resolveNetwork, sizeOf } from '../src/network/resolve.js'
import { random } from '../src/random.js'
import { type Labels, type TrainingSet } from '../src/train/samples.js'

/** Seeded inputs and labels that fit a network; some labels are missing. */
export function randomSet(definition: NetworkDefinition, count: number, seed = 1): TrainingSet {
  const { input, heads } = resolveNetwork(definition)
  const size = sizeOf(input)
  const draw = random(seed)
  const values = Float32Array.from({ length: count * size }, () => draw.normal())
  const labels = new Map<string, Labels>()
  for (const { name, width, definition: head } of heads) {
    if (head.kind === 'classes' || head.kind === 'ordered-classes')
      labels.set(
        name,
        Int32Array.from({ length: count }, (_, i) => (i % 7 === 6 ? -1 : draw.integer(width))),
      )
    else if (head.kind === 'relevance')
      labels.set(
        name,
        Float32Array.from({ length: count }, () => 2 ** draw.integer(4) - 1),
      )
    else if (head.kind === 'binary')
      labels.set(
        name,
        Float32Array.from({ length: count }, (_, i) => (i % 7 === 5 ? NaN : draw.integer(2))),
      )
    else
      labels.set(
        name,
        Float32Array.from({ length: count }, (_, i) => (i % 7 === 4 ? NaN : draw.normal())),
      )
  }
  const isRanking = heads.some(({ definition: { kind } }) => kind === 'relevance')
  return {
    samples: { count, shape: input, fill: (i, target, offset) => target.set(values.subarray(i * size, (i + 1) * size), offset) },
    labels,
    weights: Float32Array.from({ length: count }, () => 0.5 + draw.uniform()),
    ...(isRanking ? { groups: Int32Array.from([0, 3, Math.floor(count / 2), count]) } : {}),
  }
}
