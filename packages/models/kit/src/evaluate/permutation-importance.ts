import { TradingError } from '@gatehouse/contracts'
import { random } from '../random.js'

/**
 * Permutation importance (Breiman 2001): how much a score falls when one feature's column is shuffled over the rows.
 * @param values `[rows, features]`; not changed
 * @param score of a matrix, higher is better
 * @param repeats shuffles a feature, averaged; default 3
 * @returns one fall a feature
 * @throws {TradingError} `MODEL_METRIC_INVALID` for values that are not whole rows
 */
export function permutationImportance(
  values: Float32Array | Float64Array,
  features: number,
  score: (values: Float64Array) => number,
  { repeats = 3, seed = 0 }: { readonly repeats?: number | undefined; readonly seed?: number | undefined } = {},
): Float64Array {
  const rows = values.length / features
  if (!Number.isInteger(rows) || !(repeats >= 1))
    throw new TradingError('MODEL_METRIC_INVALID', `${values.length} values are not rows of ${features}, or ${repeats} repeats not one`, { features, repeats }) // prettier-ignore
  const draw = random(seed)
  const working = Float64Array.from(values)
  const base = score(working)
  return Float64Array.from({ length: features }, (_, j) => {
    let fall = 0
    for (let r = 0; r < repeats; r++) {
      const order = draw.shuffle(Int32Array.from({ length: rows }, (_x, i) => i))
      for (let i = 0; i < rows; i++) working[i * features + j] = values[order[i] * features + j]
      fall += base - score(working)
    }
    for (let i = 0; i < rows; i++) working[i * features + j] = values[i * features + j]
    return fall / repeats
  })
}
