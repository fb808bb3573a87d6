import { type KernelFunctions } from '../kernel-set.js'

/** The memory as it is now: it is replaced when it grows, so kernels ask for it at every call. */
export type Heap = () => Float32Array
export type Part<K extends keyof KernelFunctions> = Pick<KernelFunctions, K>

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))
export const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)))
