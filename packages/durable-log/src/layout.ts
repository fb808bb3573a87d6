import { join } from 'node:path'
import { type LogFileSystem } from './file-system.js'
import { systemCode } from './system-code.js'
import { TradingError } from './trading-error.js'

/** Names of the files in a log's folder. */
export const HEAD_FILE = 'HEAD'
export const LOCK_FILE = 'LOCK'

const SEGMENT = /^(\d{16})\.log$/
const SNAPSHOT = /^(\d{16})\.snapshot$/

/** A segment is named after its first index, so names sort as records do. */
export const segmentName = (firstIndex: number): string => `${String(firstIndex).padStart(16, '0')}.log`
/** A snapshot is named after the index it stands before. */
export const snapshotName = (index: number): string => `${String(index).padStart(16, '0')}.snapshot`

/** A file whose name carries an index. */
export interface IndexedFile {
  readonly name: string
  readonly path: string
  /** First index of a segment; index a snapshot stands before. */
  readonly index: number
}

/** What lies in the folder, oldest first. */
export interface Layout {
  readonly segments: readonly IndexedFile[]
  readonly snapshots: readonly IndexedFile[]
  readonly names: readonly string[]
}

/** Lists a log's folder. @throws {TradingError} `LOG_NOT_FOUND` when it does not exist, `LOG_OPEN_FAILED` when it cannot be read */
export function listLog(fileSystem: LogFileSystem, directory: string): Layout {
  let names: string[]
  try {
    names = fileSystem.readdirSync(directory).sort()
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT')
      throw new TradingError('LOG_NOT_FOUND', `no log at ${directory}: the folder does not exist`, { directory }, { cause })
    throw new TradingError('LOG_OPEN_FAILED', `cannot list ${directory}: ${systemCode(cause) ?? 'unknown error'}`, { directory }, { cause })
  }
  const matching = (pattern: RegExp): IndexedFile[] =>
    names.flatMap((name) => {
      const match = pattern.exec(name)
      return match === null ? [] : [{ name, path: join(directory, name), index: Number(match[1]) }]
    })
  return { segments: matching(SEGMENT), snapshots: matching(SNAPSHOT), names }
}
