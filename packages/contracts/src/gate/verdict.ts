import type { ClauseReport } from '../schema/gate-report.js'

/** True for a clause that keeps a model from being approved: a failed warning does not, but one that cannot be decided does. */
export function refuses({ result, severity }: Pick<ClauseReport, 'result' | 'severity'>): boolean {
  return result === 'error' || (result === 'fail' && severity === 'block')
}

/** `pass`, `warn` for a failure that does not refuse, `fail`, or `error`. */
export function verdict({ result, severity }: Pick<ClauseReport, 'result' | 'severity'>): 'pass' | 'warn' | 'fail' | 'error' {
  return result === 'fail' && severity === 'warn' ? 'warn' : result
}
