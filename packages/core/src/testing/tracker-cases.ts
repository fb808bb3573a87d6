import assert from 'node:assert/strict'
import type { RunDefinition, Tracker } from '../interfaces/tracker.js'
import { conformanceSuite, type ConformanceCase } from './suite.js'

/** One run as it reached the tracker's storage. */
export interface TrackedRecord {
  readonly definition: RunDefinition
  readonly history: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[]
  readonly summary: Readonly<Record<string, number | string>>
  readonly artifacts: readonly string[]
  /** `undefined` while the run has not finished. */
  readonly exitCode: number | undefined
}

export interface TrackerHarness {
  readonly tracker: Tracker
  readonly world: {
    /** What has been stored, by run id, as a reader outside this process sees it. */
    stored(): Promise<ReadonlyMap<string, TrackedRecord>>
    /** From now on the network or disk behind the tracker fails, or works again. */
    setFault(fault: 'none' | 'refuse'): void
  }
}

const definition: RunDefinition = { name: 'conformance', campaign: 'suite', jobType: 'train', config: { seed: 7, layers: [64, 5] } }

/** What every tracker must do, wherever it writes. */
export function trackerCases(open: () => Promise<TrackerHarness>): readonly ConformanceCase[] {
  return conformanceSuite<TrackerHarness>({
    suite: 'Tracker',
    open,
    release: ({ tracker }) => tracker.close(),
    cases: [
      {
        name: 'a finished run is stored whole: definition, history in order, summary, artifacts, exit code',
        async check({ tracker, world }) {
          const run = tracker.start(definition)
          for (let step = 0; step < 100; step++) run.log({ loss: 1 / (step + 1) }, step)
          run.summarize({ accuracy: 0.25 })
          run.artifact('model', 'ab'.repeat(32), new Map([['model.json', Uint8Array.of(1, 2, 3)]]))
          await run.finish({ exitCode: 0 })
          const record = (await world.stored()).get(run.id)
          assert.ok(record, `run ${run.id} was not stored`)
          assert.deepEqual(record.definition.config, definition.config)
          assert.deepEqual(
            record.history.map(({ step }) => step),
            Array.from({ length: 100 }, (_, step) => step),
          )
          assert.equal(record.history[99].metrics['loss'], 0.01)
          assert.equal(record.summary['accuracy'], 0.25)
          assert.equal(record.artifacts.length, 1)
          assert.equal(record.exitCode, 0)
        },
      },
      {
        name: 'two runs at once do not mix',
        async check({ tracker, world }) {
          const [first, second] = [tracker.start(definition), tracker.start(definition)]
          assert.notEqual(first.id, second.id)
          first.log({ loss: 1 }, 0)
          second.log({ loss: 2 }, 0)
          await Promise.all([first.finish({ exitCode: 0 }), second.finish({ exitCode: 1 })])
          const stored = await world.stored()
          assert.deepEqual(
            [first, second].map(({ id }) => stored.get(id)?.history[0]?.metrics['loss']),
            [1, 2],
          )
          assert.deepEqual(
            [first, second].map(({ id }) => stored.get(id)?.exitCode),
            [0, 1],
          )
        },
      },
      {
        name: 'non-finite metrics are kept as they are or refused, never turned into zero or null',
        async check({ tracker, world }) {
          const run = tracker.start(definition)
          let refused = false
          try {
            run.log({ loss: NaN }, 0)
          } catch {
            refused = true
          }
          await run.finish({ exitCode: 0 })
          const loss = (await world.stored()).get(run.id)?.history[0]?.metrics['loss']
          assert.ok(refused || Number.isNaN(loss), `NaN became ${String(loss)}`)
        },
      },
      {
        name: 'logging does not wait for storage that fails, and nothing logged is lost when it recovers',
        async check({ tracker, world }) {
          world.setFault('refuse')
          const run = tracker.start(definition)
          const started = performance.now()
          for (let step = 0; step < 1_000; step++) run.log({ loss: step }, step)
          assert.ok(performance.now() - started < 1_000, 'log waited for storage')
          world.setFault('none')
          await run.finish({ exitCode: 0 })
          assert.equal((await world.stored()).get(run.id)?.history.length, 1_000)
        },
      },
      {
        name: 'close can be called twice and refuses later runs',
        async check({ tracker }) {
          await tracker.close()
          await tracker.close()
          assert.throws(() => tracker.start(definition))
        },
      },
    ],
  })
}
