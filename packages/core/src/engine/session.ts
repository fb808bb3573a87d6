import { isTradingError, TradingError, type Admitted, type Refusal } from '@gatehouse/contracts'
import { EventEmitter } from 'eventemitter3'
import type { BrokerStatus } from '../interfaces/broker.js'
import type { FeedStatus } from '../interfaces/feed.js'
import type { Model } from '../interfaces/model.js'
import type { Fill, Order, OrderUpdate } from '../interfaces/order.js'
import type { Prediction } from '../interfaces/prediction.js'
import type { Strategy } from '../interfaces/strategy.js'
import { fromNano } from '../portfolio/money.js'
import type { Report } from '../report/report.js'
import { allTime, runBacktest } from './backtest.js'
import { openJournal, type RunJournal } from '../journal/run-journal.js'
import { Engine, type EngineObserver } from './engine.js'
import { Lane } from './lane.js'
import { HostedModel, requireAdmissions } from './models.js'
import type { RunOptions } from './options.js'
import { configOf, runIdOf } from './run-id.js'
import { reportOf } from './run-report.js'
import { timeKey } from './time-key.js'

/** How a run ended. */
export type RunOutcome = 'completed' | 'stopped' | 'failed'

/** What a run came to. */
export interface RunResult {
  readonly runId: string
  readonly outcome: RunOutcome
  readonly report: Report
  /** SHA-256 of the journal's entries: two runs that did the same have the same. `undefined` without a journal. */
  readonly journalHash: string | undefined
  /** Market rows handled. */
  readonly rows: number
  /** Cash and holdings at last prices, in the account's currency; `undefined` while something held has no price. */
  readonly equity: number | undefined
  /** Why it stopped before its end, in words; `''` when it did not. */
  readonly message: string
}

/** What can be observed. Listeners are told; trading never waits for one. */
export interface SessionEvents {
  fill: (fill: Fill) => void
  order: (update: OrderUpdate) => void
  refusal: (refusal: Refusal, orders: readonly Order[]) => void
  status: (status: FeedStatus | BrokerStatus) => void
  prediction: (prediction: Prediction) => void
  log: (message: string, fields: Readonly<Record<string, unknown>>) => void
  command: (command: Command) => void
}

/** What a person or program may tell a run. One meaning from code, command line, chat and signal. */
export interface Command {
  readonly command: 'pause' | 'resume' | 'cancel' | 'flatten' | 'kill' | 'swap'
  readonly by: string
  readonly reason: string
  readonly successor?: Admitted<Model> | Model | undefined
}

const yieldEveryMs = 20

/** A run that is done again from its journal. */
export interface DoneAgain {
  readonly journal: RunJournal
  /** As the journal has it. */
  readonly config: string
  /** The journal has the run's end. */
  readonly hasEnded: boolean
}

/** A run under way: observe it, steer it, wait for `done`. */
export class RunSession extends EventEmitter<SessionEvents> {
  /** Resolves when the run has ended; rejects when it failed. */
  readonly done: Promise<RunResult>
  readonly runId: string
  readonly #options: RunOptions
  readonly #strategy: Strategy
  readonly #config: Record<string, unknown>
  readonly #commands: Command[] = []
  #stopReason: string | undefined

  readonly #again: DoneAgain | undefined

  /** @internal Use `start`. */
  constructor(options: RunOptions, again?: DoneAgain) {
    super()
    this.#again = again
    requireOptions(options)
    this.#options = options
    this.#strategy = options.strategy()
    this.#config = configOf(options, this.#strategy.name)
    this.runId = runIdOf(options, this.#config)
    // Listeners attached right after `start` hear everything: the run begins in a later turn.
    this.done = Promise.resolve().then(() => this.#run())
    // Whoever awaits `done` sees the failure; one that nobody awaits must not end the process.
    this.done.catch(() => {})
  }

  /** No entries until `resume`; exits, stops and what works go on. */
  pause(by = 'program', reason = 'paused'): void {
    this.#commands.push({ command: 'pause', by, reason })
  }

  resume(by = 'program', reason = 'resumed'): void {
    this.#commands.push({ command: 'resume', by, reason })
  }

  /** Cancels every working order. */
  cancel(by = 'program', reason = 'cancel all'): void {
    this.#commands.push({ command: 'cancel', by, reason })
  }

  /** Cancels every working order, closes every position at the market, and takes no entries until `resume`. */
  flatten(by = 'program', reason = 'flatten'): void {
    this.#commands.push({ command: 'flatten', by, reason })
  }

  /** Sets the kill latch: cancels every working order, sends nothing any more, and ends the run. Positions stay. */
  kill(by = 'program', reason = 'killed'): void {
    this.#commands.push({ command: 'kill', by, reason })
  }

  async #run(): Promise<RunResult> {
    const options = this.#options
    const { broker, feeds, signal, models = [], shadows = [], instruments = [] } = options
    const hosted = [
      ...models.map((model, i) => new HostedModel(i, model, false)),
      ...shadows.map((model, i) => new HostedModel(models.length + i, model, true)),
    ]
    const journal = await this.#openJournal()
    const now = options.clock?.now() ?? 0n
    if (this.#again === undefined) requireAdmissions(hosted, broker.environment, now)
    const engine = new Engine({
      options,
      strategy: this.#strategy,
      runId: this.runId,
      currency: broker.baseCurrency ?? 'USD',
      models: hosted,
      observer: this.#observer(),
      journal,
      isReplaying: this.#again !== undefined,
    })
    await engine.prepare()
    const range = options.range ?? allTime
    engine.nowKey = timeKey(range.from)
    engine.record({
      type: 'run-started',
      at: engine.now,
      runId: this.runId,
      strategy: this.#strategy.name,
      config: this.#again?.config ?? JSON.stringify(this.#config),
      models: hosted.map(({ inUse }) => inUse),
    })
    for (const instrument of instruments) engine.table.indexOf(instrument)
    for (const feed of feeds) {
      const wanted = options.subscriptions?.[feed.name]
      if (wanted !== undefined) feed.subscribe(wanted)
      for (const instrument of await feed.instruments({ signal })) engine.table.indexOf(instrument)
    }
    engine.simulation?.attach({
      now: () => engine.now,
      indexOf: (instrument) => engine.table.indexOf(instrument),
      instrument: (index) => engine.table.instruments[index],
      lastPrice: (index) => engine.ledger.holdings[index].mark,
      rateOf: (currency) => engine.portfolio.rateOf(currency) ?? NaN,
      session: () => undefined,
    })
    const snapshot = await broker.connect(
      { emit: engine.emit, workingOrders: [], nextCounter: () => engine.nextCounter(), instruments: engine.table.instruments },
      { signal },
    )
    engine.record({ type: 'broker-snapshot', at: engine.now, snapshot })
    engine.adoptSnapshot(snapshot)
    const initialEquity = engine.portfolio.equity ?? fromNano(engine.ledger.account(engine.ledger.currency).nano)
    for (const model of hosted)
      if (model.isUniverse)
        model.universe = { predictor: model.model.open(engine.table.instruments), instruments: engine.table.instruments }
    engine.host.start(range.from)
    let message = ''
    const lanes = feeds.map((feed, i) => new Lane(i, feed, feed.batches(range, { signal })[Symbol.asyncIterator](), engine.table))
    try {
      guard(engine, () => this.#strategy.onStart?.(engine.context))
      let lastYield = performance.now()
      await runBacktest(engine, lanes, {
        range: options.range,
        signal,
        onProgress: options.onProgress,
        between: async () => {
          if (performance.now() - lastYield > yieldEveryMs) {
            await new Promise((resolve) => setImmediate(resolve))
            lastYield = performance.now()
          }
          this.#obey(engine)
          return this.#stopReason !== undefined
        },
      })
      guard(engine, () => this.#strategy.onStop?.(engine.context))
      message = this.#stopReason ?? ''
      if (this.#again?.hasEnded !== false) {
        engine.record({ type: 'run-ended', at: engine.now, outcome: message === '' ? 'completed' : 'stopped', message })
      }
    } finally {
      // What happened before a failure is kept: the journal is where a resumed run goes on.
      if (this.#again === undefined) await journal?.close()
      for (const lane of lanes) await lane.iterator.return?.()
      for (const feed of feeds) await feed.close()
      await broker.close()
    }
    engine.sampleEquity(engine.nowKey)
    const outcome: RunOutcome = this.#stopReason === undefined ? 'completed' : 'stopped'
    return {
      runId: this.runId,
      outcome,
      report: reportOf(engine, {
        initialEquity,
        outcome,
        message,
        provenance: { run: this.runId, ...(journal === undefined ? {} : { journal: journal.hash }) },
      }),
      journalHash: journal?.hash,
      rows: engine.rows,
      equity: engine.portfolio.equity,
      message,
    }
  }

  async #openJournal(): Promise<RunJournal | undefined> {
    if (this.#again !== undefined) return this.#again.journal
    const { journal: wanted } = this.#options
    if (wanted === undefined) return undefined
    const { journal, state } = await openJournal(wanted)
    const config = JSON.stringify(this.#config)
    if (state.start === undefined || (state.start.config === config && state.start.runId === this.runId)) return journal
    await journal.close()
    throw new TradingError(
      'JOURNAL_OTHER_RUN',
      `${wanted.directory} holds an unfinished run ${state.start.runId} of ${state.start.strategy} with another configuration; resume that one, or take another folder`,
      { directory: wanted.directory, runId: state.start.runId },
    )
  }

  #obey(engine: Engine): void {
    for (const command of this.#commands.splice(0)) {
      engine.obey(command.command, command.by, command.reason)
      this.emit('command', command)
      if (command.command === 'kill') this.#stopReason = `killed by ${command.by}: ${command.reason}`
    }
  }

  #observer(): EngineObserver {
    const tell = <E extends 'fill' | 'order' | 'refusal' | 'status' | 'prediction' | 'log'>(event: E) =>
      this.listenerCount(event) === 0
        ? undefined
        : (...values: Parameters<SessionEvents[E]>) =>
            void (this.emit as (event: E, ...values: unknown[]) => boolean).call(this, event, ...values)
    return {
      fill: tell('fill'),
      order: tell('order'),
      refusal: tell('refusal'),
      status: tell('status'),
      prediction: tell('prediction'),
      log: tell('log'),
    }
  }
}

/** A strategy's error stops the run and is named as such. */
export function guard(engine: Engine, act: () => void): void {
  try {
    act()
  } catch (error) {
    if (isTradingError(error)) throw error
    throw strategyFailed(engine, error)
  }
}

export function strategyFailed(engine: Engine, cause: unknown): TradingError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TradingError(
    'STRATEGY_FAILED',
    `${engine.strategy.name} threw at ${engine.now} (row ${engine.rows}): ${reason}`,
    { strategy: engine.strategy.name, at: engine.now, rows: engine.rows },
    { cause },
  )
}

function requireOptions({ feeds, time, range, broker }: RunOptions): void {
  if (feeds.length === 0) throw new TradingError('OPTION_INVALID', 'run: feeds is empty; pass at least one feed', { option: 'feeds' })
  if (range !== undefined && range.to <= range.from) {
    throw new TradingError('OPTION_INVALID', `run: range ends at ${range.to}, not after its start ${range.from}`, { option: 'range' })
  }
  if (time === 'backtest' && broker.environment !== 'simulated') {
    throw new TradingError('OPTION_INVALID', `run: a ${broker.environment} broker cannot trade in virtual time; use time: 'realtime'`, {
      option: 'time',
    })
  }
}
