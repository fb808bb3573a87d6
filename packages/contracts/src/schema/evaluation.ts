import Type from 'typebox'
import { defineContract, type DocumentOf } from './contract.js'
import { closed, count, digest, finite, mapOf, measureName, measureNamePattern, text, time, window } from './primitives.js'

/** An interval around an estimate. */
export const interval = closed(
  {
    lower: finite('Lower bound'),
    upper: finite('Upper bound'),
    level: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Coverage, 0.95' }),
    method: text('How it was computed, such as stationary block bootstrap, 2000 draws, mean block 20'),
  },
  { description: 'Confidence interval' },
)

const direction = Type.Union([Type.Literal('higher'), Type.Literal('lower')], { description: 'Which way is better' })

const metric = closed({
  value: finite('The estimate over all test rows'),
  unit: text('Unit, such as fraction, score, basis-points, dimensionless'),
  direction,
  interval: Type.Optional(interval),
  folds: Type.Optional(Type.Array(finite('Value of one fold'), { minItems: 1, description: 'In the order of the folds' })),
})

/** What was measured about a model on data it did not see. */
export const evaluationContract = defineContract({
  name: 'evaluation',
  version: '1.0',
  title: 'Evaluation',
  description: 'What was measured about a model on data it did not see: metrics, folds, intervals, baselines, number of trials, windows',
  properties: {
    artifactDigest: digest('Artifact that was evaluated'),
    measuredAt: time('When'),
    evaluator: closed({ name: text('Package or script'), version: text('Version') }),
    windows: closed({
      train: window,
      test: window,
      embargoNs: Type.Optional(count('Gap between the two, ns; left out beyond 2^53 - 1 (104 days), where the windows alone say it')),
    }),
    folds: Type.Array(
      closed({ train: Type.Array(window, { minItems: 1 }), test: Type.Array(window, { minItems: 1 }), rows: count('Test rows') }),
      { minItems: 1, description: 'Splits, in order' },
    ),
    rows: count('Test rows in all'),
    independentRows: Type.Optional(count('Effective sample size, overlaps taken out')),
    seeds: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, description: 'Seeds of the runs that are averaged' }),
    trials: Type.Integer({
      minimum: 1,
      description: 'Configurations tried before this one was chosen, itself included, over the whole campaign',
    }),
    metrics: mapOf(measureNamePattern, metric, { description: 'By name' }),
    baselines: Type.Array(
      closed({
        name: measureName('Name, such as majority, persistence, logistic'),
        description: text('What it does'),
        metrics: mapOf(measureNamePattern, finite('Its value on the same folds')),
        edges: mapOf(
          measureNamePattern,
          closed({ value: finite('How much better the model is; positive is better, whatever the direction of the metric'), interval }),
          {
            description: 'Paired difference a metric',
          },
        ),
      }),
      { description: 'Fitted and measured on the same folds' },
    ),
    costs: Type.Optional(text('Fees, slippage and latency assumed by economic metrics')),
    reportDigest: Type.Optional(digest('Of the full report, for people')),
  },
})
export type Evaluation = DocumentOf<typeof evaluationContract>
