import { TradingError } from '@gatehouse/contracts'
import { type Instrument, type MarketView, type TimeNs } from '@gatehouse/core'
import { calibrate, driftMonitor, type KitPredictor, type LoadedFamily, outputCalibrations, type Plan } from '@gatehouse/model-kit'
import { isReady, writeScale } from './book-path.js'
import { type BookFeatureSet, type BookStream } from './feature/book-features.js'
import { eventsOf, midOf, spreadOf } from './feature/moment.js'
import { horizonSeconds, type ResolvedOptions } from './options.js'
import { OrderBookPrediction } from './prediction.js'
import { readTendencies } from './tendencies.js'

/** Follows one book event by event; features and network run when it is asked. */
export class OrderBookPredictor implements KitPredictor<OrderBookPrediction> {
  readonly drift: KitPredictor<OrderBookPrediction>['drift']
  readonly #stream: BookStream
  readonly #plan: Plan
  readonly #calibrations: ReturnType<typeof outputCalibrations>
  readonly #prediction: OrderBookPrediction
  readonly #input: Float32Array
  readonly #everyEvents: number
  readonly #seconds: number
  readonly #staleMs: number

  constructor(
    { artifact, features }: LoadedFamily,
    instrument: Instrument,
    options: Pick<ResolvedOptions, 'step' | 'horizon' | 'staleMs'>,
  ) {
    const { description, digest } = artifact
    this.#stream = (features as BookFeatureSet).open(instrument)
    this.#plan = artifact.plan
    this.#calibrations = outputCalibrations(artifact)
    this.#prediction = new OrderBookPrediction(description.name, digest, instrument, readTendencies(description.extra))
    this.#input = new Float32Array(features.spec.items.length)
    this.#everyEvents = 'events' in options.step ? options.step.events : 1
    this.#seconds = horizonSeconds(options)
    this.#staleMs = options.staleMs
    const reference = description.driftReference
    this.drift = reference && { names: reference.map(({ feature }) => feature), monitor: driftMonitor(reference) }
  }

  get isWarm(): boolean {
    return this.#stream.isWarm
  }

  update(view: MarketView): void {
    this.#stream.update(view)
  }

  /** Says nothing of a book that is stale, or that lacks a side. */
  predict(now: TimeNs, emit: (prediction: OrderBookPrediction) => void): void {
    const stream = this.#stream
    if (!isReady(stream, now, this.#staleMs) || eventsOf(stream.memory) % this.#everyEvents !== 0) return
    const prediction = this.#prediction
    const { values } = stream
    this.drift?.monitor.observe(values)
    this.#input.set(values)
    const raw = this.#plan.compute(this.#input)
    const { outputs } = this.#plan
    for (let o = 0; o < outputs.length; o++) {
      const output = outputs[o]
      if (output.kind === 'value') prediction.values[output.offset] = raw[output.offset]
      else calibrate(this.#calibrations[o], output, raw, output.offset, prediction.values, output.offset)
    }
    prediction.at = now
    this.#describe(prediction, stream)
    emit(prediction)
  }

  /** What the prediction says of the book it was made at. By itself, so that small functions are compiled into it and box nothing. */
  #describe(prediction: OrderBookPrediction, stream: BookStream): void {
    prediction.spreadTicks = spreadOf(stream.memory)
    prediction.tickBp = 1e4 / midOf(stream.memory)
    writeScale(prediction, stream.memory, this.#seconds)
  }

  save(): Uint8Array {
    const parts = [this.#stream.save(), this.drift?.monitor.save() ?? new Uint8Array()]
    const state = new Uint8Array(4 + parts[0].length + parts[1].length)
    new DataView(state.buffer).setUint32(0, parts[0].length, true)
    state.set(parts[0], 4)
    state.set(parts[1], 4 + parts[0].length)
    return state
  }

  restore(state: Uint8Array): void {
    const length = state.length >= 4 ? new DataView(state.buffer, state.byteOffset, state.byteLength).getUint32(0, true) : -1
    if (length < 0 || 4 + length > state.length)
      throw new TradingError(
        'MODEL_STATE_INVALID',
        'order-book: the saved state is not one of this predictor; warm up from recorded data',
        {
          bytes: state.length,
        },
      )
    const drift = state.subarray(4 + length)
    if (this.drift === undefined && drift.length > 0)
      throw new TradingError(
        'MODEL_STATE_INVALID',
        'order-book: the saved state counts drift, which this artifact has no reference for',
        {},
      )
    this.#stream.restore(state.subarray(4, 4 + length))
    this.drift?.monitor.restore(drift)
  }
}
