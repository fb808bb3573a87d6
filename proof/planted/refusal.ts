import { defaultPolicy, evidenceFromEvaluation, openGate, parseTime, type Evaluation } from '@gatehouse/contracts'
import { type Candidate } from '@gatehouse/core'

/** What a registry sees for itself, and what is measured on a machine, taken as sound: what is left to refuse is skill, honesty and drift. */
const sound: Readonly<Record<string, readonly [value: number | boolean, unit: string]>> = {
  metadataComplete: [true, 'boolean'],
  contractSupported: [true, 'boolean'],
  dataPinned: [true, 'boolean'],
  dataVerified: [true, 'boolean'],
  dataShapeFits: [true, 'boolean'],
  goldenVectors: [3, 'count'],
  trainingDataAgeDays: [1, 'days'],
  predictionLatencyP99: [1, 'microseconds'],
}

/**
 * The clauses of the shipped `paper` policy that refuse a candidate on its evaluation alone, all else being sound; empty when it would be let through. The policy
 * is dated back: a synthetic market lives in its own time.
 */
export function refusingClauses(family: string, { digest }: Candidate, evaluation: Evaluation): readonly string[] {
  const policy = defaultPolicy(family, 'paper')
  if (policy === undefined) throw new Error(`there is no shipped policy for ${family}`)
  const gate = openGate({ ...policy, id: `${family}-planted`, validFrom: '1990-01-01T00:00:00Z' })
  const extra = Object.fromEntries(
    Object.entries(sound).map(([name, [value, unit]]) => [name, { value, unit, source: digest, measuredAt: evaluation.measuredAt }]),
  )
  const report = gate.evaluate(evidenceFromEvaluation(evaluation, extra), { now: parseTime(evaluation.measuredAt) })
  return report.clauses.filter(({ severity, result }) => severity === 'block' && result !== 'pass').map(({ id }) => id)
}

export const isRefused = (family: string, candidate: Candidate, evaluation: Evaluation): boolean =>
  refusingClauses(family, candidate, evaluation).length > 0
