import type { Admission, Closable, Refusal } from '@gatehouse/contracts'
import type { MarketDataReference } from './batch.js'
import type { BrokerEvent, BrokerSnapshot } from './broker.js'
import type { FeedStatus, Subscription } from './feed.js'
import type { Instrument } from './instrument.js'
import type { Order, OrderChange } from './order.js'
import type { Timer } from './strategy.js'
import type { TimeNs } from './time.js'

/** A model as the run used it. Without an admission it ran ungated, and every report says so. */
export interface ModelInUse {
  readonly name: string
  readonly digest: string
  readonly admission: Admission | undefined
}

/**
 * Everything that entered or left the loop. In: market data, statuses, broker events, timers, commands. Out: predictions, decisions,
 * orders, refusals, notices. Prices and quantities are IEEE doubles, written bit for bit.
 */
export type JournalEntry =
  | {
      readonly type: 'run-started'
      readonly at: TimeNs
      readonly runId: string
      readonly strategy: string
      readonly config: string
      readonly models: readonly ModelInUse[]
    }
  | { readonly type: 'market-data'; readonly at: TimeNs; readonly feed: number; readonly reference: MarketDataReference }
  | { readonly type: 'feed-status'; readonly at: TimeNs; readonly status: FeedStatus }
  | { readonly type: 'prediction'; readonly at: TimeNs; readonly model: number; readonly instrument: number; readonly values: Float32Array }
  | { readonly type: 'decision'; readonly at: TimeNs; readonly orders: readonly Order[]; readonly predictions: readonly number[] }
  | { readonly type: 'refusal'; readonly at: TimeNs; readonly orders: readonly Order[]; readonly refusal: Refusal }
  | { readonly type: 'order-change'; readonly at: TimeNs; readonly clientOrderId: string; readonly change: OrderChange | 'cancel' }
  | { readonly type: 'broker-event'; readonly at: TimeNs; readonly event: BrokerEvent }
  | { readonly type: 'broker-snapshot'; readonly at: TimeNs; readonly snapshot: BrokerSnapshot }
  | { readonly type: 'timer'; readonly at: TimeNs; readonly timer: Timer }
  /** An instrument seen for the first time; later entries name it by number. */
  | { readonly type: 'instrument'; readonly at: TimeNs; readonly number: number; readonly instrument: Instrument }
  | { readonly type: 'subscription'; readonly at: TimeNs; readonly feed: string; readonly wanted: readonly Subscription[] }
  | { readonly type: 'admission-ended'; readonly at: TimeNs; readonly model: number; readonly refusal: Refusal }
  | {
      readonly type: 'command'
      readonly at: TimeNs
      readonly command: 'pause' | 'resume' | 'cancel' | 'flatten' | 'kill' | 'swap'
      readonly by: string
      readonly reason: string
      /** Model that takes over, for `swap`. */
      readonly digest?: string | undefined
    }
  /** An interrupted run goes on in a new process; real time only, for in virtual time it goes on as if nothing had happened. */
  | { readonly type: 'resumed'; readonly at: TimeNs }
  | { readonly type: 'log'; readonly at: TimeNs; readonly message: string; readonly fields: string }
  | { readonly type: 'checkpoint'; readonly at: TimeNs; readonly state: Uint8Array }
  | { readonly type: 'run-ended'; readonly at: TimeNs; readonly outcome: 'completed' | 'stopped' | 'failed'; readonly message: string }

/** The record of a run. Entries are numbered from 0; a decision is named by its number. */
export interface Journal extends Closable {
  /** Number the next entry will get. */
  readonly next: number
  /** Takes an entry; it is written with the next {@link flush} at the latest. @returns the entry's number */
  append(entry: JournalEntry): number
  /** Everything appended is written (durability `process`) when it returns: an order's intent before the order is sent. */
  flush(): void
  /** Everything so far survives power loss. */
  sync(): Promise<void>
  read(from?: number): AsyncIterable<{ readonly number: number; readonly entry: JournalEntry }>
  /** SHA-256 chain of the bytes written so far: two runs that did the same have the same. */
  readonly hash: string
}
