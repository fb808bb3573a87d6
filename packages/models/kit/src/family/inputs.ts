import { normalise, normaliseGroup, type Normaliser } from '../serve/normaliser.js'
import { TradingError } from '@gatehouse/contracts'
import { joinSamples, pickSamples, rowSamples, type Samples, type SampleSource, type TrainingSet, windowSamples } from '../train/samples.js'
import { mixSeeds, random } from '../random.js'
import { groupOffsets, type FamilyRows } from './rows.js'

/** All rows as network inputs, normalised by the function that serving uses, each when it is asked for: there is no second table. */
export function normalisedSamples(rows: FamilyRows, normaliser: Normaliser): Samples {
  if (normaliser.kind === 'within-group') return normalisedTable(rows, normaliser)
  const { table, width, windows } = rows
  const raw = windows === undefined ? rowSamples(table, width) : windowSamples(table, { ...windows, features: width })
  const size = width * (windows?.steps ?? 1)
  let source: SampleSource | undefined
  return {
    count: raw.count,
    shape: raw.shape,
    // A thread is sent numbers, so they are made for it, once.
    get source() {
      return (source ??= normalisedTable(rows, normaliser).source)
    },
    fill(index, target, offset) {
      raw.fill(index, target, offset)
      normalise(normaliser, target.subarray(offset, offset + size), size, target, offset)
    },
  }
}

/** The whole table normalised, and windows cut from it. */
function normalisedTable({ table, width, windows, groups, count }: FamilyRows, normaliser: Normaliser): Samples {
  const inputs = new Float32Array(table.length)
  normalise(normaliser, table, table.length, inputs, 0)
  if (normaliser.kind === 'within-group') {
    const offsets = groupOffsets(groups ?? new Int32Array(count))
    for (let g = 0; g + 1 < offsets.length; g++) {
      const part = table.subarray(offsets[g] * width, offsets[g + 1] * width)
      normaliseGroup(normaliser, part, offsets[g + 1] - offsets[g], width, inputs, offsets[g] * width)
    }
  }
  return windows === undefined ? rowSamples(inputs, width) : windowSamples(inputs, { ...windows, features: width })
}

/** Some rows with labels and weights, ready to train on. */
export function trainingSet(
  rows: FamilyRows,
  samples: Samples,
  { indices, weights }: { readonly indices: Int32Array; readonly weights: Float32Array },
): TrainingSet {
  // prettier-ignore
  return {
    samples: pickSamples(samples, indices),
    labels: new Map(
      [...rows.labels].map(([name, labels]) => [
        name,
        labels instanceof Int32Array ? Int32Array.from(indices, (row) => labels[row]) : Float32Array.from(indices, (row) => labels[row]),
      ]),
    ),
    weights,
    groups: rows.groups && groupOffsets(Int32Array.from(indices, (row) => rows.groups![row])),
  }
}

/** The same set with its labels in random order: nothing can be learned of it. */
export function withShuffledLabels(set: TrainingSet, seed: number): TrainingSet {
  const order = random(mixSeeds(seed, 0x5b0ff1ed)).shuffle(Int32Array.from({ length: set.samples.count }, (_, i) => i))
  return {
    ...set,
    labels: new Map(
      [...set.labels].map(([name, labels]) => [
        name,
        labels instanceof Int32Array ? Int32Array.from(order, (i) => labels[i]) : Float32Array.from(order, (i) => labels[i]),
      ]),
    ),
  }
}

/**
 * Some rows with more of the same kind behind them, ready to train on.
 * @throws {TradingError} `MODEL_INPUT_INVALID` when the others do not have the same heads, width and windows, or are groups
 */
export function augmentedSet(
  rows: FamilyRows,
  samples: Samples,
  { indices, weights, more, normaliser }: { readonly indices: Int32Array; readonly weights: Float32Array; readonly more: FamilyRows; readonly normaliser: Normaliser }, // prettier-ignore
): TrainingSet {
  const own = trainingSet(rows, samples, { indices, weights })
  const { width, windows } = rows
  const isAlike = more.width === width && more.windows?.steps === windows?.steps && rows.groups === undefined
  if (!isAlike || [...own.labels.keys()].some((head) => more.labels.get(head)?.length !== more.count))
    throw new TradingError('MODEL_INPUT_INVALID', 'augmented rows need the width, the windows and the heads of the rows, and no groups', {
      width: more.width,
      heads: [...more.labels.keys()],
    })
  return {
    samples: joinSamples(own.samples, normalisedSamples(more, normaliser)),
    labels: new Map([...own.labels].map(([head, labels]) => [head, concatenated(labels, more.labels.get(head)!)])),
    weights: concatenated(weights, more.weights ?? new Float32Array(more.count).fill(1)),
  }
}

/** Two arrays of one type as one. */
export function concatenated<A extends Float32Array | Int32Array>(a: A, b: A): A {
  const all = new (a.constructor as new (length: number) => A)(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
