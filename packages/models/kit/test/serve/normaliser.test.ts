import { fitNormaliser, type KernelBackend, kernels, noNormaliser, random } from '@gatehouse/model-kit'
import { expect, test } from 'vitest'
import { normalise, placedNormaliser } from '../../src/serve/normaliser.js'

const draw = random(3)
const odd = (i: number): number => [NaN, 1e30, -1e30, 0, -0][i % 5]
const training = Float32Array.from({ length: 40 * 7 }, (_, i) => (i % 7) * 100 + draw.normal())

for (const backend of ['wasm-simd', 'js'] satisfies KernelBackend[])
  for (const [name, normaliser, features] of [
    ...(['standard', 'robust', 'min-max'] as const).map((kind) => [kind, fitNormaliser(training, 7, { kind, clip: 2.5 }), 7] as const),
    ['one feature', fitNormaliser(training, 1), 1],
    ['none', noNormaliser, 7],
  ] as const)
    test(`${name}: what ${backend} normalises in place is what training normalised, bit for bit`, () => {
      const rows = 11
      const raw = Float32Array.from({ length: rows * features }, (_, i) => (i % 4 === 0 ? odd(i / 4) : training[i]))
      const expected = new Float32Array(raw.length)
      normalise(normaliser, raw, raw.length, expected, 0)
      const set = kernels(backend)
      const at = set.allocate(raw.length + 1)
      const run = placedNormaliser(set, normaliser)
      set.f32.set([...raw, 42], at >> 2)
      run(rows, features, at)
      const found = set.f32.slice(at >> 2, (at >> 2) + raw.length + 1)
      expect([...found.subarray(0, raw.length)]).toEqual([...expected])
      expect(found[raw.length]).toBe(42)
    })

test('a constant has no spread, whatever rounding makes of its mean', () => {
  const { scale } = fitNormaliser(new Float64Array(1001).fill(0.1), 1)
  expect(Array.from(scale)).toEqual([1])
})

test('values that are not whole rows are refused', () => {
  for (const features of [0, 3])
    expect(() => fitNormaliser(Float64Array.of(1, 2, 3, 4), features)).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
})
