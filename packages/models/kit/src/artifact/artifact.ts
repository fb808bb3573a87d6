import { canonicalJson, modelDescriptionContract, sha256Hex, TradingError, type ModelDescription } from '@gatehouse/contracts'
import { type Weights, parameterLayout, writeWeights } from '../network/parameters.js'
import { type ResolvedNetwork } from '../network/resolve.js'
import { noNormaliser, type Normaliser } from '../serve/normaliser.js'
import { compilePlan, type Plan } from '../serve/plan.js'
import { requireAgreement } from './agreement.js'
import { describeNetwork, networkFromDescription } from './describe-network.js'
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.js'

/** Name of the weights file beside `model.json`. */
export const weightsFile = 'weights.safetensors'

type Golden = ModelDescription['golden']['vectors'][number]

/** What a trained network needs beside its weights to become an artifact: everything in `model.json` that the kit does not work out itself. */
export interface ArtifactParts {
  readonly description: Omit<ModelDescription, 'type' | 'contractVersion' | 'network' | 'scaler' | 'golden' | 'weights'>
  readonly network: ResolvedNetwork
  readonly weights: Weights
  readonly normaliser: Normaliser
  /** Raw inputs to make golden vectors of; each one sample, or one group of a ranker. `NaN` is not allowed. */
  readonly golden: readonly Float32Array[]
}

/**
 * Writes an artifact: `model.json` as canonical JSON, and safetensors. The same parts give the same bytes; the digest of `model.json` names them.
 * @returns files by name and the digest, which is a core `Candidate`
 * @throws {TradingError} `CONTRACT_INVALID` when the description does not fit the schema, `MODEL_ARTIFACT_INVALID` when it does not fit the network
 */
export function writeArtifact({ description, network, weights, normaliser, golden }: ArtifactParts): {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly digest: string
} {
  if (golden.length === 0) throw new TradingError('MODEL_INPUT_INVALID', 'an artifact needs at least one golden input', {})
  const stored = new Map<string, StoredTensor>(network.tensors.map(({ name, shape }) => [name, { shape, values: weights.get(name)! }]))
  const bytes = writeSafetensors({ tensors: stored, metadata: {} })
  const document = modelDescriptionContract.parse({
    type: modelDescriptionContract.name,
    contractVersion: modelDescriptionContract.version,
    ...description,
    network: describeNetwork(network),
    scaler: describeNormaliser(normaliser),
    golden: { vectors: goldenVectors({ network, weights, normaliser }, golden) },
    weights: { file: weightsFile, format: 'safetensors', sha256: sha256Hex(bytes), byteLength: bytes.byteLength },
  })
  requireAgreement(document, network)
  const model = new TextEncoder().encode(canonicalJson(document))
  return { files: new Map([['model.json', model], [weightsFile, bytes]]), digest: sha256Hex(model) } // prettier-ignore
}

/** An artifact that was read and verified. */
export interface LoadedArtifact {
  /** SHA-256 of `model.json`. */
  readonly digest: string
  readonly description: ModelDescription
  readonly network: ResolvedNetwork
  readonly weights: Weights
  readonly normaliser: Normaliser
  /** Compiled, and held against the golden vectors. */
  readonly plan: Plan
}

/**
 * Reads an artifact and verifies all of it before it can be used: schema, weights digest, shapes, and the golden vectors on the compiled plan.
 * @param rows most samples in one call of the plan
 * @throws {TradingError} `CONTRACT_INVALID`, `MODEL_ARTIFACT_INVALID`, `MODEL_NETWORK_INVALID`, `MODEL_GOLDEN_MISMATCH`
 */
export function readArtifact(
  files: ReadonlyMap<string, Uint8Array>,
  { rows = 1, backend }: { readonly rows?: number | undefined; readonly backend?: Plan['backend'] | undefined } = {},
): LoadedArtifact {
  const model = requireFile(files, 'model.json')
  const description = modelDescriptionContract.parse(parseJson(model))
  const bytes = requireFile(files, description.weights.file)
  const found = sha256Hex(bytes)
  if (found !== description.weights.sha256 || bytes.byteLength !== description.weights.byteLength)
    throw invalid(
      `${description.weights.file} is not the file model.json names: its bytes have changed; copy the artifact again from where it was written`,
      {
        expected: description.weights.sha256,
        found,
        byteLength: bytes.byteLength,
      },
    )
  const network = networkFromDescription(description.network)
  requireAgreement(description, network)
  const { tensors } = readSafetensors(bytes)
  const weights = new Map([...tensors].map(([name, { values }]) => [name, values]))
  for (const { name, shape } of network.tensors) {
    const stored = tensors.get(name)?.shape
    if (stored?.join() !== shape.join())
      throw invalid(`tensor "${name}" should have shape [${shape.join()}], found [${stored?.join() ?? 'none'}]`, { tensor: name })
  }
  const layout = parameterLayout(network)
  writeWeights(layout, weights, new Float32Array(layout.floats))
  const normaliser = readNormaliser(description.scaler)
  const inputSize = network.input.reduce((a, b) => a * b, 1)
  const largest = Math.max(rows, ...description.golden.vectors.map(({ input }) => input.length / inputSize))
  const plan = compilePlan({ network: network.definition, weights, normaliser, rows: largest, backend })
  verifyGolden(plan, description.golden)
  return { digest: sha256Hex(model), description, network, weights, normaliser, plan }
}

/** Raw inputs with the outputs that the network gives for them now. */
export function goldenVectors(
  { network, weights, normaliser }: Pick<ArtifactParts, 'network' | 'weights' | 'normaliser'>,
  inputs: readonly Float32Array[],
): Golden[] {
  const size = network.input.reduce((a, b) => a * b, 1)
  const plan = compilePlan({
    network: network.definition,
    weights,
    normaliser,
    rows: Math.max(...inputs.map(({ length }) => length / size)),
  })
  return inputs.map((input) => ({ input: Array.from(input), output: Array.from(plan.compute(input)) }))
}

/** @throws {TradingError} `MODEL_GOLDEN_MISMATCH` naming the vector and the difference */
export function verifyGolden(plan: Pick<Plan, 'compute'>, { vectors, tolerance = 1e-5 }: ModelDescription['golden']): void {
  vectors.forEach(({ input, output }, vector) => {
    const found = plan.compute(Float32Array.from(input))
    if (found.length !== output.length)
      throw mismatch(`golden vector ${vector} has ${output.length} outputs, the plan gives ${found.length}`, { vector })
    output.forEach((expected, i) => {
      const difference = Math.abs(found[i] - expected)
      // Written so that NaN fails.
      if (!(difference <= tolerance * Math.max(1, Math.abs(expected))))
        throw mismatch(`golden vector ${vector}, output ${i}: expected ${expected}, computed ${found[i]}`, {
          vector,
          output: i,
          expected,
          found: found[i],
        })
    })
  })
}

function describeNormaliser({ kind, center, scale, lower, upper }: Normaliser): ModelDescription['scaler'] {
  return {
    kind,
    center: Array.from(center),
    scale: Array.from(scale),
    ...(Number.isFinite(lower) && Number.isFinite(upper) ? { clip: [lower, upper] } : {}),
  }
}

function readNormaliser({ kind, center, scale, clip = [-Infinity, Infinity] }: ModelDescription['scaler']): Normaliser {
  if (kind === 'quantile') throw invalid('this kit does not compute quantile scalers; write standard or robust', { kind })
  if (!(clip[0] < clip[1])) throw invalid('scaler.clip must ascend', { clip })
  return { ...noNormaliser, kind, center: Float64Array.from(center), scale: Float64Array.from(scale), lower: clip[0], upper: clip[1] }
}

function requireFile(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name)
  if (bytes === undefined) throw invalid(`the artifact has no file ${name}`, { file: name })
  return bytes
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new TradingError('MODEL_ARTIFACT_INVALID', 'model.json is not JSON', {}, { cause })
  }
}
function invalid(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_ARTIFACT_INVALID', message, details)
}
function mismatch(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_GOLDEN_MISMATCH', `${message}; do not use this artifact`, details)
}
