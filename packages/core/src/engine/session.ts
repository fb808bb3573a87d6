import { TradingError, type Admitted, type Environment, type Refusal } from '@gatehouse/contracts'
import { EventEmitter } from 'eventemitter3'
import type { BrokerStatus } from '../interfaces/broker.js'
import type { FeedStatus } from '../interfaces/feed.js'
import type { Model } from '../interfaces/model.js'
import type { Fill, Order, OrderUpdate } from '../interfaces/order.js'
import type { Prediction } from '../interfaces/prediction.js'
import type { TimeNs } from '../interfaces/time.js'
import type { RunJournal } from '../journal/run-journal.js'
import type { Report } from '../report/report.js'
import { Conductor } from './conductor.js'
import type { EngineObserver } from './engine.js'
import { Flattening, type FlattenResult } from './flattening.js'
import type { RunModel } from './models.js'
import type { RunOptions } from './options.js'
import { configOf, runIdOf } from './run-id.js'

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
  /** Who: a person, a program, a signal. */
  readonly by: string
  readonly reason: string
  /** Model that is to take over, for `swap`. */
  readonly successor?: RunModel | undefined
}

/** A run that is done again from its journal. */
export interface DoneAgain {
  readonly journal: RunJournal
  /** As the journal has it. */
  readonly config: string
  readonly startedAt: TimeNs
  /** The journal has the run's end. */
  readonly hasEnded: boolean
  /** Models that were swapped in while it ran. */
  readonly successors: readonly RunModel[]
}

/** A run under way: observe it, steer it, wait for `done`. */
export class RunSession extends EventEmitter<SessionEvents> {
  /** Resolves when the run has ended; rejects when it failed. */
  readonly done: Promise<RunResult>
  readonly runId: string
  readonly #conductor: Conductor

  /** @internal Use `start`. */
  constructor(options: RunOptions, again?: DoneAgain) {
    super()
    // Asked once: what decides about money must not answer differently later.
    const { environment } = options.broker
    requireOptions(options, environment)
    const config = configOf(options, environment)
    this.runId = runIdOf(options, { config, environment })
    this.#conductor = new Conductor({
      options,
      environment,
      runId: this.runId,
      config: again?.config ?? JSON.stringify(config),
      observer: this.#observer(),
      again,
      onCommand: (command) => void this.emit('command', command),
    })
    // Listeners attached right after `start` hear everything: the run begins in a later turn.
    this.done = Promise.resolve().then(() => this.#conductor.run())
    // Whoever awaits `done` sees the failure; one that nobody awaits must not end the process.
    this.done.catch(() => {})
  }

  /** No entries until `resume`; exits, stops and what works go on. */
  pause(by = 'program', reason = 'paused'): void {
    this.#conductor.command({ command: 'pause', by, reason })
  }

  /** Entries again, after `pause` or `flatten`. An admission that has ended stays ended. */
  resume(by = 'program', reason = 'resumed'): void {
    this.#conductor.command({ command: 'resume', by, reason })
  }

  /** Cancels every working order. */
  cancel(by = 'program', reason = 'cancel all'): void {
    this.#conductor.command({ command: 'cancel', by, reason })
  }

  /**
   * Cancels every working order, closes every position at the market, and takes no entries until `resume`.
   * @param options.timeoutMs how long to follow it; default 30 000
   * @returns whether nothing is held; otherwise "not flat, because …"
   */
  flatten({ by = 'program', reason = 'flatten', timeoutMs = 30_000 } = {}): Promise<FlattenResult> {
    const flattening = new Flattening(timeoutMs)
    this.#conductor.follow(flattening)
    this.#conductor.command({ command: 'flatten', by, reason })
    return flattening.result
  }

  /** Sets the kill latch: cancels every working order, sends nothing any more, and ends the run. Positions stay. */
  kill(by = 'program', reason = 'killed'): void {
    this.#conductor.command({ command: 'kill', by, reason })
  }

  /** Lets a model take over from the one of its name: it warms up beside it, and takes its place between two events. Journaled. */
  swap(successor: Model | Admitted<Model>, by = 'program', reason = 'a successor'): void {
    this.#conductor.command({ command: 'swap', by, reason, successor })
  }

  /** Ends the run in order: the strategy's `onStop`, the report. Orders and positions stay as they are. */
  stop(reason = 'stopped'): void {
    this.#conductor.stop(reason)
  }

  /** Each is there only while someone listens: nothing is built for nobody. */
  #observer(): EngineObserver {
    const listens = (event: keyof SessionEvents): boolean => this.listenerCount(event) > 0
    return {
      fill: (fill) => void (listens('fill') && this.emit('fill', fill)),
      order: (update) => void this.emit('order', update),
      wantsOrders: () => listens('order'),
      refusal: (refusal, orders) => void (listens('refusal') && this.emit('refusal', refusal, orders)),
      status: (status) => void this.emit('status', status),
      prediction: (prediction) => void (listens('prediction') && this.emit('prediction', prediction)),
      log: (message, fields) => void this.emit('log', message, fields),
    }
  }
}

function requireOptions({ feeds, time, range }: RunOptions, environment: Environment): void {
  if (feeds.length === 0) throw new TradingError('OPTION_INVALID', 'run: feeds is empty; pass at least one feed', { option: 'feeds' })
  const names = feeds.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new TradingError('OPTION_INVALID', `run: two feeds are named ${twice}; give one another name`, { option: 'feeds', name: twice })
  }
  if (range !== undefined && range.to <= range.from) {
    throw new TradingError('OPTION_INVALID', `run: range ends at ${range.to}, not after its start ${range.from}`, { option: 'range' })
  }
  if (time === 'backtest' && environment !== 'simulated') {
    throw new TradingError('OPTION_INVALID', `run: a ${environment} broker cannot trade in virtual time; use time: 'realtime'`, {
      option: 'time',
    })
  }
}
