import { type Heap, type Part } from './shared.js'

/** Dropout and Adam. */
export function optimiserKernels(heap: Heap): Part<'dropout' | 'adam' | 'exp64'> {
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
