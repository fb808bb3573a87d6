import type { Instrument } from '../interfaces/instrument.js'
import type { FeedStatus, Subscription } from '../interfaces/feed.js'
import type { Schema } from '../interfaces/schema.js'

/** Why part of a subscription was refused. */
export interface SubscriptionRefusal {
  readonly schema: Schema
  readonly symbols: readonly string[]
  readonly message: string
}

export interface SubscriptionBookOptions {
  readonly schemas: readonly Schema[]
  /** What the source has, once known; names outside it are refused. */
  readonly instruments?: readonly Instrument[] | undefined
  /** Most symbols that may be subscribed at once, over all schemas. */
  readonly lineLimit?: number | undefined
}

/** What is subscribed at a source: everything until the first call, then what was added and not removed. */
export class SubscriptionBook {
  readonly #schemas: readonly Schema[]
  readonly #lineLimit: number
  #names: ReadonlySet<string> | undefined
  #wanted: Map<Schema, Set<string> | 'all'> | undefined
  #refusals: SubscriptionRefusal[] = []
  #version = 0

  constructor({ schemas, instruments, lineLimit = Infinity }: SubscriptionBookOptions) {
    this.#schemas = schemas
    this.#lineLimit = lineLimit
    if (instruments !== undefined) this.knowInstruments(instruments)
  }

  /** Rises with every change, so that what was derived from the book can be kept until then. */
  get version(): number {
    return this.#version
  }

  /** States what the source has. Names that were asked for before and are not among them are refused now. */
  knowInstruments(instruments: readonly Instrument[]): void {
    const isFirst = this.#names === undefined
    this.#names = new Set(instruments.flatMap(({ id, symbol }) => [id, symbol]))
    if (!isFirst || this.#wanted === undefined) return
    for (const [schema, wanted] of this.#wanted) {
      if (wanted === 'all') continue
      const unknown = [...wanted].filter((symbol) => this.#names?.has(symbol) === false)
      if (unknown.length === 0) continue
      this.#version++
      for (const symbol of unknown) wanted.delete(symbol)
      this.#refuse(schema, unknown, `no instrument here is called ${unknown.join(', ')}`)
    }
  }

  apply(subscriptions: readonly Subscription[]): void {
    this.#version++
    this.#wanted ??= new Map()
    for (const { schema, symbols, change = 'add' } of subscriptions) {
      if (!this.#schemas.includes(schema)) {
        this.#refuse(schema, symbols, `there is no ${schema} here, only ${this.#schemas.join(', ')}`)
      } else if (change === 'remove') this.#remove(this.#wanted, schema, symbols)
      else this.#add(this.#wanted, schema, symbols)
    }
  }

  wants(schema: Schema, instrument: Instrument): boolean {
    if (this.#wanted === undefined) return true
    const symbols = this.#wanted.get(schema)
    return symbols === 'all' || (symbols !== undefined && (symbols.has(instrument.symbol) || symbols.has(instrument.id)))
  }

  wantsSchema(schema: Schema): boolean {
    if (this.#wanted === undefined) return true
    const symbols = this.#wanted.get(schema)
    return symbols === 'all' || (symbols !== undefined && symbols.size > 0)
  }

  /** Refusals since the last call, as in-band statuses. */
  takeRefusals(feed: string, at: bigint): readonly FeedStatus[] {
    const refusals = this.#refusals
    this.#refusals = []
    return refusals.map(({ schema, symbols, message }) => ({ type: 'feed-status', feed, status: 'refused', at, schema, symbols, message }))
  }

  #add(wanted: Map<Schema, Set<string> | 'all'>, schema: Schema, symbols: Subscription['symbols']): void {
    if (symbols === 'all') {
      wanted.set(schema, 'all')
      return
    }
    const present = wanted.get(schema) ?? new Set()
    if (present === 'all') return
    wanted.set(schema, present)
    const unknown = symbols.filter((symbol) => this.#names?.has(symbol) === false)
    if (unknown.length > 0) this.#refuse(schema, unknown, `no instrument here is called ${unknown.join(', ')}`)
    const past: string[] = []
    for (const symbol of symbols) {
      if (unknown.includes(symbol)) continue
      if (!present.has(symbol) && this.#lines() >= this.#lineLimit) past.push(symbol)
      else present.add(symbol)
    }
    if (past.length > 0) this.#refuse(schema, past, `past the limit of ${this.#lineLimit} lines`)
  }

  #remove(wanted: Map<Schema, Set<string> | 'all'>, schema: Schema, symbols: Subscription['symbols']): void {
    const present = wanted.get(schema)
    if (symbols === 'all') wanted.delete(schema)
    else if (present === 'all')
      this.#refuse(schema, symbols, `${schema} is subscribed for all symbols: remove 'all', then add those you keep`)
    else for (const symbol of symbols) present?.delete(symbol)
  }

  #lines(): number {
    let lines = 0
    for (const symbols of this.#wanted?.values() ?? []) lines += symbols === 'all' ? 0 : symbols.size
    return lines
  }

  #refuse(schema: Schema, symbols: Subscription['symbols'], reason: string): void {
    const named = symbols === 'all' ? [] : symbols
    this.#refusals.push({ schema, symbols: named, message: `subscription to ${schema} refused: ${reason}` })
  }
}
