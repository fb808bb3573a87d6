import { type Prediction } from '@gatehouse/core'
import { mixSeeds, random } from '../random.js'
import { pickSamples, type Samples } from '../train/samples.js'
import { type FamilyDefinition } from './definition.js'
import { type FittedModel } from './fit.js'
import { normalisedSamples } from './inputs.js'
import { type Judging } from './judging.js'
import { predictSamples } from './predict-rows.js'
import { type FamilyRows } from './rows.js'

/** How much the family's first figure falls when one feature is shuffled over the test rows; positive says that the model uses it. */
export interface FeatureImportance {
  readonly feature: string
  readonly fall: number
}

/**
 * Permutation importance (Breiman 2001) on up to `rows` test rows: each feature's whole column, all steps of a window together, is given to another row.
 * Features that say the same share their importance: both may look useless.
 */
export function featureImportance<R extends FamilyRows, P extends Prediction>(
  family: Pick<FamilyDefinition<R, P>, 'measure' | 'features'>,
  judging: Judging<R>,
  {
    model,
    names,
    rows: most = 2000,
    seed = 0,
  }: {
    readonly model: FittedModel
    readonly names: readonly string[]
    readonly rows?: number | undefined
    readonly seed?: number | undefined
  },
): readonly FeatureImportance[] {
  const { test, rows } = judging
  const stride = rows.groups ? 1 : Math.max(1, Math.ceil(test.length / most))
  const part = test.filter((_, i) => i % stride === 0)
  const samples = pickSamples(normalisedSamples(rows, model.normaliser), part)
  const once = new Float64Array(part.length).fill(1)
  const figure = (inputs: Samples): number => {
    const [{ statistic, direction }] = family.measure({ ...judging, test: part, values: predictSamples(model, inputs) })
    return (direction === 'higher' ? 1 : -1) * statistic(once)
  }
  const base = figure(samples)
  return names.map((feature, column) => {
    const order = random(mixSeeds(seed, column)).shuffle(Int32Array.from(part.keys()))
    return { feature, fall: base - figure(withShuffledColumn(samples, { column, width: rows.width, order })) }
  })
}

/** Samples of which one column is another sample's. */
function withShuffledColumn(
  samples: Samples,
  { column, width, order }: { readonly column: number; readonly width: number; readonly order: Int32Array },
): Samples {
  const size = samples.shape.reduce((a, b) => a * b, 1)
  const other = new Float32Array(size)
  return {
    count: samples.count,
    shape: samples.shape,
    fill(index, target, offset) {
      samples.fill(index, target, offset)
      samples.fill(order[index], other, 0)
      for (let k = column; k < size; k += width) target[offset + k] = other[k]
    },
  }
}
