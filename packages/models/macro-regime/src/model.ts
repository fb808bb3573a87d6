import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { type CorporateActionView, type BarView, type MarketView, type Model, type Predictor, type TimeNs } from '@gatehouse/core'
import type { Artifact } from '@gatehouse/core'
import { readArtifact, readCalibration, type Calibration } from '@gatehouse/model-kit'
import { RegimeFeatures, warmUpBars } from './features.js'
import { MacroRegimePrediction, regimes, signals } from './prediction.js'

/** A loaded macro-regime artifact: WASM or plain plan over the streaming features. */
export async function loadRegime(artifact: Pick<Artifact, 'files'>): Promise<Model<MacroRegimePrediction>> {
  const { digest, description, plan } = readArtifact(artifact.files)
  const calibration = regimeCalibration(description)
  const { name } = description
  const priors = regimePriors(description)
  const dataset = description.features.items[0].source.dataset
  return {
    name,
    digest,
    inputs: [
      { schema: 'ohlcv-1h', source: dataset, warmUp: warmUpBars },
      // Splits, in-band: a price that halves overnight is no crash.
      { schema: 'corporate-action', source: dataset, warmUp: 0 },
    ],
    trigger: { every: 'ohlcv-1h' },
    scope: 'instrument',
    compute: (input) => plan.compute(input),
    open: ([instrument]) =>
      new RegimePredictor(new MacroRegimePrediction(name, digest, instrument, priors), (row) => plan.compute(row), calibration),
  }
}

/** How the regime head's logits become probabilities. */
export function regimeCalibration({ calibration }: Pick<ModelDescription, 'calibration'>): Calibration {
  const entry = calibration.find(({ output }) => output === 'regime')
  return entry === undefined ? { kind: 'none' } : readCalibration(entry)
}

/** How common each regime was in training. @throws {TradingError} `MODEL_ARTIFACT_INVALID` when the artifact does not say */
export function regimePriors({ extra }: Pick<ModelDescription, 'extra'>): readonly number[] {
  const priors = extra?.['regimePriors']
  if (Array.isArray(priors) && priors.length === regimes.length && priors.every((prior) => (prior as number) > 0))
    return priors as readonly number[]
  throw new TradingError(
    'MODEL_ARTIFACT_INVALID',
    `macro-regime: extra.regimePriors must be ${regimes.length} positive numbers; train the model again`,
    { found: priors },
  )
}

/** One instrument's features and the last word on it. */
class RegimePredictor implements Predictor<MacroRegimePrediction> {
  readonly #features = new RegimeFeatures()
  readonly #prediction: MacroRegimePrediction

  constructor(
    prediction: MacroRegimePrediction,
    private readonly compute: (features: Float32Array) => Float32Array,
    private readonly calibration: Calibration,
  ) {
    this.#prediction = prediction
  }

  get isWarm(): boolean {
    return this.#features.isWarm
  }

  update(view: MarketView): void {
    if (view.schema === 'ohlcv-1h') this.#features.update(view as BarView)
    else if (view.schema === 'corporate-action') this.#features.adjust(view as CorporateActionView)
  }

  predict(now: TimeNs, emit: (prediction: MacroRegimePrediction) => void): void {
    probabilities(this.compute(this.#features.values), this.calibration, this.#prediction.values)
    this.#prediction.at = now
    emit(this.#prediction)
  }

  save(): Uint8Array {
    return this.#features.save()
  }
  restore(state: Uint8Array): void {
    this.#features.restore(state)
  }
}

/** Raw outputs (signal probabilities, regime logits) as calibrated probabilities. */
export function probabilities(raw: Float32Array, calibration: Calibration, target: Float32Array, offset = 0): void {
  const [first, all] = [signals.length, signals.length + regimes.length]
  for (let k = 0; k < first; k++) target[offset + k] = raw[k]
  const scale = calibration.kind === 'temperature' ? 1 / calibration.temperature : 1
  let max = -Infinity
  for (let k = first; k < all; k++) if (raw[k] * scale > max) max = raw[k] * scale
  let sum = 0
  for (let k = first; k < all; k++) sum += target[offset + k] = Math.exp(raw[k] * scale - max)
  for (let k = first; k < all; k++) target[offset + k] /= sum
}
