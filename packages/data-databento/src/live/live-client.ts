import { TradingError, type CallOptions, type Closable } from '@gatehouse/core'
import { readCstr } from '../codec/cstr.js'
import type { RecordRun } from '../codec/run.js'
import { ErrorRecordCode, Flag, RType, rtypeOf, SystemCode, type DbnSchema, type SType } from '../layout/enums.js'
import { LiveSession, type SessionEnd, type SessionOptions } from './live-session.js'
import { ApiKey, type GatewaySubscription } from './protocol.js'
import { isControl, receiveTime, RecentRecords, ReplayFilter } from './recent-records.js'
import { RunQueue } from './run-queue.js'

/**
 * What to do about the records that passed while the connection was down:
 * `refresh` goes on with what comes (quotes and books of levels heal with the next record), `replay` asks the gateway for them and drops
 * those that were delivered before, `snapshot` begins MBO anew with the book as it stands.
 */
export type Recovery = 'refresh' | 'replay' | 'snapshot'

/** A wish for live records. */
export interface LiveSubscription {
  readonly schema: DbnSchema
  readonly symbols: readonly string[] | 'ALL_SYMBOLS'
  readonly stypeIn?: SType | undefined
  /** MBO: begin with the book as it stands. */
  readonly snapshot?: boolean | undefined
  /** Begin with the records since then (ns), within the gateway's replay window. */
  readonly start?: bigint | undefined
  /** Default: `snapshot` when the subscription asked for one, else `replay`. */
  readonly recovery?: Recovery | undefined
}

/** Options of {@link LiveClient}. */
export interface LiveOptions extends Omit<SessionOptions, 'key'> {
  /** 32 characters; never logged, and not part of any error. */
  readonly apiKey: string
  readonly subscriptions?: readonly LiveSubscription[] | undefined
  readonly reconnect?:
    | {
        /** First wait before connecting again, ms; doubled each time, with jitter. At least 1,000 against the real gateway. */
        readonly minMs?: number | undefined
        readonly maxMs?: number | undefined
        /** Give up after so many attempts in a row; unlimited by default. */
        readonly attempts?: number | undefined
      }
    | undefined
  /** Records that may wait for a slow consumer. Default 256 MiB; beyond it `whenFull` decides. */
  readonly maxQueueBytes?: number | undefined
  /** `gap`: leave records out and say so in a gap status; `fail`: end with `DATABENTO_LAG`. */
  readonly whenFull?: 'gap' | 'fail' | undefined
  /** How much of what was delivered is remembered to recognise it on replay. Default 8 MiB. */
  readonly recentBytes?: number | undefined
  /** How far before the last record a replay begins, because records of several instruments are not in order of event time. Default 2 s. */
  readonly replayOverlapNs?: bigint | undefined
  /** A number in [0, 1) for the jitter. */
  readonly random?: (() => number) | undefined
}

/** What happened to the connection, in order with the records. */
export interface LiveStatus {
  readonly type: 'status'
  readonly status: 'connected' | 'disconnected' | 'reconnected' | 'gap' | 'stale' | 'delayed' | 'recovered' | 'refused'
  /** Receive time (ns) of the last record before it; the gateway’s time when connected. */
  readonly at: bigint
  /** Span in doubt by receive time, ns, for `gap` and `recovered`. */
  readonly from?: bigint | undefined
  readonly to?: bigint | undefined
  readonly schema?: DbnSchema | undefined
  /** Records known to be missing, when the number is known. */
  readonly missing?: number | undefined
  readonly message: string
}

/** Records as a run, valid until the next event is asked for, or a status. */
export type LiveEvent = { readonly type: 'records'; readonly run: RecordRun } | LiveStatus

interface Active {
  readonly subscription: LiveSubscription
  readonly id: number
}

interface Replay {
  readonly filter: ReplayFilter
  readonly from: bigint
  to: bigint
  /** Schemas of the record type that the gateway still replays: `mbp-1` and `tbbo` share one. */
  readonly pending: Set<DbnSchema>
}

const DEFAULT_RECENT = 8 << 20
const LIMIT_WAIT_MS = 30_000
/** How long after a replay what is left of its filter is kept. */
const LATE_NS = 60_000_000_000n

/**
 * A live client that keeps going: it reads always, queues within a bound, connects again with a jittered back-off, and recovers what it
 * missed as each subscription asks. Every record comes once or lies inside a reported gap.
 */
export class LiveClient implements Closable {
  readonly #options: LiveOptions
  readonly #key: ApiKey
  readonly #recent: RecentRecords
  readonly #queue: RunQueue<LiveStatus>
  readonly #active: Active[] = []
  #nextId = 1
  #session: LiveSession | undefined
  #sessions = 0
  #attempts = 0
  #sessionStart = 0n
  #lastTime = 0n
  #timer: NodeJS.Timeout | undefined
  #isRunning = false
  #isConnected = false
  #closed = false
  #failure: TradingError | undefined
  #wake: (() => void) | undefined
  /** By record type: what was delivered before the connection broke, and the schemas whose replay is under way. */
  #replays = new Map<number, Replay>()
  /** By schema whose replay has not been completed: the time from which records may be missing. */
  readonly #unreplayed = new Map<DbnSchema, bigint>()
  /** Snapshot under way after a reconnect. */
  #snapshot: { readonly from: bigint; readonly to: bigint; hasBegun: boolean } | undefined
  #skipReplay = false
  #dropping: { from: bigint; to: bigint; count: number } | undefined

  /** @throws {TradingError} `DATABENTO_KEY` */
  constructor(options: LiveOptions) {
    this.#options = options
    this.#key = new ApiKey(options.apiKey)
    this.#recent = new RecentRecords(options.recentBytes ?? DEFAULT_RECENT)
    this.#queue = new RunQueue<LiveStatus>((block) => this.#recent.keep(block))
    this.#recent.attach(this.#queue)
    for (const subscription of options.subscriptions ?? []) this.subscribe(subscription)
  }

  /** The gateway's name for the current session. */
  get sessionId(): string | undefined {
    return this.#session?.sessionId
  }

  /** True while a session runs, from its metadata on. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  /** True while a replay or a snapshot is under way after a break. */
  get isRecovering(): boolean {
    return this.#snapshot !== undefined || [...this.#replays.values()].some(({ pending }) => pending.size > 0)
  }

  /**
   * Adds a subscription, before or while records flow. While they flow it cannot ask for replay.
   * @throws {TradingError} `DATABENTO_SUBSCRIPTION`
   */
  subscribe(subscription: LiveSubscription): void {
    const active = { subscription, id: this.#nextId }
    if (subscription.recovery === 'snapshot' && subscription.schema !== 'mbo') {
      throw new TradingError('DATABENTO_SUBSCRIPTION', `recovery by snapshot exists for mbo, not for ${subscription.schema}`, {
        schema: subscription.schema,
      })
    }
    if (this.#session?.isStarted === true) this.#session.subscribe(gatewaySubscription(active))
    this.#nextId += 1
    this.#active.push(active)
  }

  /**
   * Forgets subscriptions of a schema, or of some of its symbols, for the next connection. The protocol has no unsubscribe: what still comes
   * on this one is for the caller to pass over.
   */
  unsubscribe(schema: DbnSchema, symbols: readonly string[] | 'ALL_SYMBOLS'): void {
    for (let index = this.#active.length - 1; index >= 0; index -= 1) {
      const { subscription, id } = this.#active[index]
      if (subscription.schema !== schema) continue
      const left =
        symbols === 'ALL_SYMBOLS' || subscription.symbols === 'ALL_SYMBOLS'
          ? []
          : subscription.symbols.filter((symbol) => !symbols.includes(symbol))
      if (left.length === 0) this.#active.splice(index, 1)
      else this.#active[index] = { subscription: { ...subscription, symbols: left }, id }
    }
  }

  /**
   * Connects and gives records and statuses in order, until `close`, abort or an error that connecting again cannot cure.
   * @throws {TradingError} `DATABENTO_AUTH`, `DATABENTO_GATEWAY`, `DATABENTO_SUBSCRIPTION`, `DATABENTO_LAG`, `DATABENTO_CONNECTION` after the last attempt
   */
  async *events({ signal }: CallOptions = {}): AsyncGenerator<LiveEvent, void, undefined> {
    if (this.#isRunning) throw new TradingError('DATABENTO_SUBSCRIPTION', 'events() is already being read', {})
    signal?.throwIfAborted()
    this.#isRunning = true
    const abort = (): void => this.#wake?.()
    signal?.addEventListener('abort', abort)
    try {
      this.#connect()
      for (;;) {
        const item = this.#queue.take()
        if (item !== undefined) {
          if (this.#dropping !== undefined && this.#queue.bytes < this.#maxQueueBytes / 2) this.#endDropping()
          yield 'run' in item ? { type: 'records', run: item.run } : item.extra
          signal?.throwIfAborted()
          continue
        }
        signal?.throwIfAborted()
        if (this.#failure !== undefined) throw this.#failure
        if (this.#closed) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      await this.close()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#session?.close()
    this.#wake?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #maxQueueBytes(): number {
    return this.#options.maxQueueBytes ?? 1 << 28
  }

  #status(status: LiveStatus['status'], message: string, more: Partial<LiveStatus> = {}): void {
    this.#queue.pushExtra({ type: 'status', status, at: this.#lastTime, message: this.#key.redact(message), ...more })
    this.#wake?.()
  }

  #connect(): void {
    const session = new LiveSession(
      { ...this.#options, key: this.#key },
      {
        onMetadata: ({ start }) => this.#begun(start),
        onRun: (run) => this.#take(run),
        onEnd: (end) => this.#ended(end),
      },
    )
    this.#session = session
    session.ready.then(
      () => this.#start(session),
      () => undefined,
    )
  }

  #start(session: LiveSession): void {
    const isFirst = this.#sessions === 0
    const lastTimes = isFirst ? new Map<number, bigint>() : this.#recent.lastTimes()
    this.#replays = new Map()
    this.#snapshot = undefined
    try {
      if (isFirst) for (const { subscription } of this.#active) this.#expectReplay(subscription)
      for (const active of this.#active) session.subscribe(isFirst ? gatewaySubscription(active) : this.#resubscription(active, lastTimes))
      session.start()
      this.#skipReplay = false
    } catch (error) {
      this.#fail(error as TradingError)
    }
  }

  #expectReplay({ schema, start }: LiveSubscription): void {
    if (start !== undefined && start < (this.#unreplayed.get(schema) ?? start + 1n)) this.#unreplayed.set(schema, start)
  }

  /** A subscription after the connection broke, with what its recovery asks for. */
  #resubscription(active: Active, lastTimes: ReadonlyMap<number, bigint>): GatewaySubscription {
    const { subscription } = active
    const recovery = recoveryOf(subscription)
    const plain = gatewaySubscription({ ...active, subscription: { ...subscription, start: undefined, snapshot: undefined } })
    if (recovery === 'refresh' || (recovery === 'replay' && this.#skipReplay)) return plain
    if (recovery === 'snapshot') {
      this.#snapshot = { from: this.#lastTime, to: 0n, hasBegun: false }
      return { ...plain, snapshot: true }
    }
    const rtype = rtypeOf(subscription.schema)
    const start = this.#replayStart(rtype, lastTimes.get(rtype) ?? this.#unreplayed.get(subscription.schema))
    // What can be told apart begins after what was missed: the gap stays.
    if (start > this.#lastTime && this.#lastTime !== 0n && lastTimes.has(rtype)) return plain
    let replay = this.#replays.get(rtype)
    if (replay === undefined) {
      const tsOutBytes = this.#options.tsOut === true ? 8 : 0
      const filter = new ReplayFilter(this.#recent.identitiesFrom(rtype, start, tsOutBytes), tsOutBytes)
      replay = { filter, from: start, to: 0n, pending: new Set() }
      this.#replays.set(rtype, replay)
    }
    replay.pending.add(subscription.schema)
    return { ...plain, start }
  }

  /** As early as the overlap says, but late enough that everything delivered from there on can still be recognised. */
  #replayStart(rtype: number, last: bigint | undefined): bigint {
    if (last === undefined) return this.#sessionStart
    const { replayOverlapNs = 2_000_000_000n } = this.#options
    // A venue's clock may run wild; Databento's own says how far time has come.
    const reached = last < this.#lastTime ? last : this.#lastTime
    const early = reached > replayOverlapNs ? reached - replayOverlapNs : 0n
    const forgotten = this.#recent.forgotten(rtype)
    return forgotten !== undefined && forgotten >= early ? forgotten + 1n : early
  }

  #begun(start: bigint): void {
    const isFirst = this.#sessions === 0
    this.#sessions += 1
    this.#isConnected = true
    if (isFirst) {
      this.#sessionStart = start
      this.#status('connected', `session ${this.#session?.sessionId ?? ''} of ${this.#options.dataset} has begun`, { at: start })
      return
    }
    this.#status('reconnected', `session ${this.#session?.sessionId ?? ''} of ${this.#options.dataset} has begun after a break`, {
      at: start,
    })
    // A gap is reported in any case; `recovered` follows when the gateway has made up for it.
    const last = this.#lastTime === 0n ? this.#sessionStart : this.#lastTime
    const replayed = new Set([...this.#replays.values()].flatMap(({ pending }) => [...pending]))
    for (const schema of new Set(this.#active.map(({ subscription }) => subscription.schema))) {
      const unreplayed = this.#unreplayed.get(schema) ?? last
      const from = unreplayed < last ? unreplayed : last
      this.#status('gap', `${schema} records between the two sessions were not received`, { ...inOrder(from, start), schema })
      if (replayed.has(schema)) this.#unreplayed.set(schema, from)
      else this.#unreplayed.delete(schema)
    }
    for (const replay of this.#replays.values()) replay.to = start
    if (this.#snapshot !== undefined) this.#snapshot = { ...this.#snapshot, to: start }
    this.#sessionStart = start
  }

  #take(run: RecordRun): void {
    if (isControl(run.rtype)) this.#control(run)
    else {
      this.#attempts = 0
      const last = (run.wordOffset + (run.length - 1) * run.stride) * 4
      const time = receiveTime(run.window.view, last, run.rtype)
      if (time > this.#lastTime && time !== 0xffffffffffffffffn) this.#lastTime = time
      this.#enqueue(run)
      if (this.#snapshot !== undefined && run.rtype === RType.mbo) this.#followSnapshot(run)
    }
    this.#wake?.()
  }

  #enqueue(run: RecordRun): void {
    const replay = this.#replays.get(run.rtype)
    if (replay === undefined) {
      this.#push(run, 0, run.length)
      return
    }
    // Rows between two known ones are pushed together.
    let from = 0
    for (let row = 0; row < run.length; row += 1) {
      if (!replay.filter.isKnown(run, row)) continue
      this.#push(run, from, row)
      from = row + 1
    }
    this.#push(run, from, run.length)
    // It outlives the replay, should a second subscription be replayed under the same name.
    if (replay.pending.size === 0 && (replay.filter.isSpent || this.#lastTime > replay.to + LATE_NS)) this.#replays.delete(run.rtype)
  }

  #push(run: RecordRun, from: number, to: number): void {
    if (from === to) return
    if (this.#dropping === undefined && this.#queue.bytes < this.#maxQueueBytes) {
      this.#queue.pushRun(run, from, to)
      return
    }
    const at = (row: number): bigint => receiveTime(run.window.view, (run.wordOffset + row * run.stride) * 4, run.rtype)
    if (this.#options.whenFull === 'fail') {
      this.#lag()
      return
    }
    this.#dropping ??= { from: at(from), to: 0n, count: 0 }
    this.#dropping.to = at(to - 1)
    this.#dropping.count += to - from
  }

  #lag(): void {
    this.#fail(
      new TradingError('DATABENTO_LAG', `the consumer is more than ${this.#maxQueueBytes} bytes behind`, {
        queuedBytes: this.#queue.bytes,
      }),
    )
  }

  #endDropping(): void {
    const dropping = this.#dropping
    if (dropping === undefined) return
    this.#dropping = undefined
    this.#status('gap', `${dropping.count} records were left out because the consumer was more than ${this.#maxQueueBytes} bytes behind`, {
      from: dropping.from,
      to: dropping.to,
      missing: dropping.count,
    })
  }

  #followSnapshot(run: RecordRun): void {
    for (let row = 0; row < run.length; row += 1) {
      const snapshot = this.#snapshot
      if (snapshot === undefined) return
      const flags = run.bytes[(run.wordOffset + row * run.stride) * 4 + 36]
      if ((flags & Flag.snapshot) !== 0) snapshot.hasBegun = true
      if (snapshot.hasBegun && (flags & Flag.last) !== 0) {
        this.#snapshot = undefined
        this.#status('recovered', 'the book was built anew from a snapshot', { from: snapshot.from, to: snapshot.to, schema: 'mbo' })
      }
    }
  }

  /** Control records are passed on, and acted upon. */
  #control(run: RecordRun): void {
    // They cannot be left out as records of the market can: names and gaps would be lost.
    if (this.#queue.bytes > 2 * this.#maxQueueBytes) {
      this.#lag()
      return
    }
    this.#queue.pushRun(run)
    for (let row = 0; row < run.length; row += 1) {
      const at = (run.wordOffset + row * run.stride) * 4
      if (run.rtype === RType.system) this.#system(run.bytes[at + 319], readCstr(run.bytes, at + 16, 303))
      else if (run.rtype === RType.error)
        this.#error(run.bytes[at + 318], readCstr(run.bytes, at + 16, 302), run.window.view.getBigUint64(at + 8, true))
    }
  }

  #system(code: number, message: string): void {
    if (code === SystemCode.slowReader) this.#status('delayed', message)
    else if (code === SystemCode.replayCompleted) {
      const words = new Set(message.split(/[^\w-]+/))
      for (const schema of this.#unreplayed.keys()) if (words.has(schema)) this.#unreplayed.delete(schema)
      const pending = [...this.#replays.values()].flatMap((replay) => [...replay.pending].map((schema) => ({ replay, schema })))
      for (const { replay, schema } of pending) {
        if (pending.length > 1 && !words.has(schema)) continue
        replay.pending.delete(schema)
        const { filter, from, to } = replay
        this.#status('recovered', `${schema} was replayed; ${filter.dropped} records had been delivered before`, { from, to, schema })
      }
    }
  }

  #error(code: number, message: string, time: bigint): void {
    if (code === ErrorRecordCode.skippedRecords) this.#status('gap', message, inOrder(this.#lastTime, time))
    else if (code === ErrorRecordCode.symbolResolution) this.#status('refused', message)
    // What was to be replayed is gone: the next session goes on without, and the gap stays.
    else if (code === ErrorRecordCode.replayAgedOut) this.#skipReplay = true
  }

  #ended(end: SessionEnd): void {
    this.#isConnected = false
    if (this.#closed) return
    this.#status(end.reason === 'stalled' ? 'stale' : 'disconnected', end.error.message)
    this.#endDropping()
    if (end.isFatal) {
      this.#fail(end.error)
      return
    }
    const { minMs = 1000, maxMs = 30_000, attempts = Infinity } = this.#options.reconnect ?? {}
    this.#attempts += 1
    if (this.#attempts > attempts) {
      this.#fail(end.error)
      return
    }
    const isLimit = end.error.code === 'DATABENTO_CONNECTION_LIMIT'
    const ceiling = Math.min(maxMs, minMs * 2 ** (this.#attempts - 1))
    const { random = Math.random } = this.#options
    const wait = Math.max(isLimit ? Math.min(LIMIT_WAIT_MS, maxMs) : 0, minMs + (ceiling - minMs) * random(), minMs)
    this.#timer = setTimeout(() => this.#connect(), wait)
  }

  #fail(error: TradingError): void {
    this.#failure ??= error
    this.#closed = true
    this.#session?.close()
    this.#wake?.()
  }
}

/** A span whose ends come from two clocks, one of which may have been set back. */
function inOrder(from: bigint, to: bigint): { readonly from: bigint; readonly to: bigint } {
  return from <= to ? { from, to } : { from: to, to: from }
}

function recoveryOf({ schema, snapshot, recovery }: LiveSubscription): Recovery {
  return recovery ?? (schema === 'mbo' && snapshot === true ? 'snapshot' : 'replay')
}

function gatewaySubscription({ subscription, id }: Active): GatewaySubscription {
  const { schema, symbols, stypeIn = 'raw_symbol', snapshot, start } = subscription
  return { schema, symbols, stypeIn, snapshot, start, id }
}
