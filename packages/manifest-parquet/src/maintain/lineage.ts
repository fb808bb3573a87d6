import { type DeltaLog } from '../delta/delta-log.js'

/** One version: who wrote what, from which source. */
export interface LineageEntry {
  readonly version: number
  /** commit time, ms since the Unix epoch; rises from version to version */
  readonly timestamp: number
  readonly operation: string
  readonly engine: string
  /** chain up to the version before */
  readonly chainBefore: string
  /** sequences by application, `{"recorder":"1-7"}` as ranges */
  readonly transactions: Readonly<Record<string, string>>
  /** what the writer said of itself: program, configuration hash, source ids */
  readonly producer: Readonly<Record<string, string>>
  readonly added: readonly { readonly path: string; readonly sha256: string; readonly rows: number }[]
  readonly removed: readonly string[]
}

/** The versions of a table from `from` (default 0) to `to` (default the newest), oldest first. */
export async function* lineageOf(log: DeltaLog, from = 0, to?: number): AsyncGenerator<LineageEntry> {
  const last = to ?? (await log.refresh()).version
  for (let version = from; version <= last; version++) {
    const actions = await log.entry(version)
    const info = actions.find(({ commitInfo }) => commitInfo)?.commitInfo ?? {}
    yield {
      version,
      timestamp: info.timestamp ?? 0,
      operation: info.operation ?? 'unknown',
      engine: info.engineInfo ?? 'unknown',
      chainBefore: info.chain ?? '',
      transactions: JSON.parse(info.operationParameters?.transactions ?? '{}') as Record<string, string>,
      producer: info.lineage ?? {},
      added: actions.flatMap(({ add }) =>
        add ? [{ path: add.path, sha256: add.tags?.sha256 ?? '', rows: Number(add.tags?.rows ?? 0) }] : [],
      ),
      removed: actions.flatMap(({ remove }) => (remove ? [remove.path] : [])),
    }
  }
}
