import { type Heap, type Part, sigmoid } from './shared.js'

/** The reset-after GRU. */
export function recurrentKernels(heap: Heap): Part<'gru' | 'gruBackward'> {
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
