import { TradingError } from '@gatehouse/contracts'
import { wasmBase64 } from './kernel-bytes.js'
import { type KernelFunctions, type KernelSet } from './kernel-set.js'

interface Exports extends KernelFunctions {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  heapBase(): number
}
/** The part of WebAssembly used here; TypeScript has it only in the browser's library. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
  validate(bytes: Uint8Array): boolean
}
const webAssembly = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly

let compiled: object | undefined

/** Kernel sets of the WASM-SIMD module, each with a memory of its own: a plan never disturbs another's views. Compiled once per thread. */
export function wasmKernels(): KernelSet {
  if (webAssembly === undefined)
    throw new TradingError('MODEL_BACKEND_UNAVAILABLE', 'this host has no WebAssembly; use the js kernels', { reason: 'no WebAssembly' })
  compiled ??= new webAssembly.Module(Buffer.from(wasmBase64, 'base64'))
  const exports = new webAssembly.Instance(compiled).exports as Exports
  const { memory } = exports
  let top = align(exports.heapBase())
  let f32 = new Float32Array(memory.buffer)
  let i32 = new Int32Array(memory.buffer)
  return {
    backend: 'wasm-simd',
    functions: exports,
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
      const end = align(pointer + floats * 4)
      const missing = end - memory.buffer.byteLength
      if (missing > 0) {
        try {
          memory.grow(Math.ceil(missing / 65_536))
        } catch (cause) {
          throw new TradingError(
            'MODEL_MEMORY',
            `the network needs ${end} bytes, more than WASM memory can hold; lower the batch size`,
            { bytes: end },
            { cause },
          )
        }
        f32 = new Float32Array(memory.buffer)
        i32 = new Int32Array(memory.buffer)
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

/** True where this host runs the WASM-SIMD kernels; otherwise `jsKernels` serve. */
export function hasWasmSimd(): boolean {
  return webAssembly?.validate(Buffer.from(wasmBase64, 'base64')) ?? false
}

const align = (bytes: number): number => (bytes + 15) & ~15
