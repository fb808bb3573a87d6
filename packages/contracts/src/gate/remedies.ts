import type { InputDeclaration } from '../schema/gate-policy.js'
import type { Remedy } from '../schema/gate-report.js'
import type { ResolvedInput } from './resolve-input.js'
import type { Comparison } from './rule-evaluation.js'
import { apart, shownNumber } from './words.js'

/** What would turn a clause that could not be decided. */
export function remediesForProblems(inputs: readonly ResolvedInput[], declared: Readonly<Record<string, InputDeclaration>>): Remedy[] {
  return inputs
    .filter((input) => input.problem !== undefined)
    .map((input) => {
      const { unit, maxAgeDays, description } = declared[input.input]
      if (input.kind === 'stale')
        return { kind: 'refresh', input: input.input, message: `Measure "${input.evidence}" again: at most ${maxAgeDays} days old` }
      return { kind: 'provide', input: input.input, message: `Provide "${input.evidence}" in ${unit}: ${description}` }
    })
}

/** What would turn a clause that failed: how far a value must move, and where an interval decides, how much more data would do. */
export function remediesForFailure(
  comparisons: readonly Comparison[],
  inputs: readonly ResolvedInput[],
  declared: Readonly<Record<string, InputDeclaration>>,
): Remedy[] {
  const remedies = comparisons.filter(({ passes }) => !passes).flatMap((comparison) => remediesFor(comparison, inputs, declared))
  return remedies.length > 0 ? remedies : [{ kind: 'none', message: 'No single value turns this clause; see its comparisons' }]
}

function remediesFor(
  comparison: Comparison,
  inputs: readonly ResolvedInput[],
  declared: Readonly<Record<string, InputDeclaration>>,
): Remedy[] {
  const { input, observed, limit, wanted, operator } = comparison
  if (wanted === undefined || typeof observed !== 'number' || typeof limit !== 'number') {
    return operator === 'is' && input !== undefined ? [{ kind: 'change', input, message: `"${input}" must be ${String(limit)}` }] : []
  }
  const by = limit - observed
  const [seen, bound] = apart(observed, limit)
  const must = `must be ${wanted.orEqual ? 'at ' + (wanted.direction === 'above' ? 'least' : 'most') : wanted.direction} ${bound}`
  if (input === undefined) return [{ kind: 'change', by, message: `${comparison.at} is ${seen}; it ${must}, ${shift(by)}` }]
  const change: Remedy = {
    kind: 'change',
    input,
    by,
    message: `"${input}" is ${seen} ${declared[input].unit}; it ${must}, ${shift(by)}`,
  }
  const more = moreData(comparison, inputs, declared)
  return more === undefined ? [change] : [change, more]
}

/**
 * The width of an interval shrinks with the square root of the sample: where the estimate itself is past the limit and
 * only its bound is not, `count · (distance of bound / distance of limit)²` observations bring the bound to the limit.
 */
function moreData(
  { input, limit, wanted }: Comparison,
  inputs: readonly ResolvedInput[],
  declared: Readonly<Record<string, InputDeclaration>>,
): Remedy | undefined {
  if (input === undefined || typeof limit !== 'number' || wanted === undefined) return undefined
  const declaration = declared[input]
  const measurement = inputs.find((candidate) => candidate.input === input)?.measurement
  if (declaration.type !== 'number' || measurement?.interval === undefined || typeof measurement.value !== 'number') return undefined
  const bound =
    declaration.field === 'lower' && wanted.direction === 'above'
      ? measurement.interval.lower
      : declaration.field === 'upper' && wanted.direction === 'below'
        ? measurement.interval.upper
        : undefined
  if (bound === undefined) return undefined
  const { value, count } = measurement
  const room = wanted.direction === 'above' ? value - limit : limit - value
  if (room <= 0)
    return {
      kind: 'none',
      input,
      message: `More data would not help: the estimate itself, ${shownNumber(value)}, is not past ${shownNumber(limit)}`,
    }
  if (count === undefined || count === 0) return undefined
  const needed = Math.ceil(count * ((value - bound) / (value - limit)) ** 2)
  if (!Number.isSafeInteger(needed)) return undefined
  return {
    kind: 'more-data',
    input,
    count: needed,
    message: `At the present estimate about ${shownNumber(needed)} observations in all would do; there are ${shownNumber(count)}`,
  }
}

function shift(by: number): string {
  return `${shownNumber(Math.abs(by))} ${by > 0 ? 'more' : 'less'}`
}
