import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, isTradingError } from '@gatehouse/contracts'
import { readArtifact, writeArtifact } from '../../src/artifact/artifact.js'
import { readSafetensors, writeSafetensors } from '../../src/artifact/safetensors.js'
import { initialWeights } from '../../src/network/parameters.js'
import { resolveNetwork, sizeOf } from '../../src/network/resolve.js'
import { noNormaliser } from '../../src/serve/normaliser.js'
import { smallNetworks } from '../networks.js'
import { exampleDescription } from '../example-description.js'

function example(name: keyof typeof smallNetworks = 'tcn'): ReturnType<typeof writeArtifact> {
  const network = resolveNetwork(smallNetworks[name])
  const golden = [Float32Array.from({ length: sizeOf(network.input) }, (_, i) => Math.sin(i))]
  return writeArtifact({
    description: exampleDescription(network),
    network,
    weights: initialWeights(network, 1),
    normaliser: noNormaliser,
    golden,
  })
}
const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'passed'
  } catch (error) {
    return isTradingError(error) ? error.code : `not a TradingError: ${String(error)}`
  }
}

describe('an artifact', () => {
  for (const name of Object.keys(smallNetworks))
    test(`${name} comes back as it was written`, () => {
      const { files, digest } = example(name)
      const loaded = readArtifact(files)
      expect(loaded.digest).toBe(digest)
      expect(loaded.weights).toEqual(initialWeights(resolveNetwork(smallNetworks[name]), 1))
    })

  test('written twice has the same bytes', () => {
    expect(example().files).toEqual(example().files)
  })

  test('is refused for any flipped byte of its weights, and for any flipped byte of model.json that is not refused by its digest', () => {
    const { files, digest } = example()
    fc.assert(
      fc.property(fc.constantFrom('model.json', 'weights.safetensors'), fc.nat(), fc.integer({ min: 0, max: 7 }), (file, at, bit) => {
        const bytes = files.get(file)!.slice()
        bytes[at % bytes.length] ^= 1 << bit
        const changed = new Map(files).set(file, bytes)
        // What model.json says may be changed into other valid words; its identity then is another one.
        if (file === 'weights.safetensors') expect(codeOf(() => readArtifact(changed))).toBe('MODEL_ARTIFACT_INVALID')
        else expect(codeOf(() => expect(readArtifact(changed).digest).not.toBe(digest))).not.toContain('not a TradingError')
      }),
      { numRuns: 300 },
    )
  })

  test('is refused when its golden vectors do not hold', () => {
    const { files } = example()
    const document = JSON.parse(Buffer.from(files.get('model.json')!).toString()) as { golden: { vectors: { output: number[] }[] } }
    document.golden.vectors[0].output[0] += 2e-3
    expect(codeOf(() => readArtifact(new Map(files).set('model.json', Buffer.from(canonicalJson(document)))))).toBe('MODEL_GOLDEN_MISMATCH')
  })

  test('is refused without its weights', () => {
    const { files } = example()
    expect(codeOf(() => readArtifact(new Map([...files].slice(0, 1))))).toBe('MODEL_ARTIFACT_INVALID')
  })
})

describe('safetensors', () => {
  const tensors = new Map([
    ['b', { shape: [2, 2], values: Float32Array.of(1, 2, 3, NaN) }],
    ['a/x', { shape: [0], values: new Float32Array() }],
    ['c', { shape: [], values: Float32Array.of(7) }],
  ])
  test('come back as they were written', () => {
    const back = readSafetensors(writeSafetensors({ tensors, metadata: { k: 'v' } }))
    expect(new Map(back.tensors)).toEqual(tensors)
    expect(back.metadata).toEqual({ k: 'v' })
  })

  const raw = (header: unknown, data = 16, size?: bigint): Uint8Array => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
    const bytes = Buffer.concat([Buffer.alloc(8), text, Buffer.alloc(data)])
    bytes.writeBigUInt64LE(size ?? BigInt(text.length), 0)
    return bytes
  }
  const f32 = (shape: unknown, from: unknown, to: unknown): unknown => ({ dtype: 'F32', shape, data_offsets: [from, to] })
  const hostile: Record<string, Uint8Array> = {
    'an empty file': new Uint8Array(),
    'a header longer than the file': raw({}, 0, 1000n),
    'a header of 2^63 bytes': raw({}, 0, 1n << 63n),
    'a header that is not JSON': raw('{"a":', 0),
    'a header that is not an object': raw('[1]', 0),
    'invalid UTF-8': raw('"\xff"', 0),
    'a key twice': raw('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'),
    'offsets past the end': raw({ a: f32([8], 0, 32) }),
    'offsets that do not fit the shape': raw({ a: f32([3], 0, 16) }),
    'negative offsets': raw({ a: f32([4], -16, 0) }),
    'a negative size': raw({ a: f32([-2, -2], 0, 16) }),
    'a fractional size': raw({ a: f32([1.6, 2.5], 0, 16) }),
    'a shape that overflows': raw({ a: f32([2 ** 30, 2 ** 30, 2 ** 30], 0, 16) }),
    'overlapping tensors': raw({ a: f32([4], 0, 16), b: f32([2], 8, 16) }),
    'a gap': raw({ a: f32([1], 0, 4), b: f32([1], 12, 16) }),
    'bytes left over': raw({ a: f32([2], 0, 8) }),
    'another type': raw({ a: { dtype: 'F16', shape: [8], data_offsets: [0, 16] } }),
    'an unknown member': raw({ a: { dtype: 'F32', shape: [4], data_offsets: [0, 16], extra: 1 } }),
    'a name with a path': raw({ '../a': f32([4], 0, 16) }),
    'metadata that is not text': raw({ __metadata__: { a: 1 }, b: f32([4], 0, 16) }),
    'a tensor that is not an object': raw({ a: 5 }, 0),
  }
  for (const [what, bytes] of Object.entries(hostile))
    test(`refuse ${what}`, () => expect(codeOf(() => readSafetensors(bytes))).toBe('MODEL_ARTIFACT_INVALID'))

  test('never crash on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['passed', 'MODEL_ARTIFACT_INVALID']).toContain(codeOf(() => readSafetensors(bytes)))
      }),
    )
  })
})
