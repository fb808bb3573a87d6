import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  aucStatistic,
  brierScore,
  calibrationStatistic,
  classMetrics,
  classStatistic,
  confusionMatrix,
  meanStatistic,
  rocAuc,
  rSquared,
  rSquaredStatistic,
  type Statistic,
} from '@gatehouse/model-kit'

const rows = fc.array(fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: 0, max: 9 }), times: fc.integer({ min: 0, max: 3 }) }), { minLength: 4, maxLength: 40 }) // prettier-ignore

/** A statistic of rows with multiplicities is that of the rows written out as often. */
test.each<[string, (labels: number[], scores: number[]) => { statistic: Statistic; plain: number }]>([
  ['AUC', (labels, scores) => ({ statistic: aucStatistic(labels, scores), plain: rocAuc(labels, scores) })],
  ['macro F1', (labels, scores) => { const said = scores.map((s) => (s > 4 ? 1 : 0)); return { statistic: classStatistic(labels, said, { classes: 2, metric: 'macroF1' }), plain: classMetrics(confusionMatrix(labels, said, 2)).macroF1 } }],
  ['mean', (_labels, scores) => ({ statistic: meanStatistic(scores), plain: scores.reduce((a, b) => a + b, 0) / scores.length })],
  ['R²', (labels, scores) => ({ statistic: rSquaredStatistic(labels, scores.map((s) => s / 9), 0.5), plain: rSquared(labels, scores.map((s) => s / 9), 0.5) })],
  ['Brier', (labels, scores) => ({ statistic: meanStatistic(labels.map((y, i) => 2 * (y - scores[i] / 9) ** 2)), plain: brierScore(labels, scores.flatMap((s) => [1 - s / 9, s / 9]), 2) })],
])('%s of drawn rows is that of the rows written out', (_name, make) => {
  fc.assert(
    fc.property(rows, (drawn) => {
      const { statistic } = make(drawn.map(({ label }) => label), drawn.map(({ score }) => score)) // prettier-ignore
      const out = drawn.flatMap((row) => Array.from({ length: row.times }, () => row))
      fc.pre(out.length > 0)
      const { plain } = make(out.map(({ label }) => label), out.map(({ score }) => score)) // prettier-ignore
      const found = statistic(Float64Array.from(drawn, ({ times }) => times))
      if (Number.isNaN(plain)) expect(found).toBeNaN()
      else expect(found).toBeCloseTo(plain, 9)
    }),
  )
}) // prettier-ignore

test('a probability that keeps its word has no calibration error', () => {
  const outcome = Float64Array.from({ length: 1000 }, (_, i) => (i % 10 < 3 ? 1 : 0))
  const said = new Float64Array(1000).fill(0.3)
  expect(calibrationStatistic(said, outcome)(new Float64Array(1000).fill(1))).toBeCloseTo(0, 9)
  expect(calibrationStatistic(said.map(() => 0.5), outcome)(new Float64Array(1000).fill(1))).toBeCloseTo(0.2, 9) // prettier-ignore
})
