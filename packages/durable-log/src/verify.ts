import { nodeFileSystem, type LogFileSystem } from './file-system.js'
import { scanLog } from './scan.js'
import type { LogVerification } from './types.js'

/**
 * Reads the whole log in `directory` and names everything wrong with it by segment and offset, going on behind damage wherever a record proves itself.
 * Takes no lock and changes nothing; beside a live writer it sees the log as of now.
 * @throws {TradingError} `LOG_NOT_FOUND` when there is no such folder
 */
export async function verifyLog(
  directory: string,
  options: { readonly fileSystem?: LogFileSystem | undefined } = {},
): Promise<LogVerification> {
  const { findings, records, head, tail } = scanLog(options.fileSystem ?? nodeFileSystem, directory, true)
  return {
    ok: findings.length === 0,
    records,
    head,
    findings,
    tornTail: tail && { segment: tail.segment, offset: tail.offset, bytes: tail.bytes },
  }
}
