import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, featureSpecHash, isTradingError, sha256Hex } from '@gatehouse/contracts'
import { readArtifact, writeArtifact } from '../../src/artifact/artifact.js'
import { describeNetwork } from '../../src/artifact/describe-network.js'
import { readSafetensors, type StoredTensor, writeSafetensors } from '../../src/artifact/safetensors.js'
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

describe('a model.json that disagrees with itself is refused, whoever wrote it', () => {
  const { files } = example()
  type Document = Record<string, never> & {
    network: unknown
    features: { items: { name: string }[]; rows: number; hash: string }
    labels: { heads: { output: string; kind: string }[] }
    golden: { vectors: { input: number[]; output: number[] }[] }
  }
  const changed = (change: (document: Document) => unknown): Map<string, Uint8Array> => {
    const document = JSON.parse(Buffer.from(files.get('model.json')!).toString()) as Document
    change(document)
    return new Map(files).set('model.json', Buffer.from(canonicalJson(document)))
  }
  const rehash = ({ features }: Document): unknown => (features.hash = featureSpecHash(features as never))
  const output = (document: Document): string => document.labels.heads[0].output
  const cases: Record<string, (document: Document) => unknown> = {
    'features under another hash': (d) => (d.features.items[0].name = 'other'),
    'fewer features than the network takes': (d) => [d.features.items.pop(), rehash(d)],
    'another window': (d) => [d.features.rows++, rehash(d)],
    'labels of no output': (d) => (d.labels.heads[0].output = 'nothing'),
    'labels of another kind': (d) => (d.labels.heads[0].kind = 'regression'),
    'a label too many': (d) => d.labels.heads.push({ ...d.labels.heads[0], output: 'more' }),
    'a calibration of no output': (d) => Object.assign(d, { calibration: [{ output: 'nothing', kind: 'temperature', temperature: 2 }] }),
    'two calibrations of one output': (d) =>
      Object.assign(d, { calibration: [1, 2].map((temperature) => ({ output: output(d), kind: 'temperature', temperature })) }),
    'isotonic steps for several classes': (d) => Object.assign(d, { calibration: [{ output: output(d), kind: 'isotonic', knots: [[0, 0], [1, 1]] }] }), // prettier-ignore
    'drift of features in another order': (d) =>
      Object.assign(d, { driftReference: [{ feature: 'feature-1', edges: [0], fractions: [0.5, 0.5] }] }),
    'drift edges that fall': (d) =>
      Object.assign(d, { driftReference: [{ feature: 'feature-0', edges: [1, 0], fractions: [0.5, 0.5, 0] }] }),
    'a golden input cut short': (d) => d.golden.vectors[0].input.pop(),
    'a golden output too many': (d) => d.golden.vectors[0].output.push(0),
  }
  for (const [what, change] of Object.entries(cases))
    test(what, () => expect(codeOf(() => readArtifact(changed(change)))).toBe('MODEL_ARTIFACT_INVALID'))

  test('a network made huge is refused before memory is taken for it', () => {
    const rows = 1 << 24
    const huge = changed((d) => {
      d.network = describeNetwork(resolveNetwork({ ...smallNetworks.tcn, input: [rows, 4] }))
      d.features.rows = rows
      rehash(d)
    })
    const before = process.memoryUsage().arrayBuffers
    expect(codeOf(() => readArtifact(huge))).toBe('MODEL_ARTIFACT_INVALID')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(rows)
  })
})

describe('golden vectors catch weights that are another network’s', () => {
  for (const name of Object.keys(smallNetworks))
    test(`${name}: any tensor changed, any two of one shape exchanged`, () => {
      const { files } = example(name)
      const { tensors } = readSafetensors(files.get('weights.safetensors')!)
      const refused = (change: (copy: Map<string, StoredTensor>) => void): string => {
        const copy = new Map(tensors)
        change(copy)
        const bytes = writeSafetensors({ tensors: copy, metadata: {} })
        const document = JSON.parse(Buffer.from(files.get('model.json')!).toString()) as { weights: object }
        document.weights = { ...document.weights, sha256: sha256Hex(bytes), byteLength: bytes.length }
        return codeOf(() => readArtifact(new Map([['model.json', Buffer.from(canonicalJson(document))], [ 'weights.safetensors', bytes]]))) // prettier-ignore
      }
      // A head's log variance shares the loss and has no say in what comes out.
      const heard = [...tensors].filter(([tensor]) => !tensor.endsWith('log-variance'))
      expect(heard.length).toBeGreaterThan(1)
      for (const [tensor, { shape, values }] of heard)
        expect(
          refused((copy) => copy.set(tensor, { shape, values: values.map((x, i) => x + 0.05 * (1 + (i % 3))) })),
          tensor,
        ).toBe('MODEL_GOLDEN_MISMATCH')
      for (const [a, first] of heard)
        for (const [b, second] of heard)
          if (a < b && first.shape.join() === second.shape.join() && first.values.some((x, i) => x !== second.values[i]))
            expect(
              refused((copy) => copy.set(a, second).set(b, first)),
              `${a} and ${b}`,
            ).toBe('MODEL_GOLDEN_MISMATCH')
    })
})
