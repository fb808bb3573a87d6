import type { Batch } from '../interfaces/batch.js'
import type { Schema } from '../interfaces/schema.js'

/**
 * A batch of one schema as a batch of some schema, which is what a feed yields. TypeScript cannot see that this is safe, because `column` of
 * the wider type takes more names; readers narrow by `schema` before they name a column.
 */
export function anyBatch<S extends Schema>(batch: Batch<S>): Batch {
  return batch
}
