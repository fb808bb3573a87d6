import { TradingError } from '@gatehouse/contracts'
import { kernels, type KernelBackend } from '../kernels/index.js'
import { type Weights } from '../network/parameters.js'
import { compileProgram } from '../network/program.js'
import { type ResolvedNetwork, sizeOf } from '../network/resolve.js'
import { type Outputs } from './executor.js'
import { isFinite32, type Samples } from './samples.js'

/**
 * Raw outputs of a network for many samples, by head, `[samples, width]`: what metrics and calibration start from. Inputs are taken as they are, normalised.
 * @throws {TradingError} `MODEL_INPUT_INVALID` for samples of another shape, or one that holds a number that is not finite: a rectifier would make a zero of it
 */
export function predictOutputs(
  { network, weights }: { readonly network: ResolvedNetwork; readonly weights: Weights },
  samples: Samples,
  { batch = 256, backend }: { readonly batch?: number | undefined; readonly backend?: KernelBackend | undefined } = {},
): Outputs {
  if (samples.shape.join() !== network.input.join())
    throw new TradingError('MODEL_INPUT_INVALID', `the network takes samples of shape [${network.input.join()}], found [${samples.shape.join()}]`, { expected: network.input, found: samples.shape }) // prettier-ignore
  const set = kernels(backend)
  const rows = Math.min(batch, Math.max(1, samples.count))
  const program = compileProgram(network, set, { rows, training: false })
  program.load(weights)
  const size = sizeOf(network.input)
  const outputs = new Map(network.heads.map(({ name, width }) => [name, new Float32Array(samples.count * width)]))
  for (let from = 0; from < samples.count; from += rows) {
    const count = Math.min(rows, samples.count - from)
    for (let i = 0; i < count; i++) {
      const at = (program.input >> 2) + i * size
      samples.fill(from + i, set.f32, at)
      if (!isFinite32(set.f32, at, size)) throw new TradingError('MODEL_INPUT_INVALID', `sample ${from + i} holds a number that is not finite; normalise it first`, { row: from + i }) // prettier-ignore
    }
    program.forward(count)
    for (const { head, output, finish } of program.heads) {
      finish(count)
      outputs.get(head.name)!.set(set.f32.subarray(output >> 2, (output >> 2) + count * head.width), from * head.width)
    }
  }
  return outputs
}

/** Mean of the members' outputs: of logits, values and scores as they are, of stated probabilities too. All members have one network. */
export function meanOutputs(members: readonly Outputs[]): Outputs {
  if (members.length === 0) throw new TradingError('MODEL_INPUT_INVALID', 'a mean needs a member', {})
  return new Map(
    [...members[0]].map(([name, first]) => {
      const mean = new Float32Array(first.length)
      for (const member of members) member.get(name)!.forEach((x, i) => (mean[i] += x / members.length))
      return [name, mean]
    }),
  )
}
