import type { Measurement } from '../schema/evidence.js'
import type { InputDeclaration } from '../schema/gate-policy.js'
import { formatTime, nsPerDay, nsPerSecond, parseTime, type TimeNs } from '../time/time.js'
import type { EvidenceSnapshot } from './evidence-snapshot.js'
import type { RuleValue } from './rule-evaluation.js'

/** A variable of a rule, looked up and judged before any rule sees it. */
export type ResolvedInput = {
  readonly input: string
  readonly evidence: string
  readonly measurement: Measurement | undefined
} & (
  | { readonly value: RuleValue; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string; readonly kind: 'missing' | 'stale' | 'unusable' }
)

/** Clocks of the machines that measure and decide may differ by this much. */
const clockToleranceNs = 300n * nsPerSecond

/** Looks a variable up: it must be present, of the declared type and unit, plausible, and measured within its age. */
export function resolveInput(name: string, declared: InputDeclaration, snapshot: EvidenceSnapshot, now: TimeNs): ResolvedInput {
  const evidence = declared.evidence ?? name
  const measurement = snapshot.values.get(evidence)
  const base = { input: name, evidence, measurement }
  if (measurement === undefined) {
    const reason = snapshot.unreadable.get(evidence)
    return reason === undefined
      ? { ...base, kind: 'missing', problem: `"${evidence}" is missing from the evidence` }
      : { ...base, kind: 'unusable', problem: `"${evidence}" cannot be read: ${reason}` }
  }
  const stale = ageProblem(measurement, declared, now)
  if (stale !== undefined) return { ...base, kind: 'stale', problem: `"${evidence}" ${stale}` }
  const value = typedValue(measurement, declared)
  return typeof value === 'object' && 'problem' in value
    ? { ...base, kind: 'unusable', problem: `"${evidence}" ${value.problem}` }
    : { ...base, value }
}

function ageProblem(measurement: Measurement, { maxAgeDays }: InputDeclaration, now: TimeNs): string | undefined {
  let measuredAt: TimeNs
  try {
    measuredAt = parseTime(measurement.measuredAt)
  } catch {
    // The schema's pattern lets 30 February through; the calendar does not.
    return `has a measuredAt that does not exist, ${measurement.measuredAt}`
  }
  if (measuredAt > now + clockToleranceNs) return `was measured in the future, ${measurement.measuredAt}; it is ${formatTime(now)}`
  const ageNs = now - measuredAt
  if (ageNs > BigInt(Math.round(maxAgeDays * 86_400)) * nsPerSecond)
    return `is stale: measured ${(Number(ageNs) / Number(nsPerDay)).toFixed(1)} days ago, at most ${maxAgeDays} are allowed`
  return undefined
}

function typedValue(measurement: Measurement, declared: InputDeclaration): RuleValue | { readonly problem: string } {
  if (measurement.unit !== declared.unit) return { problem: `is in ${measurement.unit}, not in ${declared.unit}` }
  switch (declared.type) {
    case 'boolean':
      return typeof measurement.value === 'boolean' ? measurement.value : { problem: 'is not true or false' }
    case 'string':
      return typeof measurement.value === 'string' && declared.values.includes(measurement.value)
        ? measurement.value
        : { problem: `is not one of ${declared.values.join(', ')}` }
    case 'numbers': {
      const { value } = measurement
      if (typeof value !== 'object') return { problem: 'is not a list of numbers' }
      return value.every((item) => Number.isFinite(item) && item >= declared.minimum && item <= declared.maximum)
        ? value
        : { problem: implausible(declared) }
    }
    case 'number':
      return numberOf(measurement, declared)
  }
}

function numberOf(
  measurement: Measurement,
  declared: Extract<InputDeclaration, { type: 'number' }>,
): number | { readonly problem: string } {
  const { field = 'value', minimumLevel = 0 } = declared
  const { value: estimate, interval } = measurement
  // The estimate is judged whichever field is read: bounds or a count around something that is no number vouch for nothing.
  if (typeof estimate !== 'number' || !Number.isFinite(estimate)) return { problem: 'is not a number' }
  if (field === 'value') return plausible(estimate, declared)
  if (interval === undefined) {
    if (field !== 'count') return { problem: 'has no interval' }
  } else {
    const { lower, upper, level } = interval
    if (!(lower <= upper)) return { problem: `has an interval from ${lower} to ${upper}` }
    // Only where the interval is relied on: a percentile interval of a biased measure, such as ECE, need not hold its estimate.
    if (!(lower <= estimate && estimate <= upper))
      return { problem: `is ${estimate}, outside its own interval from ${lower} to ${upper}; measure both on the same rows` }
    if (field !== 'count' && level < minimumLevel) return { problem: `has an interval of ${level}, at least ${minimumLevel} is asked for` }
  }
  const value = field === 'count' ? measurement.count : interval?.[field]
  if (typeof value !== 'number' || !Number.isFinite(value)) return { problem: field === 'count' ? 'has no count' : 'is not a number' }
  return plausible(value, declared)
}

function plausible(value: number, declared: { readonly minimum: number; readonly maximum: number }): number | { readonly problem: string } {
  return value >= declared.minimum && value <= declared.maximum ? value : { problem: implausible(declared) }
}

function implausible({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }): string {
  return `is outside what is plausible, ${minimum} to ${maximum}`
}
