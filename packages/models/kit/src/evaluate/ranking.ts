import { TradingError } from '@gatehouse/contracts'
import { requireScores, sameLength, type Numbers } from './classification.js'

export interface RankingOptions {
  /** First row of each group and the count at the end. */
  readonly groups: Int32Array
  readonly k: number
  /** NDCG of a group without relevant rows: LightGBM says 1; `NaN` leaves it out of the mean. Default 1. */
  readonly empty?: number | undefined
}

/**
 * Mean NDCG@k over groups, gain `2^grade - 1`, discount `1 / log2(rank + 1)`; ties keep the rows' order, as LightGBM. Rows whose grade is `NaN` are left out of
 * their group.
 */
export function ndcg(grades: Numbers, scores: Numbers, { groups, k, empty = 1 }: RankingOptions): number {
  checkRanking(grades, scores, k)
  const values: number[] = []
  for (let g = 0; g + 1 < groups.length; g++) {
    const rows = knownOf(groups, g, grades)
    const best = dcg(rows.slice().sort((a, b) => grades[b] - grades[a]), grades, k) // prettier-ignore
    values.push(best > 0 ? dcg(ranked(rows, scores), grades, k) / best : empty)
  }
  return meanOf(values)
}

/** Mean share of relevant rows (grade > 0) among the first k of each group; rows whose grade is `NaN` are left out. */
export function precisionAt(grades: Numbers, scores: Numbers, { groups, k }: RankingOptions): number {
  checkRanking(grades, scores, k)
  return meanOf(
    Array.from({ length: groups.length - 1 }, (_, g) => {
      const first = ranked(knownOf(groups, g, grades), scores).slice(0, k)
      return first.filter((i) => grades[i] > 0).length / first.length
    }),
  )
}

/** Mean Spearman rank correlation within groups, ties by mean rank; rows whose truth is `NaN` and groups where one side is constant are left out. */
export function meanSpearman(truth: Numbers, scores: Numbers, groups: Int32Array): number {
  checkRanking(truth, scores, 1)
  return meanOf(
    Array.from({ length: groups.length - 1 }, (_, g) => {
      const rows = knownOf(groups, g, truth)
      return pearson(meanRanks(rows.map((i) => truth[i])), meanRanks(rows.map((i) => scores[i])))
    }),
  )
}

function dcg(order: readonly number[], grades: Numbers, k: number): number {
  let sum = 0
  for (let i = 0; i < Math.min(k, order.length); i++) sum += (2 ** grades[order[i]] - 1) / Math.log2(i + 2)
  return sum
}
/** Rows of a group whose truth is known. */
const knownOf = (groups: Int32Array, g: number, truth: Numbers): number[] =>
  Array.from({ length: groups[g + 1] - groups[g] }, (_, i) => groups[g] + i).filter((i) => !Number.isNaN(truth[i]))
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
  return isVarying(a) && isVarying(b) ? ab / Math.sqrt(aa * bb) : NaN
}

function meanOf(values: readonly number[]): number {
  const known = values.filter((x) => !Number.isNaN(x))
  return known.reduce((a, b) => a + b, 0) / known.length
}

/** Sums of squares of a constant are not exactly zero. */
const isVarying = (values: Numbers): boolean => Array.prototype.some.call(values, (x: number) => x !== values[0])

function checkRanking(truth: Numbers, scores: Numbers, k: number): void {
  sameLength(truth, scores)
  requireScores(scores, (i) => !Number.isNaN(truth[i]))
  if (!(Number.isInteger(k) && k > 0)) throw new TradingError('MODEL_METRIC_INVALID', `k must be a positive integer, found ${k}`, { k })
}
