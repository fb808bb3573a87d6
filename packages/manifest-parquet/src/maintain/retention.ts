import { join } from 'node:path'
import { type CallOptions, type ManifestPin } from '@gatehouse/contracts'
import { TradingError } from '@gatehouse/durable-log'
import { requireNumbers } from '../check-options.js'
import { type DeltaLog, shortcutFolder } from '../delta/delta-log.js'
import { removeFile, temporaryPrefix } from '../delta/durable-file.js'
import { type TableFileSystem } from '../delta/file-system.js'
import { type TableState } from '../delta/table-state.js'
import { pendingFiles } from '../table/write-ahead.js'
import { pinFolder, savedPins } from './saved-pins.js'

export interface RetentionPolicy extends CallOptions {
  /** files that compaction has replaced stay at least this long, in milliseconds; default 30 days */
  readonly keepReplacedMs?: number | undefined
  /** files that no version names (a crash left them) and temporary files stay at least this long; default 24 hours, an hour at least */
  readonly keepOrphansMs?: number | undefined
  /** pins to honour beside the saved ones */
  readonly pins?: readonly ManifestPin[] | undefined
  /** report what would go, and keep it */
  readonly dryRun?: boolean | undefined
}

export interface RetentionReport {
  readonly deleted: readonly { readonly path: string; readonly bytes: number; readonly reason: 'replaced' | 'orphan' | 'temporary' }[]
  readonly bytes: number
  readonly pins: number
}

const hour = 3_600_000
const day = 24 * hour

export interface RetentionContext {
  readonly log: DeltaLog
  readonly fileSystem: TableFileSystem
  readonly nowMs: () => number
}

/**
 * Deletes files that nothing needs: not the newest version, not a pin, not an unfinished commit, and past their time.
 * Rows of the newest version are never deleted, whatever the policy says; the log is kept whole. Behind a symbolic link nothing is deleted:
 * what lies there may be another table's.
 * @throws {TradingError} `MANIFEST_INVALID_OPTION`, `MANIFEST_PIN_MISMATCH`, `MANIFEST_PIN_UNREADABLE`: nothing was deleted then
 */
export async function applyRetention({ log, fileSystem, nowMs }: RetentionContext, policy: RetentionPolicy): Promise<RetentionReport> {
  const { keepReplacedMs = 30 * day, keepOrphansMs = day, pins = [], dryRun = false, signal } = policy
  requireNumbers({ keepReplacedMs })
  // Another process's commit may be about to name a file that nothing names yet.
  requireNumbers({ keepOrphansMs }, hour)
  const head = await log.refresh()
  const now = nowMs()
  const saved = await savedPins(fileSystem, log.directory)
  const pinned = [...saved.values(), ...pins]
  const needed = await neededFiles(log, head, pinned)
  for (const path of await pendingFiles(log.directory, fileSystem)) needed.add(path)
  const deleted: RetentionReport['deleted'][number][] = []
  for await (const { path, bytes, modifiedMs } of candidates(fileSystem, log.directory)) {
    signal?.throwIfAborted()
    if (needed.has(path)) continue
    const tombstone = head.tombstones.get(path)
    const name = path.slice(path.lastIndexOf('/') + 1)
    const reason = tombstone ? 'replaced' : name.startsWith(temporaryPrefix) ? 'temporary' : 'orphan'
    const since = tombstone ? Math.max(tombstone.deletionTimestamp ?? 0, 0) : modifiedMs
    // A clock that jumped ahead must not age files: both clocks have to agree that the time has passed.
    const age = Math.min(now - since, now - modifiedMs)
    if (age < (tombstone ? keepReplacedMs : keepOrphansMs)) continue
    if (!dryRun && !(await removeFile(fileSystem, join(log.directory, ...path.split('/'))))) continue
    deleted.push({ path, bytes, reason })
  }
  return { deleted, bytes: deleted.reduce((sum, file) => sum + file.bytes, 0), pins: pinned.length }
}

/** Paths that the newest version or a pin names. A pin that does not resolve stops everything: its files are not known. */
async function neededFiles(log: DeltaLog, head: TableState, pins: readonly ManifestPin[]): Promise<Set<string>> {
  const needed = new Set(head.files.keys())
  for (const pin of pins) {
    const state = await log.at(pin.version)
    if (state.chain !== pin.chain || state.metaData?.id !== pin.tableId) {
      throw new TradingError(
        'MANIFEST_PIN_MISMATCH',
        `a pin of version ${pin.version} does not fit ${log.directory}: nothing was deleted`,
        { version: pin.version },
      )
    }
    for (const path of state.files.keys()) needed.add(path)
  }
  return needed
}

interface Candidate {
  readonly path: string
  readonly bytes: number
  readonly modifiedMs: number
}

/** Data files, and what a crash may have left under a temporary name beside whatever is written. */
async function* candidates(fileSystem: TableFileSystem, directory: string): AsyncGenerator<Candidate> {
  yield* walk(fileSystem, directory, 'data', (name) => name.endsWith('.parquet') || name.startsWith(temporaryPrefix))
  for (const folder of ['_delta_log', `_delta_log/${shortcutFolder}`, pinFolder]) {
    yield* walk(fileSystem, directory, folder, (name) => name.startsWith(temporaryPrefix))
  }
}

async function* walk(
  fileSystem: TableFileSystem,
  directory: string,
  folder: string,
  isCandidate: (name: string) => boolean,
): AsyncGenerator<Candidate> {
  if ((await fileSystem.stat(join(directory, folder)))?.isLink) return
  for (const name of (await fileSystem.readdir(join(directory, folder))).sort()) {
    const path = `${folder}/${name}`
    if (isCandidate(name)) {
      const status = await fileSystem.stat(join(directory, path))
      if (status && !status.isLink) yield { path, bytes: status.size, modifiedMs: status.mtimeMs }
    } else if (name.includes('=')) yield* walk(fileSystem, directory, path, isCandidate)
  }
}
