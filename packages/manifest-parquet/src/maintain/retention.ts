import { join } from 'node:path'
import { type CallOptions, type ManifestPin } from '@gatehouse/contracts'
import { TradingError } from '@gatehouse/durable-log'
import { type DeltaLog } from '../delta/delta-log.js'
import { temporaryPrefix } from '../delta/durable-file.js'
import { type TableFileSystem } from '../delta/file-system.js'
import { type TableState } from '../delta/table-state.js'
import { pendingFiles } from '../table/write-ahead.js'
import { savedPins } from './saved-pins.js'

export interface RetentionPolicy extends CallOptions {
  /** files that compaction has replaced stay at least this long, in milliseconds; default 30 days */
  readonly keepReplacedMs?: number | undefined
  /** files that no version names (a crash left them) and temporary files stay at least this long; default 24 hours */
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

const day = 86_400_000

export interface RetentionContext {
  readonly log: DeltaLog
  readonly fileSystem: TableFileSystem
  readonly nowMs: () => number
}

/**
 * Deletes files that nothing needs: not the newest version, not a pin, not an unfinished commit, and past their time.
 * Rows of the newest version are never deleted, whatever the policy says; the log is kept whole.
 */
export async function applyRetention({ log, fileSystem, nowMs }: RetentionContext, policy: RetentionPolicy): Promise<RetentionReport> {
  const { keepReplacedMs = 30 * day, keepOrphansMs = day, pins = [], dryRun = false, signal } = policy
  const head = await log.refresh()
  const now = nowMs()
  const saved = await savedPins(fileSystem, log.directory)
  const pinned = [...saved.values(), ...pins]
  const needed = await neededFiles(log, head, pinned)
  for (const path of await pendingFiles(log.directory, fileSystem)) needed.add(path)
  const deleted: RetentionReport['deleted'][number][] = []
  for await (const { path, bytes, modifiedMs } of walk(fileSystem, log.directory, 'data')) {
    signal?.throwIfAborted()
    if (needed.has(path)) continue
    const tombstone = head.tombstones.get(path)
    const name = path.slice(path.lastIndexOf('/') + 1)
    const reason = tombstone ? 'replaced' : name.startsWith(temporaryPrefix) ? 'temporary' : 'orphan'
    const since = tombstone ? Math.max(tombstone.deletionTimestamp ?? 0, 0) : modifiedMs
    // A clock that jumped ahead must not age files: both clocks have to agree that the time has passed.
    const age = Math.min(now - since, now - modifiedMs)
    if (age < (tombstone ? keepReplacedMs : keepOrphansMs)) continue
    if (!dryRun) await fileSystem.unlink(join(log.directory, ...path.split('/')))
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

async function* walk(
  fileSystem: TableFileSystem,
  directory: string,
  folder: string,
): AsyncGenerator<{ path: string; bytes: number; modifiedMs: number }> {
  for (const name of (await fileSystem.readdir(join(directory, folder))).sort()) {
    const path = `${folder}/${name}`
    if (name.endsWith('.parquet') || name.startsWith(temporaryPrefix)) {
      const status = await fileSystem.stat(join(directory, path))
      if (status) yield { path, bytes: status.size, modifiedMs: status.mtimeMs }
    } else if (name.includes('=')) yield* walk(fileSystem, directory, path)
  }
}
