import { TradingError, type CallOptions } from '@gatehouse/contracts'
import { readLog } from '@gatehouse/durable-log'
import type { Broker, BrokerAbilities } from '../interfaces/broker.js'
import type { Feed } from '../interfaces/feed.js'
import type { Strategy } from '../interfaces/strategy.js'
import type { RiskLimit } from '../interfaces/risk.js'
import { inspectJournal, RunJournal, WrittenEntries, type Difference } from '../journal/run-journal.js'
import type { RunModel } from './models.js'
import type { RunOptions } from './options.js'
import { warmUpNames } from './run-id.js'
import { RunSession } from './session.js'

/** What a recorded run is done again with. */
export interface ReplayOptions extends CallOptions {
  /** The journal's folder. */
  readonly directory: string
  /** The same strategy. */
  readonly strategy: () => Strategy
  /** The same data: its digests are compared. */
  readonly feeds: readonly Feed[]
  readonly models?: readonly RunModel[] | undefined
  readonly shadows?: readonly RunModel[] | undefined
  /** Models that were swapped in. */
  readonly successors?: readonly RunModel[] | undefined
  /** The same limits. */
  readonly risk?: readonly RiskLimit[] | undefined
  /** The same history before the run, where it had one. */
  readonly warmUp?: RunOptions['warmUp']
}

/** Whether a recorded run came out the same. */
export interface ReplayResult {
  /** Every entry came out again, byte for byte, and nothing else did. */
  readonly identical: boolean
  /** Entries in the journal. */
  readonly entries: number
  /** SHA-256 of the journal's entries. */
  readonly hash: string
  /** Where the run first did something else. */
  readonly firstDifference?: Difference | undefined
}

/**
 * Does a recorded run again: market data from the feeds, everything else that entered the loop (broker events, timers, statuses, commands) from its
 * journal, in its place. Nothing is sent anywhere. Every decision, refusal, prediction and checkpoint must come out again, byte for byte.
 * @throws {TradingError} `JOURNAL_DAMAGED`; `JOURNAL_EMPTY` for a folder without a run
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { directory, strategy, feeds, models, shadows, successors = [], risk, warmUp, signal, onProgress } = options
  const state = await inspectJournal(directory)
  if (state.start === undefined) throw new TradingError('JOURNAL_EMPTY', `${directory} holds no run`, { directory })
  const config = JSON.parse(state.start.config) as RecordedConfig
  const given = warmUpNames(warmUp)
  if (JSON.stringify(given) !== JSON.stringify(config.warmUp ?? [])) {
    throw new TradingError(
      'OPTION_INVALID',
      `The run was warmed up with ${JSON.stringify(config.warmUp ?? [])}, the replay would be with ${JSON.stringify(given)}; pass the same warmUp`,
      {
        recorded: config.warmUp,
        given,
      },
    )
  }
  const journal = new RunJournal({ directory, log: undefined, written: new WrittenEntries(readLog(directory)), durability: 'process' })
  const session = new RunSession(
    {
      time: config.time,
      strategy,
      feeds,
      broker: recordedBroker(config, journal),
      models,
      shadows,
      risk,
      warmUp,
      signal,
      onProgress,
      runId: state.start.runId,
      seed: config.seed,
      rates: config.rates,
      wrongSideStops: config.wrongSideStops,
      journal: { directory, checkpointEveryRows: config.checkpointEveryRows ?? undefined },
      ...(config.range === null ? {} : { range: { from: BigInt(config.range.from), to: BigInt(config.range.to) } }),
    },
    { journal, config: state.start.config, startedAt: state.start.at, hasEnded: state.end !== undefined, successors },
  )
  await session.done
  const left = journal.upcoming
  const firstDifference =
    journal.firstDifference ?? (left === undefined ? undefined : { number: left.number, written: journal.decode(left), done: undefined })
  return {
    identical: firstDifference === undefined && journal.hash === state.hash,
    entries: state.entries,
    hash: state.hash,
    firstDifference,
  }
}

/** The parts of a run's configuration that decide what it does. */
interface RecordedConfig {
  readonly time: 'backtest' | 'realtime'
  readonly seed: number
  readonly broker: {
    readonly name: string
    readonly environment: 'simulated' | 'paper' | 'live'
    readonly currency: string
    readonly supports: BrokerAbilities
  }
  readonly range: { readonly from: string; readonly to: string } | null
  readonly warmUp?: ReturnType<typeof warmUpNames> | undefined
  readonly rates: Readonly<Record<string, number>>
  readonly wrongSideStops: 'refuse' | 'accept'
  readonly checkpointEveryRows: number | null
}

/** Stands where the broker stood: takes orders and says nothing; what it said is in the journal. */
function recordedBroker({ broker }: RecordedConfig, journal: RunJournal): Broker {
  const refusalOf = (clientOrderId: string): ReturnType<Broker['submit']> => {
    const raw = journal.upcoming
    if (raw?.kind !== 'refusal') return undefined
    const entry = journal.decode(raw)
    return entry.type === 'refusal' && entry.orders[0]?.clientOrderId === clientOrderId ? entry.refusal : undefined
  }
  const fromJournal = async (): ReturnType<Broker['snapshot']> => {
    await journal.prepare(1)
    const raw = journal.upcoming
    const entry = raw === undefined ? undefined : journal.decode(raw)
    if (entry?.type === 'broker-snapshot') return entry.snapshot
    throw new TradingError('JOURNAL_DAMAGED', `Entry ${raw?.number ?? '?'} should be the broker's snapshot`, { entry: raw?.number })
  }
  return {
    name: broker.name,
    environment: broker.environment,
    baseCurrency: broker.currency,
    supports: broker.supports,
    preflight: async () => [],
    connect: fromJournal,
    snapshot: fromJournal,
    submit: ([order]) => refusalOf(order.clientOrderId),
    replace: refusalOf,
    cancel: refusalOf,
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
