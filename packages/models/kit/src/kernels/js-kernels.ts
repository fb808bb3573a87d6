import { type KernelFunctions, type KernelSet } from './kernel-set.js'

/**
 * The reference kernels in plain TypeScript: the same functions on the same layout, written for reading. They check the WASM module and stand in for it
 * where WASM SIMD is missing. Sums run in float64, so they agree with the module within rounding (1e-5 on values of order one), not bit for bit.
 */
export function jsKernels(): KernelSet {
  let f32 = new Float32Array(1 << 14)
  let i32 = new Int32Array(f32.buffer)
  let top = 16
  const heap = (): Float32Array => f32
  return {
    backend: 'js',
    functions: { ...dense(heap), ...recurrent(heap), ...attention(heap), ...losses(heap, () => i32), ...optimiser(heap) },
    get f32() {
      return f32
    },
    get i32() {
      return i32
    },
    get used() {
      return top
    },
    allocate(floats) {
      const pointer = top
      const end = Math.ceil((pointer + floats * 4) / 16) * 16
      if (end > f32.byteLength) {
        const grown = new Float32Array(Math.max(end, f32.byteLength * 2) / 4)
        grown.set(f32)
        f32 = grown
        i32 = new Int32Array(f32.buffer)
      }
      top = end
      f32.fill(0, pointer >>> 2, end >>> 2)
      return pointer
    },
    mark() {
      const saved = top
      return () => {
        top = saved
      }
    },
  }
}

type Heap = () => Float32Array
type Part<K extends keyof KernelFunctions> = Pick<KernelFunctions, K>

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))
const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)))

function dense(
  heap: Heap,
): Part<
  | 'activate'
  | 'activateBackward'
  | 'add'
  | 'scale'
  | 'sumSquares'
  | 'gemm'
  | 'transpose'
  | 'swapOuter'
  | 'dense'
  | 'denseBackward'
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

function recurrent(heap: Heap): Part<'gru' | 'gruBackward'> {
  return {
    gru(B, T, H, XW, U, rb, Hs, cache, keep) {
      const h = heap()
      const g = new Float64Array(3 * H)
      const next = new Float64Array(H)
      for (let t = 0; t < T; t++)
        for (let b = 0; b < B; b++) {
          const from = (Hs >> 2) + ((keep ? t * B : 0) + b) * H
          const to = (Hs >> 2) + ((keep ? (t + 1) * B : 0) + b) * H
          const x = (XW >> 2) + (b * T + t) * 3 * H
          const c = (cache >> 2) + (t * B + b) * 4 * H
          for (let j = 0; j < 3 * H; j++) g[j] = h[(rb >> 2) + j]
          for (let k = 0; k < H; k++) for (let j = 0; j < 3 * H; j++) g[j] += h[from + k] * h[(U >> 2) + k * 3 * H + j]
          for (let j = 0; j < H; j++) {
            const r = sigmoid(h[x + j] + g[j])
            const z = sigmoid(h[x + H + j] + g[H + j])
            const n = Math.tanh(h[x + 2 * H + j] + r * g[2 * H + j])
            next[j] = n + z * (h[from + j] - n)
            if (cache) {
              h[c + j] = r
              h[c + H + j] = z
              h[c + 2 * H + j] = n
              h[c + 3 * H + j] = g[2 * H + j]
            }
          }
          h.set(next, to)
        }
    },
    gruBackward(B, T, H, U, Hs, cache, dH, dSeq, dXW, dU, drb) {
      const h = heap()
      const [u, du, dr, hs, dh] = [U >> 2, dU >> 2, drb >> 2, Hs >> 2, dH >> 2]
      const dg = new Float64Array(3 * H)
      h.fill(0, du, du + 3 * H * H)
      h.fill(0, dr, dr + 3 * H)
      for (let t = T - 1; t >= 0; t--)
        for (let b = 0; b < B; b++) {
          const c = (cache >> 2) + (t * B + b) * 4 * H
          const dx = (dXW >> 2) + (b * T + t) * 3 * H
          const from = hs + (t * B + b) * H
          for (let j = 0; j < H; j++) {
            const [r, z, n, hn] = [h[c + j], h[c + H + j], h[c + 2 * H + j], h[c + 3 * H + j]]
            const d = h[dh + b * H + j] + (dSeq ? h[(dSeq >> 2) + (b * T + t) * H + j] : 0)
            const dn = d * (1 - z) * (1 - n * n)
            const gates = [dn * hn * r * (1 - r), d * (h[from + j] - n) * z * (1 - z), dn]
            for (let k = 0; k < 3; k++) h[dx + k * H + j] = gates[k]
            dg[j] = gates[0]
            dg[H + j] = gates[1]
            dg[2 * H + j] = dn * r
            h[dh + b * H + j] = d * z
          }
          for (let j = 0; j < 3 * H; j++) h[dr + j] += dg[j]
          for (let k = 0; k < H; k++) {
            let sum = 0
            for (let j = 0; j < 3 * H; j++) {
              h[du + k * 3 * H + j] += h[from + k] * dg[j]
              sum += dg[j] * h[u + k * 3 * H + j]
            }
            h[dh + b * H + k] += sum
          }
        }
    },
  }
}

function attention(heap: Heap): Part<'mixTime' | 'mixTimeBackward' | 'attend' | 'attendBackward' | 'binorm' | 'binormBackward'> {
  const { gemm, activate, activateBackward, transpose, add } = dense(heap)
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

function losses(
  heap: Heap,
  ints: () => Int32Array,
): Part<'softmax' | 'softmaxLoss' | 'ordinal' | 'ordinalLoss' | 'logisticLoss' | 'huberLoss' | 'listLoss'> {
  const probabilities = (K: number, z: number): number[] => {
    const row = Array.from(heap().subarray(z, z + K))
    const max = Math.max(...row)
    const e = row.map((x) => Math.exp(x - max))
    const sum = e.reduce((a, b) => a + b, 0)
    return e.map((x) => x / sum)
  }
  const cutpoints = (K: number, theta: number): number[] => {
    let c = 0
    return Array.from({ length: K - 1 }, (_, k) => (c = k === 0 ? heap()[theta >> 2] : c + softplus(heap()[(theta >> 2) + k])))
  }
  const between = (upper: number, lower: number): number =>
    lower > 0 ? sigmoid(-lower) - sigmoid(-upper) : sigmoid(upper) - sigmoid(lower)
  return {
    softmax(R, K, Z, P) {
      for (let i = 0; i < R; i++) heap().set(probabilities(K, (Z >> 2) + i * K), (P >> 2) + i * K)
    },
    softmaxLoss(R, K, Z, targets, weights, dZ, smoothing, factor) {
      const h = heap()
      let loss = 0
      for (let i = 0; i < R; i++) {
        const c = ints()[(targets >> 2) + i]
        const w = h[(weights >> 2) + i]
        const row = (dZ >> 2) + i * K
        if (c < 0 || w === 0) {
          h.fill(0, row, row + K)
          continue
        }
        const p = probabilities(K, (Z >> 2) + i * K)
        for (let j = 0; j < K; j++) {
          const y = smoothing / K + (j === c ? 1 - smoothing : 0)
          loss -= w * y * Math.log(Math.max(p[j], 1e-300))
          h[row + j] = factor * w * (p[j] - y)
        }
      }
      return loss
    },
    ordinal(R, K, S, theta, P) {
      const c = cutpoints(K, theta)
      for (let i = 0; i < R; i++) {
        const s = heap()[(S >> 2) + i]
        for (let k = 0; k < K; k++)
          heap()[(P >> 2) + i * K + k] = between(k < K - 1 ? c[k] - s : Infinity, k > 0 ? c[k - 1] - s : -Infinity)
      }
    },
    ordinalLoss(R, K, S, theta, targets, weights, dS, dTheta, factor) {
      const h = heap()
      const cuts = cutpoints(K, theta)
      const dC = new Float64Array(K)
      let loss = 0
      for (let i = 0; i < R; i++) {
        const c = ints()[(targets >> 2) + i]
        const w = h[(weights >> 2) + i]
        h[(dS >> 2) + i] = 0
        if (c < 0 || w === 0) continue
        const upper = c < K - 1 ? cuts[c] - h[(S >> 2) + i] : Infinity
        const lower = c > 0 ? cuts[c - 1] - h[(S >> 2) + i] : -Infinity
        const p = Math.max(between(upper, lower), 1e-300)
        const su = c < K - 1 ? (sigmoid(upper) * sigmoid(-upper)) / p : 0
        const sl = c > 0 ? (sigmoid(lower) * sigmoid(-lower)) / p : 0
        loss -= w * Math.log(p)
        h[(dS >> 2) + i] = factor * w * (su - sl)
        if (c < K - 1) dC[c] -= factor * w * su
        if (c > 0) dC[c - 1] += factor * w * sl
      }
      let tail = 0
      for (let k = K - 2; k >= 0; k--) {
        tail += dC[k]
        h[(dTheta >> 2) + k] = k === 0 ? tail : tail * sigmoid(h[(theta >> 2) + k])
      }
      return loss
    },
    logisticLoss(R, S, targets, weights, dS, factor) {
      const h = heap()
      let loss = 0
      for (let i = 0; i < R; i++) {
        const [s, y, w] = [h[(S >> 2) + i], h[(targets >> 2) + i], h[(weights >> 2) + i]]
        h[(dS >> 2) + i] = 0
        if (Number.isNaN(y) || w === 0) continue
        loss += w * (softplus(s) - y * s)
        h[(dS >> 2) + i] = factor * w * (sigmoid(s) - y)
      }
      return loss
    },
    huberLoss(R, S, targets, weights, dS, delta, factor) {
      const h = heap()
      let loss = 0
      for (let i = 0; i < R; i++) {
        const [e, w] = [h[(S >> 2) + i] - h[(targets >> 2) + i], h[(weights >> 2) + i]]
        h[(dS >> 2) + i] = 0
        if (Number.isNaN(h[(targets >> 2) + i]) || w === 0) continue
        const a = Math.abs(e)
        loss += w * (a <= delta ? 0.5 * e * e : delta * (a - 0.5 * delta))
        h[(dS >> 2) + i] = factor * w * (a <= delta ? e : Math.sign(e) * delta)
      }
      return loss
    },
    listLoss(G, offsets, S, gains, weights, dS, factor) {
      const h = heap()
      let loss = 0
      for (let i = 0; i < G; i++) {
        const from = ints()[(offsets >> 2) + i]
        const to = ints()[(offsets >> 2) + i + 1]
        const w = h[(weights >> 2) + i]
        const gain = h.subarray((gains >> 2) + from, (gains >> 2) + to)
        const total = gain.reduce((a, b) => a + b, 0)
        h.fill(0, (dS >> 2) + from, (dS >> 2) + to)
        if (!(total > 0) || w === 0) continue
        const p = probabilities(to - from, (S >> 2) + from)
        for (let j = 0; j < p.length; j++) {
          const y = gain[j] / total
          loss -= w * y * Math.log(Math.max(p[j], 1e-300))
          h[(dS >> 2) + from + j] = factor * w * (p[j] - y)
        }
      }
      return loss
    },
  }
}

function optimiser(heap: Heap): Part<'dropout' | 'adam' | 'exp64'> {
  const mix = (x: number): number => {
    let y = Math.imul(x ^ (x >>> 16), 0x7feb352d)
    y = Math.imul(y ^ (y >>> 15), 0x846ca68b)
    return y ^ (y >>> 16)
  }
  return {
    dropout(n, X, Y, key0, key1, threshold, factor) {
      const h = heap()
      const f = Math.fround(factor)
      for (let i = 0; i < n; i++) h[(Y >> 2) + i] = mix((mix(i ^ key0) + key1) | 0) >>> 8 >= threshold ? h[(X >> 2) + i] * f : 0
    },
    adam(n, p, g, m, v, rate, b1, b2, epsilon, c1, c2, decay) {
      const h = heap()
      for (let i = 0; i < n; i++) {
        const x = h[(g >> 2) + i]
        const mm = (h[(m >> 2) + i] = b1 * h[(m >> 2) + i] + (1 - b1) * x)
        const vv = (h[(v >> 2) + i] = b2 * h[(v >> 2) + i] + (1 - b2) * x * x)
        const w = h[(p >> 2) + i]
        h[(p >> 2) + i] = w - rate * (decay * w + mm / c1 / (Math.sqrt(vv / c2) + epsilon))
      }
    },
    exp64: Math.exp,
  }
}
