import { RandomStream } from '@gatehouse/core'

export interface Samples {
  readonly features: readonly (readonly number[])[]
  readonly target: readonly number[]
  /** Target is 0 or 1. */
  readonly isClass: boolean
}

export interface FitOptions {
  /** Widths of hidden layers; none makes a linear or logistic model. */
  readonly hidden: readonly number[]
  readonly seed: number
}

const batch = 128
const epochs = 40
const patience = 6
const decay = 1e-4

/**
 * A small fully connected network with tanh units, trained by Adam with early stopping on the last sixth of the rows: enough to show that a signal can be
 * learnt, and no more. Without hidden layers it is the linear model it is compared with.
 */
export function fitNetwork(
  { features, target, isClass }: Samples,
  { hidden, seed }: FitOptions,
): { predict(rows: readonly (readonly number[])[]): Float64Array } {
  const width = features[0].length
  const cut = Math.floor((features.length * 5) / 6)
  const shift = Array.from({ length: width }, (_, k) => features.reduce((sum, row) => sum + row[k], 0) / features.length)
  const scale = shift.map((mean, k) => Math.sqrt(features.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / features.length) || 1)
  const meanTarget = target.reduce((sum, value) => sum + value, 0) / target.length
  const targetScale = isClass ? 1 : Math.sqrt(target.reduce((sum, value) => sum + (value - meanTarget) ** 2, 0) / target.length)
  const inputs = features.map((row) => Float64Array.from(row, (value, k) => Math.max(-5, Math.min(5, (value - shift[k]) / scale[k]))))
  const wanted = target.map((value) => (isClass ? value : (value - meanTarget) / targetScale))

  const random = new RandomStream(seed, 'network')
  const sizes = [width, ...hidden, 1]
  const offsets: number[] = []
  let length = 0
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    offsets.push(length)
    length += (sizes[layer] + 1) * sizes[layer + 1]
  }
  const weights = Float64Array.from({ length }, () => 0)
  offsets.forEach((offset, layer) => {
    for (let i = 0; i < sizes[layer] * sizes[layer + 1]; i++) weights[offset + i] = random.normal() / Math.sqrt(sizes[layer])
  })
  const units: Float64Array[] = sizes.map((size) => new Float64Array(size))
  const errors = sizes.map((size) => new Float64Array(size))

  const forward = (input: Float64Array): number => {
    units[0] = input
    for (let layer = 0; layer + 1 < sizes.length; layer++) {
      const [from, to] = [sizes[layer], sizes[layer + 1]]
      for (let j = 0; j < to; j++) {
        let sum = weights[offsets[layer] + from * to + j]
        for (let k = 0; k < from; k++) sum += weights[offsets[layer] + j * from + k] * units[layer][k]
        units[layer + 1][j] = layer + 2 < sizes.length ? Math.tanh(sum) : sum
      }
    }
    return units[sizes.length - 1][0]
  }
  const outputOf = (score: number): number => (isClass ? 1 / (1 + Math.exp(-score)) : score)
  const gradient = new Float64Array(length)
  const first = new Float64Array(length)
  const second = new Float64Array(length)
  let steps = 0
  const backward = (error: number): void => {
    errors[sizes.length - 1][0] = error
    for (let layer = sizes.length - 2; layer >= 0; layer--) {
      const [from, to] = [sizes[layer], sizes[layer + 1]]
      errors[layer].fill(0)
      for (let j = 0; j < to; j++) {
        const e = layer + 2 < sizes.length ? errors[layer + 1][j] * (1 - units[layer + 1][j] ** 2) : errors[layer + 1][j]
        gradient[offsets[layer] + from * to + j] += e
        for (let k = 0; k < from; k++) {
          gradient[offsets[layer] + j * from + k] += e * units[layer][k]
          errors[layer][k] += e * weights[offsets[layer] + j * from + k]
        }
      }
    }
  }
  const step = (count: number, rate: number): void => {
    steps++
    const [b1, b2] = [1 - 0.9 ** steps, 1 - 0.999 ** steps]
    for (let i = 0; i < length; i++) {
      const g = gradient[i] / count + decay * weights[i]
      first[i] = 0.9 * first[i] + 0.1 * g
      second[i] = 0.999 * second[i] + 0.001 * g * g
      weights[i] -= (rate * (first[i] / b1)) / (Math.sqrt(second[i] / b2) + 1e-8)
    }
    gradient.fill(0)
  }
  const loss = (): number => {
    let sum = 0
    for (let i = cut; i < inputs.length; i++) {
      const p = outputOf(forward(inputs[i]))
      sum += isClass ? -Math.log(Math.max(1e-9, wanted[i] === 1 ? p : 1 - p)) : (p - wanted[i]) ** 2
    }
    return sum / (inputs.length - cut)
  }

  let best = weights.slice()
  let bestLoss = loss()
  let waited = 0
  const order = Uint32Array.from({ length: cut }, (_, i) => i)
  for (let epoch = 0; epoch < epochs && waited < patience; epoch++) {
    for (let i = cut - 1; i > 0; i--) {
      const j = random.below(i + 1)
      const kept = order[i]
      order[i] = order[j]
      order[j] = kept
    }
    for (let from = 0; from < cut; from += batch) {
      const to = Math.min(cut, from + batch)
      for (let i = from; i < to; i++) backward(outputOf(forward(inputs[order[i]])) - wanted[order[i]])
      step(to - from, 3e-3 / (1 + epoch / 8))
    }
    const now = loss()
    if (now < bestLoss - 1e-5) {
      bestLoss = now
      best = weights.slice()
      waited = 0
    } else waited++
  }
  weights.set(best)
  return {
    predict: (rows) =>
      Float64Array.from(rows, (row) =>
        forward(Float64Array.from(row, (value, k) => Math.max(-5, Math.min(5, (value - shift[k]) / scale[k])))),
      ),
  }
}
