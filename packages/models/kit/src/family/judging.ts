import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { type PlanOutput } from '../serve/plan.js'
import { type FamilyRows } from './rows.js'

/** What a model, or a baseline, said of rows that it did not see. */
export interface Judging<R extends FamilyRows = FamilyRows> {
  readonly rows: R
  /** Indices of the test rows, in time order. */
  readonly test: Int32Array
  /** Calibrated outputs, `[test, width]`: what `Prediction.values` would have been. */
  readonly values: Float32Array
  readonly width: number
  readonly outputs: readonly PlanOutput[]
  /** The family's own settings, as the artifact has them. */
  readonly extra: NonNullable<ModelDescription['extra']>
}

/** Numbers of one output, `[test, output.width]`. @throws {TradingError} `MODEL_METRIC_INVALID` for an output that the network does not have */
export function outputValues({ values, width, outputs, test }: Judging, name: string): Float32Array {
  const output = outputs.find((one) => one.name === name)
  if (output === undefined)
    throw new TradingError('MODEL_METRIC_INVALID', `no output "${name}" among ${outputs.map((one) => one.name).join(', ')}`, {
      output: name,
    })
  const picked = new Float32Array(test.length * output.width)
  for (let i = 0; i < test.length; i++)
    for (let k = 0; k < output.width; k++) picked[i * output.width + k] = values[i * width + output.offset + k]
  return picked
}

/** Labels of one head for the test rows. @throws {TradingError} `MODEL_METRIC_INVALID` for a head without labels */
export function testLabels({ rows, test }: Judging, head: string): Float64Array {
  const labels = rows.labels.get(head)
  if (labels === undefined) throw new TradingError('MODEL_METRIC_INVALID', `no labels of head "${head}"`, { head })
  return Float64Array.from(test, (row) => labels[row])
}
