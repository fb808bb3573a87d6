import type { Batch } from '../interfaces/batch.js'
import { batchDigest } from '../journal/batch-digest.js'
import { selectRows } from '../market-data/select-rows.js'

/** Between the name of where rows are kept and the list of those that were not dropped. */
const mark = '#kept:'

/**
 * Some rows of a batch, which says in its reference which they are: a journal that names it is done again from the whole batch. Rows of a batch that was
 * conflated before are counted as they stood in the whole one.
 * @param rows ascending
 */
export function keepRows(batch: Batch, rows: Uint32Array, feed: string): Batch {
  const { segment = feed, row = 0 } = batch.reference ?? {}
  const before = keptOf(segment)
  const inWhole = before === undefined ? rows : rows.map((place) => before[place])
  const kept = selectRows(batch, rows)
  const name = segment.split(mark)[0]
  const reference = { segment: name + mark + listed(inWhole), row, count: rows.length, sha256: batchDigest(kept, 0, rows.length) }
  return Object.create(kept, { reference: { value: reference, enumerable: true } }) as Batch
}

/** The rows that a reference says were kept; `undefined` where all were. */
export function keptOf(segment: string): Uint32Array | undefined {
  const at = segment.indexOf(mark)
  if (at < 0) return undefined
  const rows = segment
    .slice(at + mark.length)
    .split(',')
    .flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
  return Uint32Array.from(rows)
}

/** `0-3,7,9-12` */
function listed(rows: Uint32Array): string {
  const parts: string[] = []
  for (let i = 0; i < rows.length;) {
    let end = i
    while (end + 1 < rows.length && rows[end + 1] === rows[end] + 1) end++
    parts.push(end === i ? String(rows[i]) : `${rows[i]}-${rows[end]}`)
    i = end + 1
  }
  return parts.join(',')
}
