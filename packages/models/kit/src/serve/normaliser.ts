import { TradingError } from '@gatehouse/contracts'
import { type KernelSet, type Pointer } from '../kernels/index.js'

/**
 * How raw features become network inputs. It is part of the artifact and applied where a feature enters the plan, in float64 before the cast to float32, by
 * the same function in training and live: that keeps them bit-equal. (Folding it into the first layer's weights instead would lose digits to cancellation
 * for features far from zero, and change what a convolution's zero padding means.)
 */
export interface Normaliser {
  readonly kind: 'none' | 'standard' | 'robust' | 'min-max' | 'within-group'
  /** Subtracted, one a feature; empty for `none` and `within-group`. */
  readonly center: Float64Array
  /** Divided by, one a feature. */
  readonly scale: Float64Array
  /** Bounds after scaling; ±Infinity for none. */
  readonly lower: number
  readonly upper: number
}

/** No normalisation: features go in as they are, missing ones as zero. */
export const noNormaliser: Normaliser = {
  kind: 'none',
  center: new Float64Array(0),
  scale: new Float64Array(0),
  lower: -Infinity,
  upper: Infinity,
}

/**
 * Fits a normaliser on training rows `[rows, features]`; `NaN`s are left out. A column without spread gets scale 1.
 * @param kind `standard` mean and standard deviation; `robust` median and half the 16-84 % range; `min-max` to [0, 1]; `within-group` needs no fitting
 */
export function fitNormaliser(values: Float32Array | Float64Array, features: number, options: NormaliserOptions = {}): Normaliser {
  return fitNormaliserOver([{ table: values }], features, options)
}

export interface NormaliserOptions {
  readonly kind?: Normaliser['kind'] | undefined
  readonly clip?: number | undefined
}

/** {@link fitNormaliser} on rows of several tables, one after the other, without a copy of them. @param parts tables, with the rows that count; default all */
export function fitNormaliserOver(
  parts: readonly { readonly table: Float32Array | Float64Array; readonly rows?: Int32Array | undefined }[],
  features: number,
  { kind = 'standard', clip = 6 }: NormaliserOptions = {},
): Normaliser {
  if (!(clip > 0)) throw new TradingError('MODEL_INPUT_INVALID', `clip must be positive, found ${clip}`, { clip })
  const odd = parts.find(({ table }) => !Number.isInteger(table.length / features))
  if (odd) throw new TradingError('MODEL_INPUT_INVALID', `${odd.table.length} values are not rows of ${features}`, { values: odd.table.length, features }) // prettier-ignore
  const bounds = { lower: -clip, upper: clip }
  if (kind === 'none' || kind === 'within-group') return { ...noNormaliser, kind, ...(kind === 'none' ? {} : bounds) }
  const center = new Float64Array(features)
  const scale = new Float64Array(features)
  const known = new Float64Array(parts.reduce((sum, { table, rows }) => sum + (rows?.length ?? table.length / features), 0))
  for (let j = 0; j < features; j++) {
    let count = 0
    for (const { table, rows } of parts) {
      const length = rows?.length ?? table.length / features
      for (let i = 0; i < length; i++) {
        const x = table[(rows === undefined ? i : rows[i]) * features + j]
        if (Number.isFinite(x)) known[count++] = x
      }
    }
    const [c, s] = count === 0 ? [0, 1] : fits[kind](known.subarray(0, count))
    center[j] = c
    // What rounding makes of a constant is no spread.
    scale[j] = s > 1e-12 * Math.abs(c) && Number.isFinite(s) ? s : 1
  }
  return { kind, center, scale, ...bounds }
}

const fits = {
  standard(column: Float64Array): [number, number] {
    const mean = column.reduce((a, b) => a + b, 0) / column.length
    return [mean, Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length)]
  },
  robust(column: Float64Array): [number, number] {
    column.sort((a, b) => a - b)
    const at = (q: number): number => column[Math.round(q * (column.length - 1))]
    return [at(0.5), (at(0.8413) - at(0.1587)) / 2]
  },
  'min-max'(column: Float64Array): [number, number] {
    let [low, high] = [Infinity, -Infinity]
    for (const x of column) {
      if (x < low) low = x
      if (x > high) high = x
    }
    return [low, high - low]
  },
}

/**
 * Writes normalised rows: `(x - center) / scale`, bounded; missing (`NaN`) is the centre, zero. Allocates nothing.
 * @param source `count` numbers, row-major, starting at 0
 */
export function normalise(
  { kind, center, scale, lower, upper }: Normaliser,
  source: Float32Array | Float64Array,
  count: number,
  target: Float32Array,
  at: number,
): void {
  if (kind === 'none' || kind === 'within-group') {
    for (let i = 0; i < count; i++) {
      const x = source[i]
      target[at + i] = x === x ? x : 0
    }
  } else {
    const features = center.length
    for (let i = 0, j = 0; i < count; i++) {
      const z = (source[i] - center[j]) / scale[j]
      target[at + i] = z === z ? (z < lower ? lower : z > upper ? upper : z) : 0
      if (++j === features) j = 0
    }
  }
}

/**
 * {@link normalise} over rows that lie in a kernel set's memory, in place: the same bits, several times as fast. Allocates there, once. `within-group` rows are left
 * as they are: {@link normaliseGroup} writes all of them.
 */
export function placedNormaliser(
  kernels: KernelSet,
  { kind, center, scale, lower, upper }: Normaliser,
): (rows: number, size: number, at: Pointer) => void {
  const { functions } = kernels
  if (kind === 'within-group') return () => undefined
  if (kind === 'none') return (rows, size, at) => functions.clean(rows * size, at)
  const features = center.length
  const [centers, scales] = [center, scale].map((column) => {
    const pointer = kernels.allocate(2 * features)
    new Float64Array(kernels.f32.buffer, pointer, features).set(column)
    return pointer
  })
  return (rows, size, at) => functions.normalise((rows * size) / features, features, at, centers, scales, lower, upper)
}

/** Standardises each column over the rows of one group in place, for rankers: only the order within the day matters. Missing entries stay at zero. */
export function normaliseGroup(
  { kind, lower, upper }: Normaliser,
  source: Float32Array | Float64Array,
  rows: number,
  features: number,
  target: Float32Array,
  at: number,
): void {
  if (kind !== 'within-group') return
  for (let j = 0; j < features; j++) {
    let sum = 0
    let count = 0
    for (let i = j; i < rows * features; i += features)
      if (source[i] === source[i]) {
        sum += source[i]
        count++
      }
    const mean = sum / count
    let squares = 0
    for (let i = j; i < rows * features; i += features) if (source[i] === source[i]) squares += (source[i] - mean) ** 2
    const deviation = Math.sqrt(squares / count)
    for (let i = j; i < rows * features; i += features) {
      const z = deviation > 0 ? (source[i] - mean) / deviation : 0
      target[at + i] = z === z ? (z < lower ? lower : z > upper ? upper : z) : 0
    }
  }
}
