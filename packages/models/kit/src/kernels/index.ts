import { jsKernels } from './js-kernels.js'
import { type KernelBackend, type KernelSet } from './kernel-set.js'
import { hasWasmSimd, wasmKernels } from './wasm-kernels.js'

/**
 * A fresh kernel set with its own memory: WASM SIMD where this host has it, plain JavaScript otherwise.
 * @param backend forces one; forcing `wasm-simd` on a host without it throws
 */
export function kernels(backend?: KernelBackend): KernelSet {
  return (backend ?? (hasWasmSimd() ? 'wasm-simd' : 'js')) === 'wasm-simd' ? wasmKernels() : jsKernels()
}

export { type KernelBackend, type KernelFunctions, type KernelSet, type Pointer } from './kernel-set.js'
export { wasmSha256 as kernelSha256 } from './kernel-bytes.js'
