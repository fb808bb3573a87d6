import { systemClock, type CallOptions, type Clock, type ManifestPin } from '@gatehouse/contracts'
import { type Batch, type Feed, type FeedStatus, type ManifestTransaction, type Schema, type TimeRange } from '@gatehouse/core'
import { clearTimeout, setTimeout } from 'node:timers'
import { requireNumbers } from '../check-options.js'
import { type ParquetManifest } from '../manifest.js'
import { ResumePoint } from './resume-point.js'

/** Where rows go: one manifest, or one for each schema and source of the feed. */
export type RecordTarget = ParquetManifest | ((schema: Schema, source: string) => Promise<ParquetManifest>)

export interface RecordOptions extends CallOptions {
  /** what is asked of the feed; a resumed recording goes on from its last row */
  readonly range: TimeRange
  /** names the recording in the manifest's transactions; one process at a time; default `recorder:<feed name>` */
  readonly appId?: string | undefined
  /** rows are durable within this time of their arrival; default 1000 ms */
  readonly acknowledgeWithinMs?: number | undefined
  /** rows become visible within this time; default 15,000 ms, 10,000 to 60,000 is sensible */
  readonly commitEveryMs?: number | undefined
  /** rows that are acknowledged or committed before their time is up; default 131,072 (a row group) */
  readonly rowsPerCommit?: number | undefined
  /** default the system's */
  readonly clock?: Clock | undefined
  /** called after every acknowledgement and commit */
  readonly onReport?: ((report: RecordReport) => void) | undefined
  /** called with rows as they are taken, before they are durable, and where the manifest will hold them */
  readonly onRows?: ((rows: RecordedRows) => void) | undefined
}

/** Rows on their way into a manifest. */
export interface RecordedRows {
  /** in memory of its own, or retained */
  readonly batch: Batch
  /** the append that they become a part of; `lineage()` tells the version and the files that hold it */
  readonly transaction: ManifestTransaction
  /** first of them within that append */
  readonly row: number
}

/** How a recording is doing. */
export interface RecordReport {
  /** rows that arrived and were not yet in the manifest */
  readonly received: number
  /** rows that survive loss of power */
  readonly acknowledged: number
  readonly committed: number
  /** rows that a resumed recording was sent again */
  readonly skipped: number
  /** bytes of the rows' columns, as received */
  readonly bytes: number
  readonly commits: number
  /** statuses `gap` and `disconnected` of the feed, and the stretch a resumed recording may have missed */
  readonly gaps: readonly { readonly from: bigint | undefined; readonly to: bigint | undefined; readonly message: string }[]
  /** time from when the newest acknowledged row could be known until it was durable, ns; meaningful in real time */
  readonly lagNs: bigint
  /** newest pin of each manifest */
  readonly pins: readonly ManifestPin[]
}

interface Lane {
  readonly manifest: ParquetManifest
  readonly resume: ResumePoint
  sequence: number
  waiting: Batch[]
  waitingRows: number
  uncommitted: number
  hasRows: boolean
  pin: ManifestPin | undefined
}

const manyGaps = 1000

/**
 * Records a feed until it ends. Rows are appended (durable) within `acknowledgeWithinMs` and committed every `commitEveryMs` or row group.
 * Started again after a crash it goes on behind the last recorded row: no acknowledged row is lost, none is recorded twice.
 * Aborting commits what arrived and then rejects with the signal's reason; so does a feed that fails, with its error.
 */
export async function record(feed: Pick<Feed, 'name' | 'batches'>, target: RecordTarget, options: RecordOptions): Promise<RecordReport> {
  const { acknowledgeWithinMs, commitEveryMs, rowsPerCommit } = options
  requireNumbers({ acknowledgeWithinMs, commitEveryMs, rowsPerCommit })
  const recording = new Recording(target, options, feed.name)
  return recording.run(feed)
}

class Recording {
  readonly #target: RecordTarget
  readonly #options: RecordOptions
  readonly #appId: string
  readonly #clock: Clock
  readonly #lanes = new Map<string, Lane>()
  readonly #gaps: RecordReport['gaps'][number][] = []
  #received = 0
  #acknowledged = 0
  #committed = 0
  #skipped = 0
  #bytes = 0
  #commits = 0
  #lag = 0n
  #acknowledgeBy = Infinity
  #commitBy = Infinity

  constructor(target: RecordTarget, options: RecordOptions, feed: string) {
    this.#target = target
    this.#options = options
    this.#appId = options.appId ?? `recorder:${feed}`
    this.#clock = options.clock ?? systemClock
  }

  async run(feed: Pick<Feed, 'name' | 'batches'>): Promise<RecordReport> {
    const { range, signal } = this.#options
    let { from } = range
    if (typeof this.#target !== 'function') {
      const lane = await this.#open('', this.#target)
      if (lane.resume.at > from) from = lane.resume.at
    }
    const stop = new AbortController()
    const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
    const items = feed.batches({ from, to: range.to }, { signal: both })[Symbol.asyncIterator]()
    try {
      await this.#drain(items)
    } catch (error) {
      // Where it is the disk that fails, nobody takes what the feed still has to give.
      stop.abort(error)
      const committing = this.#commit()
      if (signal?.aborted) {
        await committing
        throw signal.reason
      }
      // What arrived is kept, whatever ended the feed; where that fails too, the first error is the one to tell.
      await Promise.allSettled([committing])
      throw error
    }
    await this.#commit()
    signal?.throwIfAborted()
    return this.#report()
  }

  async #drain(items: AsyncIterator<Batch | FeedStatus>): Promise<void> {
    let next = items.next()
    // Awaited below; until then a failure must not count as unhandled.
    next.catch(() => undefined)
    for (;;) {
      const item = await this.#nextOrDue(next)
      if (item === 'due') {
        await this.#flush()
        continue
      }
      if (item.done) return
      // Before the next item is asked for, whose batch may reuse this one's memory.
      await this.#take(item.value)
      next = items.next()
      next.catch(() => undefined)
      if (this.#now() >= Math.min(this.#acknowledgeBy, this.#commitBy)) await this.#flush()
    }
  }

  /** The feed's next item, or `due` when rows must be written before it comes. */
  async #nextOrDue(next: Promise<IteratorResult<Batch | FeedStatus>>): Promise<IteratorResult<Batch | FeedStatus> | 'due'> {
    const due = Math.min(this.#acknowledgeBy, this.#commitBy)
    if (due === Infinity) return next
    let timer: ReturnType<typeof setTimeout> | undefined
    const alarm = new Promise<'due'>((resolve) => (timer = setTimeout(() => resolve('due'), Math.max(0, due - this.#now()))))
    try {
      return await Promise.race([next, alarm])
    } finally {
      clearTimeout(timer)
    }
  }

  async #take(item: Batch | FeedStatus): Promise<void> {
    if (item.type === 'feed-status') {
      if (item.status === 'gap' || item.status === 'disconnected') this.#noteGap(item.from ?? item.at, item.to, item.message)
      return
    }
    const lane = await this.#laneOf(item)
    const fresh = lane.resume.skipRecorded(item)
    this.#skipped += item.length - (fresh?.length ?? 0)
    if (!fresh) return
    if (!lane.hasRows && lane.resume.at >= 0n) this.#noteResume(lane, fresh)
    lane.hasRows = true
    const batch = fresh.retain()
    this.#options.onRows?.({ batch, transaction: { appId: this.#appId, sequence: lane.sequence + 1 }, row: lane.waitingRows })
    lane.waiting.push(batch)
    lane.waitingRows += fresh.length
    this.#received += fresh.length
    this.#bytes += columnBytes(fresh)
    const { acknowledgeWithinMs = 1000, commitEveryMs = 15_000, rowsPerCommit = 131_072 } = this.#options
    const now = this.#now()
    // Half of the promise is left for the disk.
    this.#acknowledgeBy = Math.min(this.#acknowledgeBy, now + acknowledgeWithinMs / 2)
    this.#commitBy = Math.min(this.#commitBy, now + commitEveryMs)
    if (lane.waitingRows >= rowsPerCommit) this.#acknowledgeBy = now
    if (lane.waitingRows + lane.uncommitted >= rowsPerCommit) this.#commitBy = now
  }

  async #flush(): Promise<void> {
    if (this.#now() >= this.#commitBy) return this.#commit()
    await this.#acknowledge()
  }

  async #acknowledge(): Promise<void> {
    this.#acknowledgeBy = Infinity
    for (const lane of this.#lanes.values()) {
      if (lane.waitingRows === 0) continue
      await lane.manifest.appendAll(lane.waiting, { appId: this.#appId, sequence: lane.sequence + 1 })
      lane.sequence++
      this.#acknowledged += lane.waitingRows
      lane.uncommitted += lane.waitingRows
      const last = lane.waiting[lane.waiting.length - 1]
      this.#lag = this.#clock.now() - last.availableAt[last.length - 1]
      lane.waiting = []
      lane.waitingRows = 0
    }
    this.#options.onReport?.(this.#report())
  }

  async #commit(): Promise<void> {
    await this.#acknowledge()
    this.#commitBy = Infinity
    for (const lane of this.#lanes.values()) {
      if (lane.uncommitted === 0) continue
      lane.pin = await lane.manifest.commit()
      this.#committed += lane.uncommitted
      lane.uncommitted = 0
      this.#commits++
    }
    this.#options.onReport?.(this.#report())
  }

  async #laneOf({ schema, source }: Batch): Promise<Lane> {
    const key = typeof this.#target === 'function' ? `${source}\n${schema}` : ''
    const known = this.#lanes.get(key)
    if (known) return known
    const manifest = typeof this.#target === 'function' ? await this.#target(schema, source) : this.#target
    return this.#open(key, manifest)
  }

  async #open(key: string, manifest: ParquetManifest): Promise<Lane> {
    const resume = await ResumePoint.find(manifest)
    const sequence = (await manifest.lastSequence(this.#appId)) ?? 0
    const lane: Lane = { manifest, resume, sequence, waiting: [], waitingRows: 0, uncommitted: 0, hasRows: false, pin: undefined }
    this.#lanes.set(key, lane)
    return lane
  }

  #noteResume({ resume }: Lane, first: Batch): void {
    if (first.availableAt[0] > resume.at) {
      this.#noteGap(resume.at, first.availableAt[0], 'between the last row of the recording before and the first of this one')
    }
  }

  #noteGap(from: bigint | undefined, to: bigint | undefined, message: string): void {
    if (this.#gaps.length < manyGaps) this.#gaps.push({ from, to, message })
  }

  #now(): number {
    return Number(this.#clock.now() / 1_000_000n)
  }

  #report(): RecordReport {
    return {
      received: this.#received,
      acknowledged: this.#acknowledged,
      committed: this.#committed,
      skipped: this.#skipped,
      bytes: this.#bytes,
      commits: this.#commits,
      gaps: [...this.#gaps],
      lagNs: this.#lag,
      pins: [...this.#lanes.values()].flatMap(({ pin }) => (pin ? [pin] : [])),
    }
  }
}

function columnBytes(batch: Batch): number {
  let bytes = batch.availableAt.byteLength
  for (const values of Object.values(batch.columns) as unknown[]) {
    if (ArrayBuffer.isView(values)) bytes += values.byteLength
    else if (Array.isArray(values)) for (const text of values as string[]) bytes += text.length
  }
  return bytes
}
