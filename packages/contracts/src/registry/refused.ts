import type { Refusal } from '../gate/interfaces.js'

/** Thrown between the steps of a verification; callers see the refusal. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(readonly refusal: Refusal) {
    super(refusal.message)
  }
}

/** @throws {Refused} always */
export function refuse(rule: string, observed: unknown, limit: unknown, message: string): never {
  throw new Refused({ approved: false, rule, observed, limit, message })
}
