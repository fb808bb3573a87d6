import { type KernelSet, type Pointer } from '../kernels/index.js'
import { type ResolvedHead } from './resolve.js'

/** Labels and weights of one head for the rows of a batch, in the kernel set's memory. */
export interface HeadTargets {
  /** Class indices (int32, negative = none) for classes; float32 otherwise (`NaN` = none; gains for relevance). */
  readonly labels: Pointer
  /** float32 a row, a group for relevance; 0 counts nothing. */
  readonly weights: Pointer
  /** Group boundaries (int32), for relevance. */
  readonly offsets: Pointer
}

export interface HeadNode {
  readonly head: ResolvedHead
  /** What the head outputs: `[rows, width]`, as its kind says. */
  readonly output: Pointer
  readonly targets: HeadTargets
  forward(rows: number): void
  /** Fills `output` where it differs from what the loss reads. */
  readonly finish: (rows: number) => void
  /** Sum of weight * loss over the batch; leaves the gradient of `factor *` that sum where `backward` finds it. */
  loss(rows: number, groups: number, factor: number): number
  backward(inputGradient: Pointer): (rows: number) => void
}

/** Builds the node of one head. */
export function headNode(
  kernels: KernelSet,
  head: ResolvedHead,
  {
    x,
    features,
    rows: most,
    training,
    parameter,
    gradient,
  }: {
    readonly x: Pointer
    readonly features: number
    readonly rows: number
    readonly training: boolean
    readonly parameter: (role: string) => Pointer
    readonly gradient: (role: string) => Pointer
  },
): HeadNode {
  const f = kernels.functions
  const { definition, width } = head
  const isOrdered = definition.kind === 'ordered-classes'
  /** Numbers the dense part gives a row. */
  const N = isOrdered ? 1 : width
  const w = parameter('kernel')
  const b = isOrdered ? 0 : parameter('bias')
  const raw = kernels.allocate(most * N)
  const output = isOrdered ? kernels.allocate(most * width) : raw
  const theta = isOrdered ? parameter('cutpoints') : 0
  const scratch = kernels.allocate(Math.max(4 * width + 4, training ? features * N : 0))
  const [dRaw, labels, weights, offsets] = training
    ? [N, 1, 1, 0].map((n, i) => kernels.allocate(i === 3 ? most + 1 : most * n))
    : [0, 0, 0, 0]
  const dTheta = training && isOrdered ? gradient('cutpoints') : 0
  return {
    head,
    output,
    targets: { labels, weights, offsets },
    forward: (rows) => f.dense(rows, features, N, x, w, b, raw, 0),
    finish: (rows) => {
      if (isOrdered) f.ordinal(rows, width, raw, theta, output, scratch)
    },
    loss: (rows, groups, factor) => {
      switch (definition.kind) {
        case 'classes':
          return f.softmaxLoss(rows, width, raw, labels, weights, dRaw, definition.smoothing ?? 0, factor)
        case 'ordered-classes':
          return f.ordinalLoss(rows, width, raw, theta, labels, weights, dRaw, dTheta, factor, scratch)
        case 'binary':
          return f.logisticLoss(rows, raw, labels, weights, dRaw, factor)
        case 'regression':
          return f.huberLoss(rows, raw, labels, weights, dRaw, definition.huberDelta ?? Infinity, factor)
        case 'relevance':
          return f.listLoss(groups, offsets, raw, labels, weights, dRaw, factor)
      }
    },
    backward: (dx) => {
      const dw = gradient('kernel')
      const db = isOrdered ? 0 : gradient('bias')
      return (rows) => f.denseBackward(rows, features, N, x, w, raw, dRaw, dx, dw, db, 0, scratch)
    },
  }
}
