import Type from 'typebox'
import type { Rule } from '../gate/rule.js'
import { defineContract, type DocumentOf } from './contract.js'
import { closed, finite, mapOf, measureName, measureNamePattern, slug, stage, text, time, words } from './primitives.js'

const common = {
  evidence: Type.Optional(measureName('Measurement it reads; its own name when absent')),
  unit: text('Unit that the evidence must state'),
  maxAgeDays: Type.Number({
    exclusiveMinimum: 0,
    maximum: 3650,
    description: 'Older evidence is stale, days of 86,400 s since measuredAt',
  }),
  description: text('What it is'),
}
const bounds = {
  minimum: finite('Smallest plausible value; below it the evidence is an error'),
  maximum: finite('Largest plausible value; above it the evidence is an error'),
}

const input = Type.Union(
  [
    closed({
      ...common,
      ...bounds,
      type: Type.Literal('number'),
      field: Type.Optional(
        words(['value', 'lower', 'upper', 'count'], {
          description: 'Which number of the measurement; value when absent, lower and upper are of its interval',
        }),
      ),
      minimumLevel: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Smallest coverage that an interval must have' }),
      ),
    }),
    closed({ ...common, ...bounds, type: Type.Literal('numbers') }),
    closed({ ...common, type: Type.Literal('boolean') }),
    closed({ ...common, type: Type.Literal('string'), values: Type.Array(text('A word it may be'), { minItems: 1 }) }),
  ],
  { description: 'A variable of the rules, and what its evidence must be like before a rule may see it' },
)

const clause = closed({
  id: slug('Name, unique in the policy'),
  title: text('One line for people'),
  rule: Type.Unsafe<Rule>({ type: 'object', minProperties: 1, maxProperties: 1, description: 'JSON-Logic over the inputs; true passes' }),
  severity: Type.Union([Type.Literal('block'), Type.Literal('warn')], {
    description: 'block refuses when the rule is not true; warn is reported',
  }),
  message: text('What a failure means and what to do'),
})

/** Named clauses over declared evidence: what a model must have earned. */
export const gatePolicyContract = defineContract({
  name: 'gate-policy',
  version: '1.0',
  title: 'GatePolicy',
  description: 'What a model must have earned for a stage: named JSON-Logic clauses over declared evidence',
  properties: {
    id: slug('Name of the policy'),
    revision: Type.Integer({ minimum: 1, description: 'Counts up with every change' }),
    title: text('One line for people'),
    family: slug('Family it is for'),
    stage,
    validFrom: time('Not usable before'),
    validUntil: time('Not usable from'),
    inputs: mapOf(measureNamePattern, input, { maxProperties: 500, description: 'Variables of the rules, by name' }),
    clauses: Type.Array(clause, { minItems: 1, maxItems: 500, description: 'All are evaluated' }),
    approvals: closed({
      required: Type.Integer({
        minimum: 0,
        maximum: 20,
        description: 'Approvals by distinct trusted keys, beside the signature of the promoter',
      }),
      excludeAuthor: Type.Boolean({ description: 'True: the author of the model may not be among them' }),
      excludePromoter: Type.Boolean({ description: 'True: the key that signs the promotion may not be among them' }),
    }),
    admissionDays: Type.Number({ exclusiveMinimum: 0, maximum: 3650, description: 'How long a promotion admits, days of 86,400 s' }),
  },
})
export type GatePolicy = DocumentOf<typeof gatePolicyContract>
export type GateClause = GatePolicy['clauses'][number]
export type InputDeclaration = GatePolicy['inputs'][string]

/** Golden cases beside a policy: evidence, and what the gate must say about it. */
export const policyCasesContract = defineContract({
  name: 'policy-cases',
  version: '1.0',
  title: 'PolicyCases',
  description: 'Golden cases of a policy: evidence, and what the gate must say about it',
  properties: {
    policyId: slug('Policy they are for'),
    now: time('Time of the evaluation'),
    base: mapOf(measureNamePattern, Type.Unsafe<unknown>({}), { description: 'Measurements that pass' }),
    cases: Type.Array(
      closed({
        name: text('A sentence'),
        change: mapOf(measureNamePattern, Type.Unsafe<unknown>({}), {
          description: 'Measurements that differ from the base; null removes one',
        }),
        decision: Type.Union([Type.Literal('approved'), Type.Literal('refused')]),
        notPassing: Type.Array(slug('Id of a clause that does not pass'), { description: 'Exactly these clauses fail or err' }),
      }),
      { minItems: 2 },
    ),
  },
})
export type PolicyCases = DocumentOf<typeof policyCasesContract>
