import { randomUUID } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { TradingError } from '@gatehouse/durable-log'
import { canonicalJson } from '../canonical/canonical-json.js'
import { formatTime, nsPerSecond, parseTime, type TimeNs } from '../time/time.js'
import type { RegistryHead } from './interfaces.js'
import { readIfThere } from './store.js'

/** The latest time and the longest log that this directory has seen: what came later cannot be unseen by a clock or a log that goes back. */
export interface HighWater extends RegistryHead {
  readonly at: TimeNs
}

/** A newer mark is written when it says something new: another head, or a minute later. */
const stepNs = 60n * nsPerSecond

/**
 * Keeps the mark in a file beside the log. It guards against an honest machine whose clock or log goes back; whoever can
 * write the directory can also delete it, which is what an outside anchor is for.
 */
export class HighWaterFile {
  #mark: HighWater | undefined
  #read = false

  constructor(readonly path: string) {}

  async read(): Promise<HighWater | undefined> {
    if (this.#read) return this.#mark
    const bytes = await readIfThere(this.path)
    this.#mark = bytes === undefined ? undefined : parse(this.path, bytes)
    this.#read = true
    return this.#mark
  }

  /** @throws {TradingError} `REGISTRY_HIGH_WATER` when the file cannot be written */
  async raise(mark: HighWater): Promise<void> {
    const before = await this.read()
    if (before !== undefined && before.index >= mark.index && mark.at - before.at < stepNs) return
    const staged = `${this.path}.${randomUUID()}`
    try {
      await writeFile(staged, canonicalJson({ at: formatTime(mark.at), index: mark.index, hash: mark.hash }))
      await rename(staged, this.path)
    } catch (cause) {
      throw new TradingError(
        'REGISTRY_HIGH_WATER',
        `${this.path} cannot be written; open the registry with highWater: false where its directory is read-only`,
        { path: this.path },
        { cause },
      )
    }
    this.#mark = mark
  }
}

function parse(path: string, bytes: Uint8Array): HighWater {
  try {
    const { at, index, hash } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { at: string; index: number; hash: string }
    if (Number.isSafeInteger(index) && /^[0-9a-f]{64}$/.test(hash)) return { at: parseTime(at), index, hash }
  } catch (cause) {
    throw new TradingError('REGISTRY_HIGH_WATER', `${path} cannot be read; find out who changed it before deleting it`, { path }, { cause })
  }
  throw new TradingError('REGISTRY_HIGH_WATER', `${path} is not a high-water mark; find out who changed it before deleting it`, { path })
}
