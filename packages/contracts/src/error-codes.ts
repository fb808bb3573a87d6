/** Every error code of this package, with cause and cure. The README's table lists the same. */
export const errorCodes = {
  CANONICAL_JSON_INVALID: {
    cause: 'A document holds what JSON cannot carry: NaN, undefined, a bigint, a class instance.',
    cure: 'Remove the member, or write it as a string or null.',
  },
  TIME_INVALID: {
    cause: 'A time is not RFC 3339 in UTC, or its date does not exist.',
    cure: 'Write 2026-01-31T09:30:00Z, with up to nine digits of fraction.',
  },
  CONTRACT_INVALID: {
    cause: 'A document does not fit its schema.',
    cure: 'Mend the places the message names; the JSON Schema files are under schemas/.',
  },
  CONTRACT_VERSION_UNSUPPORTED: {
    cause: 'A document was written by another major, or uses members of a newer minor.',
    cure: 'Upgrade @gatehouse/contracts, or write the document at the version named.',
  },
  POLICY_INVALID: {
    cause: 'A gate policy has an unknown operator, an undeclared input, a type mismatch or another error.',
    cure: 'Mend the clauses that details.findings names; `gatehouse registry gate` prints them.',
  },
} as const
