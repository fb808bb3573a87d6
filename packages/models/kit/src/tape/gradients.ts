import type * as tf from '@tensorflow/tfjs-core'
import { type TensorFlow } from './tape-ops.js'

type Attributes = Readonly<Record<string, unknown>>
type Gradient = (dy: tf.Tensor, saved: tf.Tensor[], attributes: Attributes) => Record<string, () => tf.Tensor>

/**
 * Registers the gradients of the tensor operations that losses and layers are made of, where the process has none yet. tfjs-core's Node build leaves them out
 * (they come with the 300 MB `@tensorflow/tfjs` bundle); without them the tape throws "gradient function not found".
 */
export function registerGradients(tensorflow: TensorFlow): void {
  const t = tensorflow
  /** Sums a gradient over the axes along which an input of this shape was broadcast. */
  const reduceTo = (gradient: tf.Tensor, { shape }: tf.Tensor): tf.Tensor => {
    const extra = gradient.rank - shape.length
    const axes = gradient.shape
      .map((_, axis) => axis)
      .filter((axis) => axis < extra || (shape[axis - extra] === 1 && gradient.shape[axis] !== 1))
    return t.reshape(axes.length > 0 ? t.sum(gradient, axes) : gradient, shape)
  }
  /** The shape with the reduced axes kept as ones. */
  const keptShape = ({ shape }: tf.Tensor, axis: unknown): number[] => {
    const axes = (Array.isArray(axis) ? axis : axis === undefined || axis === null ? shape.map((_, i) => i) : [axis]) as number[]
    return shape.map((size, i) => (axes.includes(i) || axes.includes(i - shape.length) ? 1 : size))
  }
  const isWithin = (x: tf.Tensor, low: tf.Tensor | number, high: tf.Tensor | number): tf.Tensor =>
    t.cast(t.logicalAnd(t.greaterEqual(x, low), t.lessEqual(x, high)), 'float32')
  const float = (x: tf.Tensor): tf.Tensor => t.cast(x, 'float32')

  const register = (
    kernelName: string,
    gradFunc: Gradient,
    saved: { readonly inputs?: string[]; readonly output?: boolean; readonly all?: boolean } = {},
  ): void => {
    if (t.getGradient(kernelName) !== undefined) return
    t.registerGradient({
      kernelName,
      ...(saved.inputs ? { inputsToSave: saved.inputs } : {}),
      ...(saved.output ? { outputsToSave: [true] } : {}),
      ...(saved.all ? { saveAllInputs: true } : {}),
      gradFunc: (dy, values, attributes) => gradFunc(dy as tf.Tensor, values, attributes),
    })
  }
  const both = { inputs: ['a', 'b'] }
  register('Add', (dy, [a, b]) => ({ a: () => reduceTo(dy, a), b: () => reduceTo(dy, b) }), both)
  register('Sub', (dy, [a, b]) => ({ a: () => reduceTo(dy, a), b: () => reduceTo(t.neg(dy), b) }), both)
  register('Multiply', (dy, [a, b]) => ({ a: () => reduceTo(t.mul(dy, b), a), b: () => reduceTo(t.mul(dy, a), b) }), both)
  register(
    'RealDiv',
    (dy, [a, b]) => ({ a: () => reduceTo(t.div(dy, b), a), b: () => reduceTo(t.neg(t.div(t.mul(dy, a), t.square(b))), b) }),
    both,
  )
  register('SquaredDifference', (dy, [a, b]) => {
    const d = (): tf.Tensor => t.mul(dy, t.mul(2, t.sub(a, b)))
    return { a: () => reduceTo(d(), a), b: () => reduceTo(t.neg(d()), b) }
  }, both) // prettier-ignore
  register(
    'Maximum',
    (dy, [a, b]) => ({
      a: () => reduceTo(t.mul(dy, float(t.greaterEqual(a, b))), a),
      b: () => reduceTo(t.mul(dy, float(t.less(a, b))), b),
    }),
    both,
  )
  register(
    'Minimum',
    (dy, [a, b]) => ({
      a: () => reduceTo(t.mul(dy, float(t.lessEqual(a, b))), a),
      b: () => reduceTo(t.mul(dy, float(t.greater(a, b))), b),
    }),
    both,
  )
  register('AddN', (dy, saved) => Object.fromEntries(saved.map((_, i) => [i, () => t.clone(dy)])), { all: true })

  const input = { inputs: ['x'] }
  const output = { output: true }
  register('Neg', (dy) => ({ x: () => t.neg(dy) }))
  register('Identity', (dy) => ({ x: () => t.clone(dy) }))
  register('Cast', (dy) => ({ x: () => t.clone(dy) }))
  register('Abs', (dy, [x]) => ({ x: () => t.mul(dy, t.sign(x)) }), input)
  register('Square', (dy, [x]) => ({ x: () => t.mul(dy, t.mul(2, x)) }), input)
  register('Sqrt', (dy, [x]) => ({ x: () => t.div(dy, t.mul(2, t.sqrt(x))) }), input)
  register('Rsqrt', (dy, [x]) => ({ x: () => t.div(t.mul(-0.5, dy), t.mul(x, t.sqrt(x))) }), input)
  register('Exp', (dy, [y]) => ({ x: () => t.mul(dy, y) }), output)
  register('Log', (dy, [x]) => ({ x: () => t.div(dy, x) }), input)
  register('Log1p', (dy, [x]) => ({ x: () => t.div(dy, t.add(1, x)) }), input)
  register('Softplus', (dy, [x]) => ({ x: () => t.mul(dy, t.sigmoid(x)) }), input)
  register('Sigmoid', (dy, [y]) => ({ x: () => t.mul(dy, t.mul(y, t.sub(1, y))) }), output)
  register('Tanh', (dy, [y]) => ({ x: () => t.mul(dy, t.sub(1, t.square(y))) }), output)
  register('Relu', (dy, [x]) => ({ x: () => t.mul(dy, t.step(x)) }), input)
  register(
    'ClipByValue',
    (dy, [x], { clipValueMin, clipValueMax }) => ({ x: () => t.mul(dy, isWithin(x, clipValueMin as number, clipValueMax as number)) }),
    input,
  )

  register('Sum', (dy, [x], { axis }) => ({ x: () => t.mul(t.reshape(dy, keptShape(x, axis)), t.onesLike(x)) }), input)
  register(
    'Mean',
    (dy, [x], { axis }) => ({ x: () => t.mul(t.reshape(t.mul(dy, dy.size / x.size), keptShape(x, axis)), t.onesLike(x)) }),
    input,
  )
  register('Max', (dy, [x, y], { reductionIndices }) => {
    const kept = keptShape(x, reductionIndices)
    return { x: () => t.mul(t.reshape(dy, kept), float(t.equal(x, t.reshape(y, kept)))) }
  }, { ...input, ...output }) // prettier-ignore
  register('Reshape', (dy, [x]) => ({ x: () => t.reshape(dy, x.shape) }), input)
  register('ExpandDims', (dy, [x]) => ({ input: () => t.reshape(dy, x.shape) }), { inputs: ['input'] })
  register('Transpose', (dy, _saved, { perm }) => ({ x: () => t.transpose(dy, inverse(perm as number[])) }))
  register('Slice', (dy, [x], { begin }) => ({ x: () => t.pad(dy, slicePadding(x.shape, begin as number[], dy.shape)) }), input)
  register('PadV2', (dy, [x], { paddings }) => ({ x: () => t.slice(dy, (paddings as [number, number][]).map(([before]) => before), x.shape) }), input) // prettier-ignore
  register('Concat', (dy, saved, { axis }) => {
    const at = ((axis as number) + dy.rank) % dy.rank
    const parts = t.split(dy, saved.map(({ shape }) => shape[at]), at) // prettier-ignore
    return Object.fromEntries(parts.map((part, i) => [i, () => part]))
  }, { all: true }) // prettier-ignore
  register('Pack', (dy, saved, { axis }) => {
    const parts = t.unstack(dy, axis as number)
    return Object.fromEntries(saved.map((_, i) => [i, () => parts[i]]))
  }, { all: true }) // prettier-ignore
  register('Unpack', (dy, _saved, { axis }) => ({ value: () => t.stack(dy as unknown as tf.Tensor[], axis as number) }))
  register('Cumsum', (dy, _saved, { axis, exclusive, reverse }) => ({
    x: () => t.cumsum(dy, axis as number, exclusive as boolean, !(reverse as boolean)),
  }))
  register('Select', (dy, [condition]) => ({
    condition: () => t.cast(t.zerosLike(condition), 'float32'),
    t: () => t.mul(dy, float(condition)),
    e: () => t.mul(dy, float(t.logicalNot(condition))),
  }), { inputs: ['condition'] }) // prettier-ignore

  // Steps and comparisons are flat; tfjs itself throws where one feeds a `where`.
  const flat =
    (name: string): ((dy: tf.Tensor, saved: tf.Tensor[]) => Record<string, () => tf.Tensor>) =>
    (_dy, [x]) => ({ [name]: () => float(t.zerosLike(x)) })
  for (const name of ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr'])
    register(name, (_dy, [a, b]) => ({ a: () => float(t.zerosLike(a)), b: () => float(t.zerosLike(b)) }), both)
  for (const name of ['LogicalNot', 'Sign', 'Step', 'Floor', 'Ceil', 'Round']) register(name, flat('x'), input)

  register('BatchMatMul', (dy, [a, b], { transposeA, transposeB }) => {
    const multiply = (x: tf.Tensor, y: tf.Tensor, flipX: boolean, flipY: boolean): tf.Tensor => t.matMul(x, y, flipX, flipY)
    if (!transposeA && !transposeB) return { a: () => multiply(dy, b, false, true), b: () => multiply(a, dy, true, false) }
    if (!transposeA) return { a: () => multiply(dy, b, false, false), b: () => multiply(dy, a, true, false) }
    if (!transposeB) return { a: () => multiply(b, dy, false, true), b: () => multiply(a, dy, false, false) }
    return { a: () => multiply(b, dy, true, true), b: () => multiply(dy, a, true, true) }
  }, both) // prettier-ignore
  register('Softmax', (dy, [y], { dim }) => {
    const dyY = t.mul(dy, y)
    return { logits: () => t.sub(dyY, t.mul(t.sum(dyY, [dim as number], true), y)) }
  }, output) // prettier-ignore
  register('LogSoftmax', (dy, [y], { axis }) => ({ logits: () => t.sub(dy, t.mul(t.sum(dy, axis as number, true), t.exp(y))) }), output)
}

function inverse(permutation: readonly number[]): number[] {
  const back = new Array<number>(permutation.length)
  permutation.forEach((from, to) => (back[from] = to))
  return back
}

function slicePadding(shape: readonly number[], begin: readonly number[], sliced: readonly number[]): [number, number][] {
  return shape.map((size, axis) => {
    const before = begin[axis] ?? 0
    return [before, size - before - sliced[axis]]
  })
}
