import { describe, expect, test } from 'vitest'
import { createBatch, type Cursor, etf, type Instrument, type Prediction, type TimeNs } from '@gatehouse/core'
import {
  barReaders,
  compilePlan,
  driftReference,
  feature,
  featureSet,
  type FeatureSet,
  fitNormaliser,
  initialWeights,
  logReturn,
  map,
  type NetworkDefinition,
  openPredictor,
  over,
  random,
  readArtifact,
  resolveNetwork,
  residual,
  writeArtifact,
} from '@gatehouse/model-kit'
import { exampleDescription } from '../example-description.js'

const spy = etf('SPY')
const bars = barReaders('ohlcv-1h')
const features = (rows: number, source = 'synthetic'): FeatureSet =>
  featureSet(
    [
      feature('return', 'return-log', over(bars.close, logReturn(1))),
      feature('range', 'fraction', over(bars.range, logReturn(1)), { missing: 'zero' }),
    ],
    { source, rows },
  )

const heads: NetworkDefinition['heads'] = [
  { kind: 'classes', name: 'direction', classes: 3 },
  { kind: 'regression', name: 'impact' },
]
const networks: Record<string, NetworkDefinition> = {
  flat: { input: [2], layers: [{ kind: 'dense', units: 4, activation: 'tanh' }], heads },
  streamed: {
    input: [12, 2],
    layers: [
      { kind: 'dense', units: 4, name: 'a' },
      ...residual('b', 'a', [{ kind: 'causal-conv1d', filters: 4, kernel: 3, dilation: 2, activation: 'tanh' }]),
      { kind: 'last-step' },
    ],
    heads,
  },
  windowed: { input: [6, 2], layers: [{ kind: 'gru', units: 4 }], heads },
}
const rowsOf = ({ input }: NetworkDefinition): number => (input.length === 2 ? input[0] : 1)

class Said implements Prediction {
  readonly type = 'said'
  readonly model = 'example'
  readonly digest = ''
  at: TimeNs = 0n
  constructor(
    readonly instrument: Instrument,
    readonly values: Float32Array,
  ) {}
  copy(): this {
    return Object.assign(new Said(this.instrument, this.values.slice()), { at: this.at }) as this
  }
}

function loaded(network: NetworkDefinition): ReturnType<typeof readArtifact> {
  const resolved = resolveNetwork(network)
  const draw = random(1)
  const sample = Float64Array.from({ length: 400 }, () => 0.01 * draw.normal())
  const set = features(rowsOf(network))
  const description = {
    ...exampleDescription(resolved),
    features: set.spec,
    driftReference: [...driftReference(sample, ['return', 'range'])],
    calibration: [{ output: 'direction', kind: 'temperature' as const, temperature: 2 }],
  }
  const golden = [Float32Array.from({ length: 2 * rowsOf(network) }, (_, i) => 0.01 * Math.sin(i))]
  return readArtifact(
    writeArtifact({ description, network: resolved, weights: initialWeights(resolved, 3), normaliser: fitNormaliser(sample, 2), golden })
      .files,
  )
}

function hourly(count: number): Cursor<'ohlcv-1h'> {
  const draw = random(2)
  let price = 100
  const close = Float64Array.from({ length: count }, () => (price *= 1 + 0.01 * draw.normal()))
  const high = close.map((c) => c * (1.001 + 0.01 * draw.uniform()))
  const columns = {
    tsEvent: BigInt64Array.from({ length: count }, (_, i) => BigInt(i) * 3_600_000_000_000n),
    open: close.slice(),
    high,
    low: close.map((c) => c * 0.99),
    close,
    volume: close.map(() => 1),
  }
  return createBatch({ schema: 'ohlcv-1h', source: 'synthetic', instruments: [spy], columns }).view()
}

const open = (network: NetworkDefinition, set = features(rowsOf(network))): ReturnType<typeof openPredictor<Said>> =>
  openPredictor({
    artifact: loaded(network),
    features: set,
    instrument: spy,
    every: 'ohlcv-1h',
    prediction: (values) => new Said(spy, values),
    fill: (prediction, at) => void (prediction.at = at),
  })

/** Predictions by row; `undefined` where there was none. */
function replay(predictor: ReturnType<typeof open>, view: Cursor<'ohlcv-1h'>, from: number, to: number): (number[] | undefined)[] {
  const said: (number[] | undefined)[] = []
  for (view.row = from; view.row < to; view.row++) {
    predictor.update(view)
    let values: number[] | undefined
    predictor.predict(view.availableAt, (prediction) => (values = Array.from(prediction.values)))
    expect(predictor.isWarm).toBe(values !== undefined)
    said.push(values)
  }
  return said
}

describe('a predictor', () => {
  for (const [name, network] of Object.entries(networks)) {
    test(`${name}: says what the plan gives on recomputed features, calibrated`, () => {
      const said = replay(open(network), hourly(40), 0, 40)
      const { weights, normaliser } = loaded(network)
      const plan = compilePlan({ network, weights, normaliser })
      const stream = features(rowsOf(network)).open(spy)
      const view = hourly(40)
      const rows: number[] = []
      for (view.row = 0; view.row < 40; view.row++) {
        stream.update(view)
        if (view.row > 0) rows.push(...stream.values)
      }
      const end = 2 * 39
      const raw = plan.compute(Float32Array.from(rows.slice(end - plan.inputSize, end)))
      const e = [0, 1, 2].map((k) => Math.exp(raw[k] / 2))
      const sum = e.reduce((a, b) => a + b, 0)
      const expected = [...e.map((x) => x / sum), raw[3]]
      said[39]!.forEach((x, i) => expect(x).toBeCloseTo(expected[i], 5))
    })

    test(`${name}: continues bit for bit after save and restore`, () => {
      const view = hourly(40)
      const whole = replay(open(network), view, 0, 40)
      for (const at of [0, 3, 20]) {
        const first = open(network)
        replay(first, view, 0, at)
        const second = open(network)
        second.restore(first.save())
        expect(replay(second, view, at, 40)).toEqual(whole.slice(at))
        expect(second.drift!.monitor.rows).toBe(39)
      }
    })
  }

  test('refuses features other than those it was trained on', () => {
    expect(() => open(networks.flat, features(1, 'live'))).toThrow(expect.objectContaining({ code: 'MODEL_FEATURES_MISMATCH' }))
  })

  test('refuses a state that is cut short', () => {
    const predictor = open(networks.windowed)
    expect(() => predictor.restore(predictor.save().subarray(0, 30))).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
  })
})

test('a value that only float64 tells from its training value has not drifted', () => {
  const tenth = over(
    bars.close,
    map('0.1', () => 0.1),
  )
  const constant = featureSet([feature('return', 'return-log', tenth), feature('range', 'fraction', tenth)], { source: 'synthetic' })
  const artifact = loaded(networks.flat)
  const reference = driftReference(new Float32Array(40).fill(0.1), ['return', 'range'])
  const predictor = openPredictor({
    artifact: { ...artifact, description: { ...artifact.description, features: constant.spec, driftReference: [...reference] } },
    features: constant,
    instrument: spy,
    every: 'ohlcv-1h',
    prediction: (values) => new Said(spy, values),
    fill: () => undefined,
  })
  const view = hourly(50)
  for (view.row = 0; view.row < 50; view.row++) predictor.update(view)
  expect(predictor.drift!.monitor.rows).toBe(50)
  expect(Array.from(predictor.drift!.monitor.stabilityIndex())).toEqual([0, 0])
})
