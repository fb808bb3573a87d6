import { isTradingError, openLog, readLog, TradingError, type DurableLog } from '@gatehouse/durable-log'
import { canonicalJson } from '../canonical/canonical-json.js'
import { sha256Hex } from '../canonical/digest.js'
import type { CallOptions } from '../call-options.js'
import { emptyLogHash } from '../registry/fold.js'
import type { RegistryHead } from '../registry/interfaces.js'
import { RegistryStore } from '../registry/store.js'
import type { ObjectStore } from './object-store.js'

/** One record of a registry's log, wherever it is kept. */
export interface LogEntry {
  readonly index: number
  /** Chain hash after it. */
  readonly hash: string
  readonly payload: Uint8Array
}

/** One side of a sync. */
export interface RegistryEnd {
  readonly name: string
  head(options?: CallOptions): Promise<RegistryHead>
  entries(options?: CallOptions): AsyncIterable<LogEntry>
  readArtifactFile(digest: string, name: string, options?: CallOptions): Promise<Uint8Array | undefined>
  readDocument(digest: string, options?: CallOptions): Promise<Uint8Array | undefined>
  writeArtifact(digest: string, files: ReadonlyMap<string, Uint8Array>, options?: CallOptions): Promise<void>
  writeDocument(digest: string, bytes: Uint8Array, options?: CallOptions): Promise<void>
  /** Appends the next entry; must come out with the same chain hash. */
  append(entry: LogEntry, options?: CallOptions): Promise<void>
  /** Gives back the lock, if one was taken. */
  close(): Promise<void>
}

/** A registry's own directory. Its log is locked from the first write until `close`. */
export function directoryEnd(directory: string, { lockWaitMs = 10_000 }: { readonly lockWaitMs?: number | undefined } = {}): RegistryEnd {
  const store = new RegistryStore(directory)
  let log: DurableLog | undefined
  const writable = async (): Promise<DurableLog> => {
    if (log === undefined) {
      await store.prepare()
      log = await openLog({ directory: store.logDirectory, durability: 'power', lockWaitMs })
    }
    return log
  }
  async function* entries({ signal }: CallOptions = {}): AsyncIterable<LogEntry> {
    try {
      for await (const { index, hash, payload } of readLog(store.logDirectory, { signal })) yield { index, hash, payload }
    } catch (error) {
      // Nothing was written or synced there yet.
      if (!isTradingError(error, 'LOG_NOT_FOUND')) throw error
    }
  }
  return {
    name: directory,
    entries,
    async head(options) {
      let head: RegistryHead = { index: 0, hash: emptyLogHash }
      for await (const { index, hash } of entries(options)) head = { index: index + 1, hash }
      return head
    },
    readArtifactFile: (digest, name) => store.readArtifactFile(digest, name),
    readDocument: (digest) => store.readDocumentBytes(digest),
    async writeArtifact(digest, files) {
      await writable()
      await store.writeArtifact(digest, files)
    },
    async writeDocument(digest, bytes) {
      await writable()
      await store.writeDocumentBytes(digest, bytes)
    },
    async append({ index, hash, payload }) {
      const open = await writable()
      if (open.head.index !== index) throw diverged(directory, index, open.head.index)
      const position = await open.append(payload, { durability: 'power' })
      if (position.hash !== hash) {
        throw new TradingError(
          'SYNC_CORRUPT',
          `Entry ${index} came out of ${directory} with another chain hash than it has at its source: the source was altered`,
          { index, hash, found: position.hash },
        )
      }
    },
    async close() {
      await log?.close()
      log = undefined
    },
  }
}

/** A registry kept as objects. The log is one object an entry, so that nothing is ever overwritten and its end is found without listing. */
export function storeEnd(store: ObjectStore): RegistryEnd {
  const read = async (index: number, options?: CallOptions): Promise<LogEntry | undefined> => {
    const bytes = await store.get(logKey(index), options)
    return bytes === undefined ? undefined : decode(store.name, index, bytes)
  }
  /** Entries are without gaps: doubling, then halving, finds the first index that is free. */
  const length = async (options?: CallOptions): Promise<number> => {
    let low = 0
    let high = 1
    while (await store.has(logKey(high - 1), options)) [low, high] = [high, high * 2]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (await store.has(logKey(middle), options)) low = middle + 1
      else high = middle
    }
    return low
  }
  const put = async (key: string, bytes: Uint8Array, options?: CallOptions): Promise<void> => {
    if ((await store.putIfAbsent(key, bytes, options)) === 'written') return
    const there = await store.get(key, options)
    if (there === undefined || sha256Hex(there) !== sha256Hex(bytes)) {
      throw new TradingError('SYNC_CORRUPT', `${key} at ${store.name} holds other bytes and is not overwritten; find out who wrote it`, {
        key,
        store: store.name,
      })
    }
  }
  return {
    name: store.name,
    async head(options) {
      const index = await length(options)
      return { index, hash: index === 0 ? emptyLogHash : ((await read(index - 1, options))?.hash ?? emptyLogHash) }
    },
    async *entries(options) {
      for (let index = 0; ; index++) {
        const entry = await read(index, options)
        if (entry === undefined) return
        yield entry
      }
    },
    readArtifactFile: (digest, name, options) => store.get(`artifacts/${digest}/${name}`, options),
    readDocument: (digest, options) => store.get(`documents/${digest}.json`, options),
    async writeArtifact(digest, files, options) {
      for (const [name, bytes] of files) await put(`artifacts/${digest}/${name}`, bytes, options)
    },
    writeDocument: (digest, bytes, options) => put(`documents/${digest}.json`, bytes, options),
    append: ({ index, hash, payload }, options) =>
      put(logKey(index), Buffer.from(canonicalJson({ index, hash, payload: Buffer.from(payload).toString('base64') })), options),
    close: () => Promise.resolve(),
  }
}

function logKey(index: number): string {
  return `log/${String(index).padStart(12, '0')}.json`
}

function decode(name: string, index: number, bytes: Uint8Array): LogEntry {
  try {
    const { index: found, hash, payload } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>
    if (found === index && typeof hash === 'string' && typeof payload === 'string')
      return { index, hash, payload: new Uint8Array(Buffer.from(payload, 'base64')) }
  } catch (cause) {
    throw new TradingError('SYNC_CORRUPT', `Log entry ${index} at ${name} cannot be read`, { index, store: name }, { cause })
  }
  throw new TradingError('SYNC_CORRUPT', `Log entry ${index} at ${name} is not one`, { index, store: name })
}

export function diverged(name: string, index: number, found: unknown): TradingError {
  return new TradingError(
    'SYNC_DIVERGED',
    `${name} does not hold a beginning of the source's log (at entry ${index}): both were written to. Decide which is right; a sync never overwrites`,
    { index, found },
  )
}
