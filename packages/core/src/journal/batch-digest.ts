import { createHash } from 'node:crypto'
import type { Batch } from '../interfaces/batch.js'
import { schemaColumns, type ColumnSpec } from '../interfaces/schema.js'

/**
 * SHA-256 (hex) of a run of rows: schema, source, the instruments that occur, the times the rows could be known, and every column, little-endian, in
 * the order of the schema. The same rows have the same digest whatever batch they were part of.
 * @param from first row
 * @param to one past the last
 */
export function batchDigest(batch: Batch, from = 0, to: number = batch.length): string {
  const hash = createHash('sha256')
  const { ids, index } = occurring(batch, from, to)
  hash.update(JSON.stringify([batch.schema, batch.source, to - from, batch.priceDivisor, ids]))
  if (ids.length > 1) hash.update(index)
  hash.update(bytesOf(batch.availableAt, from, to))
  const columns = batch.columns as unknown as Readonly<Record<string, NumberArray | readonly string[]>>
  const specs: readonly ColumnSpec[] = schemaColumns[batch.schema]
  for (const { name } of specs) {
    const values = columns[name]
    hash.update('BYTES_PER_ELEMENT' in values ? bytesOf(values, from, to) : JSON.stringify(values.slice(from, to)))
  }
  return hash.digest('hex')
}

/** Ids of the instruments in the rows, by first occurrence, and the rows' places among them. */
function occurring(
  { instruments, instrumentIndex }: Batch,
  from: number,
  to: number,
): { readonly ids: readonly string[]; readonly index: Uint32Array } {
  if (instruments.length === 1) return { ids: [instruments[0].id], index: new Uint32Array(0) }
  const places = new Map<number, number>()
  const index = new Uint32Array(to - from)
  for (let row = from; row < to; row++) {
    let place = places.get(instrumentIndex[row])
    if (place === undefined) places.set(instrumentIndex[row], (place = places.size))
    index[row - from] = place
  }
  return { ids: [...places.keys()].map((at) => instruments[at].id), index }
}

interface NumberArray {
  readonly BYTES_PER_ELEMENT: number
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
}

function bytesOf(values: NumberArray, from: number, to: number): Uint8Array {
  const width = values.BYTES_PER_ELEMENT
  return new Uint8Array(values.buffer, values.byteOffset + from * width, (to - from) * width)
}
