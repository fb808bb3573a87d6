import type { InputDeclaration } from '../schema/gate-policy.js'
import { evaluateRule, type RuleValue } from './rule-evaluation.js'
import { ruleVariables, type RuleNode } from './rule-node.js'

const probes = 64

/**
 * Looks for plausible evidence on which a rule does not pass, where ranges alone cannot tell (`x - x >= 0`): the ends of
 * every range, the rule's own constants and their neighbours, then a fixed sequence of points in between.
 * @returns true when some probe failed or erred
 */
export function canBeSeenToFail(rule: RuleNode, inputs: Readonly<Record<string, InputDeclaration>>): boolean {
  const names = ruleVariables(rule)
  const constants = ruleConstants(rule)
  for (let probe = 0; probe < probes; probe++) {
    const values = new Map<string, RuleValue>(names.map((name, index) => [name, candidate(inputs[name], constants, probe, index)]))
    try {
      if (evaluateRule(rule, values).value !== true) return true
    } catch {
      // A rule that errs on plausible evidence does refuse.
      return true
    }
  }
  return false
}

function ruleConstants(node: RuleNode): readonly number[] {
  if (node.kind === 'literal') return typeof node.value === 'number' ? [node.value] : []
  if (node.kind === 'variable') return []
  return (node.kind === 'list' ? node.items : node.operands).flatMap(ruleConstants)
}

function candidate(input: InputDeclaration, constants: readonly number[], probe: number, index: number): RuleValue {
  if (input.type === 'boolean') return ((probe >> (index % 6)) & 1) === 0
  if (input.type === 'string') return input.values[(probe + index) % input.values.length]
  const number = numberCandidate(input, constants, probe, index)
  return input.type === 'numbers' ? [number] : number
}

function numberCandidate(
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
  constants: readonly number[],
  probe: number,
  index: number,
): number {
  if (probe < 4) return ((probe >> (index % 2)) & 1) === 0 ? minimum : maximum
  const near = constants
    .flatMap((constant) => [constant, constant - Math.abs(constant) * 1e-9 - 1e-12, constant + Math.abs(constant) * 1e-9 + 1e-12])
    .filter((value) => value >= minimum && value <= maximum)
  if (probe - 4 < near.length) return near[probe - 4]
  // The golden ratio's multiples spread evenly without a random source, so a finding repeats.
  const share = ((probe + 1) * (index + 1) * 0.6180339887498949) % 1
  return minimum + share * (maximum - minimum)
}
