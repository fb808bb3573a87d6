import type { LogFileSystem } from './file-system.js'

/**
 * What an acknowledgement promises.
 * - `process`: `write(2)` returned. Survives the death of this process (SIGKILL), not of the machine.
 * - `power`: `fdatasync` returned as well. Survives loss of power.
 */
export type Durability = 'process' | 'power'

/** Wall clock, in milliseconds since the Unix epoch. Used for the lock's waiting and its heartbeat only; nothing of it is written into a record. */
export interface LogClock {
  now(): number
}

/** How to open a log. */
export interface LogOptions {
  /** Folder of the log; made when absent. One log a folder, nothing else in it. */
  readonly directory: string
  /** A segment is sealed before it would grow past this many bytes; default 64 MiB. A record larger than it gets a segment of its own. */
  readonly segmentBytes?: number | undefined
  /** Durability of appends that state none; default `process`. */
  readonly durability?: Durability | undefined
  /** `process` appends are fdatasynced in the background within this; default 10; 0 = only on `sync`, `power`, roll, snapshot and close. */
  readonly syncWithinMs?: number | undefined
  /**
   * Nothing of the log is ever synced, not at opening, rolling or closing: for what its owner can make again. It survives the death of the process; a
   * loss of power may take any of it, which the next opening tells (`recovery`). `power`, `sync`, `snapshot` and `compact` refuse. Default false.
   */
  readonly neverSync?: boolean | undefined
  /** How long to wait for another writer's lock; default 0: refuse at once with `LOG_LOCKED`. */
  readonly lockWaitMs?: number | undefined
  /** Bound on bytes appended with `append` and not yet synced while somebody waits for `power`; past it `append` itself blocks on fdatasync. Default 8 MiB. */
  readonly queueBytes?: number | undefined
  /** What opening reads: `all` (default) proves every record of every segment; `tail` proves the last segment and, of the others, header and seal. */
  readonly verify?: 'all' | 'tail' | undefined
  /** Seam for fault injection; default node:fs. */
  readonly fileSystem?: LogFileSystem | undefined
  /** Default the system clock. */
  readonly clock?: LogClock | undefined
}

/** Where a log ends. */
export interface LogHead {
  /** Index the next record gets; 0 for an empty log. */
  readonly index: number
  /** Chain hash over everything before `index`, 64 hex digits; all zeros for an empty log. Depends on the payloads only, not on segments or time. */
  readonly hash: string
}

/** Where a record lies, given back when it is durable at the level asked for. */
export interface LogPosition {
  readonly index: number
  /** File name of the segment inside the log's folder. */
  readonly segment: string
  /** Byte offset of the record's frame in the segment. */
  readonly offset: number
  /** Chain hash after this record, 64 hex digits. */
  readonly hash: string
}

/** One record read back and verified. `payload` is the reader's own copy. */
export interface LogRecord extends LogPosition {
  readonly payload: Uint8Array
}

/** Bytes after the last whole record that were never acknowledged, moved to a side file. */
export interface TornTail {
  readonly segment: string
  readonly offset: number
  readonly bytes: number
  /** File that now holds the bytes, inside the log's folder. */
  readonly sideFile: string
  /** `interrupted-write`: a prefix of a frame. `power-loss`: unsynced bytes that came back wrong after the machine went down. */
  readonly reason: 'interrupted-write' | 'power-loss'
}

/** Who holds, or held, the writer's lock. */
export interface LockOwner {
  readonly pid: number
  readonly hostname: string
  /** Random per holder. */
  readonly token: string
}

/** What opening found. */
export interface LogRecovery {
  /** The last writer closed the log; nothing had to be repaired. True for a new log. */
  readonly cleanlyClosed: boolean
  readonly tornTail?: TornTail | undefined
  /** A lock left by a dead writer that was taken over. */
  readonly staleLock?: LockOwner | undefined
  /** The head file was absent or unreadable although records were there: a log shortened at a record boundary could not have been noticed. */
  readonly headLost: boolean
  /** Bytes past the durable mark that were written and synced again, because nothing proves they ever reached the disk. */
  readonly resyncedBytes: number
  /** Records that a loss of power took from the end of a log that is never synced: those that HEAD, written at each roll and at close, still knows of. */
  readonly lostRecords: number
  /** Records proven while opening. */
  readonly records: number
}

/** The newest state saved with {@link DurableLog.snapshot}. */
export interface LogSnapshot {
  /** Records before this index are contained in `state`; reading goes on from here. */
  readonly index: number
  /** Chain hash at `index`. */
  readonly hash: string
  readonly state: Uint8Array
}

/** One thing wrong with a log. */
export interface LogFinding {
  /** One of the package's error codes. */
  readonly code: Uppercase<string>
  /** File name inside the log's folder. */
  readonly segment: string
  /** Byte offset in that file. */
  readonly offset: number
  readonly message: string
}

/** Result of `verifyLog`. */
export interface LogVerification {
  /** True when `findings` is empty. */
  readonly ok: boolean
  /** Valid records present. */
  readonly records: number
  /** End of the last valid record. */
  readonly head: LogHead
  readonly findings: readonly LogFinding[]
  /** An interrupted write at the very end: not a corruption, opening will cut it. With a live writer it is a write in progress. */
  readonly tornTail?: { readonly segment: string; readonly offset: number; readonly bytes: number } | undefined
}

/** Options of one append. */
export interface AppendOptions {
  readonly durability?: Durability | undefined
}

/** Options of reading. */
export interface ReadOptions {
  /** First index wanted; default the first one present. */
  readonly from?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** The single writer of one log. Records are bytes; their meaning is the caller's. */
export interface DurableLog extends AsyncDisposable {
  readonly directory: string
  readonly head: LogHead
  readonly recovery: LogRecovery

  /**
   * Appends one record; concurrent calls share one write and one fdatasync. Order is call order. The payload is copied before this returns.
   * @returns the position, once the record is durable at the level asked for
   * @throws {TradingError} `LOG_NO_SPACE`, `LOG_WRITE_FAILED`, `LOG_SYNC_FAILED`, `LOG_POISONED`, `LOG_LOCK_LOST`, `LOG_CLOSED`, `LOG_RECORD_TOO_LARGE`
   */
  append(payload: Uint8Array, options?: AppendOptions): Promise<LogPosition>

  /** Appends one record before returning: the event path. Errors as {@link append}. */
  appendSync(payload: Uint8Array, options?: AppendOptions): LogPosition

  /**
   * Appends several records in order, nothing between them, with one write. A failed call leaves none of them; a crash inside it may leave the first few.
   * Errors as {@link append}.
   */
  appendAllSync(payloads: readonly Uint8Array[], options?: AppendOptions): readonly LogPosition[]

  /** Everything appended so far is at `power` when this resolves. */
  sync(): Promise<void>

  /** Reads what has been appended up to the moment of the call, oldest first. */
  read(options?: ReadOptions): AsyncIterable<LogRecord>

  /** Saves the caller's state after everything up to `head`; at `power` when resolved. The log itself is synced first. */
  snapshot(state: Uint8Array): Promise<void>

  /**
   * Drops whole segments that the newest snapshot covers. The chain stays verifiable: the snapshot carries index and chain hash.
   * @param options.keepSegments how many covered segments to keep all the same; default 0
   * @returns names of the files dropped
   */
  compact(options?: { readonly keepSegments?: number | undefined }): Promise<readonly string[]>

  /** Syncs, gives the lock back; safe to call twice. */
  close(): Promise<void>
}
