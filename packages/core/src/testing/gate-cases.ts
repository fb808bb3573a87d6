import assert from 'node:assert/strict'
import type { Evidence, Gate, Measurement } from '@gatehouse/contracts'
import { conformanceSuite, type ConformanceCase } from './suite.js'

/** The outside world of a gate is its evidence: a document that passes at `now`, to be spoilt. */
export interface GateHarness {
  readonly gate: Gate
  readonly passing: Evidence
  readonly now: bigint
}

/** The evidence with one value replaced, or without it. */
function spoil(evidence: Evidence, name: string, change: ((measurement: Measurement) => unknown) | undefined): Evidence {
  const { [name]: spoilt, ...others } = evidence.values
  return { ...evidence, values: change === undefined ? others : { ...others, [name]: change(spoilt) } } as Evidence
}

const withValue = (value: unknown) => (measurement: Measurement) => ({ ...measurement, value })

const spoilings: readonly (readonly [string, ((measurement: Measurement) => unknown) | undefined])[] = [
  ['removed', undefined],
  ['NaN', withValue(NaN)],
  ['infinite', withValue(Infinity)],
  ['null', withValue(null)],
  ['undefined', withValue(undefined)],
  ['a rule instead of a value', withValue({ '==': [1, 1] })],
  ['inherited', (measurement) => Object.create(measurement) as unknown],
  ['measured in 1990', (measurement) => ({ ...measurement, measuredAt: '1990-01-01T00:00:00Z' })],
]

const documentsOfNoUse: readonly unknown[] = [undefined, null, 7, 'evidence', [], {}, { type: 'evidence' }, Object.create(null)]

/** What every gate must do, whatever its policy asks. A gate that lets something through that it has not seen is no gate. */
export function gateCases(open: () => Promise<GateHarness>): readonly ConformanceCase[] {
  return conformanceSuite<GateHarness>({
    suite: 'Gate',
    open,
    cases: [
      {
        name: 'the passing evidence passes',
        async check({ gate, passing, now }) {
          assert.equal(gate.evaluate(passing, { now }).decision, 'approved')
        },
      },
      {
        name: 'every value of the passing evidence that a blocking clause reads is needed, whole and fresh',
        async check({ gate, passing, now }) {
          const blocking = new Set(
            gate
              .evaluate(passing, { now })
              .clauses.flatMap(({ severity, observed }) => (severity === 'block' ? observed.map(({ evidence }) => evidence) : [])),
          )
          assert.ok(blocking.size > 0, 'no blocking clause reads anything')
          for (const name of blocking) {
            if (!Object.hasOwn(passing.values, name)) continue
            for (const [how, change] of spoilings) {
              const report = gate.evaluate(spoil(passing, name, change), { now })
              assert.notEqual(report.decision, 'approved', `${name} ${how} still passes`)
            }
          }
        },
      },
      {
        name: 'it is total: no document makes it throw, and none of these passes',
        async check({ gate, now }) {
          for (const document of documentsOfNoUse) assert.notEqual(gate.evaluate(document as Evidence, { now }).decision, 'approved')
        },
      },
      {
        name: 'it is pure: same evidence and time, same report',
        async check({ gate, passing, now }) {
          assert.deepEqual(gate.evaluate(passing, { now }), gate.evaluate(structuredClone(passing), { now }))
        },
      },
      {
        name: 'every clause is in the report, also after the first that failed',
        async check({ gate, passing, now }) {
          const [first] = Object.keys(passing.values)
          const report = gate.evaluate(spoil(passing, first, undefined), { now })
          assert.deepEqual(
            report.clauses.map(({ id }) => id),
            gate.policy.clauses.map(({ id }) => id),
          )
        },
      },
    ],
  })
}
