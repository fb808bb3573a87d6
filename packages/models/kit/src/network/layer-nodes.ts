import { type KernelFunctions, type KernelSet, type Pointer } from '../kernels/index.js'
import { mixSeeds } from '../random.js'
import { activationCode, type ResolvedLayer, type Shape, sizeOf } from './resolve.js'

/** What a forward pass depends on besides its inputs. */
export interface PassState {
  training: boolean
  seed: number
  step: number
}

/** Where a layer finds and leaves its numbers. */
export interface LayerPlace {
  readonly kernels: KernelSet
  readonly layer: ResolvedLayer
  /** Position in the network, part of the dropout key. */
  readonly index: number
  /** Rows the buffers hold. */
  readonly rows: number
  readonly training: boolean
  readonly state: PassState
  readonly inputs: readonly { readonly pointer: Pointer; readonly shape: Shape }[]
  readonly output: Pointer
  /** Gradient with respect to the output; consumed by `backward`. */
  readonly outputGradient: Pointer
  readonly parameter: (role: string) => Pointer
  readonly gradient: (role: string) => Pointer
}

export interface LayerNode {
  forward(rows: number): void
  /**
   * Makes the backward pass, which overwrites the input gradients given; 0 where none is wanted.
   * Present when the place is for training.
   */
  backward(inputGradients: readonly Pointer[]): (rows: number) => void
}

/** Layers that only reshape: their output is their input. */
export const isView = (layer: ResolvedLayer): boolean => layer.definition.kind === 'patch' || layer.definition.kind === 'flatten'

/** Builds the node of one layer: closures over preallocated memory, so that a pass allocates nothing. */
export function layerNode(place: LayerPlace): LayerNode {
  const { kernels, layer, inputs, output: y, outputGradient: dy, rows: most, training } = place
  const f: KernelFunctions = kernels.functions
  const { definition } = layer
  const [{ pointer: x, shape }] = inputs
  const C = shape[shape.length - 1]
  const T = shape.length === 2 ? shape[0] : 1
  const p = (role: string): Pointer => place.parameter(role)
  const g = (role: string): Pointer => place.gradient(role)
  /** Scratch for the backward pass, so none when there is none. */
  const backScratch = (floats: number): Pointer => (training ? kernels.allocate(floats) : 0)
  const scratch = (floats: number): Pointer => kernels.allocate(floats)

  switch (definition.kind) {
    case 'dense': {
      const N = definition.units
      const code = activationCode[definition.activation ?? 'linear']
      const [w, b, s] = [p('kernel'), p('bias'), backScratch(C * N)]
      return {
        forward: (rows) => f.dense(rows * T, C, N, x, w, b, y, code),
        backward: ([dx]) => {
          const [dw, db] = [g('kernel'), g('bias')]
          return (rows) => f.denseBackward(rows * T, C, N, x, w, y, dy, dx, dw, db, code, s)
        },
      }
    }
    case 'causal-conv1d': {
      const { filters: O, kernel: K, dilation: d = 1, activation = 'linear' } = definition
      const code = activationCode[activation]
      const [w, b, s] = [p('kernel'), p('bias'), backScratch(K * C * O)]
      const wanted = f.convScratch(C, O, K)
      const pairs = wanted > 0 ? scratch(wanted) : 0
      return {
        forward: (rows) => f.conv(rows, T, C, O, K, d, x, w, b, y, code, pairs),
        backward: ([dx]) => {
          const [dw, db] = [g('kernel'), g('bias')]
          return (rows) => f.convBackward(rows, T, C, O, K, d, x, w, y, dy, dx, dw, db, code, s)
        },
      }
    }
    case 'layer-norm': {
      const [gamma, beta, stats, spare] = [p('gamma'), p('beta'), scratch(2 * most * T), backScratch(most * T * C)]
      return {
        forward: (rows) => f.norm(rows * T, C, x, gamma, beta, y, stats),
        backward: ([dx]) => {
          const [dg, db] = [g('gamma'), g('beta')]
          return (rows) => f.normBackward(rows * T, C, x, gamma, stats, dy, dx || spare, dg, db)
        },
      }
    }
    case 'gru':
      return gruNode(place, definition.units, definition.sequence ?? false)
    case 'bilinear': {
      const { steps: S, units: N, activation = 'linear' } = definition
      const code = activationCode[activation]
      const [time, kernel, bias] = [p('time'), p('kernel'), p('bias')]
      const hidden = scratch(most * T * N)
      const [dHidden, s] = [backScratch(most * T * N), backScratch(Math.max(T * N, C * N))]
      return {
        forward: (rows) => {
          f.dense(rows * T, C, N, x, kernel, 0, hidden, 0)
          f.mixTime(rows, T, S, N, hidden, time, bias, y, code)
        },
        backward: ([dx]) => {
          const [dTime, dKernel, dBias] = [g('time'), g('kernel'), g('bias')]
          return (rows) => {
            f.mixTimeBackward(rows, T, S, N, hidden, time, y, dy, dHidden, dTime, dBias, code, s)
            f.denseBackward(rows * T, C, N, x, kernel, hidden, dHidden, dx, dKernel, 0, 0, s)
          }
        },
      }
    }
    case 'temporal-attention': {
      const [w, mix, a] = [p('attention'), p('mix'), scratch(most * T * C)]
      const [s, spare] = [backScratch(2 * T * C), backScratch(most * T * C)]
      return {
        forward: (rows) => f.attend(rows, T, C, x, w, mix, a, y),
        backward: ([dx]) => {
          const [dw, dm] = [g('attention'), g('mix')]
          return (rows) => f.attendBackward(rows, T, C, x, w, mix, a, dy, dx || spare, dw, dm, s)
        },
      }
    }
    case 'bilinear-norm': {
      const [gt, bt, gf, bf, mix] = [p('time-gamma'), p('time-beta'), p('feature-gamma'), p('feature-beta'), p('mix')]
      const [zt, zf, inverse, s] = [scratch(most * T * C), scratch(most * T * C), scratch(most * (T + C)), backScratch(2 * C)]
      return {
        forward: (rows) => f.binorm(rows, T, C, x, gt, bt, gf, bf, mix, zt, zf, inverse, y),
        backward: ([dx]) => {
          const [dgt, dbt, dgf, dbf, dm] = [g('time-gamma'), g('time-beta'), g('feature-gamma'), g('feature-beta'), g('mix')]
          return (rows) => f.binormBackward(rows, T, C, gt, bt, gf, bf, mix, zt, zf, inverse, dy, dx, dgt, dbt, dgf, dbf, dm, s)
        },
      }
    }
    case 'activation': {
      const n = sizeOf(shape)
      const code = activationCode[definition.activation]
      return {
        forward: (rows) => {
          f.copy(rows * n, x, y)
          f.activate(rows * n, y, code)
        },
        backward:
          ([dx]) =>
          (rows) => {
            f.activateBackward(rows * n, y, dy, code)
            if (dx) f.copy(rows * n, dy, dx)
          },
      }
    }
    case 'dropout': {
      const n = sizeOf(shape)
      const threshold = Math.round(definition.rate * 2 ** 24)
      const factor = 1 / (1 - definition.rate)
      const apply = (rows: number, from: Pointer, to: Pointer): void => {
        const { state } = place
        if (state.training && threshold > 0) f.dropout(rows * n, from, to, mixSeeds(state.seed, place.index), state.step, threshold, factor)
        else f.copy(rows * n, from, to)
      }
      return {
        forward: (rows) => apply(rows, x, y),
        backward:
          ([dx]) =>
          (rows) => {
            if (dx) apply(rows, dy, dx)
          },
      }
    }
    case 'add': {
      const n = sizeOf(shape)
      const other = inputs[1].pointer
      return {
        forward: (rows) => {
          f.copy(rows * n, x, y)
          f.add(rows * n, other, y)
        },
        backward:
          ([da, db]) =>
          (rows) => {
            if (da) f.copy(rows * n, dy, da)
            if (db) f.copy(rows * n, dy, db)
          },
      }
    }
    case 'last-step':
      return {
        forward: (rows) => {
          for (let i = 0; i < rows; i++) f.copy(C, x + (i * T + T - 1) * C * 4, y + i * C * 4)
        },
        backward:
          ([dx]) =>
          (rows) => {
            if (!dx) return
            kernels.f32.fill(0, dx >> 2, (dx >> 2) + rows * T * C)
            for (let i = 0; i < rows; i++) f.copy(C, dy + i * C * 4, dx + (i * T + T - 1) * C * 4)
          },
      }
    case 'patch':
    case 'flatten':
      return { forward: () => undefined, backward: () => () => undefined }
  }
}

function gruNode(
  { kernels, inputs, output: y, outputGradient: dy, rows: most, training, parameter, gradient }: LayerPlace,
  H: number,
  sequence: boolean,
): LayerNode {
  const f = kernels.functions
  const [{ pointer: x, shape }] = inputs
  const [T, C] = shape
  const [w, b, u, rb] = ['kernel', 'bias', 'recurrent', 'recurrent-bias'].map(parameter)
  const gates = kernels.allocate(most * T * 3 * H)
  // Every state is kept for the backward pass and for sequences; a prediction from the last one keeps one.
  const keep = training || sequence
  const states = kernels.allocate((keep ? T + 1 : 1) * most * H)
  const scratch = kernels.allocate(3 * most * H)
  const [cache, s, dGates, dLast] = training
    ? [
        kernels.allocate(4 * most * T * H),
        kernels.allocate(3 * H * H + 3 * most * H + 3 * C * H),
        kernels.allocate(most * T * 3 * H),
        kernels.allocate(most * H),
      ]
    : [0, 0, 0, 0]
  return {
    forward: (rows) => {
      kernels.f32.fill(0, states >> 2, (states >> 2) + rows * H)
      f.dense(rows * T, C, 3 * H, x, w, b, gates, 0)
      f.gru(rows, T, H, gates, u, rb, states, cache, keep ? 1 : 0, scratch)
      if (sequence) f.swapOuter(T, rows, H, states + rows * H * 4, y)
      else f.copy(rows * H, states + (keep ? T * rows * H * 4 : 0), y)
    },
    backward: ([dx]) => {
      const [dw, db, du, drb] = ['kernel', 'bias', 'recurrent', 'recurrent-bias'].map(gradient)
      return (rows) => {
        if (sequence) kernels.f32.fill(0, dLast >> 2, (dLast >> 2) + rows * H)
        else f.copy(rows * H, dy, dLast)
        f.gruBackward(rows, T, H, u, states, cache, dLast, sequence ? dy : 0, dGates, du, drb, s)
        f.denseBackward(rows * T, C, 3 * H, x, w, gates, dGates, dx, dw, db, 0, s)
      }
    },
  }
}
