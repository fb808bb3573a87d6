import type * as tf from '@tensorflow/tfjs-core'
import { TradingError } from '@gatehouse/contracts'
import { type KernelSet, kernels as makeKernels } from '../kernels/index.js'
import { parameterLayout, readWeights, writeWeights } from '../network/parameters.js'
import { type ResolvedHead, type ResolvedNetwork, sizeOf } from '../network/resolve.js'
import { type BatchRows, type Executor, flatAdam, noTapeExecutor, type SampleWeights } from '../train/executor.js'
import { type TrainingSet } from '../train/samples.js'
import { fusedOps } from './fused-ops.js'
import { registerGradients } from './gradients.js'
import { orderedProbabilities, tapeForward, type TensorMap } from './tape-network.js'
import { type TapeOps, type TensorFlow } from './tape-ops.js'

/** What an own loss gets: raw outputs and parameters as tensors, labels and weights of the batch by head. */
export interface TapeBatch {
  readonly outputs: TensorMap
  readonly parameters: TensorMap
  readonly labels: ReadonlyMap<string, Float32Array | Int32Array>
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly batch: BatchRows
}

export interface TapeExecutorOptions {
  /** Most rows of a batch. */
  readonly rows: number
  readonly kernels?: KernelSet | undefined
  /** Default: our fused operations. */
  readonly ops?: TapeOps | undefined
  /** A scalar to minimise instead of the heads' own losses. Reported losses stay the heads'. */
  readonly loss?: ((batch: TapeBatch) => tf.Scalar) | undefined
}

/**
 * Takes gradients on tfjs' tape: for own losses and for checking the no-tape executor, with which it agrees within 1e-5. Evaluation and Adam are the
 * no-tape executor's, so only the gradient differs.
 */
export function tapeExecutor(
  tensorflow: TensorFlow,
  network: ResolvedNetwork,
  { rows, kernels = makeKernels(), ops = fusedOps(tensorflow), loss }: TapeExecutorOptions,
): Executor {
  registerGradients(tensorflow)
  const layout = parameterLayout(network)
  const plain = noTapeExecutor(network, kernels, { rows })
  const parameters = kernels.allocate(layout.floats)
  const gradients = kernels.allocate(layout.floats)
  const adam = flatAdam(kernels, layout, parameters, gradients)
  const flat = (pointer: number): Float32Array => kernels.f32.subarray(pointer >> 2, (pointer >> 2) + layout.floats)

  return {
    backend: `tfjs-${tensorflow.getBackend()}+${kernels.backend}`,
    network,
    layout,
    gradient(set, batch, { seed, step, sampleWeights }) {
      const { labels, weights } = batchTargets(network, set, batch, sampleWeights)
      const losses = new Float64Array(network.heads.length)
      tensorflow.tidy(() => {
        const input = tensorflow.tensor(batchInput(network, set, batch), [batch.rows.length, ...network.input])
        const names = layout.slots.map(({ name }) => name)
        const values = layout.slots.map(({ offset, size, shape }) =>
          tensorflow.tensor(flat(parameters).slice(offset, offset + size), [...shape]),
        )
        const objective = (...tensors: tf.Tensor[]): tf.Scalar => {
          const byName = new Map(names.map((name, i) => [name, tensors[i]]))
          const outputs = tapeForward(tensorflow, ops, network, input, byName, { isTraining: true, seed, step })
          const total = headLosses(tensorflow, network, { outputs, parameters: byName, labels, weights, batch }, losses)
          return loss ? loss({ outputs, parameters: byName, labels, weights, batch }) : total
        }
        const found = tensorflow.grads(objective)(values)
        const target = flat(gradients).fill(0)
        found.forEach((gradient, i) => target.set(gradient.dataSync(), layout.slots[i].offset))
      })
      return losses
    },
    readGradient: () => flat(gradients).slice(),
    update: adam.update,
    evaluate(set, batch, sampleWeights, outputs) {
      plain.load(readWeights(layout, flat(parameters)))
      return plain.evaluate(set, batch, sampleWeights, outputs)
    },
    load: (weights) => writeWeights(layout, weights, flat(parameters)),
    store: () => readWeights(layout, flat(parameters)),
    saveOptimiser: adam.save,
    restoreOptimiser: adam.restore,
    dispose: () => plain.dispose(),
  }
}

function batchInput({ input }: ResolvedNetwork, { samples }: TrainingSet, { rows }: BatchRows): Float32Array {
  const size = sizeOf(input)
  const values = new Float32Array(rows.length * size)
  rows.forEach((row, i) => samples.fill(row, values, i * size))
  return values
}

function batchTargets(
  { heads }: ResolvedNetwork,
  set: TrainingSet,
  { rows, groups }: BatchRows,
  weigh: SampleWeights,
): Pick<TapeBatch, 'labels' | 'weights'> {
  const labels = new Map<string, Float32Array | Int32Array>()
  const weights = new Map<string, Float32Array>()
  heads.forEach(({ name, definition }, h) => {
    const all = set.labels.get(name)!
    const values = all instanceof Int32Array ? Int32Array.from(rows, (row) => all[row]) : Float32Array.from(rows, (row) => all[row])
    labels.set(name, values)
    if (definition.kind === 'relevance' && groups) {
      const hasGain = (g: number): boolean => values.subarray(groups[g], groups[g + 1]).some((y) => y > 0)
      weights.set(
        name,
        Float32Array.from({ length: groups.length - 1 }, (_, g) => (hasGain(g) ? weigh(h, rows[groups[g]]) : 0)),
      )
    } else
      weights.set(
        name,
        Float32Array.from(values, (y, i) => (y >= 0 || (!(all instanceof Int32Array) && !Number.isNaN(y)) ? weigh(h, rows[i]) : 0)),
      )
  })
  return { labels, weights }
}

/** The heads' losses in tensor operations, joined by their weights; `report` gets each one's mean. */
function headLosses(tensorflow: TensorFlow, network: ResolvedNetwork, batch: TapeBatch, report: Float64Array): tf.Scalar {
  const terms = network.heads.map((head, h): tf.Tensor => {
    const weights = batch.weights.get(head.name)!
    const total = weights.reduce((a, b) => a + b, 0)
    report[h] = NaN
    if (!(total > 0)) return tensorflow.scalar(0)
    const sum = tensorflow.sum(tensorflow.mul(rowLosses(tensorflow, head, batch), tensorflow.tensor1d(weights)))
    const mean = tensorflow.div(sum, total)
    report[h] = mean.dataSync()[0]
    const { weight = 1 } = head.definition
    if (weight !== 'learned') return tensorflow.mul(mean, weight)
    const s = tensorflow.reshape(batch.parameters.get(`${head.name}/log-variance`)!, [])
    return tensorflow.add(tensorflow.mul(tensorflow.exp(tensorflow.neg(s)), mean), tensorflow.mul(s, 0.5))
  })
  return tensorflow.addN(terms) as tf.Scalar
}

/** Loss of each row (of each group for relevance). */
function rowLosses(tensorflow: TensorFlow, head: ResolvedHead, { outputs, parameters, labels, batch }: TapeBatch): tf.Tensor {
  const raw = outputs.get(head.name)!
  const y = labels.get(head.name)!
  const { definition, width } = head
  const score = (): tf.Tensor => tensorflow.reshape(raw, [-1])
  switch (definition.kind) {
    case 'classes': {
      const smoothing = definition.smoothing ?? 0
      const hot = tensorflow.oneHot(
        tensorflow.tensor1d(
          Int32Array.from(y, (c) => Math.max(0, c)),
          'int32',
        ),
        width,
      )
      const target = tensorflow.add(tensorflow.mul(tensorflow.cast(hot, 'float32'), 1 - smoothing), smoothing / width)
      return tensorflow.neg(tensorflow.sum(tensorflow.mul(target, tensorflow.logSoftmax(raw)), 1))
    }
    case 'ordered-classes': {
      const p = orderedProbabilities(tensorflow, head, raw, parameters.get(`${head.name}/cutpoints`) as tf.Tensor1D)
      const hot = tensorflow.cast(
        tensorflow.oneHot(
          tensorflow.tensor1d(
            Int32Array.from(y, (c) => Math.max(0, c)),
            'int32',
          ),
          width,
        ),
        'float32',
      )
      return tensorflow.neg(tensorflow.log(tensorflow.sum(tensorflow.mul(p, hot), 1)))
    }
    case 'binary': {
      const target = tensorflow.tensor1d(Float32Array.from(y, (v) => (Number.isNaN(v) ? 0 : v)))
      return tensorflow.sub(tensorflow.softplus(score()), tensorflow.mul(target, score()))
    }
    case 'regression': {
      const e = tensorflow.abs(tensorflow.sub(score(), tensorflow.tensor1d(Float32Array.from(y, (v) => (Number.isNaN(v) ? 0 : v)))))
      const square = tensorflow.mul(0.5, tensorflow.square(e))
      const { huberDelta } = definition
      if (huberDelta === undefined) return square
      return tensorflow.where(tensorflow.lessEqual(e, huberDelta), square, tensorflow.mul(huberDelta, tensorflow.sub(e, huberDelta / 2)))
    }
    case 'relevance': {
      const { groups } = batch
      if (groups === undefined)
        throw new TradingError('MODEL_INPUT_INVALID', `head "${head.name}" ranks within groups; the batch has none`, { head: head.name })
      const losses = Array.from({ length: groups.length - 1 }, (_, g) => {
        const [from, count] = [groups[g], groups[g + 1] - groups[g]]
        const gains = Float32Array.from(y.subarray(from, from + count))
        const sum = gains.reduce((a, b) => a + b, 0)
        const target = tensorflow.tensor1d(gains.map((gain) => (sum > 0 ? gain / sum : 0)))
        return tensorflow.neg(tensorflow.sum(tensorflow.mul(target, tensorflow.logSoftmax(tensorflow.slice(score(), [from], [count])))))
      })
      return tensorflow.stack(losses)
    }
  }
}
