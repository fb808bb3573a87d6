import jsonLogic from 'json-logic-js'
import { RuleError, type RuleNode } from './rule-node.js'

/** A value a rule may see: checked, typed, and never a rule itself. */
export type RuleValue = number | boolean | string | readonly number[]

/** One comparison of a rule as it came out, for the report. */
export interface Comparison {
  readonly at: string
  readonly operator: string
  readonly observed: RuleValue | null
  readonly limit: RuleValue | null
  /** Positive on the side that the rule needs; `null` where there is no distance. */
  readonly margin: number | null
  /** Whether it came out as the rule needs it, a surrounding `!` taken into account. */
  readonly passes: boolean
  /** Variable that stands alone on the observed side. */
  readonly input?: string | undefined
  /** Which way the observed value would have to move, and whether it may end on the limit. */
  readonly wanted?: { readonly direction: 'above' | 'below'; readonly orEqual: boolean } | undefined
}

export interface RuleOutcome {
  readonly value: RuleValue
  /** Comparisons that decided, in the order of the rule. */
  readonly comparisons: readonly Comparison[]
}

type Operator = Extract<RuleNode, { kind: 'operator' }>
interface Run {
  readonly values: ReadonlyMap<string, RuleValue>
  readonly comparisons: Comparison[]
  readonly element?: number | undefined
  /** True while the rule passes when this part is true; `!` turns it; undefined where truth does not decide, as in a condition. */
  readonly wanted: boolean | undefined
}

/**
 * Evaluates a type-checked rule. Operands are evaluated here, operators by json-logic-js, which is only ever handed one
 * operator over literal values. `and` and `or` evaluate all their operands, `if` only the branch it takes.
 * @throws {RuleError} for a value that is not there, a division by zero, or a number that is not finite
 */
export function evaluateRule(rule: RuleNode, values: ReadonlyMap<string, RuleValue>): RuleOutcome {
  const comparisons: Comparison[] = []
  const value = evaluate(rule, { values, comparisons, wanted: true })
  return { value, comparisons }
}

function evaluate(node: RuleNode, run: Run): RuleValue {
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'list':
      return node.items.map((item) => evaluate(item, run)) as number[]
    case 'variable': {
      const value = node.name === '' ? run.element : run.values.get(node.name)
      if (value === undefined) throw new RuleError('missing', node.at, `"${node.name}" has no value`)
      if (typeof value === 'boolean') note(node, run, value)
      return value
    }
    case 'operator':
      return operate(node, run)
  }
}

function operate(node: Operator, run: Run): RuleValue {
  const { operator, operands, at } = node
  switch (operator) {
    case 'and':
    case 'or':
      return apply(
        operator,
        operands.map((operand) => evaluate(operand, run)),
        at,
      )
    case '!':
      return apply(operator, [evaluate(operands[0], { ...run, wanted: run.wanted === undefined ? undefined : !run.wanted })], at)
    case '!!':
      return apply(operator, [evaluate(operands[0], run)], at)
    case 'if':
    case '?:':
      return choose(operands, run)
    case 'all':
    case 'some':
    case 'none': {
      const list = evaluate(operands[0], { ...run, wanted: undefined }) as readonly number[]
      const outcomes = list.map((element) => evaluate(operands[1], { ...run, element, wanted: undefined }) as boolean)
      const any = apply('or', outcomes, at) === true
      const result = operator === 'some' ? any : operator === 'none' ? !any : apply('and', outcomes, at) === true
      record(run, { at, operator, observed: list, limit: null, margin: null, passes: result === run.wanted })
      return result
    }
    case '==':
    case '===':
    case '!=':
    case '!==':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'in':
      return compare(node, run)
    case '/':
    case '%': {
      const values = operands.map((operand) => evaluate(operand, { ...run, wanted: undefined }))
      if (values[1] === 0) throw new RuleError('division-by-zero', at, `"${operator}" by zero`)
      return apply(operator, values, at)
    }
    case '+':
    case '-':
    case '*':
    case 'min':
    case 'max':
      return apply(
        operator,
        operands.map((operand) => evaluate(operand, { ...run, wanted: undefined })),
        at,
      )
    case 'var':
      throw new RuleError('variable', at, 'var takes one literal name')
  }
}

function apply(operator: string, values: readonly RuleValue[], at: string): RuleValue {
  const result: unknown = jsonLogic.apply({ [operator]: values })
  if (typeof result === 'boolean') return result
  if (typeof result === 'number' && Number.isFinite(result)) return result
  throw new RuleError('not-finite', at, `"${operator}" gave ${typeof result === 'number' ? result : typeof result}`)
}

/** `if` takes the first branch whose condition holds: what guards a division is decided before the division is made. */
function choose(operands: readonly RuleNode[], run: Run): RuleValue {
  for (let index = 0; index + 1 < operands.length; index += 2) {
    const condition = apply('if', [evaluate(operands[index], { ...run, wanted: undefined }), true, false], operands[index].at)
    if (condition === true) return evaluate(operands[index + 1], run)
  }
  return evaluate(operands[operands.length - 1], run)
}

function compare(node: Operator, run: Run): RuleValue {
  const { operator, operands, at } = node
  const values = operands.map((operand) => evaluate(operand, { ...run, wanted: undefined }))
  const result = apply(operator, values, at)
  const wanted = run.wanted ?? true
  const passes = result === wanted
  // The side that holds a variable is what was observed; of a < x < b it is the middle, against the nearer bound.
  const observedAt = operands.length === 3 ? 1 : isConstant(operands[0]) ? 1 : 0
  const observed = values[observedAt]
  const limitAt = operands.length === 3 ? nearerBound(values as number[]) : 1 - observedAt
  const limit = listed(values[limitAt])
  const input = operands[observedAt].kind === 'variable' ? operands[observedAt].name : undefined
  if (typeof observed !== 'number' || typeof limit !== 'number' || !/[<>]/.test(operator)) {
    record(run, { at, operator, observed, limit, margin: null, passes, input })
    return result
  }
  // In a < b the larger side is on the right; `!` turns the need round and with it what happens on the limit.
  const above = operator.startsWith('>') === observedAt < limitAt
  const direction = above === wanted ? 'above' : 'below'
  const orEqual = operator.endsWith('=') === wanted
  const margin = direction === 'above' ? observed - limit : limit - observed
  record(run, {
    at,
    operator,
    observed,
    limit,
    margin: Number.isFinite(margin) ? margin : null,
    passes,
    input,
    wanted: { direction, orEqual },
  })
  return result
}

/** The words that `in` allows, as one word: a report holds scalars and lists of numbers. */
function listed(value: RuleValue): RuleValue {
  return Array.isArray(value) && typeof value[0] !== 'number' ? value.join(' | ') : value
}

function nearerBound([low, value, high]: readonly number[]): 0 | 2 {
  return value - low < high - value ? 0 : 2
}

function isConstant(node: RuleNode): boolean {
  if (node.kind === 'variable') return false
  if (node.kind === 'operator') return node.operands.every(isConstant)
  return node.kind === 'literal' || node.items.every(isConstant)
}

function note(node: Extract<RuleNode, { kind: 'variable' }>, run: Run, value: boolean): void {
  if (run.wanted !== undefined)
    record(run, {
      at: node.at,
      operator: 'is',
      observed: value,
      limit: run.wanted,
      margin: null,
      passes: value === run.wanted,
      input: node.name,
    })
}

function record(run: Run, comparison: Comparison): void {
  // Inside a condition, or within all/some/none, a comparison does not decide by itself.
  if (run.wanted !== undefined) run.comparisons.push(comparison)
}

/** One call an operator, with what it must give; json-logic-js is one object a process, which `add_operation` can change. */
const knownAnswers: readonly (readonly [string, readonly RuleValue[], RuleValue])[] = [
  ['and', [true, false], false],
  ['and', [true, true], true],
  ['or', [false, false], false],
  ['or', [false, true], true],
  ['!', [true], false],
  ['!', [false], true],
  ['!!', [false], false],
  ['!!', [true], true],
  ['if', [false, true, false], false],
  ['if', [true, true, false], true],
  ['==', [1, 2], false],
  ['==', [2, 2], true],
  ['===', [1, 2], false],
  ['===', [2, 2], true],
  ['!=', [2, 2], false],
  ['!=', [1, 2], true],
  ['!==', [2, 2], false],
  ['!==', [1, 2], true],
  ['<', [2, 2], false],
  ['<', [1, 2], true],
  ['<', [1, 2, 2], false],
  ['<=', [3, 2], false],
  ['<=', [2, 2], true],
  ['<=', [1, 3, 2], false],
  ['>', [2, 2], false],
  ['>', [3, 2], true],
  ['>=', [1, 2], false],
  ['>=', [2, 2], true],
  ['+', [1, 2.5, -4], -0.5],
  ['-', [5, 7], -2],
  ['-', [3], -3],
  ['*', [3, -0.5], -1.5],
  ['/', [1, 4], 0.25],
  ['%', [7, 4], 3],
  ['min', [3, -1, 2], -1],
  ['max', [3, -1, 2], 3],
  ['in', [2, [1, 3]], false],
  ['in', [3, [1, 3]], true],
]

/** Whether the library still computes what it is taken for; checked before every decision. */
export function libraryProblem(): string | undefined {
  for (const [operator, values, expected] of knownAnswers) {
    const found: unknown = jsonLogic.apply({ [operator]: values })
    if (found !== expected)
      return `json-logic-js gives ${String(found)} for "${operator}" of ${values.join(', ')}: an operator was replaced in this process`
  }
  return undefined
}
