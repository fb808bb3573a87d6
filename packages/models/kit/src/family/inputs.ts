import { normalise, normaliseGroup, type Normaliser } from '../serve/normaliser.js'
import { TradingError } from '@gatehouse/contracts'
import { type Labels, pickSamples, rowSamples, type Samples, type TrainingSet, windowSamples } from '../train/samples.js'
import { mixSeeds, random } from '../random.js'
import { groupOffsets, type FamilyRows } from './rows.js'

/** All rows as network inputs: the table normalised by the function that serving uses, and windows cut from it. */
export function normalisedSamples(rows: FamilyRows, normaliser: Normaliser): Samples {
  const { table, width, windows, groups } = rows
  const inputs = new Float32Array(table.length)
  normalise(normaliser, table, table.length, inputs, 0)
  if (normaliser.kind === 'within-group') {
    const offsets = groupOffsets(groups ?? new Int32Array(rows.count))
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

/** Two sets of flat rows as one. @throws {TradingError} `MODEL_INPUT_INVALID` when they do not have the same heads and width, or are windows or groups */
export function withMoreRows(set: TrainingSet, extra: FamilyRows, normaliser: Normaliser): TrainingSet {
  const [features] = set.samples.shape
  const fits = set.samples.shape.length === 1 && set.groups === undefined && extra.windows === undefined && extra.width === features
  if (!fits || [...set.labels.keys()].some((head) => extra.labels.get(head)?.length !== extra.count))
    throw new TradingError('MODEL_INPUT_INVALID', 'augmented rows need the width and the heads of the rows, and no windows or groups', {
      width: extra.width,
      heads: [...extra.labels.keys()],
    })
  const count = set.samples.count
  const values = new Float32Array((count + extra.count) * features)
  for (let i = 0; i < count; i++) set.samples.fill(i, values, i * features)
  normalise(normaliser, extra.table, extra.table.length, values, count * features)
  const weights = new Float32Array(count + extra.count).fill(1)
  if (set.weights) weights.set(set.weights)
  if (extra.weights) weights.set(extra.weights, count)
  return {
    samples: rowSamples(values, features),
    labels: new Map([...set.labels].map(([head, labels]) => [head, joined(labels, extra.labels.get(head)!)])),
    weights,
  }
}

function joined(a: Labels, b: Labels): Labels {
  const all = a instanceof Int32Array ? new Int32Array(a.length + b.length) : new Float32Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
