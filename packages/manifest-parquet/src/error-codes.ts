/** Every code this package throws or reports as a finding, with its cause and its cure. The README's table is this table. */
export const errorCodes = {
  MANIFEST_INVALID_OPTION: { cause: 'An option, a transaction or a name is not usable.', cure: 'Correct the value named in the message.' },
  MANIFEST_USAGE: { cause: 'A command was called with options it does not have.', cure: 'Read the usage in the message.' },
  MANIFEST_CLOSED: { cause: 'The manifest was used after close.', cure: 'Open it again.' },
  MANIFEST_EMPTY: { cause: 'There is no table yet.', cure: 'Append a batch first; check the directory.' },
  MANIFEST_SCHEMA_MISMATCH: {
    cause: 'A batch or a query is of another schema, source, price divisor or array type than the table.',
    cure: 'Open one manifest for each schema and source.',
  },
  MANIFEST_UNSORTED: {
    cause: 'A batch is not in availableAt order, or begins before 1970.',
    cure: 'Sort rows by the time they could be known.',
  },
  MANIFEST_TXN_ORDER: {
    cause: 'An append failed and a later sequence of the same application came before it was repeated.',
    cure: 'Repeat the failed append with its sequence.',
  },
  MANIFEST_TXN_CONFLICT: {
    cause: "Appends cannot be taken back: their rows were already written out together with another application's.",
    cure: 'Commit them.',
  },
  MANIFEST_NO_SPACE: { cause: 'The disk or the quota is full; nothing was acknowledged.', cure: 'Free space and repeat the call.' },
  MANIFEST_WRITE_FAILED: {
    cause: 'The operating system refused a write; nothing was acknowledged.',
    cure: 'Read the cause; repeat the call once it is gone.',
  },
  MANIFEST_NO_LINK: {
    cause: 'The file system has no hard links, which decide between two writers.',
    cure: 'Keep the manifest on a local file system (ext4, xfs, apfs, ntfs).',
  },
  MANIFEST_READ_ONLY: { cause: 'The folder may not be written.', cure: 'Check permissions; reading needs no write access.' },
  MANIFEST_WRITE_AHEAD: {
    cause: 'The write-ahead log does not open, or holds rows of another table.',
    cure: 'Read the cause, a code of @gatehouse/durable-log; give rows back to the table they are of.',
  },
  MANIFEST_TOO_MANY_WRITERS: { cause: '64 processes write to one table.', cure: 'Close some.' },
  MANIFEST_UNREADABLE: { cause: 'A file of the log cannot be read.', cure: 'Read the cause: permissions, a missing mount, the disk.' },
  MANIFEST_LOG_GAP: { cause: 'A version is missing in the log.', cure: 'Restore the file named from a copy.' },
  MANIFEST_LOG_CORRUPT: {
    cause: 'A log entry is cut short, is not JSON, or lacks what every table has.',
    cure: 'Restore the file named from a copy.',
  },
  MANIFEST_CHAIN_BROKEN: {
    cause: 'A log entry was changed after it was written.',
    cure: 'Restore the log from a copy; pins made before tell which is right.',
  },
  MANIFEST_FOREIGN_COMMIT: {
    cause: 'Another program has written to the table.',
    cure: 'Read up to the version before; let other engines only read.',
  },
  MANIFEST_NOT_OURS: { cause: 'A Delta table that this package did not make.', cure: 'Import its files into a manifest.' },
  MANIFEST_UNSUPPORTED_FEATURE: {
    cause: 'A table needs Delta features that are not read here; the message names them.',
    cure: 'Use an engine that has them.',
  },
  MANIFEST_CHECKPOINT_CORRUPT: {
    cause: 'A checkpoint does not read, or holds something else than the log.',
    cure: 'Delete it and `_last_checkpoint`; the log is enough where it is whole.',
  },
  MANIFEST_NO_VERSION: { cause: 'No such version.', cure: 'Ask for one of those named.' },
  MANIFEST_PIN_MISMATCH: {
    cause: 'A pin names another table, or its version is not the one that was pinned.',
    cure: 'Open the directory the pin was made of; restore the log from a copy.',
  },
  MANIFEST_NO_PIN: { cause: 'No saved pin has that name.', cure: 'List them with `pin --list`.' },
  MANIFEST_PIN_UNREADABLE: { cause: 'A saved pin does not read, so its files are not known.', cure: 'Mend or remove the file named.' },
  MANIFEST_FILE_MISSING: { cause: 'Finding: a data file cannot be read.', cure: 'Restore it from a copy.' },
  MANIFEST_FILE_CORRUPT: { cause: 'A data file is not the one that was committed.', cure: 'Restore it from a copy.' },
  MANIFEST_NO_COLUMN: { cause: 'A scan asks for a column the schema does not have.', cure: 'Ask for one of those named.' },
  MANIFEST_COLUMN_NOT_SCANNED: { cause: 'A column is read that the scan was not asked for.', cure: "Add it to the scan's columns." },
  MANIFEST_ROWS_DIFFER: {
    cause: 'Joining files would have changed rows; nothing was committed.',
    cure: 'Verify the table; report this with its findings.',
  },
  MANIFEST_CALENDAR_RANGE: { cause: 'Rows lie outside what the calendar knows.', cure: 'Use a calendar that reaches that far.' },
  MANIFEST_IMPORT: {
    cause: 'A row or column of a file does not import.',
    cure: 'Correct the row or the mapping named in the message; nothing of the file was added.',
  },
  PARQUET_UNREADABLE: { cause: 'A file cannot be opened.', cure: 'Check the path and permissions.' },
  PARQUET_CORRUPT: { cause: 'Bytes of a file are damaged, cut short or contradict each other.', cure: 'Restore the file from a copy.' },
  PARQUET_UNSUPPORTED: { cause: 'A file uses an encoding or codec that is not read here.', cure: 'Rewrite it with zstd or snappy.' },
  PARQUET_COLUMN: { cause: 'A column is missing, of the wrong type, or of the wrong length.', cure: 'Correct the column named.' },
  PARQUET_ENCODER: {
    cause: 'A column that was just encoded does not read back as it was.',
    cure: 'Nothing was written; check the memory of the machine, and report the column.',
  },
  PARQUET_NO_ZSTD: { cause: 'This Node cannot write zstd.', cure: "Use Node 22.15 or later, or codec 'snappy'." },
} as const

/** A code of this package. */
export type ManifestErrorCode = keyof typeof errorCodes
