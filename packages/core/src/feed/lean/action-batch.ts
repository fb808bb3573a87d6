import type { Batch } from '../../interfaces/batch.js'
import type { Instrument } from '../../interfaces/instrument.js'
import { anyBatch } from '../../market-data/any-batch.js'
import { createBatch } from '../../market-data/columnar-batch.js'
import type { DatedAction } from './factor-file.js'

/** Corporate actions that hold from one time on, as a batch. */
export function actionBatch(actions: readonly DatedAction[], instrument: Instrument, source: string, at: bigint): Batch {
  return anyBatch(
    createBatch({
      schema: 'corporate-action',
      source,
      instruments: [instrument],
      columns: {
        tsEvent: BigInt64Array.from(actions, () => at),
        kind: actions.map(({ kind }) => kind),
        ratio: Float64Array.from(actions, ({ ratio }) => ratio),
        amount: Float64Array.from(actions, ({ amount }) => amount),
        symbol: actions.map(({ symbol }) => symbol),
      },
    }),
  )
}
