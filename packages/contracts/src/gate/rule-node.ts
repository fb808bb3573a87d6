import type { Rule, RuleOperand, RuleOperator } from './rule.js'

/** A rule taken apart: an operator and its operands, a list, or a literal. */
export type RuleNode =
  | { readonly kind: 'operator'; readonly operator: RuleOperator; readonly operands: readonly RuleNode[]; readonly at: string }
  | { readonly kind: 'variable'; readonly name: string; readonly at: string }
  | { readonly kind: 'list'; readonly items: readonly RuleNode[]; readonly at: string }
  | { readonly kind: 'literal'; readonly value: number | boolean | string; readonly at: string }

/** Thrown inside the gate for what a rule may not do; it never leaves the gate. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  constructor(
    readonly kind: string,
    /** JSON Pointer into the rule. */
    readonly at: string,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Takes a rule apart that has passed the shape check. A single operand stands for a list of one, as JSON-Logic has it.
 * @throws {RuleError} for a `var` that is not one literal name
 */
export function parseRule(rule: Rule | RuleOperand, at = ''): RuleNode {
  if (typeof rule !== 'object') return { kind: 'literal', value: rule, at: at || '/' }
  if (Array.isArray(rule)) {
    return { kind: 'list', items: (rule as readonly RuleOperand[]).map((item, index) => parseRule(item, `${at}/${index}`)), at: at || '/' }
  }
  const [[operator, operand]] = Object.entries(rule) as [[RuleOperator, RuleOperand | readonly RuleOperand[]]]
  const path = `${at}/${operator}`
  const many = Array.isArray(operand)
  const operands: readonly RuleOperand[] = many ? (operand as readonly RuleOperand[]) : [operand]
  if (operator === 'var') {
    const [name] = operands
    // A default would let a missing measurement pass.
    if (operands.length !== 1 || typeof name !== 'string')
      throw new RuleError('variable', path, 'var takes one literal name and no default')
    return { kind: 'variable', name, at: path }
  }
  return {
    kind: 'operator',
    operator,
    operands: operands.map((item, index) => parseRule(item, many ? `${path}/${index}` : path)),
    at: path,
  }
}

/** Names of the variables a rule reads, each once, in order; the element `""` of a list is not one. */
export function ruleVariables(node: RuleNode): readonly string[] {
  const found = new Set<string>()
  const visit = (part: RuleNode): void => {
    if (part.kind === 'variable' && part.name !== '') found.add(part.name)
    else if (part.kind === 'operator') part.operands.forEach(visit)
    else if (part.kind === 'list') part.items.forEach(visit)
  }
  visit(node)
  return [...found]
}
