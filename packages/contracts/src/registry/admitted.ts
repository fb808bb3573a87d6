import type { Refusal } from '../gate/interfaces.js'
import { sha256Hex } from '../canonical/digest.js'
import { formatTime, type TimeNs } from '../time/time.js'
import { captureModel } from './captured-model.js'
import { defaultTolerance, goldenProblem } from './golden.js'
import type { Admission, Admitted, Artifact, Computable, Environment, Stage } from './interfaces.js'
import { refuse } from './refused.js'

interface Mint {
  readonly admission: Admission
  readonly artifact: Artifact
  /** The minting registry's present word on what was admitted. */
  readonly revoked: () => Refusal | undefined
}

/** Minted objects. Module-private: holding the reference is the only proof there is, and no one else can write here. */
const minted = new WeakMap<object, Mint>()

const stagesFor: Readonly<Record<Environment, readonly Stage[]>> = {
  simulated: ['paper', 'production'],
  paper: ['paper', 'production'],
  live: ['production'],
}

/** True when models of an alias may run where an environment's money is. */
export function isStageAllowed(stage: Stage, environment: Environment): boolean {
  return Object.hasOwn(stagesFor, environment) && stagesFor[environment].includes(stage)
}

/**
 * Mints an admission. Called by the registry alone, after everything was verified, with the model as it was captured: the golden
 * vectors run through that very object here, and nothing is awaited between them and the mint.
 * @throws {Refused} `golden-vectors` when the captured model does not compute what was trained
 */
export function mint<M extends Computable>(parts: {
  model: M
  admission: Admission
  artifact: Artifact
  revoked: () => Refusal | undefined
}): Admitted<M> {
  const { artifact, revoked } = parts
  const model = captureModel(parts.model)
  const { artifactDigest } = parts.admission
  if (model.digest !== artifactDigest) refuse('subject', model.digest, artifactDigest, 'load gave a model of another artifact')
  const golden = goldenProblem(artifact.description, model)
  if (golden !== undefined)
    refuse(
      'golden-vectors',
      golden,
      artifact.description.golden.tolerance ?? defaultTolerance,
      `The model does not compute what was trained: ${golden}`,
    )
  const admission = Object.freeze({
    ...parts.admission,
    keyIds: Object.freeze([...parts.admission.keyIds]),
    files: Object.freeze({ ...parts.admission.files }),
  })
  const admitted: Admitted<M> = Object.freeze({ type: 'admitted', model, admission, artifact: Object.freeze(artifact) })
  minted.set(admitted, { admission, artifact, revoked })
  return admitted
}

/**
 * True only for an object that a registry of this process minted, and whose files still have the bytes that were verified. Its
 * model is the frozen capture of then, so it needs no second look. A copy, a JSON round trip or a look-alike is not admitted.
 */
export function isAdmitted(value: unknown): value is Admitted {
  if (typeof value !== 'object' || value === null) return false
  const mark = minted.get(value)
  if (mark === undefined) return false
  const { admission, artifact } = mark
  const names = Object.keys(admission.files)
  if (artifact.files.size !== names.length) return false
  return names.every((name) => {
    const bytes = artifact.files.get(name)
    return bytes !== undefined && sha256Hex(bytes) === admission.files[name]
  })
}

/**
 * Whether an admission still holds: core asks at the start of a run and while it runs. Cheap: no file is hashed.
 * @returns the refusal, or `undefined` while it holds
 */
export function recheckAdmission(admitted: unknown, at: { readonly environment: Environment; readonly now: TimeNs }): Refusal | undefined {
  const mark = typeof admitted === 'object' && admitted !== null ? minted.get(admitted) : undefined
  if (mark === undefined)
    return refusal(
      'minted',
      typeof admitted,
      'an object minted by registry.admit',
      'This object was not minted by a registry of this process; pass what registry.admit gave',
    )
  const { admission } = mark
  const { environment, now } = at
  if (!isStageAllowed(admission.stage, environment) || (environment === 'live' && admission.environment !== 'live')) {
    return refusal(
      'environment',
      environment,
      admission.environment,
      `Admitted as ${admission.stage} for ${admission.environment}, not for ${environment}; admit it for ${environment}`,
    )
  }
  // A clock that gives no time compares false with every time: what does not hold refuses.
  if (!(now >= admission.admittedAt))
    return refusal('clock', shown(now), formatTime(admission.admittedAt), 'The clock shows a time before the admission; set it right')
  if (!(now < admission.expiresAt))
    return refusal(
      'expired',
      shown(now),
      formatTime(admission.expiresAt),
      `The promotion of ${admission.name}@${admission.alias} has expired; promote again`,
    )
  return mark.revoked()
}

/** A time for a refusal, or what stood where one should. */
function shown(now: unknown): string {
  return typeof now === 'bigint' ? formatTime(now) : String(now)
}

function refusal(rule: string, observed: unknown, limit: unknown, message: string): Refusal {
  return { approved: false, rule, observed, limit, message }
}
