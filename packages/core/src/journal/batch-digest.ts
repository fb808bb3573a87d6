import { createHash, webcrypto } from 'node:crypto'
import type { Batch } from '../interfaces/batch.js'
import { schemaColumns, type ColumnSpec } from '../interfaces/schema.js'

/**
 * SHA-256 (hex) of a run of rows: schema, source, the instruments that occur, the times the rows could be known, and every column, little-endian, in
 * the order of the schema. The same rows have the same digest whatever batch they were part of.
 * @param from first row
 * @param to one past the last
 */
export function batchDigest(batch: Batch, from = 0, to: number = batch.length): string {
  return createHash('sha256')
    .update(batchBytes(batch, from, to))
    .digest('hex')
}

/** {@link batchDigest} on another thread. The rows are copied before it returns, so the batch may be reused meanwhile. */
export async function batchDigestAsync(batch: Batch, from = 0, to: number = batch.length): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', batchBytes(batch, from, to))).toString('hex')
}

/** What is hashed: one JSON line, then the arrays. */
function batchBytes(batch: Batch, from: number, to: number): Uint8Array<ArrayBuffer> {
  const { ids, index } = occurring(batch, from, to)
  const parts: Uint8Array[] = [encoder.encode(JSON.stringify([batch.schema, batch.source, to - from, batch.priceDivisor, ids]))]
  if (ids.length > 1) parts.push(bytesOf(index, 0, index.length))
  parts.push(bytesOf(batch.availableAt, from, to))
  const columns = batch.columns as unknown as Readonly<Record<string, NumberArray | readonly string[]>>
  const specs: readonly ColumnSpec[] = schemaColumns[batch.schema]
  for (const { name } of specs) {
    const values = columns[name]
    parts.push('BYTES_PER_ELEMENT' in values ? bytesOf(values, from, to) : encoder.encode(JSON.stringify(values.slice(from, to))))
  }
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const encoder = new TextEncoder()

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
