import { join } from 'node:path'
import { TradingError } from '@gatehouse/durable-log'
import { type Action, type CommitInfoAction, isObject, parseActions, serialiseActions } from './actions.js'
import { chainAfter, sha256 } from './chain.js'
import { checkpointActions, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { putIfAbsent, replaceFile } from './durable-file.js'
import { nodeTableFileSystem, systemCode, type TableFileSystem } from './file-system.js'
import { checkpointFileName, checkpointPart, entryVersion, logEntryName } from './paths.js'
import { TableState } from './table-state.js'

export interface DeltaLogOptions {
  /** folder of the table; the log lies in `_delta_log` within it */
  readonly directory: string
  readonly fileSystem?: TableFileSystem | undefined
  /** a checkpoint after every so many versions; default 100, 0 for none */
  readonly checkpointEvery?: number | undefined
  /** refuse versions whose chain does not follow from the one before: for tables that only we write */
  readonly chained?: boolean | undefined
}

/** A commit as a writer proposes it, computed from the state it would follow. */
export interface Proposal {
  readonly info: Omit<CommitInfoAction, 'timestamp' | 'chain' | 'readVersion'>
  readonly actions: readonly Action[]
}

interface KnownCheckpoint {
  readonly version: number
  readonly sha256: string
}

/** Log entries are small: reading some at once hides the latency of each. */
const readAhead = 64
/** Folder of the shortcuts, within the log. */
export const shortcutFolder = '_gatehouse'
const keptShortcuts = 3

/** The transaction log of a Delta table on a local file system. */
export class DeltaLog {
  readonly directory: string
  readonly #log: string
  readonly #fileSystem: TableFileSystem
  readonly #checkpointEvery: number
  readonly #chained: boolean
  #head = new TableState()

  constructor({ directory, fileSystem = nodeTableFileSystem, checkpointEvery = 100, chained = true }: DeltaLogOptions) {
    this.directory = directory
    this.#log = join(directory, '_delta_log')
    this.#fileSystem = fileSystem
    this.#checkpointEvery = checkpointEvery
    this.#chained = chained
  }

  /** The newest state this process has read or written; `version` -1 while there is no table. */
  get head(): TableState {
    return this.#head
  }

  /**
   * Reads what other writers have added.
   * @throws {TradingError} `MANIFEST_LOG_GAP`, `MANIFEST_LOG_CORRUPT`, `MANIFEST_CHAIN_BROKEN`, `MANIFEST_FOREIGN_COMMIT`, `MANIFEST_UNSUPPORTED_FEATURE`
   */
  async refresh(): Promise<TableState> {
    if (this.#head.version >= 0) {
      // Versions are only ever added behind the newest, so nothing new there means nothing new.
      if ((await this.#fileSystem.stat(join(this.#log, logEntryName(this.#head.version + 1)))) === undefined) return this.#head
    }
    const { versions, checkpoints } = await this.#list()
    if (versions.length === 0 && checkpoints.length === 0) return this.#head
    const last = versions.at(-1) ?? -1
    this.#head = await this.#replay(last, versions, checkpoints, this.#head.version >= 0 ? this.#head : undefined)
    return this.#head
  }

  /**
   * The state at an older version.
   * @throws {TradingError} `MANIFEST_NO_VERSION`
   */
  async at(version: number): Promise<TableState> {
    if (version === this.#head.version) return this.#head
    const { versions, checkpoints } = await this.#list()
    const last = versions.at(-1) ?? -1
    if (!Number.isInteger(version) || version < 0 || version > last) {
      throw new TradingError('MANIFEST_NO_VERSION', `${this.directory} has versions 0 to ${last}, not ${version}`, { version, last })
    }
    return this.#replay(version, versions, checkpoints)
  }

  /** Every entry from the first, without help from checkpoints: what a proof of the chain reads. */
  async fromStart(version: number): Promise<TableState> {
    const { versions } = await this.#list()
    return this.#replay(version, versions, [], new TableState())
  }

  /** Actions of one version. */
  async entry(version: number): Promise<Action[]> {
    return parseActions(await this.#read(version), this.#name(version))
  }

  /** The newest version committed at or before `timeMs`, by commit times, which only rise. */
  async versionAt(timeMs: number): Promise<number | undefined> {
    const { versions } = await this.#list()
    let low = 0
    let high = versions.length - 1
    let found: number | undefined
    while (low <= high) {
      const middle = (low + high) >> 1
      const info = (await this.entry(versions[middle])).find((action) => action.commitInfo)?.commitInfo
      if ((info?.timestamp ?? 0) <= timeMs) {
        found = versions[middle]
        low = middle + 1
      } else high = middle - 1
    }
    return found
  }

  /**
   * Appends one version. `propose` sees the state the commit would follow and the commit's time, ms, and is asked again after every lost race;
   * returning `undefined` ends the attempt without a commit.
   * @param nowMs the clock's time; commit times rise all the same when it does not
   * @returns the state after the commit, or the newest one when there was nothing to commit
   */
  async commit(
    propose: (state: TableState, timestamp: number) => Proposal | undefined | Promise<Proposal | undefined>,
    nowMs: () => number,
  ): Promise<TableState> {
    for (;;) {
      const before = await this.refresh()
      // Wall clocks jump; commit times may not.
      const timestamp = Math.max(nowMs(), before.timestamp + 1)
      const proposal = await propose(before, timestamp)
      if (!proposal) return before
      const version = before.version + 1
      const info: CommitInfoAction = {
        timestamp,
        ...proposal.info,
        ...(version > 0 && { readVersion: before.version }),
        chain: before.chain,
      }
      const actions: Action[] = [{ commitInfo: info }, ...proposal.actions]
      const bytes = serialiseActions(actions)
      if (!(await putIfAbsent(this.#fileSystem, join(this.#log, logEntryName(version)), bytes))) continue
      const after = new TableState(before)
      this.#apply(after, version, bytes, parseActions(bytes, this.#name(version)))
      this.#head = after
      if (this.#checkpointEvery > 0 && version > 0 && version % this.#checkpointEvery === 0) await this.#checkpoint(after)
      return after
    }
  }

  #name(version: number): string {
    return join('_delta_log', logEntryName(version))
  }

  async #list(): Promise<{ versions: number[]; checkpoints: number[] }> {
    const versions: number[] = []
    const parts = new Map<number, { seen: number; parts: number }>()
    for (const name of await this.#fileSystem.readdir(this.#log)) {
      const version = entryVersion(name)
      if (version !== undefined) versions.push(version)
      const part = checkpointPart(name)
      if (part) parts.set(part.version, { seen: (parts.get(part.version)?.seen ?? 0) + 1, parts: part.parts })
    }
    versions.sort((a, b) => a - b)
    const gap = versions.findIndex((version, index) => version !== versions[0] + index)
    if (gap > 0) {
      const missing = versions[gap - 1] + 1
      throw new TradingError('MANIFEST_LOG_GAP', `${this.directory} has lost version ${missing} of its log: restore the file from a copy`, {
        missing,
      })
    }
    const checkpoints = [...parts].filter(([, { seen, parts: all }]) => seen === all).map(([version]) => version)
    return { versions, checkpoints: checkpoints.sort((a, b) => b - a) }
  }

  async #replay(version: number, versions: readonly number[], checkpoints: readonly number[], from?: TableState): Promise<TableState> {
    const state = from ? new TableState(from) : await this.#start(version, versions, checkpoints)
    for (let next = state.version + 1; next <= version; next += readAhead) {
      const batch = Array.from({ length: Math.min(readAhead, version - next + 1) }, (_, index) => next + index)
      const entries = await Promise.all(batch.map((entry) => this.#read(entry)))
      entries.forEach((bytes, index) => this.#apply(state, batch[index], bytes, parseActions(bytes, this.#name(batch[index]))))
    }
    state.described(this.directory)
    return state
  }

  /** A checkpoint to start from, when one can be trusted, else nothing. */
  async #start(version: number, versions: readonly number[], checkpoints: readonly number[]): Promise<TableState> {
    const firstEntry = versions[0] ?? Infinity
    if (this.#chained) {
      const known = [...(await this.#knownCheckpoints())].filter(([candidate]) => candidate <= version).sort(([a], [b]) => b - a)
      for (const [candidate, digest] of known) {
        const state = await this.#fromShortcut(candidate, digest)
        if (state) return this.#stamp(state, candidate, versions)
      }
    } else {
      for (const candidate of checkpoints) {
        const state = candidate <= version ? await this.#fromCheckpoint(candidate, versions) : undefined
        if (state) return this.#stamp(state, candidate, versions)
      }
    }
    if (firstEntry > 0) {
      throw new TradingError('MANIFEST_LOG_GAP', `${this.directory} has lost version 0 of its log, and no checkpoint stands for it`, {
        missing: 0,
      })
    }
    return new TableState()
  }

  /** Our own shortcut, used only when it is the one that was written: a damaged one costs time and never changes rows. */
  async #fromShortcut(version: number, digest: string): Promise<TableState | undefined> {
    const name = join(shortcutFolder, logEntryName(version))
    let bytes: Uint8Array
    try {
      bytes = await this.#fileSystem.readFile(join(this.#log, name))
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      return undefined
    }
    if (sha256(bytes) !== digest) return undefined
    const state = new TableState()
    state.apply(parseActions(bytes, name), this.directory)
    return state
  }

  /** A checkpoint of another engine's table. */
  async #fromCheckpoint(version: number, versions: readonly number[]): Promise<TableState | undefined> {
    const names = (await this.#fileSystem.readdir(this.#log)).filter((name) => checkpointPart(name)?.version === version).sort()
    const state = new TableState()
    try {
      for (const name of names)
        state.apply(await readCheckpoint(await this.#fileSystem.readFile(join(this.#log, name)), name), this.directory)
    } catch (error) {
      // Another engine may have cleaned the log up: then there is nothing else to start from.
      if (versions[0] === 0 && error instanceof TradingError && error.code === 'MANIFEST_CHECKPOINT_CORRUPT') return undefined
      throw error
    }
    return state
  }

  /** Gives a state that was not replayed its version, and the chain that its own entry continues. */
  async #stamp(state: TableState, version: number, versions: readonly number[]): Promise<TableState> {
    state.version = version
    if (versions.includes(version)) {
      const bytes = await this.#read(version)
      const info = parseActions(bytes, this.#name(version)).find((action) => action.commitInfo)?.commitInfo
      state.chain = chainAfter(info?.chain ?? '', bytes)
      state.timestamp = info?.timestamp ?? 0
    }
    return state
  }

  #apply(state: TableState, version: number, bytes: Uint8Array, actions: readonly Action[]): void {
    const info = actions.find((action) => action.commitInfo)?.commitInfo
    if (this.#chained && info?.chain !== state.chain) {
      throw info?.chain === undefined
        ? new TradingError(
            'MANIFEST_FOREIGN_COMMIT',
            `version ${version} of ${this.directory} was written by ${info?.engineInfo ?? 'another program'}: read up to version ${version - 1}, or move that entry away`,
            { version, engine: info?.engineInfo },
          )
        : new TradingError(
            'MANIFEST_CHAIN_BROKEN',
            `version ${version} of ${this.directory} does not follow from the entries before it: one of them was changed`,
            { version, expected: state.chain, found: info.chain },
          )
    }
    state.apply(actions, this.directory)
    state.version = version
    state.chain = chainAfter(state.chain, bytes)
    state.timestamp = info?.timestamp ?? state.timestamp
  }

  async #read(version: number): Promise<Uint8Array> {
    try {
      return await this.#fileSystem.readFile(join(this.#log, logEntryName(version)))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') {
        throw new TradingError(
          'MANIFEST_LOG_GAP',
          `${this.directory} has no version ${version} in its log`,
          { missing: version },
          { cause: error },
        )
      }
      throw new TradingError('MANIFEST_UNREADABLE', `cannot read version ${version} of ${this.directory}`, { version }, { cause: error })
    }
  }

  /** Digests of our checkpoints; an unreadable hint is no hint. */
  async #knownCheckpoints(): Promise<Map<number, string>> {
    const known = new Map<number, string>()
    try {
      const hint: unknown = JSON.parse(new TextDecoder().decode(await this.#fileSystem.readFile(join(this.#log, '_last_checkpoint'))))
      const list = isObject(hint) ? hint.gatehouseCheckpoints : undefined
      if (Array.isArray(list)) {
        for (const entry of list as unknown[]) {
          if (isObject(entry) && typeof entry.version === 'number' && typeof entry.sha256 === 'string')
            known.set(entry.version, entry.sha256)
        }
      }
    } catch (error) {
      if (!(error instanceof SyntaxError) && systemCode(error) === undefined) throw error
    }
    return known
  }

  /** Each shortcut holds the whole state, so only the last few stay. */
  async #dropShortcuts(kept: readonly number[]): Promise<void> {
    const folder = join(this.#log, shortcutFolder)
    for (const name of await this.#fileSystem.readdir(folder)) {
      const version = entryVersion(name)
      if (version !== undefined && !kept.includes(version)) await this.#fileSystem.unlink(join(folder, name))
    }
  }

  /** Writes a checkpoint. The commit stands without it, so a failure here is not the commit's. */
  async #checkpoint(state: TableState): Promise<void> {
    try {
      const actions = checkpointActions(state, this.directory)
      const bytes = writeCheckpoint(actions)
      await replaceFile(this.#fileSystem, join(this.#log, checkpointFileName(state.version)), bytes)
      // The same actions as JSON lines open several times faster than nested Parquet does; other engines take the checkpoint.
      const lines = serialiseActions(actions)
      await replaceFile(this.#fileSystem, join(this.#log, shortcutFolder, logEntryName(state.version)), lines)
      const known = await this.#knownCheckpoints()
      known.set(state.version, sha256(lines))
      const checkpoints: KnownCheckpoint[] = [...known]
        .sort(([a], [b]) => b - a)
        .slice(0, keptShortcuts)
        .map(([version, digest]) => ({ version, sha256: digest }))
      // A slower writer must not point readers back.
      const version = Math.max(...known.keys())
      const hint = {
        version,
        size: actions.length,
        sizeInBytes: bytes.length,
        numOfAddFiles: state.files.size,
        gatehouseCheckpoints: checkpoints,
      }
      await replaceFile(this.#fileSystem, join(this.#log, '_last_checkpoint'), new TextEncoder().encode(JSON.stringify(hint)))
      await this.#dropShortcuts(checkpoints.map((checkpoint) => checkpoint.version))
    } catch (error) {
      if (!(error instanceof TradingError) || !error.code.startsWith('MANIFEST_')) throw error
    }
  }
}
