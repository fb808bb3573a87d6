import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { beforeAll, describe, expect, test } from 'vitest'
import { random, registerGradients } from '@gatehouse/model-kit'

beforeAll(async () => {
  tf.enableProdMode()
  await tf.setBackend('cpu')
  registerGradients(tf)
})

/** Scalars of one matrix [3, 4]; each goes through the operation it is named after. */
const functions: Record<string, (x: tf.Tensor2D) => tf.Tensor> = {
  Add: (x) => tf.add(x, tf.sum(x, 0)),
  AddN: (x) => tf.addN([x, tf.square(x), x]),
  Sub: (x) => tf.square(tf.sub(x, tf.mean(x, 1, true))),
  Multiply: (x) => tf.mul(x, tf.sum(x, 1, true)),
  RealDiv: (x) => tf.div(tf.sum(x, 0), tf.add(x, 5)),
  SquaredDifference: (x) => tf.squaredDifference(x, tf.sum(x, 1, true)),
  Maximum: (x) => tf.maximum(x, tf.mul(0.3, tf.sum(x, 1, true))),
  Minimum: (x) => tf.minimum(x, tf.mul(0.3, tf.sum(x, 1, true))),
  Abs: tf.abs,
  Sqrt: (x) => tf.sqrt(tf.add(x, 5)),
  Rsqrt: (x) => tf.rsqrt(tf.add(x, 5)),
  Exp: tf.exp,
  Log: (x) => tf.log(tf.add(x, 5)),
  Log1p: (x) => tf.log1p(tf.add(x, 5)),
  Softplus: tf.softplus,
  Sigmoid: tf.sigmoid,
  Tanh: tf.tanh,
  Relu: tf.relu,
  ClipByValue: (x) => tf.clipByValue(x, -0.5, 0.5),
  Max: (x) => tf.max(x, 1),
  Transpose: (x) => tf.mul(tf.transpose(x), tf.reshape(tf.range(0, 12), [4, 3])),
  Slice: (x) => tf.square(tf.slice(x, [1, 1], [2, 2])),
  PadV2: (x) => tf.square(tf.pad(x, [[1, 0], [0, 2]])), // prettier-ignore
  Concat: (x) => tf.square(tf.concat([x, tf.square(x)], 1)),
  Pack: (x) => tf.square(tf.stack([x, tf.exp(x)], 1)),
  Unpack: (x) => tf.mul(...(tf.unstack(x).slice(1) as [tf.Tensor, tf.Tensor])),
  Cumsum: (x) => tf.square(tf.cumsum(x, 1, true)),
  Select: (x) => tf.where(tf.greater(x, 0), tf.square(x), tf.mul(3, x)),
  BatchMatMul: (x) => tf.square(tf.matMul(x, tf.exp(x), false, true)),
  'BatchMatMul, first transposed': (x) => tf.square(tf.matMul(x, tf.exp(x), true, false)),
  'BatchMatMul, both transposed': (x) => tf.square(tf.matMul(tf.transpose(x), tf.exp(x), true, true)),
  Softmax: (x) => tf.square(tf.softmax(x)),
  LogSoftmax: (x) => tf.square(tf.logSoftmax(x)),
  ExpandDims: (x) => tf.square(tf.expandDims(x, 1)),
}

describe('gradients of tensor operations agree with central differences', () => {
  for (const [name, act] of Object.entries(functions))
    test(name, () => {
      const draw = random(2)
      const at = Float32Array.from({ length: 12 }, () => draw.normal())
      const total = (x: tf.Tensor): tf.Scalar => {
        const y = act(x as tf.Tensor2D)
        // Unequal weights, so that a gradient that is right only in sum is seen.
        return tf.sum(tf.mul(y, tf.reshape(tf.add(1, tf.sin(tf.range(0, y.size))), y.shape)))
      }
      const gradient = tf
        .grad(total)(tf.tensor2d(at, [3, 4]))
        .dataSync()
      at.forEach((x, i) => {
        const h = 1e-2
        const moved = (value: number): number => {
          const copy = at.slice()
          copy[i] = value
          return total(tf.tensor2d(copy, [3, 4])).dataSync()[0]
        }
        const numeric = (moved(x + h) - moved(x - h)) / (2 * h)
        expect(Math.abs(numeric - gradient[i]), `[${i}] ${gradient[i]} v ${numeric}`).toBeLessThan(0.02 * Math.max(1, Math.abs(numeric)))
      })
    })
})
