import type { ColumnsOf } from '../interfaces/batch.js'
import { schemaColumns, type ColumnSpec, type Schema } from '../interfaces/schema.js'

/**
 * The columns of an overlay: each is made when it is first read, and kept.
 * @param materialise makes the array of a column; may throw for one the batch does not have
 */
export function lazyColumns<S extends Schema>(schema: S, materialise: (spec: ColumnSpec) => unknown): ColumnsOf<S> {
  const columns = {}
  for (const spec of schemaColumns[schema] as readonly ColumnSpec[]) {
    Object.defineProperty(columns, spec.name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = materialise(spec)
        Object.defineProperty(columns, spec.name, { value, enumerable: true })
        return value
      },
    })
  }
  return columns as ColumnsOf<S>
}
