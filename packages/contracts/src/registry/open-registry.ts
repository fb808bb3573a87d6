import { isTradingError, TradingError, verifyLog } from '@gatehouse/durable-log'
import type { CallOptions } from '../call-options.js'
import type { TimeNs } from '../time/time.js'
import { admit } from './admit.js'
import { aliasState } from './alias-rules.js'
import { encodeEntry, historyEntry, RegistryState } from './fold.js'
import type { AliasState, HistoryEntry, Registry, RegistryHead, RegistryVerification, Stage } from './interfaces.js'
import { dryRun, promote } from './promote.js'
import { isAborted, refusalOf } from './refusals.js'
import { readRegistered, register } from './register.js'
import { RegistryContext, type RegistryOptions } from './registry-context.js'
import { revoke, rollback } from './take-back.js'
import { verifyContents } from './verify-contents.js'

/**
 * Opens a registry. Nothing is held open or locked between calls; several processes may use one directory.
 * @throws {TradingError} `KEY_INVALID`, or `REGISTRY_OPEN_FAILED` when the directory cannot be made
 */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const context = new RegistryContext(options)
  try {
    // Where nothing may be remembered the directory may be read-only.
    if (options.highWater !== false) await context.store.prepare()
  } catch (cause) {
    const { directory } = options
    throw new TradingError(
      'REGISTRY_OPEN_FAILED',
      `The registry's directory ${directory} cannot be made: ${(cause as Error).message}`,
      { directory },
      { cause },
    )
  }
  return new DirectoryRegistry(context)
}

class DirectoryRegistry implements Registry {
  readonly #context: RegistryContext

  constructor(context: RegistryContext) {
    this.#context = context
  }

  readonly register: Registry['register'] = (candidate, options) => register(this.#context, candidate, options)
  readonly artifact: Registry['artifact'] = (digest, options) => readRegistered(this.#context, digest, options)
  readonly promote: Registry['promote'] = (request, options) => promote(this.#context, request, options)
  readonly dryRun: Registry['dryRun'] = (request, options) => dryRun(this.#context, request, options)
  readonly admit: Registry['admit'] = (reference, environment, load, options) => admit(this.#context, reference, environment, load, options)
  readonly rollback: Registry['rollback'] = (request, options) => rollback(this.#context, request, options)
  readonly revoke: Registry['revoke'] = (request, options) => revoke(this.#context, request, options)

  async aliases({ signal }: CallOptions = {}): Promise<readonly AliasState[]> {
    return (await this.#context.refreshed(signal)).aliases().map(aliasState)
  }

  async history({ name }: { readonly name?: string | undefined } = {}, { signal }: CallOptions = {}): Promise<readonly HistoryEntry[]> {
    const entries = (await this.#context.refreshed(signal)).entries.map(historyEntry)
    return name === undefined ? entries : entries.filter((entry) => entry.name === name || entry.name === undefined)
  }

  async at(name: string, stage: Stage, time: TimeNs, { signal }: CallOptions = {}): Promise<AliasState | undefined> {
    const { entries } = await this.#context.refreshed(signal)
    const past = new RegistryState()
    for (const { entry, index, hash, at } of entries) {
      if (at <= time) past.apply({ index, hash, payload: encodeEntry(entry), segment: '', offset: 0 })
    }
    const alias = past.alias(name, stage)
    return alias === undefined ? undefined : aliasState(alias)
  }

  async verify({ signal, onProgress }: CallOptions = {}): Promise<RegistryVerification> {
    this.#context.requireOpen()
    const log = await verifyLogIfThere(this.#context.store.logDirectory)
    const state = new RegistryState()
    const problems = [...log]
    try {
      const { entries } = await this.#context.refreshed(signal)
      for (const { entry, index, hash } of entries) state.apply({ index, hash, payload: encodeEntry(entry), segment: '', offset: 0 })
      problems.push(...(await verifyContents(state, { ...this.#context.trust, store: this.#context.store, signal, onProgress })))
    } catch (error) {
      if (isAborted(error, signal)) throw error
      problems.push(refusalOf(error).message)
    }
    return { ok: problems.length === 0, entries: state.entries.length, artifacts: state.artifacts.size, head: state.head, problems }
  }

  async head({ signal }: CallOptions = {}): Promise<RegistryHead> {
    return (await this.#context.refreshed(signal)).head
  }

  close(): Promise<void> {
    this.#context.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function verifyLogIfThere(directory: string): Promise<readonly string[]> {
  try {
    const { findings, records } = await verifyLog(directory)
    // A log whose making was interrupted has no records yet: nothing of it can be missing.
    const real = findings.filter(({ code }) => code !== 'LOG_HEAD_DAMAGED' || records > 0)
    return real.map(({ code, segment, offset, message }) => `${code} in ${segment} at ${offset}: ${message}`)
  } catch (error) {
    if (isTradingError(error, 'LOG_NOT_FOUND')) return []
    throw error
  }
}
