import type { InputDeclaration } from '../schema/gate-policy.js'
import type { RuleNode } from './rule-node.js'

/** What a part of a rule can come out as over the declared ranges of its inputs. Wider than the truth, never narrower. */
export interface Outcomes {
  readonly canBeTrue: boolean
  readonly canBeFalse: boolean
  /** A division by zero or an overflow is possible. */
  readonly canErr: boolean
  readonly low: number
  readonly high: number
}

const anything: Outcomes = { canBeTrue: true, canBeFalse: true, canErr: false, low: -Infinity, high: Infinity }
const truth = (canBeTrue: boolean, canBeFalse: boolean, canErr: boolean): Outcomes => ({ ...anything, canBeTrue, canBeFalse, canErr })

/** Interval arithmetic over a type-checked rule: proves that a clause can never fail, or never pass, on plausible evidence. */
export function ruleOutcomes(node: RuleNode, inputs: Readonly<Record<string, InputDeclaration>>): Outcomes {
  switch (node.kind) {
    case 'literal':
      if (typeof node.value === 'boolean') return truth(node.value, !node.value, false)
      return typeof node.value === 'number' ? range(node.value, node.value, false) : anything
    case 'list':
      return anything
    case 'variable': {
      const declared = node.name === '' ? undefined : inputs[node.name]
      return declared?.type === 'number' ? range(declared.minimum, declared.maximum, false) : anything
    }
    case 'operator':
      return operatorOutcomes(
        node.operator,
        node.operands.map((operand) => ruleOutcomes(operand, inputs)),
        node.operands,
      )
  }
}

function range(low: number, high: number, canErr: boolean): Outcomes {
  // An overflow is an error when it happens; the range itself stays what it can be without one.
  const overflows = !Number.isFinite(low) || !Number.isFinite(high)
  return {
    canBeTrue: true,
    canBeFalse: true,
    canErr: canErr || overflows,
    low: Number.isNaN(low) ? -Infinity : low,
    high: Number.isNaN(high) ? Infinity : high,
  }
}

function operatorOutcomes(operator: string, parts: readonly Outcomes[], operands: readonly RuleNode[]): Outcomes {
  const canErr = parts.some((part) => part.canErr)
  const [a, b, c] = parts
  const corners = (combine: (x: number, y: number) => number): Outcomes => {
    const results = [combine(a.low, b.low), combine(a.low, b.high), combine(a.high, b.low), combine(a.high, b.high)]
    return range(Math.min(...results), Math.max(...results), canErr)
  }
  switch (operator) {
    case 'and':
      return truth(
        parts.every((part) => part.canBeTrue),
        parts.some((part) => part.canBeFalse),
        canErr,
      )
    case 'or':
      return truth(
        parts.some((part) => part.canBeTrue),
        parts.every((part) => part.canBeFalse),
        canErr,
      )
    case '!':
      return truth(a.canBeFalse, a.canBeTrue, canErr)
    case '!!':
      return truth(a.canBeTrue, a.canBeFalse, canErr)
    case '<':
      return c === undefined
        ? truth(a.low < b.high, a.high >= b.low, canErr)
        : truth(a.low < b.high && b.low < c.high, a.high >= b.low || b.high >= c.low, canErr)
    case '<=':
      return c === undefined
        ? truth(a.low <= b.high, a.high > b.low, canErr)
        : truth(a.low <= b.high && b.low <= c.high, a.high > b.low || b.high > c.low, canErr)
    case '>':
      return truth(a.high > b.low, a.low <= b.high, canErr)
    case '>=':
      return truth(a.high >= b.low, a.low < b.high, canErr)
    case '+':
      return range(
        parts.reduce((sum, part) => sum + part.low, 0),
        parts.reduce((sum, part) => sum + part.high, 0),
        canErr,
      )
    case '-':
      return b === undefined ? range(-a.high, -a.low, canErr) : range(a.low - b.high, a.high - b.low, canErr)
    case '*':
      return parts.length === 1
        ? a
        : parts.length === 2
          ? corners((x, y) => (x === 0 || y === 0 ? 0 : x * y))
          : { ...anything, canErr: true }
    case '/':
      return b.low > 0 || b.high < 0 ? corners((x, y) => x / y) : { ...anything, canErr: true }
    case 'min':
      return range(Math.min(...parts.map((part) => part.low)), Math.min(...parts.map((part) => part.high)), canErr)
    case 'max':
      return range(Math.max(...parts.map((part) => part.low)), Math.max(...parts.map((part) => part.high)), canErr)
    case 'if':
    case '?:': {
      const branches = parts.filter((_, index) => index % 2 === 1 || index === operands.length - 1)
      return {
        canBeTrue: branches.some((part) => part.canBeTrue),
        canBeFalse: branches.some((part) => part.canBeFalse),
        canErr,
        low: Math.min(...branches.map((part) => part.low)),
        high: Math.max(...branches.map((part) => part.high)),
      }
    }
    default:
      return { ...anything, canErr: canErr || operator === '%' }
  }
}
