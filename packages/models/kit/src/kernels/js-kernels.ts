import { attentionKernels } from './js/attention.js'
import { denseKernels } from './js/dense.js'
import { inputKernels } from './js/inputs.js'
import { lossKernels } from './js/losses.js'
import { optimiserKernels } from './js/optimiser.js'
import { recurrentKernels } from './js/recurrent.js'
import { type KernelSet } from './kernel-set.js'

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
    functions: {
      ...inputKernels(heap),
      ...denseKernels(heap),
      ...recurrentKernels(heap),
      ...attentionKernels(heap),
      ...lossKernels(heap, () => i32),
      ...optimiserKernels(heap),
    },
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
