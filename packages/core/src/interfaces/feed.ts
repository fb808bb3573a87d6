import type { CallOptions, Closable } from '@gatehouse/contracts'
import type { Batch } from './batch.js'
import type { Instrument } from './instrument.js'
import type { Schema } from './schema.js'
import type { TimeNs, TimeRange } from './time.js'

/** What a run wants from a feed. */
export interface Subscription {
  readonly schema: Schema
  /** Symbols as the feed's source writes them, or all that it has. */
  readonly symbols: readonly string[] | 'all'
  /** `'remove'` ends one that was added before. */
  readonly change?: 'add' | 'remove' | undefined
}

/**
 * What happened to a source, in-band: journaled, and seen by strategies. After `gap` the rows between `from` and `to` are not known
 * to be complete; `stale` means nothing came for longer than the feed promises; `delayed` that rows come later than real time;
 * `conflated` that quotes were dropped because later ones had come.
 */
export interface FeedStatus {
  readonly type: 'feed-status'
  readonly feed: string
  readonly status: 'connected' | 'disconnected' | 'reconnected' | 'gap' | 'stale' | 'delayed' | 'recovered' | 'refused' | 'conflated'
  readonly at: TimeNs
  /** Span in doubt, for `gap`. */
  readonly from?: TimeNs | undefined
  readonly to?: TimeNs | undefined
  readonly schema?: Schema | undefined
  readonly symbols?: readonly string[] | undefined
  readonly message: string
}

/** A source of market data, live or recorded. Status (gap, stale, reconnected, delayed) is in-band: journaled, and seen by strategies. */
export interface Feed extends Closable {
  readonly name: string
  readonly schemas: readonly Schema[]
  /** What can be subscribed; identity is stable, so a run resolves it once. */
  instruments(options?: CallOptions): Promise<readonly Instrument[]>
  /** May change while running; journaled; refuses by name past a line limit (a `FeedStatus` `refused`). Without a call a feed gives all it has. */
  subscribe(wanted: readonly Subscription[]): void
  /** Batches in `availableAt` order within the range. At most one un-retained batch is alive at a time; the consumer's pull is the back-pressure. */
  batches(range: TimeRange, options?: CallOptions): AsyncIterable<Batch | FeedStatus>
}
