import { type KernelFunctions } from '../kernel-set.js'
import { type Heap, type Part, sigmoid } from './shared.js'

/** Matrix products, activations, convolutions and layer norm. */
export function denseKernels(
  heap: Heap,
): Part<
  | 'activate'
  | 'activateBackward'
  | 'copy'
  | 'add'
  | 'scale'
  | 'sumSquares'
  | 'gemm'
  | 'transpose'
  | 'swapOuter'
  | 'dense'
  | 'denseBackward'
  | 'convScratch'
  | 'conv'
  | 'convBackward'
  | 'convStep'
  | 'norm'
  | 'normBackward'
> {
  const activate: KernelFunctions['activate'] = (n, p, activation) => {
    if (activation === 0) return
    const h = heap()
    for (let i = p >> 2, end = i + n; i < end; i++)
      h[i] = activation === 1 ? (h[i] > 0 ? h[i] : 0) : activation === 2 ? sigmoid(h[i]) : Math.tanh(h[i])
  }
  const activateBackward: KernelFunctions['activateBackward'] = (n, y, g, activation) => {
    if (activation === 0) return
    const h = heap()
    for (let i = 0, p = y >> 2, q = g >> 2; i < n; i++, p++, q++)
      h[q] = activation === 1 ? (h[p] > 0 ? h[q] : 0) : activation === 2 ? h[q] * h[p] * (1 - h[p]) : h[q] * (1 - h[p] * h[p])
  }
  const gemm: KernelFunctions['gemm'] = (M, N, K, A, ai, ak, B, ldb, C, ldc, accumulate) => {
    const h = heap()
    const row = new Float64Array(N)
    for (let i = 0; i < M; i++) {
      const c = (C + i * ldc) >> 2
      for (let j = 0; j < N; j++) row[j] = accumulate ? h[c + j] : 0
      for (let k = 0, a = (A + i * ai) >> 2, b = B >> 2; k < K; k++, a += ak >> 2, b += ldb >> 2) {
        const x = h[a]
        if (x !== 0) for (let j = 0; j < N; j++) row[j] += x * h[b + j]
      }
      for (let j = 0; j < N; j++) h[c + j] = row[j]
    }
  }
  const transpose: KernelFunctions['transpose'] = (R, C, A, out) => {
    const h = heap()
    for (let i = 0, a = A >> 2; i < R; i++) for (let j = 0; j < C; j++) h[(out >> 2) + j * R + i] = h[a++]
  }
  const broadcast = (rows: number, n: number, b: number, y: number): void => {
    const h = heap()
    for (let i = 0; i < rows; i++) h.copyWithin((y >> 2) + i * n, b >> 2, (b >> 2) + n)
  }
  const columnSums = (rows: number, n: number, g: number, sums: number): void => {
    const h = heap()
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let i = 0, p = (g >> 2) + j; i < rows; i++, p += n) sum += h[p]
      h[(sums >> 2) + j] = sum
    }
  }
  return {
    activate,
    activateBackward,
    gemm,
    transpose,
    copy: (n, source, target) => void heap().copyWithin(target >> 2, source >> 2, (source >> 2) + n),
    add(n, source, target) {
      const h = heap()
      for (let i = 0, p = source >> 2, q = target >> 2; i < n; i++) h[q++] += h[p++]
    },
    scale(n, p, factor) {
      const h = heap()
      const f = Math.fround(factor)
      for (let i = p >> 2, end = i + n; i < end; i++) h[i] *= f
    },
    sumSquares(n, p) {
      const h = heap()
      let sum = 0
      for (let i = p >> 2, end = i + n; i < end; i++) sum += h[i] * h[i]
      return sum
    },
    swapOuter(A, B, N, X, out) {
      const h = heap()
      for (let a = 0, x = X >> 2; a < A; a++) for (let b = 0; b < B; b++, x += N) h.copyWithin((out >> 2) + (b * A + a) * N, x, x + N)
    },
    dense(M, K, N, X, W, b, Y, activation) {
      if (b) broadcast(M, N, b, Y)
      gemm(M, N, K, X, K << 2, 4, W, N << 2, Y, N << 2, b ? 1 : 0)
      activate(M * N, Y, activation)
    },
    denseBackward(M, K, N, X, W, Y, dY, dX, dW, db, activation, scratch) {
      activateBackward(M * N, Y, dY, activation)
      if (db) columnSums(M, N, dY, db)
      gemm(K, N, M, X, 4, K << 2, dY, N << 2, dW, N << 2, 0)
      if (!dX) return
      transpose(K, N, W, scratch)
      gemm(M, K, N, dY, N << 2, 4, scratch, K << 2, dX, K << 2, 0)
    },
    convScratch: () => 0,
    conv(B, T, C, O, K, dilation, X, W, b, Y, activation) {
      broadcast(B * T, O, b, Y)
      for (let n = 0; n < B; n++)
        for (let k = 0; k < K; k++) {
          const shift = (K - 1 - k) * dilation
          if (shift < T)
            gemm(T - shift, O, C, X + n * T * C * 4, C << 2, 4, W + k * C * O * 4, O << 2, Y + (n * T + shift) * O * 4, O << 2, 1)
        }
      activate(B * T * O, Y, activation)
    },
    convBackward(B, T, C, O, K, dilation, X, W, Y, dY, dX, dW, db, activation, scratch) {
      const h = heap()
      activateBackward(B * T * O, Y, dY, activation)
      columnSums(B * T, O, dY, db)
      h.fill(0, dW >> 2, (dW >> 2) + K * C * O)
      if (dX) {
        for (let k = 0; k < K; k++) transpose(C, O, W + k * C * O * 4, scratch + k * C * O * 4)
        h.fill(0, dX >> 2, (dX >> 2) + B * T * C)
      }
      for (let n = 0; n < B; n++)
        for (let k = 0; k < K; k++) {
          const shift = (K - 1 - k) * dilation
          if (shift >= T) continue
          const g = dY + (n * T + shift) * O * 4
          gemm(C, O, T - shift, X + n * T * C * 4, 4, C << 2, g, O << 2, dW + k * C * O * 4, O << 2, 1)
          if (dX) gemm(T - shift, C, O, g, O << 2, 4, scratch + k * C * O * 4, C << 2, dX + n * T * C * 4, C << 2, 1)
        }
    },
    convStep(C, O, K, dilation, ring, length, slot, W, b, Y, activation) {
      broadcast(1, O, b, Y)
      for (let k = 0; k < K; k++) {
        const s = (slot - (K - 1 - k) * dilation + length) % length
        gemm(1, O, C, ring + s * C * 4, C << 2, 4, W + k * C * O * 4, O << 2, Y, O << 2, 1)
      }
      activate(O, Y, activation)
    },
    norm(R, N, X, gamma, beta, Y, stats) {
      const h = heap()
      for (let i = 0, x = X >> 2, y = Y >> 2; i < R; i++, x += N, y += N) {
        let sum = 0
        for (let j = 0; j < N; j++) sum += h[x + j]
        const mean = sum / N
        let squares = 0
        for (let j = 0; j < N; j++) squares += (h[x + j] - mean) ** 2
        const inverse = 1 / Math.sqrt(squares / N + 1e-5)
        if (stats) {
          h[(stats >> 2) + 2 * i] = mean
          h[(stats >> 2) + 2 * i + 1] = inverse
        }
        for (let j = 0; j < N; j++) h[y + j] = (h[x + j] - mean) * inverse * h[(gamma >> 2) + j] + h[(beta >> 2) + j]
      }
    },
    normBackward(R, N, X, gamma, stats, dY, dX, dGamma, dBeta) {
      const h = heap()
      const [ga, dg, db] = [gamma >> 2, dGamma >> 2, dBeta >> 2]
      h.fill(0, dg, dg + N)
      h.fill(0, db, db + N)
      for (let i = 0, x = X >> 2, g = dY >> 2, o = dX >> 2; i < R; i++, x += N, g += N, o += N) {
        const mean = h[(stats >> 2) + 2 * i]
        const inverse = h[(stats >> 2) + 2 * i + 1]
        let s1 = 0
        let s2 = 0
        for (let j = 0; j < N; j++) {
          const xh = (h[x + j] - mean) * inverse
          s1 += h[g + j] * h[ga + j]
          s2 += h[g + j] * h[ga + j] * xh
          h[dg + j] += h[g + j] * xh
          h[db + j] += h[g + j]
        }
        for (let j = 0; j < N; j++) {
          const xh = (h[x + j] - mean) * inverse
          h[o + j] = inverse * (h[g + j] * h[ga + j] - s1 / N - (xh * s2) / N)
        }
      }
    },
  }
}
