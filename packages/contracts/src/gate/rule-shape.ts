import type { PolicyFinding } from './interfaces.js'
import type { RuleOperator } from './rule.js'

/** Nesting of operators and lists in one rule. */
export const maximumRuleDepth = 32
/** Operators, lists and literals in one rule, counted as written out. */
export const maximumRuleNodes = 1000
const maximumStringLength = 200

/** The allow-list, without a prototype: `constructor` and `toString` are not on it. */
const operators: Readonly<Record<string, true>> = Object.freeze(
  Object.assign(
    Object.create(null) as Record<string, true>,
    Object.fromEntries(
      (
        [
          'var',
          'and',
          'or',
          '!',
          '!!',
          'if',
          '?:',
          '==',
          '===',
          '!=',
          '!==',
          '<',
          '<=',
          '>',
          '>=',
          '+',
          '-',
          '*',
          '/',
          '%',
          'min',
          'max',
          'in',
          'all',
          'some',
          'none',
        ] satisfies RuleOperator[]
      ).map((name) => [name, true]),
    ),
  ),
)

export function isOperator(name: string): name is RuleOperator {
  return operators[name] === true
}

/**
 * Whether a rule is written in the allowed grammar: known operators, one key a clause, plain objects and finite literals,
 * bounded depth and size. Walks with a stack of its own and stops at the first finding past a limit, so a rule of any
 * depth, or one that shares its parts to grow exponentially, is refused in bounded time.
 */
export function ruleShapeFindings(rule: unknown): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = []
  const report = (kind: string, at: string, message: string): number => findings.push({ level: 'error', kind, at: at || '/', message })
  const pending: { node: unknown; at: string; depth: number }[] = [{ node: rule, at: '', depth: 0 }]
  let nodes = 0
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { node, at, depth } = item
    nodes += 1
    if (nodes > maximumRuleNodes) {
      report('too-large', at, `More than ${maximumRuleNodes} operators and literals; split the clause`)
      break
    }
    if (depth > maximumRuleDepth) {
      report('too-deep', at.slice(0, 80), `Nested more than ${maximumRuleDepth} deep; split the clause`)
      break
    }
    if (typeof node === 'boolean') continue
    if (typeof node === 'number') {
      if (!Number.isFinite(node)) report('literal', at, `${node} is not a finite number`)
      continue
    }
    if (typeof node === 'string') {
      if (node.length > maximumStringLength) report('literal', at, `A word of more than ${maximumStringLength} characters`)
      continue
    }
    if (Array.isArray(node)) {
      if (node.length > maximumRuleNodes) {
        report('too-large', at, `A list of more than ${maximumRuleNodes}`)
        break
      }
      // Array.from visits holes, as undefined, which is then refused.
      Array.from(node as unknown[], (child, index) => pending.push({ node: child, at: `${at}/${index}`, depth: depth + 1 }))
      continue
    }
    if (typeof node !== 'object' || node === null) {
      report('literal', at, `${node === null ? 'null' : typeof node} is not a rule, a finite number, a word, true or false`)
      continue
    }
    const prototype: unknown = Object.getPrototypeOf(node)
    const keys = Reflect.ownKeys(node)
    if (prototype !== null && prototype !== Object.prototype) report('literal', at, 'An instance of a class is not a rule')
    else if (keys.length !== 1)
      report(
        'two-keys',
        at,
        `A rule has exactly one operator; this has ${keys.length === 0 ? 'none' : keys.slice(0, 5).map(String).join(', ')}`,
      )
    else {
      const key = keys[0]
      if (typeof key === 'string' && isOperator(key))
        pending.push({ node: (node as Record<string, unknown>)[key], at: `${at}/${key}`, depth: depth + 1 })
      else report('unknown-operator', at, `"${String(key).slice(0, 40)}" is not an operator that gates allow`)
    }
  }
  return findings
}
