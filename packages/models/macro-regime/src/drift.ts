import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { featureCount } from './features.js'
import type { RegimeRows } from './rows.js'

/** A share of zero would make the index infinite; this is what an unseen bin counts as. */
const floor = 1e-4

/**
 * Largest population stability index of the features against the training reference in the artifact: the sum over bins of
 * (now - then) ln(now / then). Below 0.1 nothing has moved, above 0.25 the model sees another market.
 * @throws {TradingError} `MODEL_ARTIFACT_INVALID` for an artifact without a reference
 */
export function largestDrift({ driftReference }: ModelDescription, rows: RegimeRows, indices: Int32Array): number {
  if (driftReference?.length !== featureCount) {
    throw new TradingError('MODEL_ARTIFACT_INVALID', 'macro-regime: the artifact has no drift reference; train the model again', {})
  }
  return Math.max(
    ...driftReference.map(({ edges, fractions }, column) => {
      const counts = new Float64Array(fractions.length)
      for (const row of indices) {
        const value = rows.features[row * featureCount + column]
        let bin = 0
        while (bin < edges.length && value >= edges[bin]) bin++
        counts[bin]++
      }
      return fractions.reduce((sum, then, bin) => {
        const now = Math.max(floor, counts[bin] / indices.length)
        return sum + (now - Math.max(floor, then)) * Math.log(now / Math.max(floor, then))
      }, 0)
    }),
  )
}
