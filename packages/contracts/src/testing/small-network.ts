import { canonicalJson } from '../canonical/canonical-json.js'
import { sha256Hex } from '../canonical/digest.js'
import { featureSpecHash } from '../registry/description-check.js'
import type { Artifact, CandidateFiles, Computable } from '../registry/interfaces.js'
import { float32Tensor, readSafetensors } from '../registry/safetensors.js'
import type { ManifestPin } from '../schema/manifest.js'
import type { Feature, ModelDescription, ModelMetadata } from '../schema/model.js'
import { seededRandom, type Random } from './random.js'

export interface CandidateOptions {
  /** Default `order-book`. */
  readonly name?: string | undefined
  /** Default `order-book`. */
  readonly family?: string | undefined
  /** Decides the weights; default 1. */
  readonly seed?: number | undefined
  /** Units of the two hidden layers: 16 give a file of a few kB, 505 one of 1 MB. */
  readonly hidden?: number | undefined
  /** End of the training data; default 2026-05-31. */
  readonly trainedTo?: string | undefined
  readonly author?: string | undefined
}

const featureNames = ['imbalance', 'spread', 'microprice', 'flow', 'depth', 'age'] as const
const classes = ['down', 'same', 'up'] as const
const source = { dataset: 'TEST.MARKET', venue: 'TEST', schema: 'mbp-10' } as const

/** A registrable candidate with a real, small network: six features, two tanh layers, three logits. The same options give the same bytes. */
export function smallCandidate(options: CandidateOptions = {}): CandidateFiles {
  const { seed = 1, hidden = 16 } = options
  const random = seededRandom(seed)
  const tensors = {
    'hidden/kernel': normal(random, featureNames.length * hidden, 0.4),
    'hidden/bias': normal(random, hidden, 0.1),
    'mixed/kernel': normal(random, hidden * hidden, 1 / Math.sqrt(hidden)),
    'mixed/bias': normal(random, hidden, 0.1),
    'logits/kernel': normal(random, hidden * classes.length, 1 / Math.sqrt(hidden)),
    'logits/bias': normal(random, classes.length, 0.1),
  }
  const shapes = {
    'hidden/kernel': [featureNames.length, hidden],
    'hidden/bias': [hidden],
    'mixed/kernel': [hidden, hidden],
    'mixed/bias': [hidden],
    'logits/kernel': [hidden, classes.length],
    'logits/bias': [classes.length],
  }
  const weights = encodeSafetensors(tensors, shapes)
  const forward = network(tensors)
  const vectors = Array.from({ length: 4 }, () => {
    const input = normal(random, featureNames.length, 1)
    return { input: [...input], output: [...forward(input)] }
  })
  const description = describe(options, { weights, shapes, vectors, hidden })
  const model = Buffer.from(canonicalJson(description))
  const metadata = Buffer.from(canonicalJson(metadataOf(options, sha256Hex(model))))
  return new Map<string, Uint8Array>([
    ['model.json', model],
    ['metadata.json', metadata],
    ['weights.safetensors', weights],
  ])
}

/** Loads what {@link smallCandidate} made, from the artifact's bytes alone. */
export function loadSmallNetwork(artifact: Artifact): Promise<Computable> {
  const bytes = artifact.files.get(artifact.description.weights.file) ?? new Uint8Array()
  const tensors = Object.fromEntries([...readSafetensors(bytes)].map(([name, tensor]) => [name, float32Tensor(bytes, tensor)]))
  return Promise.resolve({ digest: artifact.digest, compute: network(tensors) })
}

function network(tensors: Readonly<Record<string, Float32Array>>): (input: Float32Array) => Float32Array {
  const [hidden, mixed, logits] = ['hidden', 'mixed', 'logits'].map((layer) => ({
    kernel: tensors[`${layer}/kernel`],
    bias: tensors[`${layer}/bias`],
  }))
  return (input) => dense(tanh(dense(tanh(dense(input, hidden)), mixed)), logits)
}

interface Layer {
  readonly kernel: Float32Array
  readonly bias: Float32Array
}

/** Four rows of the kernel, `[inputs, outputs]`, at a time: memory is read in its order, and each output loaded and stored once for four products. */
function dense(input: Float32Array, { kernel, bias }: Layer): Float32Array {
  const output = Float32Array.from(bias)
  const { length } = output
  let index = 0
  for (; index + 4 <= input.length; index += 4) {
    const [a, b, c, d] = [input[index], input[index + 1], input[index + 2], input[index + 3]]
    const row = index * length
    for (let unit = 0, at = row; unit < length; unit++, at++)
      output[unit] += a * kernel[at] + b * kernel[at + length] + c * kernel[at + 2 * length] + d * kernel[at + 3 * length]
  }
  for (; index < input.length; index++)
    for (let unit = 0, at = index * length; unit < length; unit++, at++) output[unit] += input[index] * kernel[at]
  return output
}

function tanh(values: Float32Array): Float32Array {
  return values.map((value) => Math.tanh(value))
}

/** Box-Muller, rounded to float32 so that JSON carries it exactly. */
function normal(random: Random, length: number, deviation: number): Float32Array {
  return Float32Array.from(
    { length },
    () => deviation * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
  )
}

function encodeSafetensors(
  tensors: Readonly<Record<string, Float32Array>>,
  shapes: Readonly<Record<string, readonly number[]>>,
): Uint8Array {
  let offset = 0
  const header: Record<string, unknown> = {}
  for (const [name, values] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape: shapes[name], data_offsets: [offset, offset + values.byteLength] }
    offset += values.byteLength
  }
  const text = JSON.stringify(header)
  // The format asks for a header padded to 8 bytes, so that the tensors are aligned.
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  return new Uint8Array(
    Buffer.concat([
      length,
      padded,
      ...Object.values(tensors).map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
    ]),
  )
}

function describe(
  { name = 'order-book', family = 'order-book', seed = 1, trainedTo = '2026-05-31T00:00:00Z' }: CandidateOptions,
  parts: {
    readonly weights: Uint8Array
    readonly shapes: Readonly<Record<string, readonly number[]>>
    readonly vectors: ModelDescription['golden']['vectors']
    readonly hidden: number
  },
): ModelDescription {
  const { weights, shapes, vectors, hidden } = parts
  const items = featureNames.map((feature): Feature => ({
    name: feature,
    unit: 'dimensionless',
    source,
    warmUp: { amount: 10, of: 'rows' },
    missing: 'refuse',
    definition: `${feature}(mbp-10)`,
  }))
  const layer = (layerName: string, from: string, size: number) => ({
    name: layerName,
    kind: 'dense',
    from: [from],
    outputShape: [size],
    parameters: layerName !== 'logits' ? { activation: 'tanh' } : {},
    weights: ['kernel', 'bias'].map((role) => ({ role, tensor: `${layerName}/${role}`, shape: shapes[`${layerName}/${role}`] })),
  })
  return {
    type: 'model-description',
    contractVersion: '1.0',
    name,
    family,
    network: {
      inputs: [{ name: 'features', shape: [featureNames.length] }],
      outputs: [{ name: 'logits', shape: [classes.length], kind: 'logits' }],
      layers: [layer('hidden', 'features', hidden), layer('mixed', 'hidden', hidden), layer('logits', 'mixed', classes.length)],
      parameterCount: Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((product, length) => product * length, 1), 0),
    },
    features: { items, rows: 1, hash: featureSpecHash({ items, rows: 1 }) },
    scaler: { kind: 'none', center: [], scale: [] },
    labels: { heads: [{ output: 'logits', kind: 'classes', classes, horizon: '10 trades', definition: 'sign of the mid change' }] },
    calibration: [{ output: 'logits', kind: 'temperature', temperature: 1.1 }],
    golden: { vectors },
    weights: { file: 'weights.safetensors', format: 'safetensors', sha256: sha256Hex(weights), byteLength: weights.length },
    provenance: {
      backend: { name: 'test', version: '1.0.0', precision: 'float32' },
      seeds: { weights: seed },
      versions: { '@gatehouse/contracts': '0.0.0' },
      data: [testPin(trainedTo)],
      train: { from: '2026-01-02T00:00:00Z', to: trainedTo },
      codeHash: sha256Hex('small-network'),
      hyperparameters: { hidden },
    },
    needs: { type: 'manifest-shape', contractVersion: '1.0', columns: [{ name: 'bidPrice00', type: 'float64' }], sources: [source] },
    trigger: { every: 'mbp-10' },
  }
}

function testPin(to: string): ManifestPin {
  return {
    type: 'manifest-pin',
    contractVersion: '1.0',
    tableId: 'test-market',
    version: 7,
    chain: sha256Hex(`test-market 7 ${to}`),
    holds: {
      columns: [
        { name: 'bidPrice00', type: 'float64' },
        { name: 'askPrice00', type: 'float64' },
      ],
      sources: [source],
      rows: 120_000,
      from: '2026-01-02T00:00:00Z',
      to,
    },
  }
}

function metadataOf({ author = 'ada', trainedTo = '2026-05-31T00:00:00Z' }: CandidateOptions, artifactDigest: string): ModelMetadata {
  return {
    type: 'model-metadata',
    contractVersion: '1.0',
    artifactDigest,
    title: 'A small network for tests',
    author,
    createdAt: trainedTo,
    hypothesis: 'Imbalance leads the next trades',
    intendedUse: 'Tests of the registry',
    limitations: 'Knows nothing of markets',
    run: 'run-1',
  }
}
