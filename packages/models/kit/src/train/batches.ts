import { type Random } from '../random.js'
import { type BatchRows } from './executor.js'
import { type TrainingSet } from './samples.js'

/** Index arrays of all batches of an epoch: shuffled with `order`, in the set's order without. For grouped sets, `batch` counts groups. */
export function batchesOf({ samples, groups }: TrainingSet, batch: number, order?: Random): BatchRows[] {
  const units = groups ? groups.length - 1 : samples.count
  const indices = Int32Array.from({ length: units }, (_, i) => i)
  order?.shuffle(indices)
  const batches: BatchRows[] = []
  for (let from = 0; from < units; from += batch) {
    const part = indices.subarray(from, from + batch)
    if (!groups) {
      batches.push({ rows: part })
      continue
    }
    const offsets = new Int32Array(part.length + 1)
    for (let g = 0; g < part.length; g++) offsets[g + 1] = offsets[g] + groups[part[g] + 1] - groups[part[g]]
    const rows = new Int32Array(offsets[part.length])
    for (let g = 0; g < part.length; g++) for (let i = 0; i < offsets[g + 1] - offsets[g]; i++) rows[offsets[g] + i] = groups[part[g]] + i
    batches.push({ rows, groups: offsets })
  }
  return batches
}

/** Rows of the largest batch that shuffling can make. */
export function largestBatch({ samples, groups }: TrainingSet, batch: number): number {
  if (!groups) return Math.min(batch, samples.count)
  const sizes = Array.from({ length: groups.length - 1 }, (_, g) => groups[g + 1] - groups[g]).sort((a, b) => b - a)
  return sizes.slice(0, batch).reduce((a, b) => a + b, 0)
}
