import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { type Instrument, type MarketView, type Prediction, type Predictor, type TimeNs } from '@gatehouse/core'
import { type LoadedArtifact } from '../artifact/artifact.js'
import { calibrate, type Calibration, readCalibration } from '../calibrate/calibration.js'
import { driftMonitor, type DriftMonitor } from '../drift/drift.js'
import { type FeatureSet, requireSameFeatures } from '../feature/feature-set.js'
import { badState, packParts, unpackParts } from './packing.js'
import { type Plan } from './plan.js'
import { compileStreamingPlan, type StreamingPlan } from './streaming-plan.js'

/** Predictor of one instrument with what the kit adds. */
export interface KitPredictor<P extends Prediction> extends Predictor<P> {
  /** What it saw against its training, by feature; absent when the artifact carries no reference. */
  readonly drift: { readonly names: readonly string[]; readonly monitor: DriftMonitor } | undefined
}

export interface PredictorOptions<P extends Prediction> {
  readonly artifact: LoadedArtifact
  readonly features: FeatureSet
  readonly instrument: Instrument
  readonly context?: Readonly<Record<string, Instrument>> | undefined
  /** Rows of this schema enter the window of a sequence network; for a flat network the latest values are used. */
  readonly every: string
  /** Makes the one prediction object that is filled again and again. `values` is `outputs` calibrated, in order. */
  readonly prediction: (values: Float32Array) => P
  /** Sets what the family adds from `values`, and `at`. Returning false says nothing this time: the data is too old to speak, say. */
  readonly fill: (prediction: P, at: TimeNs) => boolean | void
}

/**
 * A predictor of one instrument: features stream in, the compiled network runs on the trigger. Sequence networks are streamed where that is exact, and keep a
 * window where it is not.
 * @throws {TradingError} `MODEL_FEATURES_MISMATCH` when the features at hand are not those it was trained on
 */
export function openPredictor<P extends Prediction>({
  artifact,
  features,
  instrument,
  context,
  every,
  prediction: make,
  fill,
}: PredictorOptions<P>): KitPredictor<P> {
  requireSameFeatures(artifact.description.features, features.spec)
  const stream = features.open(instrument, context)
  const engine = makeEngine(artifact)
  const calibrations = outputCalibrations(artifact)
  const { outputs } = engine
  const values = new Float32Array(engine.outputSize)
  const prediction = make(values)
  const drift = monitorOf(artifact.description.driftReference)
  const row = new Float32Array(features.spec.items.length)
  let hasGap = false
  return {
    drift,
    get isWarm() {
      return stream.isWarm && engine.isWarm
    },
    update(view: MarketView) {
      if (!stream.update(view) || view.schema !== every || view.instrument !== instrument || !stream.isWarm) return
      // A row that misses what it must not miss breaks the window: the engine starts to warm up afresh.
      if (!stream.isComplete) {
        hasGap = true
        return
      }
      if (hasGap) engine.reset()
      hasGap = false
      row.set(stream.values)
      // As float32, in which the training rows were binned: what stands on an edge stays in its bin.
      drift?.monitor.observe(row)
      engine.push(row)
    },
    predict(now, emit) {
      if (hasGap || !stream.isWarm || !engine.isWarm) return
      const raw = engine.output()
      for (let o = 0; o < outputs.length; o++) writeOutput(calibrations[o], outputs[o], raw, values)
      if (fill(prediction, now) !== false) emit(prediction)
    },
    save: () => packParts([stream.save(), engine.save(), drift?.monitor.save() ?? new Uint8Array(), Uint8Array.of(hasGap ? 1 : 0)]),
    restore(state) {
      const [streamState, engineState, driftState, flags] = unpackParts(state, 4)
      stream.restore(streamState)
      engine.restore(engineState)
      if (drift) drift.monitor.restore(driftState)
      hasGap = flags[0] === 1
    },
  }
}

/** Raw outputs to what a prediction says: probabilities where the output states any, the number itself where it does not. */
function writeOutput(calibration: Calibration, output: Plan['outputs'][number], raw: Float32Array, values: Float32Array): void {
  if (output.kind === 'value' || output.kind === 'score') values[output.offset] = raw[output.offset]
  else calibrate(calibration, output, raw, output.offset, values, output.offset)
}

/** Calibration of every output, in their order. */
export function outputCalibrations({ description, plan }: Pick<LoadedArtifact, 'description' | 'plan'>): readonly Calibration[] {
  return plan.outputs.map(({ name }) => {
    const entry = description.calibration.find(({ output }) => output === name)
    return entry ? readCalibration(entry) : { kind: 'none' }
  })
}

function monitorOf(reference: ModelDescription['driftReference']): KitPredictor<Prediction>['drift'] {
  return reference && { names: reference.map(({ feature }) => feature), monitor: driftMonitor(reference) }
}

/** What turns rows into raw outputs: the plan itself, a stream, or a window. */
interface Engine extends Pick<Plan, 'outputs' | 'outputSize'> {
  readonly isWarm: boolean
  push(row: Float32Array): void
  /** Of the rows so far, once warm; valid until the plan is used again, by this predictor or another. */
  output(): Float32Array
  reset(): void
  save(): Uint8Array
  restore(state: Uint8Array): void
}

function makeEngine({ network, weights, normaliser, plan }: LoadedArtifact): Engine {
  const parts = { network: network.definition, weights, normaliser, backend: plan.backend }
  if (network.input.length === 1) return windowEngine(plan, network.input[0])
  try {
    return streamEngine(compileStreamingPlan(parts))
  } catch (error) {
    if (!(error instanceof TradingError) || error.code !== 'MODEL_STREAMING_INEXACT') throw error
    return windowEngine(plan, network.input[1])
  }
}

function streamEngine(stream: StreamingPlan): Engine {
  let raw: Float32Array = new Float32Array(stream.outputSize)
  return {
    outputs: stream.outputs,
    outputSize: stream.outputSize,
    get isWarm() {
      return stream.isWarm
    },
    push: (row) => void (raw = stream.push(row)),
    output: () => raw,
    reset: () => stream.reset(),
    save: () => packParts([stream.save(), bytesOf(raw)]),
    restore(state) {
      const [streamed, last] = unpackParts(state, 2)
      stream.restore(streamed)
      raw = new Float32Array(last.slice().buffer)
    },
  }
}

/**
 * Keeps the last rows (a flat network's window is one row) twice, a window apart, so that the window is always one stretch. The network runs when it is asked,
 * not at every row: predictors of many instruments share one plan, and many rows pass unasked.
 */
function windowEngine(plan: Plan, rowSize: number): Engine {
  const steps = plan.inputSize / rowSize
  const ring = new Float32Array(2 * plan.inputSize)
  const windows = Array.from({ length: steps }, (_, slot) => ring.subarray((slot + 1) * rowSize, (slot + 1) * rowSize + plan.inputSize))
  let count = 0
  return {
    outputs: plan.outputs,
    outputSize: plan.outputSize,
    get isWarm() {
      return count >= steps
    },
    push(row) {
      const slot = count++ % steps
      ring.set(row, slot * rowSize)
      ring.set(row, slot * rowSize + plan.inputSize)
    },
    output: () => plan.compute(windows[(count - 1) % steps]),
    reset: () => void (count = 0),
    save: () => packParts([bytesOf(ring), bytesOf(Float64Array.of(count))]),
    restore(state) {
      const [rows, counted] = unpackParts(state, 2)
      if (rows.length !== ring.byteLength || counted.length !== 8) throw badState()
      const saved = new Float64Array(counted.slice().buffer)[0]
      if (!Number.isSafeInteger(saved) || saved < 0) throw badState()
      new Uint8Array(ring.buffer).set(rows)
      count = saved
    },
  }
}

const bytesOf = (values: Float32Array | Float64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
