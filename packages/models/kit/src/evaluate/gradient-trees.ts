import { TradingError } from '@gatehouse/contracts'
import { type Numbers } from './classification.js'
import { binned, edgesOf, mostBins, type Tree, TreeGrower } from './tree-grower.js'

/** What trees are grown on. */
export interface TreeSamples {
  /** Raw features, `[rows, width]`, row-major; `NaN` is missing. */
  readonly table: Float32Array | Float64Array
  readonly width: number
  /** Values for `squared`, 0 or 1 for `logistic`, classes from 0 for `softmax`; one a row. */
  readonly labels: Numbers
  /** Importance of each row. Default 1. */
  readonly weights?: Numbers | undefined
}

export interface TreeOptions {
  readonly loss: 'squared' | 'logistic' | 'softmax'
  /** Of `softmax`. Default one more than the largest label. */
  readonly classes?: number | undefined
  /** Trees of each output, one after the other. Default 100. */
  readonly rounds?: number | undefined
  /** What a tree's advice is multiplied by. Default 0.1. */
  readonly rate?: number | undefined
  /** Most leaves of a tree, grown where they gain most. Default 31. */
  readonly leaves?: number | undefined
  /** Most splits between root and leaf. Default no bound. */
  readonly depth?: number | undefined
  /** Fewest rows of a leaf. Default 20. */
  readonly minLeaf?: number | undefined
  /** Added to the second derivatives of a leaf. Default 0. */
  readonly l2?: number | undefined
  /** Most values that a feature is told apart by, 2 to 255. Default 255. */
  readonly bins?: number | undefined
}

/** Trees that were grown; the split of node n sends `x <= threshold` left. */
export interface GradientTrees {
  /** Numbers that are said of a row: 1, or the classes of `softmax`. */
  readonly outputs: number
  /** Tree t speaks for output `t % outputs`. */
  readonly trees: readonly Tree[]
  /**
   * Scores before any link: values, log odds, or logits.
   * @param table `[rows, width]` @returns `[rows, outputs]`
   */
  predict(table: Float32Array | Float64Array): Float64Array
}

/**
 * Gradient-boosted trees over histograms, as a baseline that any tabular network should be measured against: Newton steps on squared error, log loss of an event or of
 * classes; leaves are split where the loss falls most; missing values go the way that lowers it. Deterministic: nothing is drawn.
 * @throws {TradingError} `MODEL_INPUT_INVALID` for tables and labels that do not belong together, and options out of range
 * @see Friedman (2001), "Greedy function approximation"; Ke et al. (2017), "LightGBM"
 */
export function growTrees({ table, width, labels, weights }: TreeSamples, options: TreeOptions): GradientTrees {
  const { loss, rounds = 100, rate = 0.1, leaves = 31, depth = Infinity, minLeaf = 20, l2 = 0, bins = 255 } = options
  const rows = labels.length
  const outputs = loss === 'softmax' ? (options.classes ?? largest(labels) + 1) : 1
  check({ table, width, labels, weights }, { ...options, outputs, leaves, bins })
  const edges = Array.from({ length: width }, (_, feature) => edgesOf(table, { width, feature, bins }))
  const grower = new TreeGrower(binned(table, { width, edges }), edges, { rows, leaves, depth, minLeaf, l2, rate })
  const start = startOf(labels, { loss, outputs, weights })
  const scores = new Float64Array(rows * outputs)
  for (let i = 0; i < scores.length; i++) scores[i] = start[i % outputs]
  // All outputs of a round step from the same scores.
  const gradients = Array.from({ length: outputs }, () => new Float64Array(rows))
  const hessians = Array.from({ length: outputs }, () => new Float64Array(rows))
  const trees: Tree[] = []
  for (let round = 0; round < rounds; round++) {
    derivatives(scores, { loss, labels, weights, gradients, hessians })
    for (let k = 0; k < outputs; k++) trees.push(grower.grow(gradients[k], hessians[k], { scores, outputs, output: k }))
  }
  return {
    outputs,
    trees,
    predict(unseen) {
      const said = new Float64Array((unseen.length / width) * outputs)
      for (let i = 0; i < said.length; i++) said[i] = start[i % outputs]
      for (let t = 0; t < trees.length; t++)
        for (let at = 0, i = t % outputs; at < unseen.length; at += width, i += outputs) said[i] += leafValue(trees[t], unseen, at)
      return said
    },
  }
}

function leafValue({ feature, threshold, missingLeft, left, right, value }: Tree, table: ArrayLike<number>, at: number): number {
  let node = 0
  while (feature[node] >= 0) {
    const x = table[at + feature[node]]
    node = x <= threshold[node] || (x !== x && missingLeft[node] === 1) ? left[node] : right[node]
  }
  return value[node]
}

/** Scores before the first tree: the mean, the log odds, or the logs of the shares. */
function startOf(
  labels: Numbers,
  { loss, outputs, weights }: Pick<TreeOptions, 'loss'> & { readonly outputs: number; readonly weights: Numbers | undefined },
): Float64Array {
  const sums = new Float64Array(outputs)
  let total = 0
  for (let i = 0; i < labels.length; i++) {
    const weight = weights?.[i] ?? 1
    total += weight
    if (loss === 'softmax') sums[labels[i]] += weight
    else sums[0] += weight * labels[i]
  }
  if (loss === 'squared') return sums.map((sum) => sum / total)
  // A class that never came, or always, keeps a finite score.
  const shares = sums.map((sum) => Math.min(1 - 1e-9, Math.max(1e-9, sum / total)))
  return shares.map((share) => (loss === 'softmax' ? Math.log(share) : Math.log(share / (1 - share))))
}

interface Derivatives {
  readonly loss: TreeOptions['loss']
  readonly labels: Numbers
  readonly weights: Numbers | undefined
  /** By output. */
  readonly gradients: readonly Float64Array[]
  readonly hessians: readonly Float64Array[]
}

function derivatives(scores: Float64Array, { loss, labels, weights, gradients, hessians }: Derivatives): void {
  const outputs = gradients.length
  for (let i = 0, at = 0; i < labels.length; i++, at += outputs) {
    const weight = weights === undefined ? 1 : weights[i]
    if (loss === 'squared') {
      gradients[0][i] = weight * (scores[i] - labels[i])
      hessians[0][i] = weight
      continue
    }
    let [most, sum] = [-Infinity, 0]
    for (let k = 0; k < outputs; k++) if (scores[at + k] > most) most = scores[at + k]
    for (let k = 0; k < outputs; k++) sum += Math.exp(scores[at + k] - most)
    for (let k = 0; k < outputs; k++) {
      const p = loss === 'logistic' ? 1 / (1 + Math.exp(-scores[at])) : Math.exp(scores[at + k] - most) / sum
      const truth = loss === 'logistic' ? labels[i] : labels[i] === k ? 1 : 0
      gradients[k][i] = weight * (p - truth)
      hessians[k][i] = weight * p * (1 - p)
    }
  }
}

const largest = (labels: Numbers): number => {
  let most = 0
  for (let i = 0; i < labels.length; i++) if (labels[i] > most) most = labels[i]
  return most
}

function check(
  { table, width, labels, weights }: TreeSamples,
  {
    loss,
    outputs,
    leaves,
    bins,
  }: { readonly loss: TreeOptions['loss']; readonly outputs: number; readonly leaves: number; readonly bins: number },
): void {
  // prettier-ignore
  const invalid = (message: string, details: Record<string, unknown>): TradingError =>
    new TradingError('MODEL_INPUT_INVALID', `gradient trees: ${message}`, details)
  const rows = labels.length
  if (rows === 0 || table.length !== rows * width) throw invalid(`${rows} labels and a table of ${table.length} numbers, ${width} a row, do not agree`, { rows, width }) // prettier-ignore
  if (weights !== undefined && weights.length !== rows) throw invalid(`${weights.length} weights for ${rows} rows`, { rows })
  if (!(Number.isInteger(bins) && bins >= 2 && bins <= mostBins)) throw invalid(`bins is ${bins}; 2 to ${mostBins}`, { bins })
  if (!(Number.isInteger(leaves) && leaves >= 2)) throw invalid(`leaves is ${leaves}; at least 2`, { leaves })
  for (let i = 0; i < rows; i++) {
    const label = labels[i]
    const fits = loss === 'squared' ? Number.isFinite(label) : Number.isInteger(label) && label >= 0 && label < (loss === 'softmax' ? outputs : 2) // prettier-ignore
    if (!fits) throw invalid(`row ${i} has the label ${label}, which ${loss} does not know`, { row: i, label })
    const weight = weights?.[i] ?? 1
    if (!(weight >= 0 && weight < Infinity)) throw invalid(`row ${i} has the weight ${weight}; at least 0, and finite`, { row: i, weight })
  }
}
