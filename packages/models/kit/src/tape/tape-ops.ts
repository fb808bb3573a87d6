import type * as tf from '@tensorflow/tfjs-core'
import { type Activation } from '../network/definition.js'

/** The tfjs-core module, as a value: one copy a process, so the caller passes the one it uses. */
export type TensorFlow = typeof tf

/** Layers as differentiable tensor operations. `fusedOps` computes them in our kernels; any other implementation can stand in. */
export interface TapeOps {
  /** `x [rows, in]`, `kernel [in, out]`. */
  dense(x: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor1D | undefined, activation: Activation): tf.Tensor2D
  /** `x [rows, steps, in]`, `kernel [taps, in, out]`. */
  causalConv(
    x: tf.Tensor3D,
    kernel: tf.Tensor3D,
    bias: tf.Tensor1D,
    options: { readonly dilation: number; readonly activation: Activation },
  ): tf.Tensor3D
  /** Over the last axis of `x [rows, features]`. */
  layerNorm(x: tf.Tensor2D, gamma: tf.Tensor1D, beta: tf.Tensor1D): tf.Tensor2D
  /** Reset-after; `gates [rows, steps, 3 units]` is the input part. Every state `[rows, steps, units]`. */
  gru(gates: tf.Tensor3D, recurrent: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor3D
  /** `act(weights [out, steps] . x [rows, steps, features] + bias [out, features])`. */
  mixTime(x: tf.Tensor3D, weights: tf.Tensor2D, bias: tf.Tensor2D, activation: Activation): tf.Tensor3D
  temporalAttention(x: tf.Tensor3D, weights: tf.Tensor2D, mix: tf.Tensor1D): tf.Tensor3D
  bilinearNorm(
    x: tf.Tensor3D,
    parameters: {
      readonly timeGamma: tf.Tensor1D
      readonly timeBeta: tf.Tensor1D
      readonly featureGamma: tf.Tensor1D
      readonly featureBeta: tf.Tensor1D
      readonly mix: tf.Tensor1D
    },
  ): tf.Tensor3D
  /** Mask from the two keys and the position alone. */
  dropout<T extends tf.Tensor>(x: T, rate: number, keys: readonly [number, number]): T
  activation<T extends tf.Tensor>(x: T, activation: Activation): T
}
