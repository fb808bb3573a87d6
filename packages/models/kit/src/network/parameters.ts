import { TradingError } from '@gatehouse/contracts'
import { random } from '../random.js'
import { sizeOf, type ResolvedNetwork, type Shape } from './resolve.js'

/** Weights by tensor name, row-major. */
export type Weights = ReadonlyMap<string, Float32Array>

export interface ParameterSlot {
  readonly name: string
  readonly shape: Shape
  readonly size: number
  /** First float in the flat buffer; a multiple of 4. */
  readonly offset: number
}

/** Where every tensor lies in the one flat buffer that the optimiser walks. Tensors start on 16 bytes; the padding stays zero. */
export interface ParameterLayout {
  readonly slots: readonly ParameterSlot[]
  /** Floats in all, padding included. */
  readonly floats: number
  /** Floats from the start to which weight decay applies. */
  readonly decayFloats: number
}

export function parameterLayout({ tensors }: ResolvedNetwork): ParameterLayout {
  let offset = 0
  let decayFloats = 0
  const slots = tensors.map(({ name, shape, decays }) => {
    const size = sizeOf(shape)
    const slot = { name, shape, size, offset }
    offset += (size + 3) & ~3
    if (decays) decayFloats = offset
    return slot
  })
  return { slots, floats: offset, decayFloats }
}

/** Fresh weights: Glorot uniform from the seed, one stream a tensor, so that adding a layer does not move the others. */
export function initialWeights({ tensors }: ResolvedNetwork, seed: number): Weights {
  return new Map(
    tensors.map(({ name, shape, initial }) => {
      const values = new Float32Array(sizeOf(shape))
      if ('value' in initial) values.fill(initial.value)
      else if ('values' in initial) values.set(initial.values)
      else {
        const draw = random(seed ^ hashText(name))
        const limit = Math.sqrt(6 / (initial.fanIn + initial.fanOut))
        for (let i = 0; i < values.length; i++) values[i] = (2 * draw.uniform() - 1) * limit
      }
      return [name, values]
    }),
  )
}

/** Copies weights into a flat buffer. @throws {TradingError} `MODEL_ARTIFACT_INVALID` for a missing, extra, ill-sized or non-finite tensor */
export function writeWeights({ slots }: ParameterLayout, weights: Weights, flat: Float32Array): void {
  for (const { name, size, offset } of slots) {
    const values = weights.get(name)
    if (values?.length !== size)
      throw new TradingError('MODEL_ARTIFACT_INVALID', `tensor "${name}" should hold ${size} numbers, found ${values?.length ?? 'none'}`, {
        tensor: name,
        expected: size,
        found: values?.length,
      })
    if (!values.every(Number.isFinite))
      throw new TradingError('MODEL_ARTIFACT_INVALID', `tensor "${name}" holds a number that is not finite`, { tensor: name })
    flat.set(values, offset)
  }
  const known = new Set(slots.map(({ name }) => name))
  for (const name of weights.keys())
    if (!known.has(name))
      throw new TradingError('MODEL_ARTIFACT_INVALID', `tensor "${name}" belongs to no layer of the network`, { tensor: name })
}

/** Copies weights out of a flat buffer. */
export function readWeights({ slots }: ParameterLayout, flat: Float32Array): Weights {
  return new Map(slots.map(({ name, size, offset }) => [name, flat.slice(offset, offset + size)]))
}

/** FNV-1a: a stable 32-bit number for a name. */
function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h
}
