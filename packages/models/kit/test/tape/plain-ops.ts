import * as tf from '@tensorflow/tfjs-core'
import { type Activation, type TapeOps } from '@gatehouse/model-kit'

const activate = <T extends tf.Tensor>(x: T, activation: Activation): T =>
  activation === 'relu' ? tf.relu(x) : activation === 'sigmoid' ? tf.sigmoid(x) : activation === 'tanh' ? tf.tanh(x) : x

/** The same layers from tfjs' own operations: an independent implementation to check and to race our kernels against. Layer norm already avoids tfjs' slow `tile`. */
export const plainOps: TapeOps = {
  dense(x, kernel, bias, activation) {
    const y = tf.matMul(x, kernel)
    return activate(bias ? tf.add(y, bias) : y, activation) as tf.Tensor2D
  },
  causalConv(x, kernel, bias, { dilation, activation }) {
    const [B, T, C] = x.shape
    const [K, , O] = kernel.shape
    const padded = tf.pad(x, [[0, 0], [(K - 1) * dilation, 0], [0, 0]]) // prettier-ignore
    const columns = tf.concat(Array.from({ length: K }, (_, k) => tf.slice(padded, [0, k * dilation, 0], [B, T, C])), 2) // prettier-ignore
    const y = tf.add(tf.matMul(tf.reshape<tf.Rank.R2>(columns, [B * T, K * C]), tf.reshape<tf.Rank.R2>(kernel, [K * C, O])), bias)
    return tf.reshape(activate(y, activation), [B, T, O])
  },
  layerNorm(x, gamma, beta) {
    const centred = tf.sub(x, tf.mean(x, 1, true))
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-5))
    return tf.add(tf.mul(tf.mul(centred, inverse), gamma), beta)
  },
  gru(gates, recurrent, bias) {
    const [B, T, H3] = gates.shape
    const H = H3 / 3
    let h: tf.Tensor2D = tf.zeros([B, H])
    const states: tf.Tensor2D[] = []
    for (let t = 0; t < T; t++) {
      const x = tf.reshape(tf.slice(gates, [0, t, 0], [B, 1, H3]), [B, H3])
      const g = tf.add(tf.matMul(h, recurrent), bias)
      const part = (a: tf.Tensor, i: number): tf.Tensor => tf.slice(a, [0, i * H], [B, H])
      const r = tf.sigmoid(tf.add(part(x, 0), part(g, 0)))
      const z = tf.sigmoid(tf.add(part(x, 1), part(g, 1)))
      const n = tf.tanh(tf.add(part(x, 2), tf.mul(r, part(g, 2))))
      h = tf.add(tf.mul(z, h), tf.mul(tf.sub(1, z), n))
      states.push(h)
    }
    return tf.stack<tf.Tensor2D>(states, 1) as tf.Tensor3D
  },
  mixTime(x, weights, bias, activation) {
    const y = tf.stack<tf.Tensor2D>(tf.unstack(x).map((one) => tf.matMul<tf.Tensor2D>(weights, one as tf.Tensor2D)))
    return activate(tf.add<tf.Tensor3D>(y, tf.reshape(bias, [1, ...bias.shape])), activation)
  },
  temporalAttention(x, weights, mix) {
    const T = x.shape[1]
    const eye = tf.eye(T)
    const fixed = tf.add<tf.Tensor2D>(tf.mul(weights, tf.sub(1, eye)), tf.div(eye, T))
    const e = tf.stack<tf.Tensor>(tf.unstack(x).map((one) => tf.matMul<tf.Tensor>(fixed, one as tf.Tensor2D)))
    const a = tf.transpose(tf.softmax(tf.transpose(e, [0, 2, 1])), [0, 2, 1])
    const share = tf.sigmoid(mix)
    return tf.mul(x, tf.add(tf.mul(share, a), tf.sub(1, share)))
  },
  bilinearNorm(x, { timeGamma, timeBeta, featureGamma, featureBeta, mix }) {
    const standard = (axis: number): tf.Tensor => {
      const centred = tf.sub(x, tf.mean(x, axis, true))
      return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), axis, true), 1e-5)))
    }
    const time = tf.add(tf.mul(standard(1), timeGamma), timeBeta)
    const feature = tf.add(tf.mul(standard(2), tf.reshape(featureGamma, [-1, 1])), tf.reshape(featureBeta, [-1, 1]))
    const share = (i: number): tf.Tensor => tf.slice(mix, [i], [1])
    return tf.add(tf.mul(share(0), time), tf.mul(share(1), feature))
  },
  dropout: (x) => x,
  activation: activate,
}
