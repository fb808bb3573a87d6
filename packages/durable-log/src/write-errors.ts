import type { SegmentFile } from './segment-file.js'
import { systemCode } from './system-code.js'
import { TradingError } from './trading-error.js'

/** True for the errors of a full disk or quota. */
export function isOutOfSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(systemCode(error) ?? '')
}

/** The errors of a running writer, worded for the person who has to act on them. */
export class WriteErrors {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Something failed and nothing of it is left. */
  failed(doing: string, segment: SegmentFile, cause: unknown): TradingError {
    const details = this.#details(segment, cause)
    if (isOutOfSpace(cause)) {
      const message = `no space left to ${doing} in ${this.#directory}; free some and try again, the log goes on`
      return new TradingError('LOG_NO_SPACE', message, details, { cause })
    }
    return new TradingError(
      'LOG_WRITE_FAILED',
      `cannot ${doing} in ${this.#directory}: ${String(cause)}; nothing of it was kept`,
      details,
      { cause },
    )
  }

  /** A write failed and part of it is left. */
  stuck(segment: SegmentFile, cause: unknown): TradingError {
    const message = `a write to ${segment.name} in ${this.#directory} failed and the part written could not be cut off; close the log and open it again`
    return new TradingError('LOG_WRITE_FAILED', message, this.#details(segment, cause), { cause })
  }

  syncFailed(segment: SegmentFile, cause: unknown): TradingError {
    const message = `fdatasync of ${segment.name} in ${this.#directory} failed: what was not synced before may be lost; check the disk, then open the log again`
    return new TradingError('LOG_SYNC_FAILED', message, this.#details(segment, cause), { cause })
  }

  lockLost(cause: unknown): TradingError {
    const message = `LOCK in ${this.#directory} was deleted or taken over while this writer ran; stop it, find out who else writes, open again`
    return new TradingError('LOG_LOCK_LOST', message, { directory: this.#directory }, { cause })
  }

  closed(): TradingError {
    return new TradingError('LOG_CLOSED', `the log in ${this.#directory} is closed; open it again`, { directory: this.#directory })
  }

  /** Every call after the one that failed for good. */
  poisoned(first: TradingError): TradingError {
    const message = `the log in ${this.#directory} stopped after ${first.code}; close it and open it again`
    return new TradingError('LOG_POISONED', message, { ...first.details, first: first.code }, { cause: first })
  }

  #details(segment: SegmentFile, cause: unknown): Record<string, unknown> {
    return { directory: this.#directory, segment: segment.name, offset: segment.size, system: systemCode(cause) }
  }
}
