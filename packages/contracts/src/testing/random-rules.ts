import type { Rule, RuleOperand } from '../gate/rule.js'
import type { Evidence } from '../schema/evidence.js'
import type { GatePolicy, InputDeclaration } from '../schema/gate-policy.js'
import type { Random } from './random.js'

/** A rule, inputs that declare its variables, and values that are well typed for them. */
export interface RuleCase {
  readonly rule: Rule
  readonly inputs: Readonly<Record<string, InputDeclaration>>
  readonly values: Readonly<Record<string, number | boolean | string | readonly number[]>>
}

const words = ['calm', 'trending', 'stressed'] as const
const numberNames = ['alpha', 'beta', 'gamma'] as const
const truthNames = ['ready', 'verified'] as const

/**
 * A well-typed rule over every operator that gates allow. Divisors are literals other than zero and magnitudes stay small,
 * so that plain JSON-Logic engines, which do not mind infinities, must agree with a gate on it.
 */
export function randomRuleCase(random: Random): RuleCase {
  const values = {
    ...Object.fromEntries(numberNames.map((name) => [name, randomNumber(random)])),
    ...Object.fromEntries(truthNames.map((name) => [name, random.below(2) === 0])),
    word: random.pick(words),
    folds: Array.from({ length: 1 + random.below(4) }, () => randomNumber(random)),
  }
  let rule = truth(random, 4)
  // A policy refuses a rule that reads no evidence.
  while (!/"var":"[a-z]/.test(JSON.stringify(rule))) rule = truth(random, 4)
  return { rule, inputs: caseInputs, values }
}

const range = { minimum: -1e6, maximum: 1e6, unit: 'dimensionless', maxAgeDays: 10, description: 'A test input' } as const
const caseInputs: Readonly<Record<string, InputDeclaration>> = {
  ...Object.fromEntries(numberNames.map((name) => [name, { type: 'number', ...range }])),
  ...Object.fromEntries(
    truthNames.map((name) => [name, { type: 'boolean', unit: 'boolean', maxAgeDays: 10, description: 'A test input' }]),
  ),
  word: { type: 'string', values: [...words], unit: 'word', maxAgeDays: 10, description: 'A test input' },
  folds: { type: 'numbers', ...range },
}

function randomNumber(random: Random): number {
  // Small integers meet each other and the limits often; fractions seldom do.
  return random.below(2) === 0 ? random.below(7) - 3 : Math.round((random.next() * 8 - 4) * 1000) / 1000
}

function truth(random: Random, depth: number): Rule {
  const leaf = depth <= 0 || random.below(5) === 0
  const choice = leaf ? random.below(5) : random.below(11)
  const inner = (): Rule => truth(random, depth - 1)
  const several = (): Rule[] => Array.from({ length: 1 + random.below(3) }, inner)
  switch (choice) {
    case 0:
      return { var: random.pick(truthNames) }
    case 1:
      return { [random.pick(['==', '===', '!=', '!=='] as const)]: [{ var: 'word' }, random.pick(words)] }
    case 2:
      return { in: [{ var: 'word' }, [random.pick(words), random.pick(words)]] }
    case 3:
      return { in: [number(random, depth - 1), [-1, 0, 2]] }
    case 4:
      return { [random.pick(['<', '<=', '>', '>='] as const)]: [number(random, depth - 1), number(random, depth - 1)] }
    case 5:
      return { [random.pick(['<', '<='] as const)]: [number(random, depth - 1), number(random, depth - 1), number(random, depth - 1)] }
    case 6:
      return { [random.pick(['==', '===', '!=', '!=='] as const)]: [number(random, depth - 1), number(random, depth - 1)] }
    case 7:
      return { [random.pick(['and', 'or'] as const)]: several() }
    case 8:
      return { [random.pick(['!', '!!'] as const)]: random.below(2) === 0 ? inner() : [inner()] }
    case 9:
      return { [random.pick(['if', '?:'] as const)]: [inner(), inner(), inner()] }
    default:
      return {
        [random.pick(['all', 'some', 'none'] as const)]: [
          { var: 'folds' },
          { [random.pick(['<', '>', '>='] as const)]: [{ var: '' }, random.below(5) - 2] },
        ],
      }
  }
}

function number(random: Random, depth: number): RuleOperand {
  if (depth <= 0 || random.below(3) === 0) return random.below(3) === 0 ? randomNumber(random) : { var: random.pick(numberNames) }
  const inner = (): RuleOperand => number(random, depth - 1)
  const divisor = random.pick([2, -4, 0.5, 3])
  switch (random.below(7)) {
    case 0:
      return { '+': Array.from({ length: 1 + random.below(3) }, inner) }
    case 1:
      return { '-': random.below(3) === 0 ? [inner()] : [inner(), inner()] }
    case 2:
      return { '*': [inner(), inner()] }
    case 3:
      return { '/': [inner(), divisor] }
    case 4:
      return { '%': [inner(), divisor] }
    case 5:
      return { [random.pick(['min', 'max'] as const)]: Array.from({ length: 1 + random.below(3) }, inner) }
    default:
      return { if: [truth(random, depth - 1), inner(), inner()] }
  }
}

const digest = 'a'.repeat(64)

/** A policy of one clause around a rule, for tests of rules. */
export function policyOfRule(rule: Rule, inputs: Readonly<Record<string, InputDeclaration>>): GatePolicy {
  return {
    type: 'gate-policy',
    contractVersion: '1.0',
    id: 'one-rule',
    revision: 1,
    title: 'One rule',
    family: 'test',
    stage: 'paper',
    validFrom: '2026-01-01T00:00:00Z',
    validUntil: '2027-01-01T00:00:00Z',
    inputs,
    clauses: [{ id: 'rule', title: 'The rule', rule, severity: 'block', message: 'The rule does not hold' }],
    approvals: { required: 0, excludeAuthor: false, excludePromoter: false },
    admissionDays: 30,
  }
}

/** Evidence that measures values a moment before `measuredAt` is read, with the units that their types suggest. */
export function evidenceOfValues(values: RuleCase['values'], measuredAt: string): Evidence {
  const unit = (value: unknown): string => (typeof value === 'boolean' ? 'boolean' : typeof value === 'string' ? 'word' : 'dimensionless')
  return {
    type: 'evidence',
    contractVersion: '1.0',
    artifactDigest: digest,
    values: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, { value, unit: unit(value), source: digest, measuredAt }]),
    ),
  }
}
