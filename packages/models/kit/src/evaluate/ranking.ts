import { sameLength, type Numbers } from './classification.js'

export interface RankingOptions {
  /** First row of each group and the count at the end. */
  readonly groups: Int32Array
  readonly k: number
  /** NDCG of a group without relevant rows: LightGBM says 1; `NaN` leaves it out of the mean. Default 1. */
  readonly empty?: number | undefined
}

/** Mean NDCG@k over groups, gain `2^grade - 1`, discount `1 / log2(rank + 1)`; ties keep the rows' order, as LightGBM. */
export function ndcg(grades: Numbers, scores: Numbers, { groups, k, empty = 1 }: RankingOptions): number {
  sameLength(grades, scores)
  const values: number[] = []
  for (let g = 0; g + 1 < groups.length; g++) {
    const rows = rowsOf(groups, g)
    const best = dcg(rows.slice().sort((a, b) => grades[b] - grades[a]), grades, k) // prettier-ignore
    values.push(best > 0 ? dcg(ranked(rows, scores), grades, k) / best : empty)
  }
  return meanOf(values)
}

/** Mean share of relevant rows (grade > 0) among the first k of each group. */
export function precisionAt(grades: Numbers, scores: Numbers, { groups, k }: RankingOptions): number {
  sameLength(grades, scores)
  return meanOf(
    Array.from({ length: groups.length - 1 }, (_, g) => {
      const first = ranked(rowsOf(groups, g), scores).slice(0, k)
      return first.filter((i) => grades[i] > 0).length / first.length
    }),
  )
}

/** Mean Spearman rank correlation within groups, ties by mean rank; groups where one side is constant are left out. */
export function meanSpearman(truth: Numbers, scores: Numbers, groups: Int32Array): number {
  sameLength(truth, scores)
  return meanOf(
    Array.from({ length: groups.length - 1 }, (_, g) => {
      const rows = rowsOf(groups, g)
      return pearson(meanRanks(rows.map((i) => truth[i])), meanRanks(rows.map((i) => scores[i])))
    }),
  )
}

function dcg(order: readonly number[], grades: Numbers, k: number): number {
  let sum = 0
  for (let i = 0; i < Math.min(k, order.length); i++) sum += (2 ** grades[order[i]] - 1) / Math.log2(i + 2)
  return sum
}
const rowsOf = (groups: Int32Array, g: number): number[] => Array.from({ length: groups[g + 1] - groups[g] }, (_, i) => groups[g] + i)
const ranked = (rows: number[], scores: Numbers): number[] => rows.sort((a, b) => scores[b] - scores[a] || a - b)

function meanRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b])
  const ranks = new Array<number>(values.length)
  for (let i = 0; i < order.length;) {
    let j = i
    while (j < order.length && values[order[j]] === values[order[i]]) j++
    for (let t = i; t < j; t++) ranks[order[t]] = (i + j - 1) / 2
    i = j
  }
  return ranks
}

/** Linear correlation; `NaN` when one side is constant. */
export function pearson(a: Numbers, b: Numbers): number {
  sameLength(a, b)
  const n = a.length
  let [sa, sb] = [0, 0]
  for (let i = 0; i < n; i++) {
    sa += a[i]
    sb += b[i]
  }
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i] - sa / n, b[i] - sb / n]
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : NaN
}

function meanOf(values: readonly number[]): number {
  const known = values.filter((x) => !Number.isNaN(x))
  return known.reduce((a, b) => a + b, 0) / known.length
}
