import { type NetworkDefinition } from '../network/definition.js'
import { type LabelSet } from '../label/labels.js'
import { type Numbers } from './classification.js'

/** Shares of the classes among training labels, as constant probabilities: the majority baseline and the prior. Missing labels are left out. */
export function classPrior(labels: Numbers, classes: number): Float64Array {
  const counts = new Float64Array(classes)
  let total = 0
  for (let i = 0; i < labels.length; i++)
    if (labels[i] >= 0) {
      counts[labels[i]]++
      total++
    }
  return counts.map((n) => n / total)
}

/**
 * Persistence: at each row the class of the latest label that was already known, -1 before the first. A label that needs the next 35 rows is known 35 rows late.
 */
export function persistence({ labels, to }: LabelSet<Int32Array>): Int32Array {
  const order = Array.from(to, (_, i) => i).sort((a, b) => to[a] - to[b] || a - b)
  const predicted = new Int32Array(labels.length).fill(-1)
  let known = -1
  for (let t = 0, next = 0; t < labels.length; t++) {
    for (; next < order.length && to[order[next]] <= t; next++) if (labels[order[next]] >= 0) known = labels[order[next]]
    predicted[t] = known
  }
  return predicted
}

/** The network without its layers: logistic or linear regression on the same inputs, with the same heads and losses. What a deeper network must beat. */
export function linearNetwork({ input, heads }: Pick<NetworkDefinition, 'input' | 'heads'>): NetworkDefinition {
  return {
    input,
    layers: input.length === 2 ? [{ kind: 'flatten' }] : [],
    heads: heads.map(({ from: _from, ...head }) => head as NetworkDefinition['heads'][number]),
  }
}
