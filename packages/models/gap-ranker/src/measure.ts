import { aucStatistic, calibrationStatistic, gradesWithin, groupOffsets, meanSpearman, meanStatistic, ndcg, precisionAt, type Deciles, type Economics, type Judging, type Measure } from '@gatehouse/model-kit' // prettier-ignore
import { stake } from './prediction.js'
import type { GapFamilyRows } from './family-rows.js'

/** Cost of trading small names one way, a fraction of what is traded: spread and fees. */
const costPerTurnover = 0.001
/** What the engine's account gains of a stake from open to close (a test holds the two together). */
const netReturn = (gained: number): number => gained - costPerTurnover * (2 + gained)

/** Mean score and mean chance of the members, by test row. */
export function combined({ values, width, outputs, test }: Pick<Judging, 'values' | 'width' | 'outputs' | 'test'>) {
  const score = new Float64Array(test.length)
  const chance = new Float64Array(test.length)
  const members = outputs.length / 2
  for (const { kind, offset } of outputs) {
    const sum = kind === 'score' ? score : chance
    for (let i = 0; i < test.length; i++) sum[i] += values[i * width + offset] / members
  }
  return { score, chance }
}

/** The figures of a judgement; NDCG@5 is the one that the family is chosen by. Figures of a morning weigh every morning alike. */
export function measureGaps(judging: Judging<GapFamilyRows>): readonly Measure[] {
  const { rows, test } = judging
  const { score, chance } = combined(judging)
  const groups = groupOffsets(Int32Array.from(test, (row) => rows.groups[row]))
  const outcome = Float64Array.from(test, (row) => rows.outcome[row])
  const grades = gradesWithin(outcome, groups)
  const moved = Float64Array.from(test, (row) => rows.labels.get('move')![row])
  const ofMornings = (figure: (groups: Int32Array, from: number, to: number) => number) => meanStatistic(byMorning(groups, figure))
  const higher = { unit: 'score', direction: 'higher' as const }
  const part = (values: Float32Array | Float64Array, from: number, to: number) => values.subarray(from, to)
  const ranking = (k: number) => ofMornings((one, from, to) => ndcg(part(grades, from, to), part(score, from, to), { groups: one, k }))
  return [
    { name: 'ndcgAt5', ...higher, statistic: ranking(5) },
    { name: 'ndcgAt1', ...higher, statistic: ranking(1) },
    { name: 'spearman', ...higher, statistic: ofMornings((one, from, to) => meanSpearman(part(outcome, from, to), part(score, from, to), one)) }, // prettier-ignore
    { name: 'movedAt5', unit: 'fraction', direction: 'higher', statistic: ofMornings((one, from, to) => precisionAt(part(moved, from, to), part(score, from, to), { groups: one, k: 5 })) }, // prettier-ignore
    { name: 'auc', ...higher, statistic: aucStatistic(moved, chance) },
    { name: 'ece', unit: 'score', direction: 'lower', statistic: calibrationStatistic(chance, moved) },
    { name: 'brier', unit: 'score', direction: 'lower', statistic: meanStatistic(chance.map((p, i) => (p - moved[i]) ** 2)) },
  ]
}

/** A figure of each morning, at its first row; `NaN` at the others, which the mean leaves out. */
function byMorning(groups: Int32Array, figure: (groups: Int32Array, from: number, to: number) => number): Float64Array {
  const values = new Float64Array(groups[groups.length - 1]).fill(NaN)
  for (let g = 0; g + 1 < groups.length; g++)
    values[groups[g]] = figure(Int32Array.of(0, groups[g + 1] - groups[g]), groups[g], groups[g + 1])
  return values
}

/** Place of each test row in its morning, 1 the best: the larger score first, ties by row. */
function places({ rows, test }: Judging<GapFamilyRows>, score: Float64Array): Int32Array {
  const groups = groupOffsets(Int32Array.from(test, (row) => rows.groups[row]))
  const place = new Int32Array(test.length)
  for (let g = 0; g + 1 < groups.length; g++)
    Array.from({ length: groups[g + 1] - groups[g] }, (_, i) => groups[g] + i)
      .sort((a, b) => score[b] - score[a] || a - b)
      .forEach((i, ahead) => (place[i] = ahead + 1))
  return place
}

/** Staking the best five that are more likely than not to move, from open to close; a morning without any earns nothing. */
export function gapEconomics(judging: Judging<GapFamilyRows>): Economics {
  const { rows, test } = judging
  const { score, chance } = combined(judging)
  const place = places(judging, score)
  const mornings = new Map<number, number>()
  test.forEach((row, i) => {
    const gained = stake({ rank: place[i], probability: chance[i] }) * netReturn(rows.closeReturn[row])
    mornings.set(rows.groups[row], (mornings.get(rows.groups[row]) ?? 0) + gained)
  })
  return {
    costs: `${costPerTurnover * 1e4} bp of the traded value each way, no market impact; a fifth on each of the best five with probability from one half, open to close`,
    returns: Float64Array.from(mornings.values()),
  }
}

/** What a name brought from open to close, by its place in its morning: scores of two mornings cannot be compared. */
export function gapDeciles(judging: Judging<GapFamilyRows>): Deciles {
  const { rows, test } = judging
  const place = places(judging, combined(judging).score)
  const names = new Map<number, number>()
  for (const row of test) names.set(rows.groups[row], (names.get(rows.groups[row]) ?? 0) + 1)
  return {
    title: 'Net return of a name from open to close, by its place in the morning',
    by: 'share of the morning’s names that it is above',
    unit: 'bp',
    score: Float64Array.from(test, (row, i) => (names.get(rows.groups[row])! - place[i]) / Math.max(1, names.get(rows.groups[row])! - 1)),
    outcome: Float64Array.from(test, (row) => 1e4 * netReturn(rows.closeReturn[row])),
  }
}
