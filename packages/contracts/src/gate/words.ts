import type { InputDeclaration } from '../schema/gate-policy.js'
import type { Comparison } from './rule-evaluation.js'

type Declared = Readonly<Record<string, InputDeclaration>>

/** What comparisons came to, in a sentence each: what was observed, and what is asked for. */
export function reasonFor(comparisons: readonly Comparison[], declared: Declared, verdict: 'pass' | 'fail'): string {
  const deciding = comparisons.filter(({ passes }) => passes === (verdict === 'pass'))
  if (deciding.length === 0) return verdict === 'pass' ? 'The rule holds' : 'The rule does not hold'
  return deciding.map((comparison) => `${subject(comparison, declared)} is ${predicate(comparison)}`).join('; ')
}

function subject({ input, at }: Comparison, declared: Declared): string {
  if (input === undefined) return `What the rule computes at ${at}`
  const declaration = declared[input]
  const evidence = declaration.evidence ?? input
  const field = declaration.type === 'number' ? declaration.field : undefined
  if (field === 'lower' || field === 'upper') return `The ${field} bound of "${evidence}"`
  return field === 'count' ? `The number of observations behind "${evidence}"` : `"${evidence}"`
}

function predicate({ operator, observed, limit, wanted, passes }: Comparison): string {
  if (wanted !== undefined && typeof observed === 'number' && typeof limit === 'number') {
    const [seen, bound] = apart(observed, limit)
    return `${seen}; ${wanted.orEqual ? (wanted.direction === 'above' ? 'at least' : 'at most') : wanted.direction} ${bound} is asked for`
  }
  if (Array.isArray(observed)) return `a list of ${observed.length} numbers, of which "${operator}" ${passes ? 'holds' : 'does not hold'}`
  const isEqual = operator === 'in' ? among(observed, limit) : observed === limit
  const not = isEqual === passes ? '' : 'not '
  const options = Array.isArray(limit) ? limit.join(', ') : String(limit)
  return `${String(observed)}; it must ${not}be ${operator === 'in' ? 'one of ' : ''}${options}`
}

function among(observed: Comparison['observed'], limit: Comparison['limit']): boolean {
  return Array.isArray(limit) ? limit.includes(observed) : String(limit).split(' | ').includes(String(observed))
}

/** A number for people: in groups of three before the point, and four digits in all where there is something behind it. */
export function shownNumber(value: number, digits = 4): string {
  const size = Math.abs(value)
  if (size >= 1e15 || (size < 1e-6 && size > 0)) return String(Number(value.toPrecision(digits)))
  const [whole, fraction] = String(Number(value.toPrecision(Math.max(digits, Math.ceil(Math.log10(size + 1)))))).split('.')
  return whole.replace(/\B(?=(?:\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`)
}

/** Two numbers for people, with as many digits as it takes to tell them apart. */
export function apart(a: number, b: number): readonly [string, string] {
  for (let digits = 4; digits < 17; digits++) {
    const shown = [shownNumber(a, digits), shownNumber(b, digits)] as const
    if (a === b || shown[0] !== shown[1]) return shown
  }
  return [String(a), String(b)]
}
