import type { ModelDescription } from '../schema/model.js'
import type { Computable } from './interfaces.js'

/** Allowed difference where a description states none. */
export const defaultTolerance = 1e-5

/**
 * Runs a model on its golden vectors.
 * @returns what differs, `undefined` when every output is within the tolerance: absolute up to 1, relative above
 */
export function goldenProblem({ golden }: ModelDescription, model: Computable): string | undefined {
  const tolerance = golden.tolerance ?? defaultTolerance
  for (const [index, { input, output }] of golden.vectors.entries()) {
    let computed: Float32Array
    try {
      computed = model.compute(Float32Array.from(input))
    } catch (cause) {
      return `compute threw on golden vector ${index}: ${cause instanceof Error ? cause.message : 'not an Error'}`
    }
    if (computed.length !== output.length) return `golden vector ${index} gave ${computed.length} outputs, not ${output.length}`
    for (const [position, expected] of output.entries()) {
      const difference = Math.abs(computed[position] - expected)
      // Written so that NaN does not pass.
      if (!(difference <= tolerance * Math.max(1, Math.abs(expected)))) {
        return `golden vector ${index}, output ${position}: computed ${computed[position]}, trained ${expected}, allowed ${tolerance}`
      }
    }
  }
  return undefined
}
