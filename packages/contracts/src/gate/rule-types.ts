import type { InputDeclaration } from '../schema/gate-policy.js'
import { RuleError, type RuleNode } from './rule-node.js'

/** Types of a rule's parts: three scalars, and lists of them. */
export type RuleType = 'number' | 'boolean' | 'string' | 'numbers' | 'booleans' | 'strings'

type Operator = Extract<RuleNode, { kind: 'operator' }>
type Scope = { readonly inputs: Readonly<Record<string, InputDeclaration>>; readonly element?: RuleType | undefined }

/**
 * Type of a rule over declared inputs. Every variable is declared, so a comparison across types, a number where a truth
 * is asked for, or a wrong number of operands is found when the policy loads, not when it decides.
 * @throws {RuleError} naming the place
 */
export function typeOfRule(node: RuleNode, inputs: Readonly<Record<string, InputDeclaration>>): RuleType {
  return typeOf(node, { inputs })
}

function typeOf(node: RuleNode, scope: Scope): RuleType {
  switch (node.kind) {
    case 'literal':
      return typeof node.value as 'number' | 'boolean' | 'string'
    case 'variable':
      return variableType(node, scope)
    case 'list':
      return listType(node, scope)
    case 'operator':
      return operatorType(node, scope)
  }
}

function variableType(node: Extract<RuleNode, { kind: 'variable' }>, { inputs, element }: Scope): RuleType {
  if (element !== undefined) {
    if (node.name === '') return element
    throw new RuleError('variable', node.at, `Inside all, some and none only the element, {"var": ""}, can be read; "${node.name}" cannot`)
  }
  if (!Object.hasOwn(inputs, node.name))
    throw new RuleError('undeclared-input', node.at, `"${node.name}" is not declared among the inputs of the policy`)
  return inputs[node.name].type
}

function listType(node: Extract<RuleNode, { kind: 'list' }>, scope: Scope): RuleType {
  if (node.items.length === 0) throw new RuleError('empty-list', node.at, 'An empty list decides nothing')
  const types = new Set(node.items.map((item) => (item.kind === 'literal' ? typeOf(item, scope) : undefined)))
  const [type] = types
  if (types.size === 1 && (type === 'number' || type === 'boolean' || type === 'string')) return `${type}s`
  throw new RuleError('type-mismatch', node.at, 'A list holds literals of one type')
}

function operatorType(node: Operator, scope: Scope): RuleType {
  const { operator, operands, at } = node
  const arity = (least: number, most = least): void => {
    if (operands.length >= least && operands.length <= most) return
    throw new RuleError(
      'operands',
      at,
      `"${operator}" takes ${least === most ? least : most === Infinity ? `${least} or more` : `${least} to ${most}`} operands, not ${operands.length}`,
    )
  }
  const all = (type: RuleType, parts = operands): void => {
    for (const part of parts) {
      const found = typeOf(part, scope)
      if (found !== type) throw new RuleError('type-mismatch', part.at, `"${operator}" takes a ${type} here, not a ${found}`)
    }
  }
  switch (operator) {
    case 'and':
    case 'or':
      arity(1, Infinity)
      all('boolean')
      return 'boolean'
    case '!':
    case '!!':
      arity(1)
      all('boolean')
      return 'boolean'
    case 'if':
    case '?:':
      return conditionalType(node, scope, arity, all)
    case '==':
    case '===':
    case '!=':
    case '!==': {
      arity(2)
      const type = typeOf(operands[0], scope)
      if (type !== 'number' && type !== 'boolean' && type !== 'string')
        throw new RuleError('type-mismatch', at, `"${operator}" does not compare lists`)
      all(type)
      return 'boolean'
    }
    case '<':
    case '<=':
      arity(2, 3)
      all('number')
      return 'boolean'
    case '>':
    case '>=':
      arity(2)
      all('number')
      return 'boolean'
    case '+':
    case '*':
    case 'min':
    case 'max':
      arity(1, Infinity)
      all('number')
      return 'number'
    case '-':
      arity(1, 2)
      all('number')
      return 'number'
    case '/':
    case '%':
      arity(2)
      all('number')
      return 'number'
    case 'in': {
      arity(2)
      if (operands[1].kind !== 'list') throw new RuleError('type-mismatch', operands[1].at, '"in" takes a literal list here')
      const list = typeOf(operands[1], scope)
      all(list.slice(0, -1) as RuleType, [operands[0]])
      return 'boolean'
    }
    case 'all':
    case 'some':
    case 'none': {
      arity(2)
      all('numbers', [operands[0]])
      const found = typeOf(operands[1], { inputs: scope.inputs, element: 'number' })
      if (found !== 'boolean') throw new RuleError('type-mismatch', operands[1].at, `"${operator}" takes a boolean here, not a ${found}`)
      return 'boolean'
    }
    case 'var':
      throw new RuleError('variable', at, 'var takes one literal name')
  }
}

function conditionalType(
  node: Operator,
  scope: Scope,
  arity: (least: number, most: number) => void,
  all: (type: RuleType, parts: readonly RuleNode[]) => void,
): RuleType {
  const { operator, operands, at } = node
  arity(3, operator === '?:' ? 3 : Infinity)
  if (operands.length % 2 === 0)
    throw new RuleError('operands', at, `"${operator}" needs an else: without it a case that is not named has no value`)
  const conditions = operands.filter((_, index) => index % 2 === 0 && index < operands.length - 1)
  const branches = operands.filter((_, index) => index % 2 === 1 || index === operands.length - 1)
  all('boolean', conditions)
  const type = typeOf(branches[0], scope)
  all(type, branches)
  return type
}
