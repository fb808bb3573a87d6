import type * as tf from '@tensorflow/tfjs-core'
import { type KernelSet, kernels as makeKernels, type Pointer } from '../kernels/index.js'
import { activationCode } from '../network/resolve.js'
import { type TapeOps, type TensorFlow } from './tape-ops.js'

/**
 * Our layers as `tf.customGrad` operations: one forward and one backward kernel call each instead of hundreds of tensor operations, on any tfjs backend.
 * With these, own networks and losses train on tfjs' tape; they also fill gaps of tfjs itself (dilated convolutions have no gradient there, its GRU is not
 * the reset-after form). Networks made of our layers alone train faster without the tape, see `trainNetwork`.
 */
export function fusedOps(tensorflow: TensorFlow, kernels: KernelSet = makeKernels()): TapeOps {
  const f = kernels.functions
  const put = (t: tf.Tensor): Pointer => {
    const values = t.dataSync<'float32'>()
    const pointer = kernels.allocate(values.length)
    kernels.f32.set(values, pointer >> 2)
    return pointer
  }
  const room = (floats: number): Pointer => kernels.allocate(floats)
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
  const take = <R extends tf.Rank>(pointer: Pointer, shape: tf.ShapeMap[R]): tf.Tensor<R> =>
    tensorflow.tensor<R>(kernels.f32.slice(pointer >> 2, (pointer >> 2) + size(shape)), shape)

  /** Runs with kernel memory that is given back afterwards; results leave it as tensors. */
  const scratch = <T>(act: () => T): T => {
    const release = kernels.mark()
    try {
      return act()
    } finally {
      release()
    }
  }

  interface Kernel {
    readonly forward: (inputs: readonly Pointer[]) => {
      readonly shape: number[]
      readonly y: Pointer
      readonly kept?: readonly [Pointer, number][]
    }
    /** Gradients, one an input, as pointers into kernel memory; sizes are the inputs'. */
    readonly backward: (inputs: readonly Pointer[], y: Pointer, dy: Pointer, kept: readonly Pointer[]) => readonly Pointer[]
  }
  const operation = (inputs: readonly tf.Tensor[], { forward, backward }: Kernel): tf.Tensor => {
    const op = tensorflow.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
      const save = args[inputs.length] as tf.GradSaveFunc
      const xs = args.slice(0, inputs.length) as tf.Tensor[]
      return scratch(() => {
        const { shape, y, kept = [] } = forward(xs.map(put))
        const value = take(y, shape as tf.ShapeMap[tf.Rank])
        save([...xs, value])
        const copies = kept.map(([pointer, n]) => kernels.f32.slice(pointer >> 2, (pointer >> 2) + n))
        const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
          scratch(() => {
            const pointers = saved.map(put)
            const again = copies.map((values) => {
              const pointer = room(values.length)
              kernels.f32.set(values, pointer >> 2)
              return pointer
            })
            const gradients = backward(pointers.slice(0, -1), pointers[pointers.length - 1], put(dy), again)
            return gradients.map((g, i) => take(g, saved[i].shape))
          })
        return { value, gradFunc }
      })
    })
    return op(...inputs)
  }

  return {
    dense(x, kernel, bias, activation) {
      const [M, K] = x.shape
      const N = kernel.shape[1]
      const code = activationCode[activation]
      return operation(bias ? [x, kernel, bias] : [x, kernel], {
        forward: ([px, pw, pb = 0]) => {
          const y = room(M * N)
          f.dense(M, K, N, px, pw, pb, y, code)
          return { shape: [M, N], y }
        },
        backward: ([px, pw, pb = 0], y, dy) => {
          const [dx, dw, db] = [room(M * K), room(K * N), pb ? room(N) : 0]
          f.denseBackward(M, K, N, px, pw, y, dy, dx, dw, db, code, room(K * N))
          return pb ? [dx, dw, db] : [dx, dw]
        },
      }) as tf.Tensor2D
    },
    causalConv(x, kernel, bias, { dilation, activation }) {
      const [B, T, C] = x.shape
      const [K, , O] = kernel.shape
      const code = activationCode[activation]
      return operation([x, kernel, bias], {
        forward: ([px, pw, pb]) => {
          const y = room(B * T * O)
          const wanted = f.convScratch(C, O, K)
          f.conv(B, T, C, O, K, dilation, px, pw, pb, y, code, wanted > 0 ? room(wanted) : 0)
          return { shape: [B, T, O], y }
        },
        backward: ([px, pw], y, dy) => {
          const [dx, dw, db] = [room(B * T * C), room(K * C * O), room(O)]
          f.convBackward(B, T, C, O, K, dilation, px, pw, y, dy, dx, dw, db, code, room(K * C * O))
          return [dx, dw, db]
        },
      }) as tf.Tensor3D
    },
    layerNorm(x, gamma, beta) {
      const [R, N] = x.shape
      return operation([x, gamma, beta], {
        forward: ([px, pg, pb]) => {
          const [y, stats] = [room(R * N), room(2 * R)]
          f.norm(R, N, px, pg, pb, y, stats)
          return { shape: [R, N], y, kept: [[stats, 2 * R]] }
        },
        backward: ([px, pg], _y, dy, [stats]) => {
          const [dx, dg, db] = [room(R * N), room(N), room(N)]
          f.normBackward(R, N, px, pg, stats, dy, dx, dg, db)
          return [dx, dg, db]
        },
      }) as tf.Tensor2D
    },
    gru(gates, recurrent, bias) {
      const [B, T, H3] = gates.shape
      const H = H3 / 3
      return operation([gates, recurrent, bias], {
        forward: ([px, pu, pb]) => {
          const [states, cache, y] = [room((T + 1) * B * H), room(4 * T * B * H), room(B * T * H)]
          f.gru(B, T, H, px, pu, pb, states, cache, 1, room(3 * B * H))
          f.swapOuter(T, B, H, states + B * H * 4, y)
          return { shape: [B, T, H], y, kept: [[states, (T + 1) * B * H], [cache, 4 * T * B * H]] } // prettier-ignore
        },
        backward: ([, pu], _y, dy, [states, cache]) => {
          const [dx, du, db] = [room(B * T * H3), room(H * H3), room(H3)]
          f.gruBackward(B, T, H, pu, states, cache, room(B * H), dy, dx, du, db, room(3 * H * H + 3 * B * H))
          return [dx, du, db]
        },
      }) as tf.Tensor3D
    },
    mixTime(x, weights, bias, activation) {
      const [B, T, C] = x.shape
      const [S] = weights.shape
      const code = activationCode[activation]
      return operation([x, weights, bias], {
        forward: ([px, pw, pb]) => {
          const y = room(B * S * C)
          f.mixTime(B, T, S, C, px, pw, pb, y, code)
          return { shape: [B, S, C], y }
        },
        backward: ([px, pw], y, dy) => {
          const [dx, dw, db] = [room(B * T * C), room(S * T), room(S * C)]
          f.mixTimeBackward(B, T, S, C, px, pw, y, dy, dx, dw, db, code, room(T * C))
          return [dx, dw, db]
        },
      }) as tf.Tensor3D
    },
    temporalAttention(x, weights, mix) {
      const [B, T, C] = x.shape
      const n = B * T * C
      return operation([x, weights, mix], {
        forward: ([px, pw, pm]) => {
          const [a, y] = [room(n), room(n)]
          f.attend(B, T, C, px, pw, pm, a, y)
          return { shape: [B, T, C], y, kept: [[a, n], [pw, T * T]] } // prettier-ignore
        },
        // The kernel fixes the diagonal of the weights, so the copy it used is kept, not the parameter.
        backward: ([px, , pm], _y, dy, [a, pw]) => {
          const [dx, dw, dm] = [room(n), room(T * T), room(1)]
          f.attendBackward(B, T, C, px, pw, pm, a, dy, dx, dw, dm, room(2 * T * C))
          return [dx, dw, dm]
        },
      }) as tf.Tensor3D
    },
    bilinearNorm(x, { timeGamma, timeBeta, featureGamma, featureBeta, mix }) {
      const [B, T, C] = x.shape
      const n = B * T * C
      return operation([x, timeGamma, timeBeta, featureGamma, featureBeta, mix], {
        forward: ([px, gt, bt, gf, bf, pm]) => {
          const [zt, zf, inverse, y] = [room(n), room(n), room(B * (T + C)), room(n)]
          f.binorm(B, T, C, px, gt, bt, gf, bf, pm, zt, zf, inverse, y)
          return { shape: [B, T, C], y, kept: [[zt, n], [zf, n], [inverse, B * (T + C)]] } // prettier-ignore
        },
        backward: ([, gt, bt, gf, bf, pm], _y, dy, [zt, zf, inverse]) => {
          const [dx, dgt, dbt, dgf, dbf, dm] = [room(n), room(C), room(C), room(T), room(T), room(2)]
          f.binormBackward(B, T, C, gt, bt, gf, bf, pm, zt, zf, inverse, dy, dx, dgt, dbt, dgf, dbf, dm, room(2 * C))
          return [dx, dgt, dbt, dgf, dbf, dm]
        },
      }) as tf.Tensor3D
    },
    dropout<T extends tf.Tensor>(x: T, rate: number, [key0, key1]: readonly [number, number]) {
      const apply = (from: Pointer): Pointer => {
        const to = room(x.size)
        f.dropout(x.size, from, to, key0, key1, Math.round(rate * 2 ** 24), 1 / (1 - rate))
        return to
      }
      return operation([x], { forward: ([px]) => ({ shape: x.shape, y: apply(px) }), backward: (_x, _y, dy) => [apply(dy)] }) as T
    },
    activation<T extends tf.Tensor>(x: T, activation: keyof typeof activationCode) {
      const code = activationCode[activation]
      return operation([x], {
        forward: ([px]) => {
          f.activate(x.size, px, code)
          return { shape: x.shape, y: px }
        },
        backward: (_x, y, dy) => {
          f.activateBackward(x.size, y, dy, code)
          return [dy]
        },
      }) as T
    },
  }
}
