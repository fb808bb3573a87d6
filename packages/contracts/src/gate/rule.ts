/** Operators a gate understands. Everything else is refused when the policy loads. */
export type RuleOperator =
  | 'var'
  | 'and'
  | 'or'
  | '!'
  | '!!'
  | 'if'
  | '?:'
  | '=='
  | '==='
  | '!='
  | '!=='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | 'min'
  | 'max'
  | 'in'
  | 'all'
  | 'some'
  | 'none'

/** A JSON-Logic rule, as https://jsonlogic.com writes it: one operator, its operands as an array or a single value. */
export type Rule = { readonly [O in RuleOperator]?: RuleOperand | readonly RuleOperand[] }

/** A literal, a list of literals, or a rule. */
export type RuleOperand = number | boolean | string | readonly RuleOperand[] | Rule
