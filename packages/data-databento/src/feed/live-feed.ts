import {
  barNs,
  firstRowAt,
  isBarSchema,
  selectRows,
  sliceBatch,
  TradingError,
  type Batch,
  type CallOptions,
  type Feed,
  type FeedStatus,
  type Instrument,
  type Schema,
  type Subscription,
  type TimeRange,
} from '@gatehouse/core'
import type { RecordRun } from '../codec/run.js'
import { RType, SystemCode, type DbnSchema, type SType } from '../layout/enums.js'
import { LiveClient, type LiveOptions, type LiveStatus, type Recovery } from '../live/live-client.js'
import { ApiKey } from '../live/protocol.js'
import type { DefinitionRecord } from '../records/generated/index.js'
import { BatchMaker, coreSchema } from './batch-maker.js'
import type { InstrumentResolver } from './instruments.js'

/** Options of {@link databentoLive}. */
export interface LiveFeedOptions extends Omit<LiveOptions, 'subscriptions'> {
  /** What can be subscribed: these schemas, for these symbols. Subscribed from the start unless `subscribe` says otherwise. */
  readonly schemas: readonly DbnSchema[]
  readonly symbols: readonly string[] | 'ALL_SYMBOLS'
  readonly stypeIn?: SType | undefined
  /** MBO: begin with the book as it stands. */
  readonly snapshot?: boolean | undefined
  /** Begin with the records since then (ns). */
  readonly start?: bigint | undefined
  readonly recovery?: Recovery | undefined
  readonly instrument?: InstrumentResolver | undefined
  readonly definitions?: ReadonlyMap<number, DefinitionRecord> | undefined
  readonly name?: string | undefined
  /** The machine's clock, ns since the epoch: a range that begins before it is replayed from there. */
  readonly now?: (() => bigint) | undefined
}

/** A subscription is asked for a little before the range begins: replay is by event time, rows are in the range by receive time. */
const REPLAY_LEAD_NS = 1_000_000_000n

/**
 * A feed of Databento's live data: one gateway session a dataset, reconnecting by itself. A range that begins in the past begins with a replay
 * (24 hours back at most), and reading ends when the range does. Statuses are in-band: `gap` whenever records may be
 * missing, `recovered` when a replay or a snapshot has made up for it.
 * @throws {TradingError} `DATABENTO_KEY`, `DATABENTO_SCHEMA`, `DATABENTO_SUBSCRIPTION`
 */
export function databentoLive(options: LiveFeedOptions): Feed {
  return new LiveFeed(options)
}

class LiveFeed implements Feed {
  readonly name: string
  readonly schemas: readonly Schema[]
  readonly #options: LiveFeedOptions
  readonly #known = new Map<string, Instrument>()
  #maker: BatchMaker
  #client: LiveClient | undefined
  #isClosed = false
  /** By schema: what is wanted now; `undefined` before the first call of `subscribe`. */
  #wanted: Map<Schema, Set<string> | 'all'> | undefined
  #refusals: FeedStatus[] = []

  constructor(options: LiveFeedOptions) {
    const { dataset, schemas } = options
    if (schemas.includes('mbp-1') && schemas.includes('tbbo')) {
      throw new TradingError(
        'DATABENTO_SCHEMA',
        'mbp-1 and tbbo have one record type and cannot be told apart in one session: make a feed of each',
        {},
      )
    }
    this.#options = options
    this.name = options.name ?? `databento live ${dataset}`
    this.schemas = schemas.map((schema) => {
      const rows = coreSchema(schema)
      if (rows === undefined)
        throw new TradingError('DATABENTO_SCHEMA', `core has no rows of schema ${schema}: read it with LiveClient`, { schema })
      return rows
    })
    this.#maker = this.#newMaker()
    // The key is looked at now, not when the first row is wanted.
    new ApiKey(options.apiKey)
  }

  /** One a reading: what could be known when begins anew, instruments stay the same objects. */
  #newMaker(): BatchMaker {
    const { dataset, schemas, instrument, definitions } = this.#options
    return new BatchMaker({ dataset, instrument, definitions, known: this.#known, levelOne: schemas.includes('tbbo') ? 'tbbo' : 'mbp-1' })
  }

  async instruments(): Promise<readonly Instrument[]> {
    const { symbols, stypeIn = 'raw_symbol' } = this.#options
    const mapped = this.#maker.mapped()
    if (symbols === 'ALL_SYMBOLS' || stypeIn !== 'raw_symbol') return mapped
    return [...new Set([...symbols.map((symbol) => this.#maker.instrumentNamed(symbol, 0, 0)), ...mapped])]
  }

  subscribe(wanted: readonly Subscription[]): void {
    this.#wanted ??= new Map()
    for (const { schema, symbols, change = 'add' } of wanted) {
      if (!this.schemas.includes(schema)) this.#refuse(schema, symbols, `there is no ${schema} here, only ${this.schemas.join(', ')}`)
      else if (change === 'remove') this.#remove(this.#wanted, schema, symbols)
      else this.#add(this.#wanted, schema, symbols)
    }
  }

  #add(wanted: Map<Schema, Set<string> | 'all'>, schema: Schema, symbols: readonly string[] | 'all'): void {
    const present = wanted.get(schema)
    if (symbols === 'all') {
      wanted.set(schema, 'all')
      const { symbols: all } = this.#options
      if (this.#client !== undefined && present !== 'all') this.#send(this.#client, schema, all)
      return
    }
    if (present === 'all') return
    const own = this.#options.symbols
    const unknown = own === 'ALL_SYMBOLS' || this.#options.stypeIn !== undefined ? [] : symbols.filter((symbol) => !own.includes(symbol))
    if (unknown.length > 0) this.#refuse(schema, unknown, `no instrument here is called ${unknown.join(', ')}`)
    const added = symbols.filter((symbol) => !unknown.includes(symbol) && present?.has(symbol) !== true)
    wanted.set(schema, new Set([...(present ?? []), ...added]))
    if (this.#client !== undefined && added.length > 0) this.#send(this.#client, schema, added)
  }

  #remove(wanted: Map<Schema, Set<string> | 'all'>, schema: Schema, symbols: readonly string[] | 'all'): void {
    const present = wanted.get(schema)
    if (symbols === 'all') wanted.delete(schema)
    else if (present === 'all') {
      this.#refuse(schema, symbols, `${schema} is subscribed for all symbols: remove 'all', then add those you keep`)
      return
    } else for (const symbol of symbols) present?.delete(symbol)
    // The gateway has no unsubscribe: what still comes is passed over here, and the next session does not ask for it.
    this.#client?.unsubscribe(schema as DbnSchema, symbols === 'all' ? 'ALL_SYMBOLS' : symbols)
  }

  #refuse(schema: Schema, symbols: readonly string[] | 'all', reason: string): void {
    const at = BigInt(Date.now()) * 1_000_000n
    this.#refusals.push({
      type: 'feed-status',
      feed: this.name,
      status: 'refused',
      at,
      schema,
      symbols: symbols === 'all' ? [] : symbols,
      message: `subscription to ${schema} refused: ${reason}`,
    })
  }

  #send(client: LiveClient, schema: Schema, symbols: readonly string[] | 'ALL_SYMBOLS', start?: bigint): void {
    const { stypeIn, snapshot, recovery } = this.#options
    const isSnapshot = schema === 'mbo' && snapshot === true
    client.subscribe({
      schema: schema as DbnSchema,
      symbols,
      stypeIn,
      snapshot: isSnapshot ? true : undefined,
      start: isSnapshot ? undefined : start,
      recovery: recovery === 'snapshot' && schema !== 'mbo' ? undefined : recovery,
    })
  }

  /** Where the replay of a schema begins, or `undefined` when the range begins now. */
  #startOf(schema: Schema, { from }: TimeRange): bigint | undefined {
    const { start, now = () => BigInt(Date.now()) * 1_000_000n } = this.#options
    if (start !== undefined) return start
    if (from <= 0n || from >= now()) return undefined
    const lead = isBarSchema(schema) ? barNs[schema] : REPLAY_LEAD_NS
    return from > lead ? from - lead : 0n
  }

  async *batches(range: TimeRange, { signal }: CallOptions = {}): AsyncGenerator<Batch | FeedStatus, void, undefined> {
    if (this.#isClosed) throw new TradingError('FEED_CLOSED', `feed ${this.name} is closed: open it again`, { feed: this.name })
    if (range.to < range.from) {
      throw new TradingError('FEED_RANGE_INVALID', `feed ${this.name}: the range ends (${range.to}) before it begins (${range.from})`, {
        ...range,
      })
    }
    signal?.throwIfAborted()
    if (this.#client !== undefined)
      throw new TradingError('DATABENTO_SUBSCRIPTION', `${this.name} is already being read: a live session has one reader`, {})
    if (range.to === range.from) return
    const client = new LiveClient({ ...this.#options, subscriptions: [] })
    let replays = 0
    for (const schema of this.schemas) {
      const wanted = this.#wanted === undefined ? 'all' : this.#wanted.get(schema)
      if (wanted === undefined || (wanted !== 'all' && wanted.size === 0)) continue
      const start = this.#startOf(schema, range)
      if (start !== undefined && !(schema === 'mbo' && this.#options.snapshot === true)) replays += 1
      this.#send(client, schema, wanted === 'all' ? this.#options.symbols : [...wanted], start)
    }
    this.#client = client
    this.#maker = this.#newMaker()
    try {
      yield* this.#read(client, range, replays, signal)
    } finally {
      this.#client = undefined
      await client.close()
    }
  }

  async *#read(
    client: LiveClient,
    range: TimeRange,
    replays: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch | FeedStatus, void, undefined> {
    let pending = replays
    let isPast = false
    yield* this.#refusals.splice(0)
    for await (const event of client.events({ signal })) {
      yield* this.#refusals.splice(0)
      if (event.type === 'status') {
        yield this.#statusOf(event)
        // A range that was over before the session began ends with its replay.
        if (event.status === 'connected') isPast = event.at >= range.to
      } else {
        pending -= completedReplays(event.run)
        for (const batch of this.#maker.batches(event.run)) {
          const from = firstRowAt(batch, range.from)
          const to = firstRowAt(batch, range.to)
          const wanted = from < to ? this.#filtered(sliceBatch(batch, from, to)) : undefined
          if (wanted !== undefined) yield wanted
          if (to < batch.length) return
        }
      }
      if (isPast && pending <= 0) return
    }
    if (this.#isClosed) throw new TradingError('FEED_CLOSED', `feed ${this.name} was closed while it was read`, { feed: this.name })
  }

  /** Drops what was removed and still comes. */
  #filtered(batch: Batch): Batch | undefined {
    if (this.#wanted === undefined) return batch
    const wanted = this.#wanted.get(batch.schema)
    if (wanted === 'all') return batch
    if (wanted === undefined) return undefined
    const isWanted = batch.instruments.map(({ symbol, id }) => wanted.has(symbol) || wanted.has(id))
    let kept = 0
    for (let row = 0; row < batch.length; row += 1) if (isWanted[batch.instrumentIndex[row]]) kept += 1
    if (kept === batch.length) return batch
    if (kept === 0) return undefined
    const rows = new Uint32Array(kept)
    for (let row = 0, at = 0; row < batch.length; row += 1) if (isWanted[batch.instrumentIndex[row]]) rows[at++] = row
    return selectRows(batch, rows)
  }

  #statusOf({ status, at, from, to, schema, message }: LiveStatus): FeedStatus {
    const rows = schema && coreSchema(schema)
    return { type: 'feed-status', feed: this.name, status, at, from, to, schema: rows, message }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#client?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** How many schemas a run of system records says to have been replayed. */
function completedReplays(run: RecordRun): number {
  if (run.rtype !== RType.system) return 0
  let completed = 0
  for (let row = 0; row < run.length; row += 1)
    if (run.bytes[(run.wordOffset + row * run.stride) * 4 + SYSTEM_CODE_AT] === SystemCode.replayCompleted) completed += 1
  return completed
}
const SYSTEM_CODE_AT = 319
