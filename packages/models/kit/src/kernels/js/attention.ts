import { type Heap, type Part, sigmoid } from './shared.js'
import { denseKernels } from './dense.js'

/** Bilinear layers, temporal attention and bilinear normalisation. */
export function attentionKernels(
  heap: Heap,
): Part<'mixTime' | 'mixTimeBackward' | 'attend' | 'attendBackward' | 'binorm' | 'binormBackward'> {
  const { gemm, activate, activateBackward, transpose, add } = denseKernels(heap)
  const setDiagonal = (T: number, W: number, value: number): void => {
    for (let t = 0; t < T; t++) heap()[(W >> 2) + t * T + t] = value
  }
  return {
    mixTime(B, T, S, C, X, W, bias, Y, activation) {
      for (let n = 0; n < B; n++) {
        const y = Y + n * S * C * 4
        if (bias) heap().copyWithin(y >> 2, bias >> 2, (bias >> 2) + S * C)
        gemm(S, C, T, W, T << 2, 4, X + n * T * C * 4, C << 2, y, C << 2, bias ? 1 : 0)
      }
      activate(B * S * C, Y, activation)
    },
    mixTimeBackward(B, T, S, C, X, W, Y, dY, dX, dW, dBias, activation, scratch) {
      const h = heap()
      activateBackward(B * S * C, Y, dY, activation)
      h.fill(0, dW >> 2, (dW >> 2) + S * T)
      if (dBias) h.fill(0, dBias >> 2, (dBias >> 2) + S * C)
      for (let n = 0; n < B; n++) {
        const g = dY + n * S * C * 4
        if (dBias) add(S * C, g, dBias)
        transpose(T, C, X + n * T * C * 4, scratch)
        gemm(S, T, C, g, C << 2, 4, scratch, T << 2, dW, T << 2, 1)
        if (dX) gemm(T, C, S, W, 4, T << 2, g, C << 2, dX + n * T * C * 4, C << 2, 0)
      }
    },
    attend(B, T, C, X, W, mix, A, Y) {
      const h = heap()
      setDiagonal(T, W, 1 / T)
      const share = sigmoid(h[mix >> 2])
      for (let n = 0; n < B; n++) {
        const offset = n * T * C
        gemm(T, C, T, W, T << 2, 4, X + offset * 4, C << 2, A + offset * 4, C << 2, 0)
        for (let j = 0; j < C; j++) {
          const at = (t: number): number => offset + t * C + j
          let max = -Infinity
          for (let t = 0; t < T; t++) max = Math.max(max, h[(A >> 2) + at(t)])
          let sum = 0
          for (let t = 0; t < T; t++) sum += Math.exp(h[(A >> 2) + at(t)] - max)
          for (let t = 0; t < T; t++) {
            const w = Math.exp(h[(A >> 2) + at(t)] - max) / sum
            h[(A >> 2) + at(t)] = w
            h[(Y >> 2) + at(t)] = h[(X >> 2) + at(t)] * (share * w + 1 - share)
          }
        }
      }
    },
    attendBackward(B, T, C, X, W, mix, A, dY, dX, dW, dMix, scratch) {
      const h = heap()
      const share = sigmoid(h[mix >> 2])
      let dShare = 0
      h.fill(0, dW >> 2, (dW >> 2) + T * T)
      for (let n = 0; n < B; n++) {
        const offset = n * T * C
        for (let j = 0; j < C; j++) {
          let inner = 0
          for (let i = offset + j; i < offset + T * C; i += C) inner += h[(A >> 2) + i] * h[(dY >> 2) + i] * h[(X >> 2) + i] * share
          for (let i = offset + j; i < offset + T * C; i += C) {
            const w = h[(A >> 2) + i]
            const gx = h[(dY >> 2) + i] * h[(X >> 2) + i]
            dShare += gx * (w - 1)
            h[(scratch >> 2) + i - offset] = w * (gx * share - inner)
            h[(dX >> 2) + i] = h[(dY >> 2) + i] * (share * w + 1 - share)
          }
        }
        const xt = scratch + T * C * 4
        gemm(T, C, T, W, 4, T << 2, scratch, C << 2, dX + offset * 4, C << 2, 1)
        transpose(T, C, X + offset * 4, xt)
        gemm(T, T, C, scratch, C << 2, 4, xt, T << 2, dW, T << 2, 1)
      }
      setDiagonal(T, dW, 0)
      h[dMix >> 2] = dShare * share * (1 - share)
    },
    binorm(B, T, C, X, gt, bt, gf, bf, mix, Zt, Zf, inverse, Y) {
      const h = heap()
      const [m0, m1] = [h[mix >> 2], h[(mix >> 2) + 1]]
      /** Standardises `count` values at stride; returns the inverse deviation. */
      const standardise = (from: number, to: number, count: number, stride: number): number => {
        let sum = 0
        for (let k = 0; k < count; k++) sum += h[from + k * stride]
        const mean = sum / count
        let squares = 0
        for (let k = 0; k < count; k++) squares += (h[from + k * stride] - mean) ** 2
        const inv = 1 / Math.sqrt(squares / count + 1e-5)
        for (let k = 0; k < count; k++) h[to + k * stride] = (h[from + k * stride] - mean) * inv
        return inv
      }
      for (let n = 0; n < B; n++) {
        const [x, zt, zf, inv] = [(X >> 2) + n * T * C, (Zt >> 2) + n * T * C, (Zf >> 2) + n * T * C, (inverse >> 2) + n * (C + T)]
        for (let j = 0; j < C; j++) h[inv + j] = standardise(x + j, zt + j, T, C)
        for (let t = 0; t < T; t++) h[inv + C + t] = standardise(x + t * C, zf + t * C, C, 1)
        for (let t = 0; t < T; t++)
          for (let j = 0; j < C; j++) {
            const i = t * C + j
            h[(Y >> 2) + n * T * C + i] =
              m0 * (h[(gt >> 2) + j] * h[zt + i] + h[(bt >> 2) + j]) + m1 * (h[(gf >> 2) + t] * h[zf + i] + h[(bf >> 2) + t])
          }
      }
    },
    binormBackward(B, T, C, gt, bt, gf, bf, mix, Zt, Zf, inverse, dY, dX, dgt, dbt, dgf, dbf, dMix) {
      const h = heap()
      const [m0, m1] = [h[mix >> 2], h[(mix >> 2) + 1]]
      let d0 = 0
      let d1 = 0
      for (const [p, n] of [
        [dgt, C],
        [dbt, C],
        [dgf, T],
        [dbf, T],
      ])
        h.fill(0, p >> 2, (p >> 2) + n)
      for (let n = 0; n < B; n++) {
        const [zt, zf, g, inv] = [(Zt >> 2) + n * T * C, (Zf >> 2) + n * T * C, (dY >> 2) + n * T * C, (inverse >> 2) + n * (C + T)]
        for (let i = 0; i < T * C; i++) {
          const [t, j, d] = [Math.floor(i / C), i % C, h[g + i]]
          d0 += d * (h[(gt >> 2) + j] * h[zt + i] + h[(bt >> 2) + j])
          d1 += d * (h[(gf >> 2) + t] * h[zf + i] + h[(bf >> 2) + t])
          h[(dgt >> 2) + j] += m0 * d * h[zt + i]
          h[(dbt >> 2) + j] += m0 * d
          h[(dgf >> 2) + t] += m1 * d * h[zf + i]
          h[(dbf >> 2) + t] += m1 * d
        }
        if (!dX) continue
        const o = (dX >> 2) + n * T * C
        for (let t = 0; t < T; t++) {
          let s1 = 0
          let s2 = 0
          for (let i = t * C; i < (t + 1) * C; i++) {
            s1 += h[g + i]
            s2 += h[g + i] * h[zf + i]
          }
          const k = m1 * h[(gf >> 2) + t] * h[inv + C + t]
          for (let i = t * C; i < (t + 1) * C; i++) h[o + i] = k * (h[g + i] - s1 / C - (h[zf + i] * s2) / C)
        }
        for (let j = 0; j < C; j++) {
          let s1 = 0
          let s2 = 0
          for (let i = j; i < T * C; i += C) {
            s1 += h[g + i]
            s2 += h[g + i] * h[zt + i]
          }
          const k = m0 * h[(gt >> 2) + j] * h[inv + j]
          for (let i = j; i < T * C; i += C) h[o + i] += k * (h[g + i] - s1 / T - (h[zt + i] * s2) / T)
        }
      }
      h[dMix >> 2] = d0
      h[(dMix >> 2) + 1] = d1
    },
  }
}
