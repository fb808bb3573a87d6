import type { CallOptions } from '@gatehouse/contracts'
import type { Broker } from '../interfaces/broker.js'
import type { Calendar } from '../interfaces/calendar.js'
import type { Feed, Subscription } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Manifest } from '../interfaces/manifest.js'
import type { ManifestPin } from '@gatehouse/contracts'
import type { Notifier } from '../interfaces/notifier.js'
import type { RiskLimit } from '../interfaces/risk.js'
import type { Strategy } from '../interfaces/strategy.js'
import type { TimeMode, TimeNs, TimeRange } from '../interfaces/time.js'
import type { BenchmarkCurve } from '../report/run-record.js'
import type { RunStatisticsOptions } from '../report/run-statistics.js'
import type { KillLatch } from '../risk/kill-latch.js'
import type { RunClock } from './clock.js'
import type { RunModel } from './models.js'

/** Where a run is written down. */
export interface JournalOptions {
  readonly directory: string
  /** Market rows between checkpoints of a strategy that can `save`; default 100 000. 0 for none. */
  readonly checkpointEveryRows?: number | undefined
  /** `'process'` (default): written before sending, synced within 10 ms. `'power'`: synced before sending. */
  readonly durability?: 'process' | 'power' | undefined
}

/** History that predictors and strategy see before the run, without trading. */
export interface WarmUpOptions {
  readonly manifest: Manifest
  readonly pin?: ManifestPin | 'latest' | undefined
  /** First row wanted, by the time it could be known. The last is the one before the run starts. */
  readonly from: TimeNs
}

/** What a run is made of. */
export interface RunOptions extends CallOptions {
  /** Who decides what `now` is. */
  readonly time: TimeMode
  /** Makes the strategy; called once a run. */
  readonly strategy: () => Strategy
  readonly feeds: readonly Feed[]
  readonly broker: Broker
  /** Half-open, on the time a row could be known. Default: all that the feeds have. */
  readonly range?: TimeRange | undefined
  /** Admitted models; bare ones in simulated environments only, where report and journal mark the run `ungated`. */
  readonly models?: readonly RunModel[] | undefined
  /** Models that run beside the others without orders: their predictions are journaled, and shown to no one. */
  readonly shadows?: readonly RunModel[] | undefined
  readonly journal?: JournalOptions | undefined
  /** Pre-trade limits, asked in this order. */
  readonly risk?: readonly RiskLimit[] | undefined
  /** Recorded; strategies that draw numbers should take it from the context. Default 1. */
  readonly seed?: number | undefined
  /** Instruments known from the start; feeds add theirs. */
  readonly instruments?: readonly Instrument[] | undefined
  /** Trading calendars by the name that instruments carry, beside those that ship. */
  readonly calendars?: Readonly<Record<string, Calendar>> | undefined
  /** By feed name; without one a feed gives all it has. */
  readonly subscriptions?: Readonly<Record<string, readonly Subscription[]>> | undefined
  readonly notifier?: Notifier | undefined
  /** Real-time runs only; default the machine's. See `acceleratedClock`. */
  readonly clock?: RunClock | undefined
  /** One manifest, or several whose rows are merged as feeds are: by the time they could be known, at equal times the earlier of the list first. */
  readonly warmUp?: WarmUpOptions | readonly WarmUpOptions[] | undefined
  /** Real-time runs: rows that may wait for the loop. Past it feeds wait, or quotes are conflated: the latest of each instrument stays. */
  readonly queue?: { readonly rows?: number | undefined; readonly conflateQuotes?: boolean | undefined } | undefined
  /** Stops trading until a person releases it, across processes and restarts. */
  readonly killLatch?: KillLatch | undefined
  /** Default: derived from the configuration for simulated backtests, random otherwise. Letters, digits and `-`; at most 20. */
  readonly runId?: string | undefined
  /** Units of the account's currency for one of another; fixed for the run. */
  readonly rates?: Readonly<Record<string, number>> | undefined
  /** A stop that would go off at once is refused (default) or accepted and set off by the next event. */
  readonly wrongSideStops?: 'refuse' | 'accept' | undefined
  /** Equity samples kept; default 65 536. Past it their spacing widens. */
  readonly equitySamples?: number | undefined
  /**
   * What to compare with: the symbol of an instrument of the run, whose price is sampled with equity, or a curve of your own (`priceCurve`), which may begin
   * before the run does.
   */
  readonly benchmark?: string | BenchmarkCurve | undefined
  /** How the report computes. */
  readonly statistics?: RunStatisticsOptions | undefined
}
