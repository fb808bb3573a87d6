import { TradingError } from '@gatehouse/durable-log'
import type { Evidence, Measurement } from '../schema/evidence.js'
import { formatTime, nsPerDay, parseTime, type TimeNs } from '../time/time.js'
import type { RegistryState } from './fold.js'
import { promotionOf } from './fold.js'
import type { Artifact } from './interfaces.js'
import { manifestShapeProblems } from './manifest-shape.js'

/** Measurements that the registry makes itself, from the artifact's bytes and its own log; a caller may not hand them over. */
export const registryMeasurements = [
  'metadataComplete',
  'contractSupported',
  'dataPinned',
  'dataShapeFits',
  'goldenVectors',
  'parameterCount',
  'artifactBytes',
  'trainingDataAgeDays',
  'daysInPaper',
] as const

export interface MeasureContext {
  readonly state: RegistryState
  /** Log entries that count: a decision is measured again as of its own place in the log. */
  readonly entries: number
  readonly now: TimeNs
}

/** What the registry sees for itself about an artifact at a moment. The same artifact, log and time give the same values. */
export function measureArtifact(artifact: Artifact, { state, entries, now }: MeasureContext): Evidence['values'] {
  const { description, metadata, files } = artifact
  const measuredAt = formatTime(now)
  const of = (value: number | boolean, unit: string): Measurement => ({ value, unit, source: artifact.digest, measuredAt })
  const { data, train, codeHash } = description.provenance
  const filled = [metadata.title, metadata.author, metadata.hypothesis, metadata.intendedUse, metadata.limitations].every(
    (text) => text.trim() !== '',
  )
  const traced = metadata.run !== undefined && ((metadata.commit !== undefined && metadata.dirty === false) || codeHash !== undefined)
  return {
    metadataComplete: of(filled && traced, 'boolean'),
    // Reading the artifact has parsed both documents: one of an unsupported version does not get here.
    contractSupported: of(true, 'boolean'),
    dataPinned: of(data.length > 0, 'boolean'),
    dataShapeFits: of(manifestShapeProblems(description.needs, data).length === 0, 'boolean'),
    goldenVectors: of(description.golden.vectors.length, 'count'),
    parameterCount: of(description.network.parameterCount, 'count'),
    artifactBytes: of(
      [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0),
      'bytes',
    ),
    trainingDataAgeDays: of(days(now - parseTime(train.to)), 'days'),
    daysInPaper: of(daysInPaper(artifact.digest, { state, entries, now }), 'days'),
  }
}

/** Days since the artifact first earned `paper`; 0 when it never did. */
function daysInPaper(digest: string, { state, entries, now }: MeasureContext): number {
  for (const placed of state.promotions.values()) {
    const promotion = promotionOf(placed.entry)
    if (placed.index < entries && promotion?.artifactDigest === digest && promotion.stage === 'paper')
      return Math.max(0, days(now - parseTime(promotion.promotedAt)))
  }
  return 0
}

function days(ns: bigint): number {
  return Number(ns) / Number(nsPerDay)
}

/**
 * A caller's evidence with the registry's own measurements.
 * @throws {TradingError} `EVIDENCE_RESERVED` when the caller measured what only the registry may
 */
export function withMeasured(submitted: Evidence, measured: Evidence['values']): Evidence {
  const reserved = registryMeasurements.filter((name) => Object.hasOwn(submitted.values, name))
  if (reserved.length > 0)
    throw new TradingError('EVIDENCE_RESERVED', `The registry measures ${reserved.join(', ')} itself; leave them out of the evidence`, {
      reserved,
    })
  return { ...submitted, values: { ...submitted.values, ...measured } }
}
