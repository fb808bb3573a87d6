import { type Heap, type Part } from './shared.js'

/** Raw features as network inputs. */
export function inputKernels(heap: Heap): Part<'normalise' | 'clean'> {
  let f64 = new Float64Array(heap().buffer)
  return {
    normalise(rows, features, X, center, scale, lower, upper) {
      const h = heap()
      if (f64.buffer !== h.buffer) f64 = new Float64Array(h.buffer)
      for (let i = X >> 2, end = i + rows * features, j = 0; i < end; i++) {
        const z = (h[i] - f64[(center >> 3) + j]) / f64[(scale >> 3) + j]
        h[i] = z === z ? (z < lower ? lower : z > upper ? upper : z) : 0
        if (++j === features) j = 0
      }
    },
    clean(n, X) {
      const h = heap()
      for (let i = X >> 2, end = i + n; i < end; i++) if (h[i] !== h[i]) h[i] = 0
    },
  }
}
