import { createHash, type Hash } from 'node:crypto'
import type { Batch } from '../interfaces/batch.js'
import { schemaColumns, type ColumnSpec } from '../interfaces/schema.js'

/**
 * SHA-256 (hex) of a run of rows: schema, source, instruments, the times they could be known, and every column, little-endian, in the order of the
 * schema. The same rows have the same digest whatever feed, file or batch boundary they came with.
 * @param from first row @param to one past the last
 */
export function batchDigest(batch: Batch, from = 0, to: number = batch.length): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([batch.schema, batch.source, to - from, batch.priceDivisor, batch.instruments.map(({ id }) => id)]))
  addArray(hash, batch.instrumentIndex, from, to)
  addArray(hash, batch.availableAt, from, to)
  const specs: readonly ColumnSpec[] = schemaColumns[batch.schema]
  for (const { name } of specs) {
    const values = batch.columns[name as keyof typeof batch.columns] as unknown as ArrayBufferView | readonly string[]
    if (Array.isArray(values)) hash.update(JSON.stringify(values.slice(from, to)))
    else addArray(hash, values as Uint8Array, from, to)
  }
  return hash.digest('hex')
}

type NumberArray = { readonly BYTES_PER_ELEMENT: number; readonly buffer: ArrayBufferLike; readonly byteOffset: number }

function addArray(hash: Hash, values: NumberArray, from: number, to: number): void {
  const width = values.BYTES_PER_ELEMENT
  hash.update(new Uint8Array(values.buffer, values.byteOffset + from * width, (to - from) * width))
}
