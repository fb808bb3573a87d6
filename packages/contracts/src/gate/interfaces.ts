import type { Evidence } from '../schema/evidence.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import type { GateReport } from '../schema/gate-report.js'
import type { TimeNs } from '../time/time.js'

/** Why something was not let through, as data. */
export interface Refusal {
  readonly approved: false
  /** Stable name of the rule that refused: `expired`, `signature`, `max-position`. */
  readonly rule: string
  readonly observed: unknown
  readonly limit: unknown
  /** What happened and what to do. */
  readonly message: string
}

/** Something a policy's author should know: an error keeps the policy from loading, a warning does not. */
export interface PolicyFinding {
  readonly level: 'error' | 'warning'
  /** Clause it is about; absent for the policy as a whole. */
  readonly clause?: string | undefined
  /** JSON Pointer into the clause's rule. */
  readonly at?: string | undefined
  /** Stable name: `unknown-operator`, `two-keys`, `too-deep`, `undeclared-input`, `type-mismatch`, `never-fails`, `unused-input`. */
  readonly kind: string
  readonly message: string
}

/** Decides over evidence. Pure (same arguments, same report), total (any value gives a report), fail-closed (any doubt refuses). */
export interface Gate {
  /** SHA-256 of the policy's canonical JSON. */
  readonly digest: string
  readonly policy: GatePolicy
  /** Warnings about the policy, such as a clause that can never fail. */
  readonly findings: readonly PolicyFinding[]
  evaluate(evidence: Evidence, at: { readonly now: TimeNs }): GateReport
}
