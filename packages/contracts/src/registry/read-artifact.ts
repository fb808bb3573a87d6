import { TradingError } from '@gatehouse/durable-log'
import { deepFreeze } from '../canonical/deep-freeze.js'
import { sha256Hex } from '../canonical/digest.js'
import { modelDescriptionContract, modelMetadataContract } from '../schema/model.js'
import { descriptionProblems, tensorProblems } from './description-check.js'
import type { Artifact, CandidateFiles } from './interfaces.js'
import { float32Tensor, readSafetensors } from './safetensors.js'

/** File names that every artifact has beside its weights. */
export const descriptionFile = 'model.json'
export const metadataFile = 'metadata.json'

/**
 * Makes an artifact from files, after checking that they belong together.
 * @param verified SHA-256 of files that the caller has just compared with their bytes, so that they are not hashed twice
 * @throws {TradingError} `ARTIFACT_INVALID` naming file and fault; `CONTRACT_INVALID`, `CONTRACT_VERSION_UNSUPPORTED` for a document
 */
export function readArtifact(files: CandidateFiles, verified: Readonly<Record<string, string>> = {}): Artifact {
  const hashOf = (name: string, bytes: Uint8Array): string => (Object.hasOwn(verified, name) ? verified[name] : sha256Hex(bytes))
  const modelBytes = required(files, descriptionFile)
  const digest = hashOf(descriptionFile, modelBytes)
  const description = deepFreeze(modelDescriptionContract.parse(parseJson(descriptionFile, modelBytes)))
  const metadata = deepFreeze(modelMetadataContract.parse(parseJson(metadataFile, required(files, metadataFile))))
  if (metadata.artifactDigest !== digest)
    throw invalid(metadataFile, `it is about ${metadata.artifactDigest}, ${descriptionFile} hashes to ${digest}`)
  const problems = descriptionProblems(description)
  if (problems.length > 0) throw invalid(descriptionFile, problems.slice(0, 5).join('; '))
  const { file, sha256, byteLength } = description.weights
  const weights = required(files, file)
  if (weights.length !== byteLength) throw invalid(file, `it has ${weights.length} bytes, the description says ${byteLength}`)
  const found = hashOf(file, weights)
  if (found !== sha256) throw invalid(file, `it hashes to ${found}, the description says ${sha256}`)
  const wrong = tensorProblems(description, readSafetensors(weights))
  if (wrong.length > 0) throw invalid(file, wrong.slice(0, 5).join('; '))
  return { digest, description, metadata, files }
}

/**
 * Refuses weights that no training would have kept: done once, when an artifact is registered.
 * @throws {TradingError} `ARTIFACT_INVALID` naming the tensor
 */
export function requireFiniteWeights({ description, files }: Artifact): void {
  const { file } = description.weights
  const bytes = required(files, file)
  for (const [name, tensor] of readSafetensors(bytes)) {
    if (tensor.dtype === 'F32' && !float32Tensor(bytes, tensor).every(Number.isFinite))
      throw invalid(file, `tensor "${name}" holds a number that is not finite`)
  }
}

function required(files: CandidateFiles, name: string): Uint8Array {
  const bytes = files.get(name)
  if (bytes === undefined) throw invalid(name, 'it is missing')
  return bytes
}

function parseJson(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw invalid(name, `it is not JSON in UTF-8: ${(cause as Error).message}`)
  }
}

function invalid(file: string, what: string): TradingError {
  return new TradingError('ARTIFACT_INVALID', `${file} of the artifact cannot be used: ${what}`, { file, what })
}
