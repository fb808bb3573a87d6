import { openLog, TradingError, type DurableLog } from '@gatehouse/durable-log'
import { defaultPolicyDigests } from '../policies/default-policies.js'
import type { GatePolicy } from '../schema/gate-policy.js'
import type { RegistryEntry } from '../schema/registry-entry.js'
import { formatTime, systemClock, type Clock, type TimeNs } from '../time/time.js'
import { encodeEntry, type RegistryState } from './fold.js'
import { HighWaterFile } from './high-water.js'
import type { RegistryHead } from './interfaces.js'
import { openKeyRing, openSigningKey, type OpenSigningKey, type SigningKey, type TrustedKey } from './keys.js'
import { LogReader, requireExtends } from './log-reader.js'
import { refusalOf } from './refusals.js'
import { refuse } from './refused.js'
import { RegistryStore } from './store.js'
import type { Trust } from './verify-promotion.js'

/** How to open a registry. */
export interface RegistryOptions {
  /** Its directory; made when it is not there. */
  readonly directory: string
  /** Key that signs promotions, rollbacks and revocations. Absent where models are only admitted. */
  readonly signingKey?: SigningKey | undefined
  /** Keys whose signatures count. */
  readonly trustedKeys: readonly TrustedKey[]
  /** Default the wall clock. */
  readonly clock?: Clock | undefined
  /** Digests of the policies that may admit here; default those of the policies that this package ships. */
  readonly allowedPolicies?: readonly string[] | undefined
  /** A head kept outside the directory, and when: the log must continue it. Without one, whoever can write the directory can cut the log unseen. */
  readonly anchor?: (RegistryHead & { readonly at?: TimeNs | undefined }) | undefined
  /** Remember the latest time and head in the directory; default true. False where the directory is read-only. */
  readonly highWater?: boolean | undefined
  /** How long writers wait for one another; default 10,000. */
  readonly lockWaitMs?: number | undefined
  /** How far clocks may differ; default 300,000. */
  readonly clockToleranceMs?: number | undefined
  /** How old the knowledge of revocations may be when an admission is checked again; default 1,000. */
  readonly refreshEveryMs?: number | undefined
}

/** One turn of the only writer. */
export interface WriteTurn {
  /** What the log says now, everything that others wrote included. */
  readonly state: RegistryState
  /** Appends at `power` and folds. */
  readonly append: (entry: RegistryEntry) => Promise<void>
  readonly now: TimeNs
  /** `now` as documents have it. */
  readonly at: string
}

/** What every part of an open registry shares: files, log, clock, trust, and the writer's turn. */
export class RegistryContext {
  readonly store: RegistryStore
  readonly reader: LogReader
  readonly trust: Trust
  readonly clock: Clock
  /** Decisions that came out again before, see {@link verifyPromotion}. */
  readonly decisions = new Map<string, GatePolicy>()
  readonly #highWater: HighWaterFile | undefined
  readonly #signingKey: OpenSigningKey | undefined
  readonly #toleranceNs: bigint
  #latest: TimeNs | undefined
  #closed = false

  constructor(readonly options: RegistryOptions) {
    const {
      directory,
      signingKey,
      trustedKeys,
      clock = systemClock,
      allowedPolicies,
      highWater = true,
      clockToleranceMs = 300_000,
    } = options
    this.store = new RegistryStore(directory)
    this.reader = new LogReader(this.store.logDirectory)
    this.#highWater = highWater ? new HighWaterFile(this.store.highWaterFile) : undefined
    this.trust = { ring: openKeyRing(trustedKeys), allowedPolicies: new Set(allowedPolicies ?? defaultPolicyDigests()) }
    this.#signingKey = signingKey === undefined ? undefined : openSigningKey(signingKey)
    this.clock = clock
    this.#toleranceNs = BigInt(clockToleranceMs) * 1_000_000n
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** The signing key, where there is one. */
  get signingKey(): OpenSigningKey | undefined {
    return this.#signingKey
  }

  close(): void {
    this.#closed = true
  }

  async refreshed(signal: AbortSignal | undefined): Promise<RegistryState> {
    this.requireOpen()
    signal?.throwIfAborted()
    const state = await this.reader.refresh(signal)
    const { anchor } = this.options
    if (anchor !== undefined) requireExtends(state, anchor, 'the anchor')
    const mark = await this.#highWater?.read()
    if (mark !== undefined) requireExtends(state, mark, 'this directory')
    return state
  }

  /** Time only goes on: not before the newest entry, the high-water mark, the anchor, or what this process saw. */
  async requireTime(state: RegistryState, now: TimeNs): Promise<void> {
    const mark = await this.#highWater?.read()
    const bounds = [state.lastAt, mark?.at, this.options.anchor?.at, this.#latest].filter((bound) => bound !== undefined)
    const latest = bounds.reduce<TimeNs | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined)
    if (latest !== undefined && now < latest - this.#toleranceNs) {
      refuse(
        'clock',
        formatTime(now),
        formatTime(latest),
        `The clock shows ${formatTime(now)}, but it was ${formatTime(latest)} before: set it right`,
      )
    }
    this.#latest = this.#latest === undefined || now > this.#latest ? now : this.#latest
  }

  async raise(state: RegistryState, now: TimeNs): Promise<void> {
    await this.#highWater?.raise({ ...state.head, at: now })
  }

  /** Writes as the only writer: takes the log's lock, folds what others wrote, and lets the call append. */
  async locked<T>(
    signal: AbortSignal | undefined,
    write: (turn: {
      readonly state: RegistryState
      readonly append: (entry: RegistryEntry) => Promise<void>
      readonly at: string
      readonly now: TimeNs
    }) => Promise<T>,
  ): Promise<T> {
    this.requireOpen()
    signal?.throwIfAborted()
    await this.store.prepare()
    const log = await openLog({ directory: this.store.logDirectory, durability: 'power', lockWaitMs: this.options.lockWaitMs ?? 10_000 })
    try {
      const state = await this.refreshed(signal)
      const clock = this.clock.now()
      await this.requireTime(state, clock).catch((error: unknown) => {
        throw new TradingError('REGISTRY_CLOCK', refusalOf(error).message, { now: String(clock) }, { cause: error })
      })
      // Within the tolerance the log stays in order: an entry is never older than the one before it.
      const now = state.lastAt !== undefined && clock < state.lastAt ? state.lastAt : clock
      const result = await write({ state, now, at: formatTime(now), append: (entry) => this.#append(log, entry) })
      await this.raise(state, now)
      return result
    } finally {
      await log.close()
    }
  }

  async #append(log: DurableLog, entry: RegistryEntry): Promise<void> {
    await log.append(encodeEntry(entry), { durability: 'power' })
    await this.reader.refresh()
  }

  requireSigningKey(): OpenSigningKey {
    this.requireOpen()
    const key = this.#signingKey
    if (key === undefined)
      throw new TradingError('REGISTRY_NO_SIGNING_KEY', 'Moving an alias needs a signature; open the registry with signingKey')
    if (this.trust.ring.get(key.keyId)?.roles.includes('promote') !== true) {
      throw new TradingError(
        'REGISTRY_NO_SIGNING_KEY',
        `The signing key ${key.keyId} is not among trustedKeys with the role promote: nothing it signs would be admitted`,
        { keyId: key.keyId },
      )
    }
    return key
  }

  requireOpen(): void {
    if (this.#closed) throw new TradingError('REGISTRY_CLOSED', 'The registry was closed; open it again')
  }
}
