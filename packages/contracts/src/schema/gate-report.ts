import Type from 'typebox'
import { defineContract, type DocumentOf } from './contract.js'
import { closed, count, digest, finite, measureName, slug, stage, text, time, words } from './primitives.js'

const observedValue = Type.Union([finite('A number'), Type.Boolean(), Type.String(), Type.Array(finite('A number')), Type.Null()], {
  description: 'null where there is none that can be used',
})

const observation = closed({
  input: measureName('Variable of the rule'),
  evidence: measureName('Measurement it reads'),
  value: observedValue,
  unit: text('Unit'),
  source: Type.Optional(digest('Of what it was computed from')),
  measuredAt: Type.Optional(time('When')),
  problem: Type.Optional(text('Why it cannot be used')),
})

const comparison = closed({
  at: Type.String({ description: 'JSON Pointer into the rule' }),
  operator: text('Comparison'),
  observed: observedValue,
  limit: observedValue,
  margin: Type.Union([finite('Distance to the limit, positive on the passing side'), Type.Null()]),
  passes: Type.Boolean(),
})

const remedy = closed({
  kind: words(['change', 'more-data', 'provide', 'refresh', 'none'], {
    description:
      'change: the value must move by `by`; more-data: about `count` observations would do at the present estimate; provide: evidence is missing; refresh: it is stale',
  }),
  input: Type.Optional(measureName('Variable')),
  by: Type.Optional(finite('How far it must move')),
  count: Type.Optional(count('Observations needed in all')),
  message: text('In words'),
})

const clause = closed({
  id: slug('Clause'),
  title: text('Its title'),
  severity: Type.Union([Type.Literal('block'), Type.Literal('warn')]),
  result: Type.Union([Type.Literal('pass'), Type.Literal('fail'), Type.Literal('error')], {
    description: 'error: it could not be decided, which refuses like a failure',
  }),
  rule: Type.Unsafe<unknown>({ description: 'The rule' }),
  observed: Type.Array(observation, { description: 'Every variable of the rule' }),
  comparisons: Type.Array(comparison, { description: 'Every comparison of the rule' }),
  limit: Type.Union([finite('Limit of the comparison that decided'), Type.Null()]),
  margin: Type.Union([finite('Distance to turning: positive for a pass, negative for a failure'), Type.Null()]),
  reason: text('Why it passed, failed or erred'),
  message: Type.Optional(text("The policy's message, for what did not pass")),
  remedies: Type.Array(remedy, { description: 'What would turn a refusal' }),
})

/** A gate's decision, explained clause by clause. */
export const gateReportContract = defineContract({
  name: 'gate-report',
  version: '1.0',
  title: 'GateReport',
  description: "A gate's decision, explained clause by clause",
  properties: {
    decision: Type.Union([Type.Literal('approved'), Type.Literal('refused')]),
    policyId: slug('Policy'),
    policyRevision: Type.Integer({ minimum: 1 }),
    policyTitle: text('Its title'),
    stage,
    family: slug('Family'),
    artifactDigest: Type.Union([digest('Artifact'), Type.Null()], { description: 'null when the evidence does not name one' }),
    policyDigest: digest('Of the policy'),
    evidenceDigest: Type.Union([digest('Of the evidence'), Type.Null()], { description: 'null when the evidence is not a document' }),
    evaluatedAt: time('The now that was given'),
    evaluator: closed({ name: text('Package'), version: text('Version of the gate, counted up when a decision could differ') }),
    problems: Type.Array(text('What refuses regardless of the clauses')),
    clauses: Type.Array(clause),
    counts: closed({ pass: count('Passed'), fail: count('Failed'), error: count('Erred'), warn: count('Not passed with severity warn') }),
    approvalsRequired: count('Approvals that the policy asks for'),
  },
})
export type GateReport = DocumentOf<typeof gateReportContract>
export type ClauseReport = GateReport['clauses'][number]
export type Remedy = ClauseReport['remedies'][number]
