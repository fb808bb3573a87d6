import { describe, expect, test } from 'vitest'
import { compilePlan } from '../../src/serve/plan.js'
import { compileStreamingPlan } from '../../src/serve/streaming-plan.js'
import { fitNormaliser } from '../../src/serve/normaliser.js'
import { initialWeights } from '../../src/network/parameters.js'
import { type NetworkDefinition, residual } from '../../src/network/definition.js'
import { resolveNetwork, sizeOf } from '../../src/network/resolve.js'
import { random } from '../../src/random.js'
import { smallNetworks } from '../networks.js'

const draw = random(3)
const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, () => 100 + 3 * draw.normal())
const apart = (a: Float32Array, b: Float32Array): number => Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])))

/** A causal net like the seconds family's: patches of 5, dilations, residual blocks; it sees 5 + 2*(1+2)*5 = 35 of 60 rows. */
const causal: NetworkDefinition = {
  input: [60, 3],
  layers: [
    { kind: 'patch', size: 5 },
    { kind: 'dense', units: 16, activation: 'relu', name: 'front' },
    ...residual('a', 'front', [{ kind: 'causal-conv1d', filters: 16, kernel: 3, activation: 'relu' }, { kind: 'layer-norm' }]),
    ...residual('b', 'a', [
      { kind: 'causal-conv1d', filters: 16, kernel: 3, dilation: 2, activation: 'tanh' },
      { kind: 'dropout', rate: 0.2 },
    ]),
    { kind: 'last-step' },
    { kind: 'dense', units: 8, activation: 'sigmoid' },
  ],
  heads: [
    { kind: 'classes', name: 'direction', classes: 3 },
    { kind: 'ordered-classes', name: 'grade', classes: 4 },
  ],
}

describe('the compiled plan', () => {
  for (const [name, network] of Object.entries(smallNetworks))
    test(`${name}: WASM and JavaScript agree, one row and several`, () => {
      const weights = initialWeights(resolveNetwork(network), 2)
      const size = sizeOf(network.input)
      const rows = numbers(7 * size)
      const normaliser = fitNormaliser(rows, network.input[network.input.length - 1])
      const [wasm, js] = (['wasm-simd', 'js'] as const).map((backend) => compilePlan({ network, weights, normaliser, rows: 7, backend }))
      expect(apart(wasm.compute(rows), js.compute(rows))).toBeLessThan(1e-5)
      const together = wasm.compute(rows).slice()
      const alone = wasm.compute(rows.subarray(2 * size, 3 * size))
      for (const { offset, width } of wasm.outputs)
        for (let k = 0; k < width; k++) expect(alone[offset + k]).toBe(together[7 * offset + 2 * width + k])
    })
  test('missing features enter as the centre, extreme ones at the bound', () => {
    const network: NetworkDefinition = { input: [2], layers: [], heads: [{ kind: 'regression', name: 'sum' }] }
    const weights = new Map([['sum/kernel', Float32Array.of(1, 1)], ['sum/bias', Float32Array.of(0)]]) // prettier-ignore
    const normaliser = { kind: 'standard', center: Float64Array.of(10, 20), scale: Float64Array.of(2, 4), lower: -3, upper: 3 } as const
    const plan = compilePlan({ network, weights, normaliser })
    expect(plan.compute(Float32Array.of(NaN, 24))[0]).toBe(1)
    expect(plan.compute(Float32Array.of(1e9, -1e9))[0]).toBe(0)
    expect(plan.compute(Float32Array.of(Infinity, NaN))[0]).toBe(3)
  })
  test('refuses what does not fit', () => {
    const weights = initialWeights(resolveNetwork(causal), 1)
    const plan = compilePlan({ network: causal, weights })
    expect(() => plan.compute(new Float32Array(179))).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
    expect(() => compilePlan({ network: smallNetworks.mlp, weights })).toThrow(expect.objectContaining({ code: 'MODEL_ARTIFACT_INVALID' }))
  })
})

describe('the streaming plan', () => {
  const weights = initialWeights(resolveNetwork(causal), 1)
  const series = numbers(200 * 3)
  const normaliser = fitNormaliser(series, 3)
  const row = (i: number): Float32Array => series.subarray(3 * i, 3 * i + 3)

  for (const backend of ['wasm-simd', 'js'] as const)
    test(`gives at every row what the full window gives (${backend})`, () => {
      const full = compilePlan({ network: causal, weights, normaliser, backend })
      const stream = compileStreamingPlan({ network: causal, weights, normaliser, backend })
      expect(stream.receptiveField).toBe(35)
      for (let i = 0; i < 200; i++) {
        const out = stream.push(row(i))
        expect(stream.isWarm).toBe(i >= 34)
        if (i >= 59) expect(apart(full.compute(series.subarray(3 * (i - 59), 3 * (i + 1))), out)).toBeLessThan(5e-6)
      }
    })

  test('continues exactly after save and restore', () => {
    const a = compileStreamingPlan({ network: causal, weights, normaliser })
    const b = compileStreamingPlan({ network: causal, weights, normaliser })
    for (let i = 0; i < 73; i++) a.push(row(i))
    b.restore(a.save())
    for (let i = 73; i < 90; i++) expect(Array.from(b.push(row(i)))).toEqual(Array.from(a.push(row(i))))
  })

  test('refuses a state of other weights', () => {
    const a = compileStreamingPlan({ network: causal, weights })
    const b = compileStreamingPlan({ network: causal, weights: initialWeights(resolveNetwork(causal), 9) })
    expect(() => b.restore(a.save())).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
  })

  const refused: Record<string, NetworkDefinition> = {
    'a recurrent layer': smallNetworks.gru,
    'a bilinear layer': smallNetworks.bilinear,
    'a flat input': smallNetworks.mlp,
    'a receptive field longer than the window': { ...causal, input: [30, 3] },
    'every step flattened': { ...causal, layers: [{ kind: 'flatten' }] },
    'a second patch layer': { ...causal, layers: [{ kind: 'patch', size: 2 }, { kind: 'patch', size: 3 }, { kind: 'last-step' }] },
  }
  for (const [what, network] of Object.entries(refused))
    test(`refuses ${what}`, () => {
      const make = (): unknown => compileStreamingPlan({ network, weights: initialWeights(resolveNetwork(network), 1) })
      expect(make).toThrow(expect.objectContaining({ code: 'MODEL_STREAMING_INEXACT' }))
    })
})
