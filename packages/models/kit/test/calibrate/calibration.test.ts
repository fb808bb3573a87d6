import { expect, test } from 'vitest'
import {
  calibrate,
  type Calibration,
  describeCalibration,
  expectedCalibrationError,
  fitIsotonic,
  fitTemperature,
  random,
  readCalibration,
} from '@gatehouse/model-kit'

/** Labels drawn from softmax(logits); the model states `scale` times too large ones. */
function overconfident(scale: number): { logits: Float32Array; labels: Int32Array } {
  const draw = random(3)
  const labels = new Int32Array(20_000)
  const logits = Float32Array.from({ length: 60_000 }, () => draw.normal())
  for (let i = 0; i < labels.length; i++) {
    const e = [0, 1, 2].map((k) => Math.exp(logits[3 * i + k]))
    let u = draw.uniform() * (e[0] + e[1] + e[2])
    while (labels[i] < 2 && (u -= e[labels[i]]) > 0) labels[i]++
  }
  return { logits: logits.map((z) => z * scale), labels }
}

test('temperature scaling finds how much too sure a model is, and mends it', () => {
  const { logits, labels } = overconfident(2.5)
  const fitted = fitTemperature(logits, labels, 3) as { temperature: number }
  expect(fitted.temperature).toBeCloseTo(2.5, 1)
  const stated = (calibration: Calibration): Float32Array => {
    const p = new Float32Array(logits.length)
    for (let i = 0; i < labels.length; i++) calibrate(calibration, { kind: 'logits', width: 3 }, logits, 3 * i, p, 3 * i)
    return p
  }
  expect(expectedCalibrationError(labels, stated({ kind: 'none' }), 3)).toBeGreaterThan(0.1)
  expect(expectedCalibrationError(labels, stated(fitTemperature(logits, labels, 3)), 3)).toBeLessThan(0.02)
})

test('isotonic calibration is the monotone fit: pooled means of adjacent violators', () => {
  const { x, y } = fitIsotonic([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0, 1, 0, 1, 1, 0]) as { x: Float64Array; y: Float64Array }
  expect(Array.from(x)).toEqual([0.1, 0.2, 0.3, 0.4, 0.6])
  expect(Array.from(y)).toEqual([0, 0.5, 0.5, 2 / 3, 2 / 3])
})

test('isotonic knots are followed by straight lines', () => {
  const calibration: Calibration = { kind: 'isotonic', x: Float64Array.of(0.2, 0.5, 0.8), y: Float64Array.of(0.1, 0.4, 1) }
  const p = new Float32Array(1)
  const at = (probability: number): number => {
    calibrate(calibration, { kind: 'logits', width: 1 }, Float32Array.of(Math.log(probability / (1 - probability))), 0, p, 0)
    return p[0]
  }
  expect([at(0.1), at(0.35), at(0.65), at(0.9)].map((v) => Math.round(1e5 * v) / 1e5)).toEqual([0.1, 0.25, 0.7, 1])
})

test('stated probabilities keep their odds at temperature 1 and soften above', () => {
  const p = new Float32Array(3)
  const raw = Float32Array.of(0.7, 0.3, 0)
  calibrate({ kind: 'none' }, { kind: 'probabilities', width: 3 }, raw, 0, p, 0)
  expect(Array.from(p, (v) => Math.round(1e6 * v) / 1e6)).toEqual([0.7, 0.3, 0])
  calibrate({ kind: 'temperature', temperature: 2 }, { kind: 'probabilities', width: 3 }, raw, 0, p, 0)
  expect(p[0] / p[1]).toBeCloseTo(Math.sqrt(0.7 / 0.3), 5)
})

test('calibrations survive model.json, and unusable ones are refused', () => {
  const isotonic = fitIsotonic([0.1, 0.2, 0.3], [0, 0, 1])
  expect(readCalibration(describeCalibration('hit', isotonic))).toEqual(isotonic)
  expect(readCalibration(describeCalibration('hit', { kind: 'temperature', temperature: 1.5 }))).toEqual({
    kind: 'temperature',
    temperature: 1.5,
  })
  for (const bad of [
    { kind: 'temperature', temperature: -1 },
    {
      kind: 'isotonic',
      knots: [
        [0.5, 0.2],
        [0.4, 0.3],
      ],
    },
    { kind: 'platt', slope: 1 },
  ] as const)
    // prettier-ignore
    expect(() => readCalibration({ output: 'hit', ...bad })).toThrow(expect.objectContaining({ code: 'MODEL_ARTIFACT_INVALID' }))
})

test('what cannot be calibrated is refused with what to do', () => {
  const bad: [string, () => unknown][] = [
    ['MODEL_TOO_LITTLE_DATA', () => fitTemperature([1, 2], [-1, NaN], 1)],
    ['MODEL_TOO_LITTLE_DATA', () => fitIsotonic([], [])],
    ['MODEL_INPUT_INVALID', () => fitTemperature([NaN, 0, 0, 1], [0, 1], 2)],
    ['MODEL_INPUT_INVALID', () => fitTemperature([1, 0, 0, 1], [0, 7], 2)],
    ['MODEL_INPUT_INVALID', () => fitTemperature([1, 0, 0], [0, 1], 2)],
    ['MODEL_INPUT_INVALID', () => fitIsotonic([NaN, 0.5], [0, 1])],
    ['MODEL_INPUT_INVALID', () => fitIsotonic([0.2, 0.5], [0, 2])],
  ]
  for (const [code, act] of bad) expect(act).toThrow(expect.objectContaining({ code }))
})

test('outputs that are equal everywhere keep their temperature, and rows that are all right do not make a model sure of everything', () => {
  expect(fitTemperature([0, 0, 0, 0], [0, 1], 2)).toEqual({ kind: 'temperature', temperature: 1 })
  expect(fitTemperature([1, 0, 0, 1], [0, 1], 2)).toEqual({ kind: 'temperature', temperature: 0.05 })
})

test('isotonic regression is the greatest of the least means over stretches: the min-max formula, written out', () => {
  const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
  for (let world = 0; world < 200; world++) {
    const draw = random(world)
    const said = Array.from({ length: 2 + draw.integer(12) }, () => draw.integer(6) / 6)
    const came = said.map(() => draw.integer(2))
    const places = [...new Set(said)].sort((a, b) => a - b)
    const of = (from: number, to: number): number => mean(came.filter((_, i) => said[i] >= places[from] && said[i] <= places[to]))
    const expected = places.map((_, i) =>
      Math.max(...places.slice(0, i + 1).map((_a, a) => Math.min(...places.slice(i).map((_b, b) => of(a, i + b))))),
    )
    const fitted = fitIsotonic(said, came)
    const stated = places.map((p) => {
      const target = new Float32Array(1)
      calibrate(fitted, { kind: 'logits', width: 1 }, Float32Array.of(Math.log(p / (1 - p))), 0, target, 0)
      return target[0]
    })
    stated.forEach((p, i) => expect(p).toBeCloseTo(expected[i], 5))
  }
})
