/** Every code this package throws or reports as a finding, with its cause and its cure. The README's table is this table. */
export const errorCodes = {
  LOG_INVALID_OPTION: {
    cause: 'An option is not a positive number, not a known word, an index is out of range, or a log opened with neverSync was to sync.',
    cure: 'Correct the value named in the message.',
  },
  LOG_NOT_FOUND: { cause: 'The folder to read holds no log.', cure: 'Check the path; open the log for writing once to make it.' },
  LOG_OPEN_FAILED: {
    cause: 'The folder or a file of the log could not be made, opened or read.',
    cure: 'Read the cause: permissions, a missing mount, too many open files.',
  },
  LOG_FORMAT: { cause: 'A segment was written by a newer version of this package.', cure: 'Upgrade this package; do not repair.' },
  LOG_LOCKED: {
    cause: 'Another writer holds the log, or may hold it.',
    cure: 'Close the other writer or wait with lockWaitMs; delete LOCK by hand only if that writer is certainly gone.',
  },
  LOG_LOCK_LOST: {
    cause: 'LOCK was deleted or taken over while this writer ran; the record at hand was not acknowledged.',
    cure: 'Stop this writer, find out who else writes, open again.',
  },
  LOG_CORRUPT: {
    cause: 'Bytes of the log before its end were altered, dropped, reordered or cut.',
    cure: 'Run verifyLog for every finding, restore from a copy, or cut at the damage with repairLog.',
  },
  LOG_NO_SPACE: {
    cause: 'The disk or the quota is full; the record was not written.',
    cure: 'Free space and append again: the log goes on.',
  },
  LOG_WRITE_FAILED: {
    cause: 'The operating system refused a write; the record was taken back.',
    cure: 'Read the cause; append again once it is gone.',
  },
  LOG_SYNC_FAILED: {
    cause: 'fdatasync or fsync failed; records at power were not acknowledged and the log is poisoned.',
    cure: 'Check the disk, then open the log again: opening rewrites and syncs what was not proven durable.',
  },
  LOG_POISONED: {
    cause: 'An earlier failure left the end of the log unknown.',
    cure: 'Close and open the log again; the first failure is the cause of this error.',
  },
  LOG_CLOSED: { cause: 'The log was used after close.', cure: 'Open it again.' },
  LOG_RECORD_TOO_LARGE: { cause: 'A payload is larger than 64 MiB.', cure: 'Split it, or store it as a file and log its digest.' },
  LOG_COMPACTED: { cause: 'The records asked for were dropped by compaction.', cure: 'Start from readSnapshot and read from its index.' },
  LOG_DIVERGED: {
    cause: 'A follower saw records that the writer took back, after a failed write or a power loss.',
    cure: 'Drop what was built from the index named on and read again from it.',
  },
  LOG_SNAPSHOT_DAMAGED: {
    cause: 'A snapshot file does not match its checksum or the chain.',
    cure: 'Restore the file from a copy; without compaction, delete it and replay the log.',
  },
  LOG_FRAME_DAMAGED: { cause: 'Finding: a record or a seal does not match its checksum or its place.', cure: 'As LOG_CORRUPT.' },
  LOG_CHAIN_BROKEN: { cause: 'Finding: a whole record does not continue the one before it.', cure: 'As LOG_CORRUPT.' },
  LOG_SEGMENT_DAMAGED: {
    cause: 'Finding: the first 64 bytes of a segment do not match their checksum or its name.',
    cure: 'As LOG_CORRUPT.',
  },
  LOG_SEGMENT_MISSING: {
    cause: 'Finding: a segment between two others, or before the first, is gone.',
    cure: 'Restore the file from a copy.',
  },
  LOG_SEGMENT_CUT: { cause: 'Finding: a segment that is not the last one ends before its seal.', cure: 'As LOG_CORRUPT.' },
  LOG_SHORTENED: {
    cause: 'Finding: the log ends before the durable mark in HEAD or before its snapshot.',
    cure: 'Restore the missing bytes from a copy.',
  },
  LOG_POWER_LOSS: {
    cause: 'Finding: the machine went down before a log that is never synced had reached the disk; records are missing from its end.',
    cure: 'Open the log for writing, which keeps what is left, and make the rest again.',
  },
  LOG_STRAY_BYTES: {
    cause: 'Finding: bytes after the seal of a segment; an ousted writer may have left them. They are never read.',
    cure: 'Keep a copy if they matter, then cut them with repairLog.',
  },
  LOG_HEAD_DAMAGED: {
    cause: 'Finding: HEAD is absent or fails its checksum, so a log shortened at a record boundary cannot be noticed.',
    cure: 'Open the log for writing: HEAD is written anew.',
  },
} as const satisfies Record<Uppercase<string>, { readonly cause: string; readonly cure: string }>

/** A code of this package. */
export type LogErrorCode = keyof typeof errorCodes
