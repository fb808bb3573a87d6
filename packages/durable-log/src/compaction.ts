import { type LogFileSystem, syncDirectory } from './file-system.js'
import { listLog } from './layout.js'
import { newestSnapshot } from './snapshot.js'

/**
 * Drops the segments whose records all lie before the newest snapshot, and snapshots that no longer reach what is left. The newest snapshot is read
 * and proven first.
 * @param record makes the new first index durable before anything is dropped, so that a missing segment is never taken for a compacted one
 * @returns names of the files dropped
 */
export function compactLog(
  fileSystem: LogFileSystem,
  directory: string,
  keepSegments: number,
  record: (firstIndex: number) => void,
): string[] {
  const newest = newestSnapshot(fileSystem, directory)
  if (newest === undefined) return []
  const { segments, snapshots } = listLog(fileSystem, directory)
  // A segment ends where the next one begins; the last one is being written.
  const covered = segments.slice(0, -1).filter((_, at) => segments[at + 1].index <= newest.index)
  const dropped = covered.slice(0, Math.max(0, covered.length - keepSegments))
  const firstIndex = segments[dropped.length].index
  if (dropped.length > 0) record(firstIndex)
  // The second newest stays as long as it is of use: it stands in should the newest be damaged later.
  const kept = snapshots.filter(({ index }) => index >= firstIndex && index <= newest.index).slice(-2)
  const files = [...dropped, ...snapshots.filter((snapshot) => snapshot.index <= newest.index && !kept.includes(snapshot))]
  for (const { path } of files) fileSystem.unlinkSync(path)
  if (files.length > 0) syncDirectory(fileSystem, directory)
  return files.map(({ name }) => name)
}
