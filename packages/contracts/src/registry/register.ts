import { TradingError } from '@gatehouse/durable-log'
import type { CallOptions } from '../call-options.js'
import { sha256Hex } from '../canonical/digest.js'
import type { Artifact, CandidateFiles } from './interfaces.js'
import { metadataFile, readArtifact, requireFiniteWeights } from './read-artifact.js'
import type { RegistryContext } from './registry-context.js'

/** Stores a candidate's files as an artifact. */
export async function register(
  context: RegistryContext,
  candidate: CandidateFiles,
  { signal, by = 'unknown' }: CallOptions & { readonly by?: string | undefined } = {},
): Promise<Artifact> {
  // A copy: what is checked is what is written.
  const files = new Map([...candidate].map(([name, bytes]) => [name, new Uint8Array(bytes)]))
  const artifact = readArtifact(files)
  requireFiniteWeights(artifact)
  return context.locked(signal, async ({ state, append, at }) => {
    const before = state.artifacts.get(artifact.digest)
    if (before !== undefined) return sameArtifact(context, artifact, before.entry.files)
    const pins = await Promise.all(artifact.description.provenance.data.map((pin) => context.store.writeDocument(pin)))
    await context.store.writeArtifact(artifact.digest, files)
    const listed = Object.fromEntries([...files].map(([name, bytes]) => [name, { sha256: sha256Hex(bytes), bytes: bytes.length }]))
    await append({
      type: 'registry-entry',
      contractVersion: '1.0',
      kind: 'registered',
      at,
      by,
      name: artifact.description.name,
      artifactDigest: artifact.digest,
      files: listed,
      pins,
    })
    return artifact
  })
}

/** Registering again: the same files are the same artifact. Metadata holds wall times, so its first version stays. */
async function sameArtifact(
  context: RegistryContext,
  artifact: Artifact,
  files: Readonly<Record<string, { readonly sha256: string }>>,
): Promise<Artifact> {
  const names = new Set([...artifact.files.keys(), ...Object.keys(files)])
  names.delete(metadataFile)
  const differing = [...names].filter((name) => {
    const bytes = artifact.files.get(name)
    return bytes === undefined || files[name]?.sha256 !== sha256Hex(bytes)
  })
  if (differing.length > 0) {
    throw new TradingError(
      'ARTIFACT_CONFLICT',
      `Artifact ${artifact.digest} is registered with another ${differing.join(', ')}; an artifact is immutable`,
      { digest: artifact.digest, differing },
    )
  }
  return readRegistered(context, artifact.digest)
}

/** Reads a registered artifact, every file against its digest in the log. */
export async function readRegistered(context: RegistryContext, digest: string, { signal }: CallOptions = {}): Promise<Artifact> {
  const state = await context.refreshed(signal)
  const registered = state.artifacts.get(digest)
  if (registered === undefined)
    throw new TradingError('ARTIFACT_UNKNOWN', `No artifact ${digest} is registered here; register it, or sync it from where it was`, {
      digest,
    })
  const files = new Map<string, Uint8Array>()
  for (const [name, { sha256 }] of Object.entries(registered.entry.files)) {
    const bytes = await context.store.readArtifactFile(digest, name)
    if (bytes === undefined || sha256Hex(bytes) !== sha256) {
      throw new TradingError(
        'ARTIFACT_INVALID',
        `${name} of artifact ${digest} is ${bytes === undefined ? 'missing' : 'altered'}; sync it from a whole copy`,
        { digest, name },
      )
    }
    files.set(name, bytes)
  }
  return readArtifact(files, Object.fromEntries(Object.entries(registered.entry.files).map(([name, { sha256 }]) => [name, sha256])))
}
