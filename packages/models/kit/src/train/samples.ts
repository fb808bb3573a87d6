import { TradingError } from '@gatehouse/contracts'
import { type ResolvedNetwork, type Shape, sizeOf } from '../network/resolve.js'
import { type SampleWeights } from './executor.js'

/** Network inputs by index; windows are cut when a batch is filled, so overlapping ones cost no memory. */
export interface Samples {
  readonly count: number
  /** Shape of one sample, as the network's input. */
  readonly shape: Shape
  /** Writes sample `index` at `offset`. */
  fill(index: number, target: Float32Array, offset: number): void
  /** The same samples as data, to send to a worker thread; own implementations may leave it out and train in this thread. */
  readonly source?: SampleSource | undefined
}

/** Samples as data. */
export type SampleSource =
  | { readonly kind: 'rows'; readonly values: Float32Array; readonly features: number }
  | {
      readonly kind: 'windows'
      readonly series: Float32Array
      readonly features: number
      readonly steps: number
      readonly ends: Int32Array
    }
  | { readonly kind: 'picked'; readonly from: SampleSource; readonly indices: Int32Array }
  | { readonly kind: 'joined'; readonly first: SampleSource; readonly second: SampleSource }

/** The samples that a source describes. */
export function samplesFrom(source: SampleSource): Samples {
  if (source.kind === 'rows') return rowSamples(source.values, source.features)
  if (source.kind === 'windows') return windowSamples(source.series, source)
  if (source.kind === 'joined') return joinSamples(samplesFrom(source.first), samplesFrom(source.second))
  return pickSamples(samplesFrom(source.from), source.indices)
}

/** Labels of one head. `Int32Array` class indices (negative = none), or `Float32Array` (`NaN` = none; gains for relevance). */
export type Labels = Int32Array | Float32Array

/** What a network is trained or judged on. */
export interface TrainingSet {
  readonly samples: Samples
  /** By head name; every head of the network. */
  readonly labels: ReadonlyMap<string, Labels>
  /** Importance of each sample, default 1; average uniqueness of overlapping labels, say. */
  readonly weights?: Float32Array | undefined
  /** For relevance heads: first sample of each group and the count at the end, ascending. Batches then hold whole groups. */
  readonly groups?: Int32Array | undefined
}

/** Samples that are rows of a matrix `[count, features]`. */
export function rowSamples(values: Float32Array, features: number): Samples {
  if (values.length % features !== 0)
    throw invalid(`${values.length} values are not rows of ${features}`, { values: values.length, features })
  return {
    count: values.length / features,
    shape: [features],
    source: { kind: 'rows', values, features },
    fill: (index, target, offset) => target.set(values.subarray(index * features, (index + 1) * features), offset),
  }
}

/**
 * Samples that are windows over a series `[length, features]`: sample i ends with row `ends[i]`, included.
 * @throws {TradingError} `MODEL_INPUT_INVALID` when a window reaches before the first row or past the last
 */
export function windowSamples(
  series: Float32Array,
  { features, steps, ends }: { readonly features: number; readonly steps: number; readonly ends: Int32Array },
): Samples {
  const length = series.length / features
  if (!Number.isInteger(length)) throw invalid(`${series.length} values are not rows of ${features}`, { values: series.length, features })
  const bad = ends.findIndex((end) => end < steps - 1 || end >= length)
  if (bad >= 0) throw invalid(`window ${bad} ends at row ${ends[bad]}: needs ${steps} rows before it and at most ${length} in all`, { window: bad, end: ends[bad], steps, length }) // prettier-ignore
  return {
    count: ends.length,
    shape: [steps, features],
    source: { kind: 'windows', series, features, steps, ends },
    fill(index, target, offset) {
      const to = (ends[index] + 1) * features
      target.set(series.subarray(to - steps * features, to), offset)
    },
  }
}

/** The samples at some indices, in that order. @throws {TradingError} `MODEL_INPUT_INVALID` for an index without a sample */
export function pickSamples(samples: Samples, indices: Int32Array): Samples {
  const bad = indices.findIndex((index) => !(index >= 0 && index < samples.count))
  if (bad >= 0) throw invalid(`there is no sample ${indices[bad]} of ${samples.count}`, { at: bad, index: indices[bad] })
  return {
    count: indices.length,
    shape: samples.shape,
    // Asked for where a thread needs it: to make the data may cost memory.
    get source(): SampleSource | undefined {
      const from = samples.source
      return from && { kind: 'picked', from, indices }
    },
    fill: (index, target, offset) => samples.fill(indices[index], target, offset),
  }
}

/** The samples of two sets of one shape, one after the other. */
export function joinSamples(a: Samples, b: Samples): Samples {
  return {
    count: a.count + b.count,
    shape: a.shape,
    get source(): SampleSource | undefined {
      const [first, second] = [a.source, b.source]
      return first && second && { kind: 'joined', first, second }
    },
    fill: (index, target, offset) => (index < a.count ? a.fill(index, target, offset) : b.fill(index - a.count, target, offset)),
  }
}

/** The part of a training set at some indices. Not for sets with groups, whose rows belong together. */
export function pickRows(set: TrainingSet, indices: Int32Array): TrainingSet {
  if (set.groups !== undefined) throw invalid('rows of a grouped set belong together; use pickGroups', {})
  return {
    samples: pickSamples(set.samples, indices),
    labels: new Map([...set.labels].map(([name, labels]) => [name, pick(labels, indices)])),
    weights: set.weights && pick(set.weights, indices),
  }
}

/** The part of a grouped training set that some groups make. `weights` are by sample; a group's weight is its first sample's. */
export function pickGroups(set: TrainingSet, groups: Int32Array): TrainingSet {
  const bounds = set.groups
  if (bounds === undefined) throw invalid('the set has no groups', {})
  const rows = Array.from(groups, (g) => Array.from({ length: bounds[g + 1] - bounds[g] }, (_, i) => bounds[g] + i))
  const offsets = Int32Array.from([0, ...rows.map(({ length }) => length)])
  for (let i = 1; i < offsets.length; i++) offsets[i] += offsets[i - 1]
  return { ...pickRows({ ...set, groups: undefined }, Int32Array.from(rows.flat())), groups: offsets }
}

function pick<A extends Labels>(values: A, indices: Int32Array): A {
  const picked = new (values.constructor as new (length: number) => A)(indices.length)
  for (let i = 0; i < indices.length; i++) picked[i] = values[indices[i]]
  return picked
}

/**
 * Checks that a set fits a network.
 * @throws {TradingError} `MODEL_INPUT_INVALID`, `MODEL_ONE_CLASS`, `MODEL_TOO_LITTLE_DATA`
 */
export function checkTrainingSet(network: ResolvedNetwork, { samples, labels, weights, groups }: TrainingSet, part: string): void {
  const { count, shape } = samples
  if (count === 0) throw new TradingError('MODEL_TOO_LITTLE_DATA', `the ${part} set is empty`, { part })
  if (shape.join() !== network.input.join())
    throw invalid(`the network takes samples of shape [${network.input.join()}], the ${part} set has [${shape.join()}]`, {
      part,
      expected: network.input,
      found: shape,
    })
  const bad = firstNotFinite(samples)
  if (bad >= 0)
    throw invalid(`sample ${bad} of the ${part} set holds a number that is not finite; normalise before training`, { part, row: bad })
  if (weights && weights.length !== count) throw invalid(`the ${part} set has ${count} samples and ${weights.length} weights`, { part })
  if (weights?.some((w) => !(w >= 0) || !Number.isFinite(w)))
    throw invalid(`a weight of the ${part} set is negative or not finite`, { part })
  for (const { name, definition, width } of network.heads) {
    const head = labels.get(name)
    if (head === undefined) throw invalid(`the ${part} set has no labels for head "${name}"`, { part, head: name })
    if (head.length !== count)
      throw invalid(`the ${part} set has ${count} samples and ${head.length} labels for head "${name}"`, { part, head: name })
    const isClass = definition.kind === 'classes' || definition.kind === 'ordered-classes'
    if (isClass !== head instanceof Int32Array)
      throw invalid(
        `labels of head "${name}" must be ${isClass ? 'an Int32Array of class indices, negative for none' : 'a Float32Array, NaN for none'}`,
        { head: name },
      )
    if (isClass) {
      const beyond = head.findIndex((c: number) => c >= width)
      if (beyond >= 0) throw invalid(`label ${beyond} of head "${name}" is class ${head[beyond]} of ${width}`, { part, head: name, row: beyond })
      if (part === 'training' && new Set(head.filter((c: number) => c >= 0)).size < 2)
        throw new TradingError('MODEL_ONE_CLASS', `head "${name}" has fewer than two classes among ${count} training rows`, { head: name })
    } else if (head.some((y: number) => y === Infinity || y === -Infinity || ((definition.kind === 'binary' || definition.kind === 'relevance') && (y < 0 || (definition.kind === 'binary' && y > 1)))))
      throw invalid(`a label of head "${name}" is out of range`, { part, head: name }) // prettier-ignore
    if (definition.kind === 'binary' && part === 'training' && !hasBoth(head as Float32Array))
      throw new TradingError('MODEL_ONE_CLASS', `head "${name}" knows one outcome only among ${count} training rows`, { head: name })
    if (definition.kind === 'relevance' && groups === undefined)
      throw invalid(`head "${name}" ranks within groups; the ${part} set has none`, { part, head: name })
  }
  if (
    groups &&
    (groups.length < 2 || groups[0] !== 0 || groups[groups.length - 1] !== count || groups.some((g, i) => i > 0 && g <= groups[i - 1]))
  )
    throw invalid(`groups of the ${part} set must ascend from 0 to ${count}`, { part })
}

/**
 * Checks that there is something to learn, or to judge by: a labelled row that counts for every head of a training set, and for any head of another. A group counts
 * where one of its rows has a gain.
 * @throws {TradingError} `MODEL_TOO_LITTLE_DATA`
 */
export function requireLabelled({ heads }: ResolvedNetwork, { labels, groups }: TrainingSet, weigh: SampleWeights, part: string): void {
  const empty = heads.filter(({ name, definition: { kind } }, h) => {
    const values: ArrayLike<number> = labels.get(name)!
    const isKnown = (row: number): boolean => (kind === 'regression' ? !Number.isNaN(values[row]) : values[row] >= 0)
    const any = (from: number, to: number, counts: (row: number) => boolean): boolean => {
      for (let row = from; row < to; row++) if (counts(row)) return true
      return false
    }
    if (kind !== 'relevance') return !any(0, values.length, (row) => isKnown(row) && weigh(h, row) > 0)
    return !any(0, groups!.length - 1, (g) => weigh(h, groups![g]) > 0 && any(groups![g], groups![g + 1], (row) => values[row] > 0))
  })
  if (empty.length > 0 && (part === 'training' || empty.length === heads.length))
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      `the ${part} set has no labelled row of any weight for head "${empty[0].name}"; use a longer range, or drop the head`,
      { part, head: empty[0].name },
    )
}

/** Two different labels among those that are known. */
function hasBoth(labels: Float32Array): boolean {
  const first = labels.find((y) => !Number.isNaN(y))
  return first !== undefined && labels.some((y) => !Number.isNaN(y) && y !== first)
}

function firstNotFinite(samples: Samples): number {
  const row = new Float32Array(sizeOf(samples.shape))
  for (let i = 0; i < samples.count; i++) {
    samples.fill(i, row, 0)
    if (!isFinite32(row, 0, row.length)) return i
  }
  return -1
}

/** x * 0 is NaN for what is not finite: no branch in the loop. */
export function isFinite32(values: Float32Array, from: number, count: number): boolean {
  let sum = 0
  for (let k = from; k < from + count; k++) sum += values[k] * 0
  return !Number.isNaN(sum)
}

function invalid(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_INPUT_INVALID', message, details)
}
