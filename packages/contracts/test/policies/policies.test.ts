import { describe, expect, test } from 'vitest'
import {
  checkPolicy,
  defaultPolicies,
  defaultPolicyCases,
  evidenceFromEvaluation,
  openGate,
  parseTime,
  testPolicy,
  type Evaluation,
} from '@gatehouse/contracts'

describe('the shipped policies', () => {
  test('are there for four families and two stages', () => {
    expect(defaultPolicies.map(({ id }) => id)).toEqual(
      ['macro-regime', 'seconds-bar', 'order-book', 'gap-ranker'].flatMap((family) => [`${family}-paper`, `${family}-production`]),
    )
  })
  test.each(defaultPolicies.map((policy, index) => ({ policy, cases: defaultPolicyCases()[index] })))(
    '$policy.id has no findings and keeps its golden cases',
    ({ policy, cases }) => {
      expect(checkPolicy(policy).findings).toEqual([])
      expect(testPolicy(policy, cases)).toEqual([])
      expect(cases.cases.length).toBeGreaterThan(12)
    },
  )
  test('a weakened policy no longer keeps its golden cases', () => {
    const [policy] = defaultPolicies
    const clauses = policy.clauses.map((clause) => (clause.id === 'ece' ? { ...clause, severity: 'warn' as const } : clause))
    expect(testPolicy({ ...policy, clauses }, defaultPolicyCases()[0]).map(({ name }) => name)).toContain('poor calibration refuses')
  })
})

describe('evidence from an evaluation', () => {
  const window = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }
  const evaluation: Evaluation = {
    type: 'evaluation',
    contractVersion: '1.0',
    artifactDigest: 'a'.repeat(64),
    measuredAt: '2026-06-01T00:00:00Z',
    evaluator: { name: 'test', version: '1' },
    windows: { train: window, test: window },
    folds: [{ train: [window], test: [window], rows: 500 }],
    rows: 500,
    independentRows: 90,
    seeds: [1, 2],
    trials: 12,
    metrics: { brier: { value: 0.2, unit: 'score', direction: 'lower' } },
    baselines: [
      {
        name: 'majority',
        description: 'base rate',
        metrics: { brier: 0.25 },
        edges: { brier: { value: 0.05, interval: { lower: 0.01, upper: 0.09, level: 0.95, method: 'block bootstrap' } } },
      },
    ],
  }
  test('names edges after metric and baseline and counts what is independent', () => {
    const { values } = evidenceFromEvaluation(evaluation)
    expect(values['brierOverMajority']).toMatchObject({ value: 0.05, unit: 'score', count: 90, interval: { lower: 0.01 } })
    expect(values['trials']).toMatchObject({ value: 12, unit: 'count' })
  })
  test('feeds the shipped policy of its family', () => {
    const policy = defaultPolicies.find(({ id }) => id === 'seconds-bar-paper')
    if (policy === undefined) throw new Error('no policy')
    const report = openGate(policy).evaluate(evidenceFromEvaluation(evaluation), { now: parseTime('2026-06-02T00:00:00Z') })
    expect(report.clauses.find(({ id }) => id === 'brier-over-majority')?.result).toBe('pass')
    expect(report.decision).toBe('refused')
  })
})
