import { normalise, normaliseGroup, type Normaliser } from '../serve/normaliser.js'
import { pickSamples, rowSamples, type Samples, type TrainingSet, windowSamples } from '../train/samples.js'
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
