import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import {
  checkPolicy,
  gateReportContract,
  openGate,
  parseTime,
  renderReportHtml,
  renderReportMarkdown,
  type Evidence,
  type GatePolicy,
  type InputDeclaration,
  type Rule,
} from '@gatehouse/contracts'
import { evidenceOfValues, policyOfRule, randomRuleCase, seededRandom } from '@gatehouse/contracts/testing'

const measuredAt = '2026-06-01T00:00:00Z'
const now = parseTime('2026-06-02T00:00:00Z')
const number: InputDeclaration = {
  type: 'number',
  unit: 'dimensionless',
  minimum: -1000,
  maximum: 1000,
  maxAgeDays: 10,
  description: 'A number',
}
const truth: InputDeclaration = { type: 'boolean', unit: 'boolean', maxAgeDays: 10, description: 'A truth' }
const inputs = { alpha: number, beta: number, ready: truth }
const gateOf = (rule: unknown, declared: GatePolicy['inputs'] = inputs) => openGate(policyOfRule(rule as Rule, declared))
const decide = (rule: unknown, values: Record<string, number | boolean | string>) =>
  gateOf(rule).evaluate(evidenceOfValues(values, measuredAt), { now })

describe('a gate', () => {
  test('passes what holds and says by how much', () => {
    const report = decide({ '<=': [{ var: 'alpha' }, 2] }, { alpha: 1.5 })
    expect(report.decision).toBe('approved')
    expect(report.clauses[0]).toMatchObject({ result: 'pass', limit: 2, margin: 0.5 })
    expect(gateReportContract.problems(report)).toEqual([])
  })

  test.each([
    [{ '<=': [{ var: 'alpha' }, 2] }, 3, -1, -1],
    [{ '>': [{ var: 'alpha' }, 2] }, 1.5, -0.5, 0.5],
    [{ '<': [2, { var: 'alpha' }] }, 1.5, -0.5, 0.5],
    [{ '!': [{ '<=': [{ var: 'alpha' }, 2] }] }, 1.5, -0.5, 0.5],
    [{ '<': [0, { var: 'alpha' }, 2] }, 5, -3, -3],
  ])('says how far %j is from holding', (rule, alpha, margin, by) => {
    const [clause] = decide(rule, { alpha }).clauses
    expect(clause).toMatchObject({ result: 'fail', margin })
    expect(clause.remedies[0]).toMatchObject({ kind: 'change', input: 'alpha', by })
  })

  test('of what must all hold the smallest margin decides, of what need only hold once the largest', () => {
    const parts = [{ '<': [{ var: 'alpha' }, 5] }, { '<': [{ var: 'alpha' }, 10] }]
    expect(decide({ and: parts }, { alpha: 1 }).clauses[0].margin).toBe(4)
    expect(decide({ or: parts }, { alpha: 1 }).clauses[0].margin).toBe(9)
    expect(decide({ and: parts }, { alpha: 12 }).clauses[0].margin).toBe(-7)
    expect(decide({ or: parts }, { alpha: 12 }).clauses[0].margin).toBe(-2)
    expect(decide({ and: [{ var: 'ready' }, ...parts] }, { alpha: 1, ready: false }).clauses[0].margin).toBe(null)
  })

  test('says how much more data an interval needs, by the square-root law', () => {
    const lower: InputDeclaration = { ...number, evidence: 'edge', field: 'lower' }
    const gate = gateOf({ '>': [{ var: 'edgeLower' }, 0] }, { edgeLower: lower })
    const edge = {
      value: 0.02,
      unit: 'dimensionless',
      source: 'a'.repeat(64),
      measuredAt,
      count: 1000,
      interval: { lower: -0.02, upper: 0.06, level: 0.95, method: 'bootstrap' },
    }
    const evidence = { ...evidenceOfValues({}, measuredAt), values: { edge } } as Evidence
    // Half width 0.04 must shrink to 0.02: four times the data.
    expect(gate.evaluate(evidence, { now }).clauses[0].remedies).toContainEqual(expect.objectContaining({ kind: 'more-data', count: 4000 }))
    const hopeless = { ...evidence, values: { edge: { ...edge, value: -0.01 } } }
    expect(gate.evaluate(hopeless, { now }).clauses[0].remedies).toContainEqual(expect.objectContaining({ kind: 'none' }))
  })

  test('evaluates every clause and names what is missing', () => {
    const policy = policyOfRule({ '>': [{ var: 'alpha' }, 0] }, inputs)
    const clauses = [...policy.clauses, { ...policy.clauses[0], id: 'second', rule: { '>': [{ var: 'beta' }, 0] } as Rule }]
    const report = openGate({ ...policy, clauses }).evaluate(evidenceOfValues({ beta: -1 }, measuredAt), { now })
    expect(report.clauses.map(({ result }) => result)).toEqual(['error', 'fail'])
    expect(report.clauses[0].remedies[0]).toMatchObject({ kind: 'provide', input: 'alpha' })
  })

  test('an error refuses even where a failure would only warn', () => {
    const policy = policyOfRule({ '>': [{ var: 'alpha' }, 0] }, inputs)
    const warned = { ...policy.clauses[0], id: 'warned', severity: 'warn' as const, rule: { '>': [{ var: 'beta' }, 0] } as Rule }
    const gate = openGate({ ...policy, clauses: [...policy.clauses, warned] })
    expect(gate.evaluate(evidenceOfValues({ alpha: 1, beta: -1 }, measuredAt), { now }).decision).toBe('approved')
    expect(gate.evaluate(evidenceOfValues({ alpha: 1 }, measuredAt), { now }).decision).toBe('refused')
  })

  test('a division by zero is an error, guarded by if it is not', () => {
    expect(decide({ '>': [{ '/': [1, { var: 'alpha' }] }, 0] }, { alpha: 0 }).clauses[0]).toMatchObject({
      result: 'error',
      reason: expect.stringContaining('by zero') as string,
    })
    expect(
      decide({ if: [{ '==': [{ var: 'alpha' }, 0] }, true, { '>': [{ '/': [1, { var: 'alpha' }] }, 0] }] }, { alpha: 0 }).decision,
    ).toBe('approved')
  })

  test('is refused outside the window of its policy', () => {
    const gate = gateOf({ '>': [{ var: 'alpha' }, 0] })
    for (const time of ['2025-12-31T23:59:59Z', '2027-01-01T00:00:00Z']) {
      const report = gate.evaluate(evidenceOfValues({ alpha: 1 }, time), { now: parseTime(time) })
      expect(report.decision).toBe('refused')
      expect(report.problems[0]).toMatch(/not valid/)
    }
  })

  test('is pure: the same policy, evidence and time give the same report', () => {
    const evidence = evidenceOfValues({ alpha: 1 }, measuredAt)
    expect(gateOf({ '>': [{ var: 'alpha' }, 0] }).evaluate(evidence, { now })).toEqual(
      gateOf({ '>': [{ var: 'alpha' }, 0] }).evaluate(evidence, { now }),
    )
  })

  test('keeps its own copy of the policy', () => {
    const policy = structuredClone(policyOfRule({ '>': [{ var: 'alpha' }, 0] }, inputs))
    const gate = openGate(policy)
    ;(policy.clauses[0] as { rule: unknown }).rule = { '<': [{ var: 'alpha' }, 1000] }
    expect(gate.evaluate(evidenceOfValues({ alpha: -1 }, measuredAt), { now }).decision).toBe('refused')
    expect(() => Object.assign(gate.policy.clauses[0], { severity: 'warn' })).toThrow()
  })
})

describe('a policy', () => {
  const kinds = (rule: unknown, declared = inputs): string[] =>
    checkPolicy(policyOfRule(rule as Rule, declared))
      .findings.filter(({ level }) => level === 'error')
      .map(({ kind }) => kind)

  test.each<[unknown, string]>([
    [{ constructor: ['return 1'] }, 'unknown-operator'],
    [{ missing: ['alpha'] }, 'unknown-operator'],
    [{ '<': [{ var: 'alpha' }, 1], '>': [1, 2] }, 'schema'],
    [{ '!': [{ '<': [{ var: 'alpha' }, 1], '>': [1, 2] }] }, 'two-keys'],
    [{ '>': [{ var: 'gamma' }, 1] }, 'undeclared-input'],
    [{ '>': [{ var: ['alpha', 5] }, 1] }, 'variable'],
    [{ '>': [{ var: 'ready' }, 1] }, 'type-mismatch'],
    [{ and: [{ var: 'alpha' }] }, 'type-mismatch'],
    [{ '+': [{ var: 'alpha' }, 1] }, 'type-mismatch'],
    [{ and: [] }, 'operands'],
    [{ if: [{ var: 'ready' }, true] }, 'operands'],
    [{ in: [{ var: 'alpha' }, []] }, 'empty-list'],
    [{ '>': [2, 1] }, 'no-input'],
    [{ '>': [{ var: 'alpha' }, null] }, 'literal'],
  ])('refuses %j: %s', (rule, kind) => {
    expect(kinds(rule)).toContain(kind)
  })

  test.each([
    { '<=': [{ var: 'alpha' }, 1000] },
    { '>=': [{ '-': [{ var: 'alpha' }, { var: 'alpha' }] }, 0] },
    { or: [{ var: 'ready' }, { '!': [{ var: 'ready' }] }] },
  ])('reports that %j can never fail', (rule) => {
    expect(gateOf(rule).findings).toContainEqual(expect.objectContaining({ kind: 'never-fails', level: 'warning' }))
  })

  test('reports a clause that can never pass, and inputs that nothing reads', () => {
    expect(gateOf({ '>': [{ var: 'alpha' }, 5000] }).findings.map(({ kind }) => kind)).toEqual([
      'never-passes',
      'unused-input',
      'unused-input',
    ])
  })

  test('where nothing blocks is refused', () => {
    const policy = policyOfRule({ '>': [{ var: 'alpha' }, 0] }, inputs)
    expect(() => openGate({ ...policy, clauses: [{ ...policy.clauses[0], severity: 'warn' }] })).toThrow(/nothing could be refused/)
  })
})

describe('evidence that is made worse never turns a refusal into a pass', () => {
  const damages = ['delete', 'nan', 'null', 'text', 'huge', 'stale', 'inherited', 'unit', 'object'] as const
  test('over random rules, values and damages', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...damages), (seed, damage) => {
        const random = seededRandom(seed)
        const { rule, inputs: declared, values } = randomRuleCase(random)
        const gate = openGate(policyOfRule(rule, declared))
        const evidence = evidenceOfValues(values, measuredAt)
        const before = gate.evaluate(evidence, { now }).decision
        const name = random.pick(Object.keys(values))
        const { [name]: measurement, ...rest } = evidence.values
        const damaged: Record<(typeof damages)[number], unknown> = {
          delete: rest,
          inherited: Object.assign(Object.create({ [name]: measurement }) as object, rest),
          nan: { ...rest, [name]: { ...measurement, value: Number.NaN } },
          null: { ...rest, [name]: { ...measurement, value: null } },
          text: { ...rest, [name]: { ...measurement, value: 'no word that is allowed' } },
          huge: { ...rest, [name]: { ...measurement, value: 1e308 } },
          stale: { ...rest, [name]: { ...measurement, measuredAt: '2026-01-01T00:00:00Z' } },
          unit: { ...rest, [name]: { ...measurement, unit: 'another' } },
          object: { ...rest, [name]: { ...measurement, value: { '>': [1, 0] } } },
        }
        const after = gate.evaluate({ ...evidence, values: damaged[damage] } as Evidence, { now })
        const reads = JSON.stringify(rule).includes(`"var":"${name}"`)
        expect(after.decision === 'approved' && (before === 'refused' || reads)).toBe(false)
      }),
      { numRuns: 400 },
    )
  })
})

describe('a bound or a count vouches for nothing without its estimate', () => {
  const whole = { value: 0.02, unit: 'dimensionless', source: 'a'.repeat(64), measuredAt, count: 900 }
  const interval = { lower: 0.01, upper: 0.03, level: 0.95, method: 'bootstrap' }
  const gateOn = (field: 'lower' | 'upper' | 'count') =>
    gateOf({ '>': [{ var: 'read' }, 0] }, { read: { ...number, evidence: 'edge', field } })
  const decideOn = (field: 'lower' | 'upper' | 'count', edge: unknown) =>
    gateOn(field).evaluate({ ...evidenceOfValues({}, measuredAt), values: { edge } } as Evidence, { now })

  test.each(['lower', 'upper', 'count'] as const)('read by its %s, a sound measurement passes', (field) => {
    expect(decideOn(field, { ...whole, interval }).decision).toBe('approved')
  })

  test.each<['lower' | 'upper' | 'count', string, unknown]>(
    (['lower', 'upper', 'count'] as const).flatMap((field) =>
      (
        [
          ['true', true],
          ['a word', 'good'],
          ['a list', [0.02]],
          ['above its interval', 0.04],
          ['below its interval', -5],
        ] as const
      ).map(([name, value]) => [field, name, value] as ['lower' | 'upper' | 'count', string, unknown]),
    ),
  )('read by its %s, an estimate that is %s is an error', (field, _, value) => {
    const [clause] = decideOn(field, { ...whole, value, interval }).clauses
    expect(clause).toMatchObject({ result: 'error', reason: expect.stringMatching(/is not a number|outside its own interval/) as string })
  })

  test('a count needs no interval, a bound does', () => {
    expect(decideOn('count', whole).decision).toBe('approved')
    expect(decideOn('lower', whole).decision).toBe('refused')
  })

  test('whatever the estimate, the bounds and the field: approved only where lower <= value <= upper and what is read is above the limit', () => {
    const numbers = fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, -0, 1, Number.NaN, Infinity, 1e308))
    const estimate = fc.oneof(
      numbers,
      fc.boolean(),
      fc.constant('0.5'),
      fc.constant(null),
      fc.constant([0.5]),
      fc.constant({ '>': [1, 0] }),
    )
    fc.assert(
      fc.property(
        estimate,
        numbers,
        numbers,
        fc.constantFrom('lower' as const, 'upper' as const, 'count' as const),
        (value, lower, upper, field) => {
          const { decision } = decideOn(field, { ...whole, value, interval: { ...interval, lower, upper } })
          const read = { lower, upper, count: 900 }[field]
          const isSound = typeof value === 'number' && Number.isFinite(lower) && Number.isFinite(upper) && lower <= value && value <= upper
          expect(decision === 'approved').toBe(isSound && read > 0 && read <= 1000)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('a reason', () => {
  test.each<[unknown, Record<string, number | boolean | string>, string]>([
    [{ '<=': [{ var: 'alpha' }, 2] }, { alpha: 3 }, '"alpha" is 3; at most 2 is asked for'],
    [{ '<=': [{ var: 'alpha' }, 2] }, { alpha: 1 }, '"alpha" is 1; at most 2 is asked for'],
    [{ '!': [{ '<=': [{ var: 'alpha' }, 0.5] }] }, { alpha: 0.25 }, '"alpha" is 0.25; above 0.5 is asked for'],
    [{ '>': [{ var: 'alpha' }, 0.05] }, { alpha: 0.0499999 }, '"alpha" is 0.0499999; above 0.05 is asked for'],
    [{ var: 'ready' }, { ready: false }, '"ready" is false; it must be true'],
    [{ '!=': [{ var: 'alpha' }, 2] }, { alpha: 2 }, '"alpha" is 2; it must not be 2'],
    [{ in: [{ var: 'alpha' }, [1, 2]] }, { alpha: 3 }, '"alpha" is 3; it must be one of 1, 2'],
    [{ '!': [{ in: [{ var: 'alpha' }, [1, 2]] }] }, { alpha: 2 }, '"alpha" is 2; it must not be one of 1, 2'],
    [{ '>': [{ '+': [{ var: 'alpha' }, 1] }, 5] }, { alpha: 2 }, 'What the rule computes at /> is 3; above 5 is asked for'],
  ])('of %j over %j is a sentence', (rule, values, sentence) => {
    expect(decide(rule, values).clauses[0].reason).toBe(sentence)
  })
})

describe('a report for people', () => {
  const policy = policyOfRule({ '>': [{ var: 'alpha' }, 0] }, inputs)
  const report = openGate({
    ...policy,
    title: '<script>|x',
    clauses: [{ ...policy.clauses[0], title: '<img src=x onerror=alert(1)> | b' }],
  }).evaluate(evidenceOfValues({ alpha: -1 }, measuredAt), { now })

  test('is escaped in HTML and loads nothing', () => {
    const html = renderReportHtml(report)
    expect(html).not.toMatch(/<script|<img|https?:/)
    expect(html).toContain('Refused')
  })

  test('counts a failed warning as a warning, not as a failure', () => {
    const warned = { ...policy.clauses[0], id: 'warned', severity: 'warn' as const }
    const passing = { ...policy.clauses[0], rule: { '<': [{ var: 'alpha' }, 0] } as Rule }
    const given = openGate({ ...policy, clauses: [passing, warned] }).evaluate(evidenceOfValues({ alpha: -1 }, measuredAt), { now })
    const words = '1 passed, 0 failed, 1 warning, 0 could not be decided'
    expect(given.decision).toBe('approved')
    expect(renderReportMarkdown(given)).toContain(words)
    expect(renderReportHtml(given)).toContain(words)
  })

  test('groups and rounds numbers, and keeps enough digits to tell a value from its limit', () => {
    const rule = { and: [{ '>': [{ var: 'alpha' }, 0.05] }, { '<': [{ var: 'beta' }, 999.5] }] } as Rule
    const given = openGate(policyOfRule(rule, inputs)).evaluate(evidenceOfValues({ alpha: 0.123456789, beta: 999.50001 }, measuredAt), {
      now,
    })
    expect(renderReportHtml(given)).toContain('alpha 0.1235 dimensionless')
    expect(given.clauses[0].reason).toBe('"beta" is 999.50001; below 999.5 is asked for')
  })

  test('keeps its table in Markdown', () => {
    const row =
      renderReportMarkdown(report)
        .split('\n')
        .find((line) => line.includes('img')) ?? ''
    expect(row.replaceAll('\\|', '').split('|').length - 2).toBe(6)
  })
})
