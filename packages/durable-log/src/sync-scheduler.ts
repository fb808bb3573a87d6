import { performance } from 'node:perf_hooks'
import { clearTimeout, setTimeout } from 'node:timers'
import type { SegmentFile } from './segment-file.js'
import type { TradingError } from './trading-error.js'
import type { LogHead } from './types.js'

/** A place in the log: everything before `head.index` is written, and ends at `offset` of `segment`. */
export interface Place {
  readonly head: LogHead
  readonly segment: SegmentFile
  readonly offset: number
}

/** Somebody who waits until everything before `index` is synced. */
export interface Waiter {
  readonly index: number
  /** Counted against the bound of the queue. */
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: TradingError) => void
}

/** What the scheduler needs of the writer. */
export interface SyncHost {
  /** Where the log ends now. */
  here(): Place
  isStopped(): boolean
  /** Everything before `place` is on the disk. @returns false when that must not be acknowledged */
  synced(place: Place): boolean
  /** fdatasync failed: the log must stop. */
  syncFailed(cause: unknown): void
}

/** Decides when fdatasync runs, and lets all who wait share it. */
export class SyncScheduler {
  /** Bytes written for callers who wait for `power`. */
  waitingBytes = 0

  readonly #host: SyncHost
  readonly #withinMs: number
  #syncedIndex: number
  #waiters: Waiter[] = []
  #isSyncing = false
  #startedAt = 0
  #timer: NodeJS.Timeout | undefined
  /** When the oldest record that no fdatasync has been started for was written; NaN when there is none. */
  #unsyncedSince = Number.NaN
  #whenIdle: (() => void)[] = []
  #isClosed = false

  constructor(host: SyncHost, withinMs: number, syncedIndex: number) {
    this.#host = host
    this.#withinMs = withinMs
    this.#syncedIndex = syncedIndex
  }

  /** Puts somebody in line; {@link schedule} serves the line. */
  add(waiter: Waiter): void {
    this.#waiters.push(waiter)
    this.waitingBytes += waiter.bytes
  }

  /** Resolves once everything before `index` is synced. */
  async upTo(index: number): Promise<void> {
    if (this.#syncedIndex >= index) return
    await new Promise<void>((resolve, reject) => {
      this.add({ index, bytes: 0, resolve, reject })
      this.schedule()
    })
  }

  /** Starts, or arranges for, the fdatasync that is due. Called after each write. */
  schedule(): void {
    if (this.#isClosed || this.#host.isStopped() || this.#syncedIndex >= this.#host.here().head.index) return
    if (this.#waiters.length > 0) {
      if (!this.#isSyncing) this.#start()
      return
    }
    if (this.#withinMs === 0) return
    const now = performance.now()
    if (Number.isNaN(this.#unsyncedSince)) this.#unsyncedSince = now
    if (now - this.#unsyncedSince < this.#withinMs) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.schedule()
      }, this.#withinMs).unref()
    } else if (!this.#isSyncing) {
      this.#start()
    } else if (now - this.#startedAt >= this.#withinMs) {
      // The event loop has been kept busy, so the callback of the sync under way cannot run. Keep the promise on this thread.
      this.syncNow()
    }
  }

  /** fdatasync on this thread. @returns false when it failed, or must not be acknowledged: the log has stopped */
  syncNow(): boolean {
    const place = this.#host.here()
    this.#unsyncedSince = Number.NaN
    try {
      place.segment.syncSync()
    } catch (error) {
      this.#host.syncFailed(error)
      return false
    }
    this.#done(place)
    return !this.#host.isStopped()
  }

  /** The log has stopped: whoever waits is refused. */
  refuseAll(error: TradingError): void {
    const waiters = this.#waiters
    this.#waiters = []
    this.waitingBytes = 0
    for (const { reject } of waiters) reject(error)
  }

  /** Starts nothing any more; resolves when the fdatasync under way is done. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    if (this.#isSyncing) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  #start(): void {
    const place = this.#host.here()
    this.#isSyncing = true
    this.#startedAt = performance.now()
    this.#unsyncedSince = Number.NaN
    place.segment.sync((error) => {
      this.#isSyncing = false
      if (error === null) this.#done(place)
      else this.#host.syncFailed(error)
      for (const resolve of this.#whenIdle.splice(0)) resolve()
      this.schedule()
    })
  }

  #done(place: Place): void {
    if (this.#host.isStopped() || place.head.index < this.#syncedIndex || !this.#host.synced(place)) return
    this.#syncedIndex = place.head.index
    const isServed = ({ index }: Waiter): boolean => index <= this.#syncedIndex
    const served = this.#waiters.filter(isServed)
    this.#waiters = this.#waiters.filter((waiter) => !isServed(waiter))
    for (const { bytes, resolve } of served) {
      this.waitingBytes -= bytes
      resolve()
    }
  }
}
