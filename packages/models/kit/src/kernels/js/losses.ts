import { type Heap, type Part, sigmoid, softplus } from './shared.js'

/** Losses with their gradients, and the probabilities behind them. */
export function lossKernels(
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
