import Type from 'typebox'
import { defineContract, type DocumentOf } from './contract.js'
import { interval } from './evaluation.js'
import { closed, count, digest, finite, mapOf, measureNamePattern, text, time, window } from './primitives.js'

const measurement = closed({
  value: Type.Union(
    [
      finite('A number'),
      Type.Boolean(),
      Type.String({ maxLength: 200 }),
      Type.Array(finite('A number'), { minItems: 1, maxItems: 10_000 }),
    ],
    { description: 'What was measured' },
  ),
  unit: text('Unit, such as fraction, days, microseconds, boolean, word'),
  source: digest('Of the document or file that it was computed from'),
  measuredAt: time('When'),
  count: Type.Optional(count('Observations behind it')),
  interval: Type.Optional(interval),
  window: Type.Optional(window),
})

/** Measured values a gate decides over: measured once, frozen, digested, so that a decision can be computed again. */
export const evidenceContract = defineContract({
  name: 'evidence',
  version: '1.0',
  title: 'Evidence',
  description: 'Measured values a gate decides over, each with unit, source digest and time',
  properties: {
    artifactDigest: digest('Artifact that was measured'),
    values: mapOf(measureNamePattern, measurement, { maxProperties: 1000, description: 'By name' }),
  },
})
export type Evidence = DocumentOf<typeof evidenceContract>
export type Measurement = Evidence['values'][string]
