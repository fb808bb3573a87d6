import { recheckAdmission, TradingError, type Environment, type Refusal } from '@gatehouse/contracts'
import type { BrokerSnapshot, BrokerStatus, Finding } from '../interfaces/broker.js'
import type { TimeNs } from '../interfaces/time.js'
import { openJournal, readJournal, type RunJournal } from '../journal/run-journal.js'
import { fromNano } from '../portfolio/money.js'
import { allTime, runBacktest } from './backtest.js'
import { restoreState } from './checkpoint.js'
import { wallClock, type RunClock } from './clock.js'
import { Engine, type EngineObserver } from './engine.js'
import { type Flattening } from './flattening.js'
import { Lane } from './lane.js'
import { HostedModel, requireAdmissions, type RunModel } from './models.js'
import { RunNotices } from './notices.js'
import type { RunOptions } from './options.js'
import { accountFindings, calendarFindings, requireNoError } from './preflight.js'
import { Bell, runRealtime } from './realtime.js'
import { runRecorded } from './recorded.js'
import { reportOf } from './run-report.js'
import type { Command, DoneAgain, RunOutcome, RunResult } from './session.js'
import { blame } from './blame.js'
import { timeKey } from './time-key.js'
import { warmUp } from './warm-up.js'

/** What a conductor needs of its session. */
export interface ConductorParts {
  readonly options: RunOptions
  /** Where the money is, as the broker said when the run began. */
  readonly environment: Environment
  readonly runId: string
  /** JSON of the configuration. */
  readonly config: string
  readonly observer: EngineObserver
  readonly again: DoneAgain | undefined
  readonly onCommand: (command: Command) => void
}

/** Event loops of other work get their turn this often during a backtest. */
const yieldEveryMs = 20
/** Admissions and the kill latch are looked at this often in real time. */
const checkEveryMs = 1000
/** A broker outside is asked for its truth this often, though nothing seems to be missing. */
const reconcileEveryMs = 60_000

/** Takes a run from its options to its result: preparation, the loop of its time mode, commands, the end. */
export class Conductor {
  readonly bell = new Bell()
  readonly #parts: ConductorParts
  readonly #commands: Command[] = []
  readonly #clock: RunClock
  readonly #flattenings: Flattening[] = []
  #engine!: Engine
  #notices!: RunNotices
  #stopReason: string | undefined
  #isOver = false
  #lastYield = performance.now()
  #lastCheck = -Infinity
  #snapshotWanted = false
  #lastSnapshot = performance.now()
  #isFetching = false
  #snapshot: BrokerSnapshot | undefined
  #snapshotFailure: Error | undefined

  constructor(parts: ConductorParts) {
    this.#parts = parts
    this.#clock = parts.options.clock ?? wallClock
  }

  command(command: Command): void {
    this.#commands.push(command)
    this.bell.ring()
  }

  stop(reason: string): void {
    this.#stopReason ??= reason
    this.bell.ring()
  }

  /** Follows a flatten until nothing is held, or says why something still is. */
  follow(flattening: Flattening): void {
    this.#flattenings.push(flattening)
    if (this.#isOver) flattening.end(this.#engine)
  }

  async run(): Promise<RunResult> {
    const { options, again } = this.#parts
    const { broker, feeds, killLatch } = options
    const latched = again === undefined ? killLatch?.read() : undefined
    if (latched !== undefined) {
      throw new TradingError('KILL_LATCH_SET', `The kill latch was set by ${latched.by}: ${latched.reason}; a person must release it`, {
        ...latched,
      })
    }
    const strategy = options.strategy()
    const journal = await this.#openJournal(strategy.name)
    let failure: unknown
    let isFailed = false
    let initialEquity = NaN
    let engine: Engine | undefined
    try {
      engine = await this.#prepare(strategy, journal)
      initialEquity = await this.#connect(engine)
      await this.#loop(engine)
      engine.stopStrategy()
      const message = this.#stopReason ?? ''
      if (again?.hasEnded !== false)
        engine.record({ type: 'run-ended', at: engine.now, outcome: message === '' ? 'completed' : 'stopped', message })
      if (engine.failure !== undefined) throw engine.failure
    } catch (error) {
      isFailed = true
      failure = engine === undefined ? error : blame(engine, error)
      this.#notices?.stopped(failure instanceof Error ? failure.message : String(failure), false)
    }
    this.#isOver = true
    engine?.end()
    for (const flattening of this.#flattenings) flattening.end(engine)
    const closing = [...feeds, broker].map((closable) => closable.close())
    if (again === undefined && journal !== undefined) closing.push(journal.close())
    const closed = await Promise.allSettled(closing)
    if (isFailed) throw failure
    for (const result of closed) if (result.status === 'rejected') throw result.reason
    if (engine === undefined) throw new TradingError('OPTION_INVALID', 'The run has no engine', {})
    this.#notices.stopped(this.#stopReason ?? '', true)
    return this.#result(engine, initialEquity)
  }

  async #openJournal(strategy: string): Promise<RunJournal | undefined> {
    const { options, again, config, runId } = this.#parts
    if (again !== undefined) return again.journal
    const { journal: wanted } = options
    if (wanted === undefined) return undefined
    // In virtual time nothing leaves the process: what a power failure takes is done again.
    const isBacktest = options.time === 'backtest'
    const { journal, state } = await openJournal({
      ...wanted,
      resume: isBacktest ? 'compare' : 'fold',
      canBeMadeAgain: isBacktest,
    })
    if (state.start === undefined) return journal
    if (state.start.config === config && state.start.runId === runId) return journal
    await journal.close()
    throw new TradingError(
      'JOURNAL_OTHER_RUN',
      `${wanted.directory} holds the unfinished run ${state.start.runId} of ${state.start.strategy}, which was configured otherwise than this run ${runId} of ${strategy}; resume that one with its options, or take another folder`,
      { directory: wanted.directory, runId: state.start.runId },
    )
  }

  async #prepare(strategy: ReturnType<RunOptions['strategy']>, journal: RunJournal | undefined): Promise<Engine> {
    const { options, environment, runId, observer, again, config } = this.#parts
    const { broker, feeds, signal, models = [], shadows = [], instruments = [], time } = options
    const hosted = [
      ...models.map((model, i) => new HostedModel(i, model, false)),
      ...shadows.map((model, i) => new HostedModel(models.length + i, model, true)),
    ]
    this.#nextModel = hosted.length
    if (again === undefined) {
      requireAdmissions(hosted, environment, this.#latest())
      // On paper and live accounts the checks must pass before anything is connected.
      if (environment !== 'simulated') this.#require(await accountFindings(options, environment))
    }
    const engine = new Engine({
      options,
      strategy,
      environment,
      runId,
      currency: broker.baseCurrency ?? 'USD',
      models: hosted,
      observer,
      journal,
      isReplaying: again !== undefined,
    })
    this.#engine = engine
    this.#notices = new RunNotices(engine, () => (time === 'realtime' ? this.#clock.now() : engine.now))
    for (const successor of again?.successors ?? []) this.#offer(successor)
    await engine.prepare()
    engine.nowKey = timeKey(this.#startTime)
    if (time === 'realtime' && again === undefined && journal !== undefined && journal.next > 0) await this.#foldBooks(engine, journal)
    else
      engine.record({
        type: 'run-started',
        at: engine.now,
        runId,
        strategy: strategy.name,
        config,
        models: hosted.map(({ inUse }) => inUse),
      })
    for (const instrument of instruments) engine.table.indexOf(instrument)
    for (const feed of feeds) {
      const wanted = options.subscriptions?.[feed.name]
      if (wanted !== undefined) feed.subscribe(wanted)
      for (const instrument of await feed.instruments({ signal })) engine.table.indexOf(instrument)
    }
    engine.calendars.require(engine.table.instruments)
    if (again === undefined && environment !== 'simulated')
      this.#require(calendarFindings(engine.calendars, engine.table.instruments, this.#latest()))
    engine.preflightWarnings = this.#warnings
    engine.onSubscribe = (name, wanted) => {
      if (again === undefined) feeds.find((feed) => feed.name === name)?.subscribe(wanted)
    }
    engine.simulation?.attach({
      now: () => engine.now,
      nowKey: () => engine.nowKey,
      indexOf: (instrument) => engine.table.indexOf(instrument),
      instrument: (index) => engine.table.instruments[index],
      lastPrice: (index) => engine.ledger.holdings[index].mark,
      rateOf: (currency) => engine.portfolio.rateOf(currency) ?? NaN,
      session: (index, at) => engine.calendars.session(engine.table.instruments[index], at),
    })
    for (const model of hosted) if (model.isUniverse) model.openUniverse(engine.table.instruments)
    if (this.#checkpoint !== undefined) restoreState(engine, this.#checkpoint)
    return engine
  }

  #startedAt: TimeNs | undefined

  /** Where a run begins: its range, or the time at which it was first asked: history ends there, and the feeds begin there. */
  get #startTime(): TimeNs {
    const { range, time } = this.#parts.options
    const again = this.#parts.again
    if (again !== undefined) return again.startedAt
    return (this.#startedAt ??= range?.from ?? (time === 'realtime' ? this.#clock.now() : allTime.from))
  }

  #latestSeen: TimeNs = 0n

  /** The clock, which never goes back: what ended once does not begin again because somebody turned it. */
  #latest(): TimeNs {
    const now = this.#clock.now()
    // A clock that shows no time is passed on as it is, and vouches for nothing.
    if (typeof now !== 'bigint') return now
    if (now > this.#latestSeen) this.#latestSeen = now
    return this.#latestSeen
  }

  /** Number that the next successor gets: none is given twice, in a replay neither. */
  #nextModel = 0
  #checkpoint: Uint8Array | undefined
  #isResumed = false

  /** Orders, positions and counters as the journal leaves them; the strategy's state is its last checkpoint. */
  async #foldBooks(engine: Engine, journal: RunJournal): Promise<void> {
    for await (const { entry } of readJournal(journal.directory)) {
      engine.fold(entry)
      if (entry.type === 'checkpoint') this.#checkpoint = entry.state
    }
    this.#isResumed = true
    engine.orderLog.interrupted(engine.now)
    engine.record({ type: 'resumed', at: engine.now })
    // The journal has seen this time: an admission that had ended by then has ended, whatever the clock now shows.
    if (engine.now > this.#latestSeen) this.#latestSeen = engine.now
    requireAdmissions(engine.host.models, engine.environment, this.#latest())
  }

  /** What the preflight found and did not stop the run for. */
  readonly #warnings: Finding[] = []

  #require(findings: readonly Finding[]): void {
    requireNoError(this.#parts.options.broker.name, findings)
    this.#warnings.push(...findings.filter(({ severity }) => severity === 'warning'))
  }

  /** @returns the equity that the run begins with */
  async #connect(engine: Engine): Promise<number> {
    const { options } = this.#parts
    const { broker, signal, time } = options
    const workingOrders = [...engine.orderLog.all()].filter((record) => !record.isTerminal).map(({ order }) => order)
    const session = { emit: engine.emit, workingOrders, nextCounter: () => engine.nextCounter(), instruments: engine.table.instruments }
    const snapshot = await broker.connect(session, { signal })
    const said: string = broker.environment
    if (said !== engine.environment) {
      throw new TradingError(
        'PREFLIGHT_FAILED',
        `${broker.name} said ${engine.environment} when the run began and ${said} once it was connected; models, limits and notices were judged for ${engine.environment}. Make a broker for one account`,
        { began: engine.environment, connected: said },
      )
    }
    if (this.#isResumed) this.#take(engine, snapshot)
    else {
      engine.record({ type: 'broker-snapshot', at: engine.now, snapshot })
      engine.adoptSnapshot(snapshot)
    }
    engine.onBrokerStatus = (status) => this.#onBrokerStatus(status)
    const equity = engine.portfolio.equity ?? fromNano(engine.ledger.account(engine.ledger.currency).nano)
    if (options.warmUp !== undefined)
      await warmUp(engine, [options.warmUp].flat(), { until: this.#startTime, signal, onProgress: options.onProgress })
    engine.host.start(engine.now)
    if (time === 'realtime') engine.drain()
    this.#notices.started()
    for (const { id, message, cure } of this.#warnings) this.#notices.degraded(`preflight: ${id}`, message, cure)
    engine.startStrategy()
    return equity
  }

  async #loop(engine: Engine): Promise<void> {
    const { options, again } = this.#parts
    const { feeds, signal, onProgress, time, queue = {}, range } = options
    const common = { range, signal, onProgress, between: () => this.#between(engine) }
    if (time === 'realtime' && again === undefined) {
      const from = this.#startTime
      await runRealtime(engine, feeds, {
        ...common,
        range: { from, to: range?.to ?? allTime.to },
        clock: this.#clock,
        queue: { rows: queue.rows ?? 65_536, conflateQuotes: queue.conflateQuotes ?? false },
        bell: this.bell,
      })
      return
    }
    const lanes = feeds.map(
      (feed, i) => new Lane(i, feed, feed.batches(range ?? allTime, { signal })[Symbol.asyncIterator](), engine.table),
    )
    try {
      if (time === 'realtime') await runRecorded(engine, lanes, common.between)
      else await runBacktest(engine, lanes, common)
    } finally {
      for (const lane of lanes) await lane.iterator.return?.()
    }
  }

  /** Between turns: others get the event loop, commands are obeyed, latch and admissions looked at. @returns true to stop */
  async #between(engine: Engine): Promise<boolean> {
    if (engine.failure !== undefined) throw engine.failure
    const now = performance.now()
    if (now - this.#lastYield > yieldEveryMs) {
      await new Promise((resolve) => setImmediate(resolve))
      this.#lastYield = performance.now()
    }
    if (this.#parts.again === undefined) {
      if (this.#commands.length > 0) await this.#obey(engine)
      const isDue = now - this.#lastCheck > checkEveryMs || this.#hasExpired(engine)
      if (this.#parts.options.time === 'realtime' && isDue) {
        this.#lastCheck = now
        await this.#check(engine)
      }
      this.#takeSnapshots(engine)
      this.#swapWarm(engine)
      for (const flattening of this.#flattenings) flattening.look(engine)
    }
    return this.#stopReason !== undefined
  }

  async #obey(engine: Engine): Promise<void> {
    for (const command of this.#commands.splice(0)) {
      if (command.successor !== undefined) this.#offer(command.successor)
      this.#tick(engine)
      engine.obey(command.command, command.by, command.reason, command.successor === undefined ? undefined : digestOf(command.successor))
      this.#parts.onCommand(command)
      if (command.command === 'pause' || command.command === 'flatten')
        this.#notices.exitOnly(`${command.command} by ${command.by}: ${command.reason}`)
      if (command.command !== 'kill') continue
      await this.#parts.options.killLatch?.set({ by: command.by, reason: command.reason, at: String(engine.now) })
      this.#notices.killed(command.by, command.reason)
      this.#stopReason = `killed by ${command.by}: ${command.reason}`
    }
  }

  /** In real time the clock moves with what is about to be written down. */
  #tick(engine: Engine): void {
    if (this.#parts.options.time !== 'realtime') return
    const now = timeKey(this.#clock.now())
    if (now > engine.nowKey) engine.nowKey = now
  }

  #offer(successor: RunModel): void {
    const engine = this.#engine
    const hosted = new HostedModel(this.#nextModel++, successor, true)
    if (this.#parts.again === undefined) requireAdmissions([hosted], engine.environment, this.#latest(), { willTrade: true })
    engine.successors.set(hosted.model.digest, hosted)
  }

  /** A successor that has warmed up takes over between two events. */
  #swapWarm(engine: Engine): void {
    for (const [digest, successor] of engine.successors) {
      if (!successor.isWarm || !engine.host.models.includes(successor)) continue
      this.#tick(engine)
      // It was admitted when it was offered; what counts is now.
      const refusal = engine.environment === 'simulated' ? undefined : this.#admissionRefusal(engine, successor)
      if (refusal !== undefined) {
        this.#endAdmission(engine, successor, refusal)
        continue
      }
      engine.obey('swap', 'engine', 'the successor is warm', digest)
    }
  }

  /** The latch and the admissions, asked anew while the run is under way. */
  async #check(engine: Engine): Promise<void> {
    const latched = this.#parts.options.killLatch?.read()
    if (latched !== undefined && engine.haltReason === undefined)
      this.#commands.push({ command: 'kill', by: latched.by, reason: latched.reason })
    if (engine.environment === 'simulated') return
    if (performance.now() - this.#lastSnapshot > reconcileEveryMs && !engine.awaitsSnapshot) {
      this.#lastSnapshot = performance.now()
      this.#snapshotWanted = true
    }
    const now = this.#latest()
    for (const hosted of [...engine.host.models]) {
      if (hosted.admitted === undefined || hosted.ended !== undefined) continue
      const refusal = this.#admissionRefusal(engine, hosted)
      if (refusal === undefined) continue
      this.#tick(engine)
      this.#endAdmission(engine, hosted, refusal)
    }
    this.#notices.expiring(now)
  }

  /** An admission has just run out: entries refuse from the very next row on, not from the next look. */
  #hasExpired(engine: Engine): boolean {
    if (engine.environment === 'simulated') return false
    const now = this.#latest()
    return engine.host.models.some(
      ({ admitted, ended }) => admitted !== undefined && ended === undefined && now >= admitted.admission.expiresAt,
    )
  }

  /** Why a model's admission does not hold now. A shadow trades nothing: one for paper is enough; a successor will trade. */
  #admissionRefusal(engine: Engine, hosted: HostedModel): Refusal | undefined {
    const willTrade = !hosted.isShadow || engine.successors.get(hosted.model.digest) === hosted
    return recheckAdmission(hosted.admitted, { environment: willTrade ? engine.environment : 'paper', now: this.#latest() })
  }

  #endAdmission(engine: Engine, hosted: HostedModel, refusal: Refusal): void {
    const isSuccessor = engine.successors.get(hosted.model.digest) === hosted
    engine.endAdmission(hosted.number, refusal)
    if (isSuccessor)
      this.#notices.degraded(
        hosted.model.name,
        `the admission of successor ${hosted.model.digest.slice(0, 12)} has ended: ${refusal.message}`,
        'it was dropped; the model that runs goes on',
      )
    else if (!hosted.isShadow) this.#notices.exitOnly(engine.exitOnlyReason ?? refusal.message)
  }

  #onBrokerStatus({ status, message, broker }: BrokerStatus): void {
    if (status === 'disconnected')
      this.#notices.degraded(broker, message, 'no orders can be sent; answers to those on their way are unknown')
    // A new connection may have missed anything: nothing is believed before a fresh snapshot.
    if (status === 'connected' && this.#parts.again === undefined) this.#snapshotWanted = true
  }

  #takeSnapshots(engine: Engine): void {
    if (this.#snapshotFailure !== undefined) {
      const failure = this.#snapshotFailure
      this.#snapshotFailure = undefined
      this.#notices.degraded(
        this.#parts.options.broker.name,
        `it gave no snapshot: ${failure.message}`,
        'what was missed while it was away is not known yet',
      )
      this.#snapshotWanted = true
    }
    if (this.#snapshot !== undefined) {
      const snapshot = this.#snapshot
      this.#snapshot = undefined
      this.#tick(engine)
      this.#take(engine, snapshot)
    }
    if (!this.#snapshotWanted || this.#isFetching) return
    this.#snapshotWanted = false
    this.#isFetching = true
    const { broker, signal } = this.#parts.options
    broker
      .snapshot({ signal })
      .then((snapshot) => (this.#snapshot = snapshot))
      .catch((error: unknown) => (this.#snapshotFailure = error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#isFetching = false
        this.bell.ring()
      })
  }

  #take(engine: Engine, snapshot: BrokerSnapshot): void {
    for (const { instrument, ours, theirs } of engine.takeSnapshot(snapshot)) this.#notices.positionDiffers(instrument.symbol, ours, theirs)
    engine.drain()
    // Told by an incomplete snapshot, what is absent is still open: ask again.
    if (!snapshot.complete) this.#snapshotWanted = true
  }

  #result(engine: Engine, initialEquity: number): RunResult {
    const { runId } = this.#parts
    engine.sampleEquity(engine.nowKey)
    const { journal } = engine
    const message = this.#stopReason ?? ''
    const outcome: RunOutcome = message === '' ? 'completed' : 'stopped'
    const journalHash = journal?.hash
    return {
      runId,
      outcome,
      report: reportOf(engine, {
        initialEquity,
        outcome,
        message,
        provenance: { run: runId, ...(journalHash === undefined ? {} : { journal: journalHash }) },
      }),
      journalHash,
      rows: engine.rows,
      equity: engine.portfolio.equity,
      message,
    }
  }
}

function digestOf(model: RunModel): string {
  return 'model' in model ? model.model.digest : model.digest
}
