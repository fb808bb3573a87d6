import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** One part of LightGBM's ranking example. */
export interface RankingPart {
  readonly rows: number
  /** 0 to 4. */
  readonly grades: Float32Array
  /** Sparse rows: index and value, one after the other. */
  readonly entries: readonly (readonly number[])[]
  /** First row of each query, and the count at the end. */
  readonly groups: Int32Array
}

/** Reads `rank.<part>.gz` (svmlight) and `rank.<part>.query` (sizes). */
export function readRanking(folder: string, part: 'train' | 'test'): RankingPart {
  const lines = gunzipSync(readFileSync(join(folder, `rank.${part}.gz`)))
    .toString('utf8')
    .trim()
    .split('\n')
  const sizes = readFileSync(join(folder, `rank.${part}.query`), 'utf8')
    .trim()
    .split(/\s+/)
    .map(Number)
  const groups = Int32Array.from([0, ...sizes])
  for (let g = 1; g < groups.length; g++) groups[g] += groups[g - 1]
  const fields = lines.map((line) => line.trim().split(/\s+/))
  if (groups[groups.length - 1] !== fields.length)
    throw new RangeError(`rank.${part}: ${fields.length} rows, the queries hold ${groups[groups.length - 1]}`)
  return {
    rows: fields.length,
    grades: Float32Array.from(fields, ([grade]) => Number(grade)),
    entries: fields.map(([, ...rest]) => rest.flatMap((field) => field.split(':').map(Number))),
    groups,
  }
}

/** Features that a fair number of training rows have. */
export function usedFeatures({ entries }: RankingPart, least = 30): readonly number[] {
  const counts = new Map<number, number>()
  for (const row of entries) for (let i = 0; i < row.length; i += 2) counts.set(row[i], (counts.get(row[i]) ?? 0) + 1)
  return [...counts].filter(([, count]) => count >= least).map(([feature]) => feature).sort((a, b) => a - b) // prettier-ignore
}

/** Raw rows of some features, zero where a row has none. */
export function matrixOf({ rows, entries }: RankingPart, features: readonly number[]): Float32Array {
  const places = new Map(features.map((feature, place) => [feature, place]))
  const matrix = new Float32Array(rows * features.length)
  entries.forEach((row, r) => {
    for (let i = 0; i < row.length; i += 2) {
      const place = places.get(row[i])
      if (place !== undefined) matrix[r * features.length + place] = row[i + 1]
    }
  })
  return matrix
}
