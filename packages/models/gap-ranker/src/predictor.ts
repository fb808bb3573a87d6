import { TradingError } from '@gatehouse/contracts'
import type { Instrument, MarketView, Predictor, TimeNs } from '@gatehouse/core'
import { calibrate, driftMonitor, outputCalibrations, type Calibration, type DriftMonitor, type LoadedArtifact, type Plan } from '@gatehouse/model-kit' // prettier-ignore
import { featureCount } from './feature/items.js'
import { UniverseFeatures, type UniverseOptions } from './feature/universe-features.js'
import { GapPrediction } from './prediction.js'

/** Ranks the names of a morning: one predictor for a whole universe, whose names come and go. Predicting allocates nothing. */
export class GapPredictor implements Predictor<GapPrediction> {
  /** What it ranked against its training, by feature; absent when the artifact carries no reference. */
  readonly drift: { readonly names: readonly string[]; readonly monitor: DriftMonitor } | undefined
  readonly #features: UniverseFeatures
  readonly #plan: Plan
  /** Of each member's two heads. */
  readonly #calibrations: readonly Calibration[]
  readonly #predictions: readonly GapPrediction[]
  readonly #scores: Float32Array
  readonly #chances: Float32Array
  readonly #order: Int32Array
  readonly #chance = new Float32Array(1)
  readonly #rows: readonly Float32Array[]

  /** @param options the rule that the artifact was trained by */
  constructor(artifact: LoadedArtifact, instruments: readonly Instrument[], options: UniverseOptions) {
    const { description, digest, plan } = artifact
    const most = options.rule.maxNames
    this.#features = new UniverseFeatures(instruments, options)
    this.#plan = plan
    this.#calibrations = outputCalibrations(artifact)
    this.#predictions = instruments.map((instrument) => new GapPrediction(description.name, digest, instrument))
    this.#scores = new Float32Array(most)
    this.#chances = new Float32Array(most)
    this.#order = new Int32Array(most)
    const reference = description.driftReference
    this.drift = reference && { names: reference.map(({ feature }) => feature), monitor: driftMonitor(reference) }
    this.#rows = Array.from({ length: Math.min(most, instruments.length) }, (_, row) => this.#features.row(row))
  }

  get isWarm(): boolean {
    return this.#features.isWarm
  }

  update(view: MarketView): void {
    this.#features.update(view)
  }

  /** Emits the best name first; nothing on a morning with too few names. */
  predict(now: TimeNs, emit: (prediction: GapPrediction) => void): void {
    const input = this.#features.assemble(now)
    const count = input.length / featureCount
    if (count === 0) return
    this.#judge(this.#plan.compute(input), count)
    this.#sort(count)
    for (let place = 0; place < count; place++) {
      const row = this.#order[place]
      this.drift?.monitor.observe(this.#rows[row])
      const prediction = this.#predictions[this.#features.candidates[row]]
      prediction.at = now
      prediction.values[0] = this.#scores[row]
      prediction.values[1] = this.#chances[row]
      prediction.values[2] = place + 1
      prediction.values[3] = count
      emit(prediction)
    }
  }

  save(): Uint8Array {
    const features = this.#features.save()
    const drift = this.drift?.monitor.save() ?? new Uint8Array()
    const state = new Uint8Array(4 + features.length + drift.length)
    new DataView(state.buffer).setUint32(0, features.length, true)
    state.set(features, 4)
    state.set(drift, 4 + features.length)
    return state
  }

  /** @throws {TradingError} `MODEL_STATE_INVALID` */
  restore(state: Uint8Array): void {
    const length = state.length < 4 ? Infinity : new DataView(state.buffer, state.byteOffset).getUint32(0, true)
    if (4 + length > state.length)
      throw new TradingError('MODEL_STATE_INVALID', 'gap-ranker: the saved state is cut short; warm up from recorded data', {
        bytes: state.length,
      })
    this.#features.restore(state.subarray(4, 4 + length))
    this.drift?.monitor.restore(state.subarray(4 + length))
  }

  /** Mean score and mean calibrated chance of the members. Outputs of `count` rows begin at `offset * count`. */
  #judge(raw: Float32Array, count: number): void {
    const { outputs } = this.#plan
    const members = outputs.length / 2
    this.#scores.fill(0, 0, count)
    this.#chances.fill(0, 0, count)
    for (let o = 0; o < outputs.length; o++) {
      const output = outputs[o]
      const from = output.offset * count
      for (let row = 0; row < count; row++) {
        if (output.kind === 'score') this.#scores[row] += raw[from + row] / members
        else {
          calibrate(this.#calibrations[o], output, raw, from + row, this.#chance, 0)
          this.#chances[row] += this.#chance[0] / members
        }
      }
    }
  }

  /** By score, best first; equal scores in the order of the instruments. Insertion: mornings are short. */
  #sort(count: number): void {
    const order = this.#order
    for (let row = 0; row < count; row++) {
      let place = row
      while (place > 0 && this.#scores[order[place - 1]] < this.#scores[row]) {
        order[place] = order[place - 1]
        place--
      }
      order[place] = row
    }
  }
}
