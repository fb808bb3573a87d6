import type * as tf from '@tensorflow/tfjs-core'
import { inputName, type ResolvedHead, type ResolvedLayer, type ResolvedNetwork } from '../network/resolve.js'
import { mixSeeds } from '../random.js'
import { type TapeOps, type TensorFlow } from './tape-ops.js'

/** Tensors by name: a network's parameters, or its heads' raw outputs. */
export type TensorMap = ReadonlyMap<string, tf.Tensor>

export interface TapePass {
  readonly isTraining: boolean
  readonly seed: number
  readonly step: number
}

/**
 * The forward pass of a network as tensor operations: `input [rows, ...]` to each head's raw output `[rows, width]` (a score `[rows, 1]` for ordered
 * classes). Differentiable with respect to `parameters`.
 */
export function tapeForward(
  tensorflow: TensorFlow,
  ops: TapeOps,
  network: ResolvedNetwork,
  input: tf.Tensor,
  parameters: TensorMap,
  pass: TapePass,
): TensorMap {
  const values = new Map<string, tf.Tensor>([[inputName, input]])
  network.layers.forEach((layer, index) => {
    const inputs = layer.from.map((name) => values.get(name)!)
    values.set(
      layer.name,
      tapeLayer(tensorflow, ops, layer, { inputs, index, pass, parameter: (role) => parameters.get(`${layer.name}/${role}`)! }),
    )
  })
  return new Map(
    network.heads.map((head) => {
      const parameter = (role: string): tf.Tensor | undefined => parameters.get(`${head.name}/${role}`)
      const x = values.get(head.from) as tf.Tensor2D
      return [head.name, ops.dense(x, parameter('kernel') as tf.Tensor2D, parameter('bias') as tf.Tensor1D | undefined, 'linear')]
    }),
  )
}

interface LayerCall {
  readonly inputs: readonly tf.Tensor[]
  readonly index: number
  readonly pass: TapePass
  readonly parameter: (role: string) => tf.Tensor
}

function tapeLayer(
  tensorflow: TensorFlow,
  ops: TapeOps,
  { definition, shape }: ResolvedLayer,
  { inputs, index, pass, parameter }: LayerCall,
): tf.Tensor {
  const [x] = inputs
  const rows = x.shape[0]
  const features = x.shape[x.shape.length - 1]
  /** A layer over the last axis, whatever the others are. */
  const flat = (act: (x: tf.Tensor2D) => tf.Tensor): tf.Tensor =>
    tensorflow.reshape(act(tensorflow.reshape<tf.Rank.R2>(x, [-1, features])), [rows, ...shape])
  const steps = (): tf.Tensor3D => x as tf.Tensor3D
  switch (definition.kind) {
    case 'dense':
      return flat((x2) =>
        ops.dense(x2, parameter('kernel') as tf.Tensor2D, parameter('bias') as tf.Tensor1D, definition.activation ?? 'linear'),
      )
    case 'causal-conv1d': {
      const { dilation = 1, activation = 'linear' } = definition
      return ops.causalConv(steps(), parameter('kernel') as tf.Tensor3D, parameter('bias') as tf.Tensor1D, { dilation, activation })
    }
    case 'layer-norm':
      return flat((x2) => ops.layerNorm(x2, parameter('gamma') as tf.Tensor1D, parameter('beta') as tf.Tensor1D))
    case 'gru': {
      const [, T, C] = steps().shape
      const H = definition.units
      const gates = ops.dense(
        tensorflow.reshape<tf.Rank.R2>(x, [-1, C]),
        parameter('kernel') as tf.Tensor2D,
        parameter('bias') as tf.Tensor1D,
        'linear',
      )
      const states = ops.gru(
        tensorflow.reshape(gates, [rows, T, 3 * H]),
        parameter('recurrent') as tf.Tensor2D,
        parameter('recurrent-bias') as tf.Tensor1D,
      )
      return definition.sequence ? states : tensorflow.reshape(tensorflow.slice(states, [0, T - 1, 0], [rows, 1, H]), [rows, H])
    }
    case 'bilinear': {
      const [, T, C] = steps().shape
      const hidden = ops.dense(tensorflow.reshape<tf.Rank.R2>(x, [-1, C]), parameter('kernel') as tf.Tensor2D, undefined, 'linear')
      const mixed = tensorflow.reshape<tf.Rank.R3>(hidden, [rows, T, definition.units])
      return ops.mixTime(mixed, parameter('time') as tf.Tensor2D, parameter('bias') as tf.Tensor2D, definition.activation ?? 'linear')
    }
    case 'temporal-attention':
      return ops.temporalAttention(steps(), parameter('attention') as tf.Tensor2D, parameter('mix') as tf.Tensor1D)
    case 'bilinear-norm': {
      const vector = (role: string): tf.Tensor1D => parameter(role) as tf.Tensor1D
      return ops.bilinearNorm(steps(), {
        timeGamma: vector('time-gamma'),
        timeBeta: vector('time-beta'),
        featureGamma: vector('feature-gamma'),
        featureBeta: vector('feature-beta'),
        mix: vector('mix'),
      })
    }
    case 'activation':
      return ops.activation(x, definition.activation)
    case 'dropout':
      return pass.isTraining && definition.rate > 0 ? ops.dropout(x, definition.rate, [mixSeeds(pass.seed, index), pass.step]) : x
    case 'add':
      return tensorflow.add(x, inputs[1])
    case 'last-step': {
      const [, T, C] = steps().shape
      return tensorflow.reshape(tensorflow.slice(x, [0, T - 1, 0], [rows, 1, C]), [rows, C])
    }
    case 'patch':
    case 'flatten':
      return tensorflow.reshape(x, [rows, ...shape])
  }
}

/** Probabilities of ordered classes from scores `[rows, 1]` and raw cutpoints, `[rows, classes]`. */
export function orderedProbabilities(
  tensorflow: TensorFlow,
  { width }: ResolvedHead,
  scores: tf.Tensor,
  cutpoints: tf.Tensor1D,
): tf.Tensor2D {
  const rows = scores.shape[0]
  const first = tensorflow.slice(cutpoints, [0], [1])
  const cuts =
    width === 2
      ? first
      : tensorflow.concat([
          first,
          tensorflow.add(first, tensorflow.cumsum(tensorflow.softplus(tensorflow.slice(cutpoints, [1], [width - 2])))),
        ])
  const below = tensorflow.sigmoid(tensorflow.sub(tensorflow.reshape(cuts, [1, width - 1]), scores))
  const ones = tensorflow.ones([rows, 1])
  return tensorflow.sub(tensorflow.concat([below, ones], 1), tensorflow.concat([tensorflow.zerosLike(ones), below], 1))
}
