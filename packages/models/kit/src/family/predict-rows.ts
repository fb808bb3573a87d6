import { calibrate } from '../calibrate/calibration.js'
import { predictOutputs } from '../train/predict.js'
import { pickSamples, type Samples } from '../train/samples.js'
import { type FittedModel } from './fit.js'
import { normalisedSamples } from './inputs.js'
import { type FamilyRows } from './rows.js'

/** Calibrated outputs of some rows, `[indices, width]`: what a predictor's `values` would be, to the last bits of float32. */
export function predictRows(model: FittedModel, rows: FamilyRows, indices: Int32Array): Float32Array {
  return predictSamples(model, pickSamples(normalisedSamples(rows, model.normaliser), indices))
}

/** As {@link predictRows}, of inputs that are normalised. */
export function predictSamples({ network, weights, outputs, calibrations }: FittedModel, samples: Samples): Float32Array {
  const raw = predictOutputs({ network, weights }, samples)
  const values = new Float32Array(samples.count * network.outputWidth)
  outputs.forEach(({ name, kind, width, offset }, o) => {
    const numbers = raw.get(name)!
    for (let i = 0; i < samples.count; i++) {
      const at = i * network.outputWidth + offset
      if (kind === 'value' || kind === 'score') values[at] = numbers[i]
      else calibrate(calibrations[o], { kind, width }, numbers, i * width, values, at)
    }
  })
  return values
}
