import assert from 'node:assert/strict'
import type { Batch } from '../interfaces/batch.js'
import type { Model, Predictor } from '../interfaces/model.js'
import type { Prediction } from '../interfaces/prediction.js'
import type { Instrument } from '../interfaces/instrument.js'
import { conformanceSuite, type ConformanceCase } from './suite.js'

export interface ModelHarness {
  readonly model: Model
  readonly instruments: readonly Instrument[]
  /** The outside world of a model is its data: rows in `availableAt` order, more than enough to warm it; asked for several times. */
  readonly batches: () => Iterable<Batch>
}

interface Said {
  readonly row: number
  readonly at: bigint
  readonly instrument: string
  readonly values: string
}

/** Feeds rows `[from, to)` of the world and asks after every row of the triggering schema, warm or not being the predictor's word. */
function drive(predictor: Predictor, { model, batches }: ModelHarness, from = 0, to = Infinity): readonly Said[] {
  const said: Said[] = []
  let row = 0
  for (const batch of batches()) {
    const view = batch.view()
    for (view.row = 0; view.row < batch.length; view.row++, row++) {
      if (row < from || row >= to) continue
      predictor.update(view)
      const asks = 'every' in model.trigger ? model.trigger.every === batch.schema : true
      if (!asks || !predictor.isWarm) continue
      predictor.predict(view.availableAt, (prediction: Prediction) => {
        said.push({
          row,
          at: prediction.at,
          instrument: prediction.instrument.id,
          values: Buffer.from(prediction.values.slice().buffer).toString('hex'),
        })
      })
    }
  }
  return said
}

const rowsOf = ({ batches }: ModelHarness): number => [...batches()].reduce((sum, batch) => sum + batch.length, 0)

/** What every model must do, whatever it computes. */
export function modelCases(open: () => Promise<ModelHarness>): readonly ConformanceCase[] {
  return conformanceSuite<ModelHarness>({
    suite: 'Model',
    open,
    cases: [
      {
        name: 'it names itself, its inputs and its digest',
        async check({ model }) {
          assert.match(model.digest, /^[0-9a-f]{64}$/, 'digest is the SHA-256 of model.json in hex')
          assert.ok(model.name.length > 0)
          assert.ok(model.inputs.length > 0, 'a model reads something')
          for (const { source } of model.inputs) assert.ok(source.length > 0, 'every input names its source')
        },
      },
      {
        name: 'it warms up and then predicts finite values',
        async check(harness) {
          const predictor = harness.model.open(harness.instruments)
          assert.equal(predictor.isWarm, false, 'a predictor that has seen nothing is not warm')
          const said = drive(predictor, harness)
          assert.ok(said.length > 0, `${rowsOf(harness)} rows did not warm it`)
          for (const { row, values } of said) {
            const numbers = new Float32Array(Uint8Array.from(Buffer.from(values, 'hex')).buffer)
            for (const value of numbers) assert.ok(Number.isFinite(value), `row ${row}: ${value}`)
          }
        },
      },
      {
        name: 'the same views give the same bytes, twice',
        async check(harness) {
          assert.deepEqual(drive(harness.model.open(harness.instruments), harness), drive(harness.model.open(harness.instruments), harness))
        },
      },
      {
        name: 'restore(save()) continues exactly, wherever it is cut',
        async check(harness) {
          const whole = drive(harness.model.open(harness.instruments), harness)
          const total = rowsOf(harness)
          for (const cut of [1, Math.floor(total / 3), Math.floor((2 * total) / 3), total - 1]) {
            const first = harness.model.open(harness.instruments)
            const head = drive(first, harness, 0, cut)
            const second = harness.model.open(harness.instruments)
            second.restore(first.save())
            const tail = drive(second, harness, cut)
            assert.deepEqual([...head, ...tail], whole, `cut after row ${cut}`)
          }
        },
      },
      {
        name: 'what comes later changes nothing that was said before',
        async check(harness) {
          const total = rowsOf(harness)
          const cut = Math.floor(total / 2)
          const whole = drive(harness.model.open(harness.instruments), harness)
          const prefix = drive(harness.model.open(harness.instruments), harness, 0, cut)
          assert.deepEqual(
            prefix,
            whole.filter(({ row }) => row < cut),
          )
        },
      },
      {
        name: 'a state that is not its own is refused',
        async check(harness) {
          const predictor = harness.model.open(harness.instruments)
          assert.throws(() => predictor.restore(Uint8Array.of(1, 2, 3)), 'restore accepted three arbitrary bytes')
        },
      },
      {
        name: 'predictors do not share state',
        async check(harness) {
          const alone = drive(harness.model.open(harness.instruments), harness)
          const other = harness.model.open(harness.instruments)
          drive(other, harness, 0, Math.floor(rowsOf(harness) / 2))
          assert.deepEqual(drive(harness.model.open(harness.instruments), harness), alone)
        },
      },
    ],
  })
}
