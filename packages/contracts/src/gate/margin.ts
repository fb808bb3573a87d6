import type { Comparison } from './rule-evaluation.js'
import type { RuleNode } from './rule-node.js'

/** Distance of a clause to turning, and the limit of the comparison that decides it. */
export interface Margin {
  /** Positive for a pass, negative for a failure; `null` where truth rather than distance decides. */
  readonly margin: number | null
  readonly limit: number | null
}

const none: Margin = { margin: null, limit: null }

/** The deciding margin: of what must all hold the smallest, of what need only hold once the largest. */
export function decidingMargin(rule: RuleNode, comparisons: readonly Comparison[]): Margin {
  const byPlace = new Map(comparisons.map((comparison) => [comparison.at, comparison]))
  return decide(rule, byPlace, true) ?? none
}

function decide(
  node: RuleNode,
  byPlace: ReadonlyMap<string, Comparison>,
  wanted: boolean,
): (Margin & { readonly passes: boolean }) | undefined {
  const comparison = byPlace.get(node.at)
  if (comparison !== undefined) {
    const { margin, limit, passes } = comparison
    return { margin, limit: typeof limit === 'number' ? limit : null, passes }
  }
  if (node.kind !== 'operator') return undefined
  const turned = node.operator === '!' ? !wanted : wanted
  const parts = node.operands.map((operand) => decide(operand, byPlace, turned)).filter((part) => part !== undefined)
  if (parts.length === 0) return undefined
  if (parts.length === 1) return parts[0]
  const allNeeded = node.operator === 'or' ? !turned : turned
  const passes = allNeeded ? parts.every((part) => part.passes) : parts.some((part) => part.passes)
  const deciding = parts.filter((part) => part.passes === passes)
  // A truth that is needed and not there has no distance, and no distance elsewhere would turn the clause.
  if (allNeeded && !passes && deciding.some((part) => part.margin === null)) return { ...none, passes }
  const measured = deciding.filter((part) => part.margin !== null)
  if (measured.length === 0) return { ...none, passes }
  const best = measured.reduce((chosen, part) => (allNeeded === Number(part.margin) < Number(chosen.margin) ? part : chosen))
  return { margin: best.margin, limit: best.limit, passes }
}
