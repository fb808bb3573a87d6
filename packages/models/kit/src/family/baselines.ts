import { classPrior, linearNetwork } from '../evaluate/baselines.js'
import { growTrees, type TreeOptions } from '../evaluate/gradient-trees.js'
import { resolveNetwork } from '../network/resolve.js'
import { planOutputs } from '../serve/plan.js'
import { type Baseline } from './definition.js'
import { fitRows } from './fit.js'
import { predictRows } from './predict-rows.js'
import { type FamilyRows, pickTable } from './rows.js'

/**
 * The family's heads on its inputs without layers between: logistic regression for classes, linear for values and scores. Fitted as the model is, on the same rows.
 * @param rows what to regress on where the model's own inputs are too wide for it: {@link lastSteps} of windows, say
 */
export function linearBaseline<R extends FamilyRows>(
  name: string,
  { edges, rows: regressors }: { readonly edges: readonly string[]; readonly rows?: ((rows: R) => FamilyRows) | undefined },
): Baseline<R> {
  return {
    name,
    description: 'linear model of the same features, with the same losses, rows and rule of decision',
    edges,
    async predict({ family, rows, train, test, seed }, options) {
      const seen = regressors?.(rows)
      const input = seen === undefined ? family.network.input : [seen.width]
      const alike = { indices: train, seed, network: linearNetwork({ ...family.network, input }), ...options }
      const training = { ...family.training, shuffleLabels: false, restarts: 1 }
      const { augment, ...rest } = family
      const fitted = await (seen === undefined ? fitRows({ ...rest, training, augment }, rows, alike) : fitRows({ ...rest, training }, seen, alike)) // prettier-ignore
      return predictRows(fitted, seen ?? rows, test)
    },
  }
}

/**
 * Gradient-boosted trees on the family's raw features, one learner a head: classes and events by log loss, values and scores by squared error, each row by itself. On the
 * same rows as the model, all of them: trees are not stopped early.
 * @param rows what to learn from where the model's own inputs are windows: {@link lastSteps}, say
 */
export function treesBaseline<R extends FamilyRows>(
  name: string,
  {
    edges,
    rows: regressors = (rows) => rows,
    trees = {},
  }: {
    readonly edges: readonly string[]
    readonly rows?: ((rows: R) => FamilyRows) | undefined
    readonly trees?: Omit<TreeOptions, 'loss' | 'classes'> | undefined
  },
): Baseline<R> {
  return {
    name,
    description: 'gradient-boosted trees on the same features and rows',
    edges,
    predict({ family, rows, train, test, width }) {
      const seen = regressors(rows)
      const unseen = pickTable(seen, test)
      const values = new Float32Array(test.length * width)
      for (const { name: head, kind, width: classes, offset } of planOutputs(resolveNetwork(family.network).heads)) {
        const labels = seen.labels.get(head)!
        const known = train.filter((row) => (kind === 'value' || kind === 'score' ? !Number.isNaN(labels[row]) : labels[row] >= 0))
        const loss = kind === 'value' || kind === 'score' ? 'squared' : classes > 1 ? 'softmax' : 'logistic'
        const learnt = growTrees(
          {
            table: pickTable(seen, known),
            width: seen.width,
            labels: Float64Array.from(known, (row) => labels[row]),
            weights: seen.weights && Float64Array.from(known, (row) => seen.weights![row]),
          },
          { ...trees, loss, classes },
        )
        const scores = learnt.predict(unseen)
        for (let i = 0; i < test.length; i++)
          link(scores.subarray(i * classes, (i + 1) * classes), { loss, target: values, at: i * width + offset })
      }
      return values
    },
  }
}

/** Scores as what the model's output would be: probabilities of classes and events. */
function link(
  scores: Float64Array,
  { loss, target, at }: { readonly loss: TreeOptions['loss']; readonly target: Float32Array; readonly at: number },
): void {
  if (loss === 'squared') target[at] = scores[0]
  else if (loss === 'logistic') target[at] = 1 / (1 + Math.exp(-scores[0]))
  else {
    const most = Math.max(...scores)
    const sum = scores.reduce((total, score) => total + Math.exp(score - most), 0)
    for (let k = 0; k < scores.length; k++) target[at + k] = Math.exp(scores[k] - most) / sum
  }
}

/** Windows as their last rows alone. */
export function lastSteps<R extends FamilyRows>(rows: R): FamilyRows {
  return rows.windows === undefined ? rows : { ...rows, windows: undefined, table: pickTable(rows, rows.windows.ends) }
}

/** Says the same of every row: of classes their shares among the training labels or the commonest alone, of events their rate, of values their mean. */
export function constantBaseline<R extends FamilyRows>(
  name: string,
  { edges, say }: { readonly edges: readonly string[]; readonly say: 'shares' | 'commonest' },
): Baseline<R> {
  return {
    name,
    description: say === 'shares' ? 'the shares of the training labels, always' : 'the most frequent class of the training labels, always',
    edges,
    predict({ family, rows, train, test, width }) {
      const constant = new Float32Array(width)
      for (const { name: head, kind, width: classes, offset } of planOutputs(resolveNetwork(family.network).heads)) {
        const known = Array.from(train, (row) => rows.labels.get(head)![row]).filter((label) => (kind === 'value' ? !Number.isNaN(label) : label >= 0)) // prettier-ignore
        const mean = known.reduce((sum, label) => sum + label, 0) / known.length
        if (classes === 1) constant[offset] = kind !== 'logits' ? (kind === 'value' ? mean : 0) : say === 'shares' ? mean : Math.round(mean)
        else {
          const shares = classPrior(known, classes)
          const commonest = shares.indexOf(Math.max(...shares))
          for (let k = 0; k < classes; k++) constant[offset + k] = say === 'shares' ? shares[k] : k === commonest ? 1 : 0
        }
      }
      return repeated(constant, test.length)
    },
  }
}

/** Says of each row what a rule does. @param rule writes the outputs of a row, in the layout of the model's */
export function ruleBaseline<R extends FamilyRows>(
  name: string,
  {
    description,
    edges,
    rule,
  }: {
    readonly description: string
    readonly edges: readonly string[]
    readonly rule: (rows: R, row: number, target: Float32Array, train: Int32Array) => void
  },
): Baseline<R> {
  return {
    name,
    description,
    edges,
    predict({ rows, train, test, width }) {
      const values = new Float32Array(test.length * width)
      test.forEach((row, i) => rule(rows, row, values.subarray(i * width, (i + 1) * width), train))
      return values
    },
  }
}

function repeated(row: Float32Array, count: number): Float32Array {
  const values = new Float32Array(row.length * count)
  for (let i = 0; i < count; i++) values.set(row, i * row.length)
  return values
}
