import {
  selectRows,
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
import type { DbnSchema, SType } from '../layout/enums.js'
import { LiveClient, type LiveOptions, type LiveStatus, type Recovery } from '../live/live-client.js'
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
}

/**
 * A feed of Databento's live data: one gateway session a dataset, reconnecting by itself. Statuses are in-band: `gap` whenever records may be
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
  readonly #maker: BatchMaker
  readonly #client: LiveClient
  /** By schema: what is wanted now; `undefined` before the first call of `subscribe`. */
  #wanted: Map<Schema, Set<string> | 'all'> | undefined
  #refusals: FeedStatus[] = []
  #isRunning = false

  constructor(options: LiveFeedOptions) {
    const { dataset, schemas, instrument, definitions } = options
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
    this.#maker = new BatchMaker({ dataset, instrument, definitions, levelOne: schemas.includes('tbbo') ? 'tbbo' : 'mbp-1' })
    this.#client = new LiveClient(options)
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
      if (this.#isRunning && present !== 'all') this.#send(schema, all)
      return
    }
    if (present === 'all') return
    const own = this.#options.symbols
    const unknown = own === 'ALL_SYMBOLS' || this.#options.stypeIn !== undefined ? [] : symbols.filter((symbol) => !own.includes(symbol))
    if (unknown.length > 0) this.#refuse(schema, unknown, `no instrument here is called ${unknown.join(', ')}`)
    const added = symbols.filter((symbol) => !unknown.includes(symbol) && present?.has(symbol) !== true)
    wanted.set(schema, new Set([...(present ?? []), ...added]))
    if (this.#isRunning && added.length > 0) this.#send(schema, added)
  }

  #remove(wanted: Map<Schema, Set<string> | 'all'>, schema: Schema, symbols: readonly string[] | 'all'): void {
    const present = wanted.get(schema)
    if (symbols === 'all') wanted.delete(schema)
    else if (present === 'all') {
      this.#refuse(schema, symbols, `${schema} is subscribed for all symbols: remove 'all', then add those you keep`)
      return
    } else for (const symbol of symbols) present?.delete(symbol)
    // The gateway has no unsubscribe: what still comes is passed over here, and the next session does not ask for it.
    this.#client.unsubscribe(schema as DbnSchema, symbols === 'all' ? 'ALL_SYMBOLS' : symbols)
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

  #send(schema: Schema, symbols: readonly string[] | 'ALL_SYMBOLS', isFirst = false): void {
    const { stypeIn, snapshot, start, recovery } = this.#options
    const isMbo = schema === 'mbo'
    this.#client.subscribe({
      schema: schema as DbnSchema,
      symbols,
      stypeIn,
      snapshot: isMbo ? snapshot : undefined,
      start: isFirst && !(isMbo && snapshot === true) ? start : undefined,
      recovery: recovery === 'snapshot' && !isMbo ? undefined : recovery,
    })
  }

  /** @inheritDoc */
  async *batches(range: TimeRange, { signal }: CallOptions = {}): AsyncGenerator<Batch | FeedStatus, void, undefined> {
    if (this.#isRunning)
      throw new TradingError('DATABENTO_SUBSCRIPTION', `${this.name} is already being read: a live session has one reader`, {})
    signal?.throwIfAborted()
    const { symbols } = this.#options
    for (const schema of this.schemas) {
      const wanted = this.#wanted === undefined ? 'all' : this.#wanted.get(schema)
      if (wanted === 'all') this.#send(schema, symbols, true)
      else if (wanted !== undefined && wanted.size > 0) this.#send(schema, [...wanted], true)
    }
    this.#isRunning = true
    for await (const event of this.#client.events({ signal })) {
      yield* this.#refusals.splice(0)
      if (event.type === 'status') {
        yield this.#statusOf(event)
        continue
      }
      for (const batch of this.#maker.batches(event.run)) {
        if (batch.availableAt[0] >= range.to) return
        const wanted = this.#filtered(batch)
        if (wanted !== undefined) yield wanted
      }
    }
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

  close(): Promise<void> {
    return this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
