export const datasetErrorCodes = {
  DATASET_AMBIGUOUS: {
    cause: 'A pin holds several sources or schemas, or one that core does not know.',
    cure: 'Pin a manifest of one schema of one source.',
  },
  DATASET_SCHEMA_MISSING: { cause: 'A dataset was asked for a schema that its pin does not hold.', cure: 'Pin a manifest that holds it.' },
} as const
