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
  EVIDENCE_RESERVED: {
    cause: 'Evidence holds a measurement that only the registry makes (metadataComplete, daysInPaper, …).',
    cure: 'Leave out the names in registryMeasurements.',
  },
  KEY_INVALID: {
    cause: 'A key is not ed25519 in PEM: PKCS #8 for signing, SubjectPublicKeyInfo for trust.',
    cure: 'Make one with `gatehouse registry keygen`.',
  },
  ARTIFACT_INVALID: {
    cause: 'A file of an artifact is missing, altered, or contradicts the others.',
    cure: 'Mend the file that the message names, or sync it from a whole copy.',
  },
  ARTIFACT_CONFLICT: {
    cause: 'The artifact is registered with other bytes in some file.',
    cure: 'An artifact is immutable: train and register a new one.',
  },
  ARTIFACT_UNKNOWN: { cause: 'No artifact of that digest is registered here.', cure: 'Register it, or sync from where it was registered.' },
  ADMISSION_REFUSED: {
    cause: 'Something about the alias could not be verified; details.refusal says what.',
    cure: 'Read refusal.rule and refusal.message; promote again on fresh evidence where it expired.',
  },
  ROLLBACK_REFUSED: {
    cause: 'There is no earlier promotion, or it does not hold any more.',
    cure: 'Promote an artifact that passes today.',
  },
  REGISTRY_OPEN_FAILED: {
    cause: "The registry's directory cannot be made or read.",
    cure: 'Check the path and its permissions; pass highWater: false to admit from a read-only directory.',
  },
  REGISTRY_CLOSED: { cause: 'The registry was used after close().', cure: 'Open it again, and keep it open while admitted models run.' },
  REGISTRY_NO_SIGNING_KEY: {
    cause: 'An alias was to be moved without a signing key, or with one that is not trusted to promote.',
    cure: 'Pass signingKey, and its public half in trustedKeys with the role promote.',
  },
  REGISTRY_LOG_INVALID: {
    cause: "An entry of the registry's log cannot be read, or cannot follow those before it.",
    cure: 'Restore the log from a copy; `gatehouse registry verify` names the entry.',
  },
  REGISTRY_REFERENCE_INVALID: {
    cause: 'A digest, alias or log entry that was named does not have the right form or does not exist.',
    cure: 'Look it up with `gatehouse registry list` or `history`.',
  },
  REGISTRY_CLOCK: { cause: 'The clock shows a time before one that the registry has already seen.', cure: 'Set the clock right.' },
  REGISTRY_HIGH_WATER: {
    cause: 'high-water.json cannot be written or read.',
    cure: 'Open with highWater: false where the directory is read-only; otherwise find out who changed the file.',
  },
  SYNC_DIVERGED: {
    cause: 'Both sides of a sync were written to.',
    cure: 'Write in one place only; decide which side is right and start the other from an empty directory.',
  },
  SYNC_CORRUPT: {
    cause: 'A file is missing or altered on one side of a sync.',
    cure: 'Restore the file that the message names from a whole copy, and sync again.',
  },
  SYNC_FAILED: {
    cause: 'A store did not answer, or refused.',
    cure: 'Check address and credentials; run the sync again, it goes on where it stopped.',
  },
  CLI_USAGE: {
    cause: 'A command line is incomplete, or names a file that cannot be read or already exists.',
    cure: 'Read the usage line that is printed with it.',
  },
} as const
