import type { Environment, Notice, Refusal } from '@gatehouse/contracts'
import { TradingError } from '@gatehouse/contracts'
import type { BrokerEvent, BrokerOrderEvent, BrokerSnapshot, BrokerStatus, Finding } from '../interfaces/broker.js'
import type { FeedStatus, Subscription } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { JournalEntry } from '../interfaces/journal.js'
import type { Fill, Order, OrderStatus, OrderUpdate } from '../interfaces/order.js'
import type { Prediction } from '../interfaces/prediction.js'
import type { RiskLimit, RiskView } from '../interfaces/risk.js'
import type { Schema } from '../interfaces/schema.js'
import type { Strategy, Timer } from '../interfaces/strategy.js'
import type { TimeNs } from '../interfaces/time.js'
import type { CorporateActionView } from '../interfaces/view.js'
import { OrderLog } from '../order/order-log.js'
import { comparePositions, reconcile, restatements, type PositionDifference } from '../order/reconciler.js'
import { batchDigest } from '../journal/batch-digest.js'
import type { RunJournal } from '../journal/run-journal.js'
import type { OrderRecord } from '../order/order-record.js'
import { Ledger } from '../portfolio/ledger.js'
import { notionalNano } from '../portfolio/money.js'
import { PortfolioView } from '../portfolio/portfolio-view.js'
import type { MarketSimulation } from '../simulated/market-simulation.js'
import { Calendars, nextLocalTime } from './calendars.js'
import { saveState } from './checkpoint.js'
import { RunContext } from './context.js'
import { InstrumentTable } from './instrument-table.js'
import type { Lane } from './lane.js'
import { ModelHost, type HostedModel } from './models.js'
import type { BenchmarkCurve } from '../report/run-record.js'
import type { RunOptions } from './options.js'
import { EquityCurve, FillRecorder, PriceRecorder, RefusalRecorder } from './recorder.js'
import { never, timeKey, timeOfKey, type TimeKey } from './time-key.js'
import { Timers } from './timers.js'
import { Trader } from './trader.js'

/** What observers are told. Trading never depends on a listener. */
export interface EngineObserver {
  fill?: ((fill: Fill) => void) | undefined
  order?: ((update: OrderUpdate) => void) | undefined
  /** Whether updates are wanted: they are built for listeners only. */
  wantsOrders?: (() => boolean) | undefined
  refusal?: ((refusal: Refusal, orders: readonly Order[]) => void) | undefined
  status?: ((status: FeedStatus | BrokerStatus) => void) | undefined
  prediction?: ((prediction: Prediction) => void) | undefined
  log?: ((message: string, fields: Readonly<Record<string, unknown>>) => void) | undefined
  notice?: ((notice: Notice) => void) | undefined
}

/** What the engine is made from. */
export interface EngineParts {
  readonly options: RunOptions
  readonly strategy: Strategy
  /** Where the money is, as the broker said when the run began; default: what it says now. */
  readonly environment?: Environment | undefined
  readonly runId: string
  /** Currency that equity is counted in. */
  readonly currency: string
  readonly models: readonly HostedModel[]
  readonly observer: EngineObserver
  readonly journal: RunJournal | undefined
  /** Inputs come from the journal, not from broker, timers and statuses: a replay. */
  readonly isReplaying: boolean
}

/** A turn that causes more events than this is a strategy answering itself. */
const runawayEvents = 100_000
const none: readonly number[] = Object.freeze([])
const chartSamples = 4096
const checkpointRows = 100_000
/** Entries held ready while rows are compared with a journal. */
const preparedEntries = 40_000
/** Inputs that come between rows. */
const betweenKinds: ReadonlySet<string> = new Set(['broker-event', 'timer', 'feed-status', 'command', 'broker-snapshot', 'admission-ended'])
/** Name of the timer entries that stand for the clocks of models; strategies cannot set it. */
const modelClock = '\u0000models'

/**
 * The state of a run and what each input does to it: broker events, statuses, timers, corporate actions. Market rows come through the loop. What
 * it does depends on its inputs and their order alone, so the same inputs give the same orders, predictions and journal.
 */
export class Engine {
  readonly table = new InstrumentTable()
  readonly ledger: Ledger
  readonly portfolio: PortfolioView
  readonly orderLog: OrderLog
  readonly trader: Trader
  readonly context: RunContext
  readonly timers = new Timers()
  readonly calendars: Calendars
  readonly host: ModelHost
  readonly equityCurve: EquityCurve
  readonly fills = new FillRecorder()
  readonly refusals = new RefusalRecorder()
  readonly prices: PriceRecorder[] = []
  readonly environment: Environment
  readonly strategy: Strategy
  readonly journal: RunJournal | undefined
  readonly options: RunOptions
  readonly runId: string
  readonly simulation: MarketSimulation | undefined
  /** Entries wait for the end of a batch: the venue is in the process, so nothing leaves it before. */
  readonly isBuffered: boolean
  readonly #observer: EngineObserver
  readonly #observing: readonly RiskLimit[]
  readonly riskView: RiskView
  readonly #queue: BrokerEvent[] = []
  #queueHead = 0
  #queueTail = 0
  nowKey: TimeKey = 0
  /** Market rows begun. */
  rows = 0
  /** When the loop next has to look at clocks: simulation, timers, models. */
  nextKey: TimeKey = never
  /** 1 once the handlers of the present row have been reached. */
  phase: 0 | 1 = 1
  readonly isReplaying: boolean
  /** Decisions so far; they number orders where there is no journal. */
  #decisions = 0
  #isFlattening = false
  readonly #checkpointEvery: number
  #nextCheckpoint: number
  #now: TimeNs = 0n
  #nowFor: TimeKey = 0
  #orderNumber = 0
  #sent = 0
  readonly #sentAt: bigint[] = []
  /** When each instrument's price was last seen, by number. */
  readonly priceKeys: number[] = []
  readonly #latest = new Map<string, (Prediction | undefined)[]>()
  readonly #predictionEntries: number[][] = []
  exitOnlyReason: string | undefined = undefined
  haltReason: string | undefined = undefined
  isWarmingUp = false
  /** Where `context.subscribe` goes. */
  onSubscribe: (feed: string, wanted: readonly Subscription[]) => void = () => {}
  /** Broker statuses that the run reacts to: a new connection asks for a snapshot. */
  onBrokerStatus: (status: BrokerStatus) => void = () => {}
  foreignOrders = 0
  /** What a reader of the report must know of how the run went, in words. */
  readonly remarks: string[] = []
  /** What the preflight found and did not stop the run for. */
  preflightWarnings: readonly Finding[] = []

  constructor({ options, strategy, environment, runId, currency, models, observer, journal, isReplaying }: EngineParts) {
    const { broker, time, rates = {}, equitySamples = 65_536 } = options
    this.environment = environment ?? broker.environment
    this.options = options
    this.#observer = observer
    this.riskView = new EngineRiskView(this)
    const every = options.journal?.checkpointEveryRows ?? checkpointRows
    this.#checkpointEvery = every === 0 || strategy.save === undefined ? Infinity : every
    this.#nextCheckpoint = this.#checkpointEvery
    this.#observing = (options.risk ?? []).filter((limit) => limit.observe !== undefined)
    this.isReplaying = isReplaying
    if (isReplaying) this.nextKey = 0
    this.journal = journal
    this.strategy = strategy
    this.runId = runId
    this.simulation = broker.simulation
    this.isBuffered = time === 'backtest' && broker.simulation !== undefined
    this.ledger = new Ledger(currency)
    this.portfolio = new PortfolioView(this.ledger, this.table, (of) => rates[of])
    this.orderLog = new OrderLog(broker.simulation === undefined ? {} : { deduplicate: false, remember: 64 })
    this.calendars = new Calendars(options.calendars)
    this.equityCurve = new EquityCurve(equitySamples)
    this.host = new ModelHost(
      models,
      (hosted, prediction) => this.#take(hosted, prediction),
      (hosted, index) => this.#noteCold(hosted, index),
    )
    this.host.now = () => this.now
    this.host.onWound = () => this.findNext()
    this.host.nextSession = (time, name, after) => {
      const calendar = this.calendars.named(name)
      if (calendar === undefined)
        throw new TradingError('MODEL_TRIGGER_INVALID', `No calendar named ${name}; pass it as calendars`, { calendar: name })
      return nextLocalTime(calendar, time, after)
    }
    this.table.onNew = (instrument, index) => this.#admit(instrument, index)
    this.trader = new Trader({
      now: () => this.now,
      table: this.table,
      portfolio: this.portfolio,
      log: this.orderLog,
      broker,
      riskView: this.riskView,
      limits: options.risk ?? [],
      sent: () => this.findNext(),
      nextEntry: () => this.journal?.next ?? this.#decisions,
      record: (entry) => this.record(entry),
      writeIntent: () => {
        this.#decisions++
        if (!this.isBuffered) this.#flushIntent()
      },
      refused: (group, refusal) => this.#refused(group, refusal),
      exitOnlyReason: () => this.exitOnlyReason,
      calendarProblem: (instrument) => this.calendars.problem(instrument, this.now),
      haltReason: () => this.#whyHalted(),
      nextOrderId: () => `${this.runId}-${this.#orderNumber++}`,
      predictionsOf: (index) => this.#predictionEntries[index] ?? none,
      ordersSent: (count) => this.#noteSent(count),
      lastPrice: (index) => this.ledger.holdings[index].mark,
      refusesWrongSideStops: options.wrongSideStops !== 'accept',
    })
    this.context = new RunContext(this)
    journal?.attach(
      () => this,
      (instrument) => this.table.indexOf(instrument),
    )
  }

  /** Building a bigint costs more than looking: one a turn. */
  /** The connection broke: until a complete snapshot has been taken in, nothing is sent but cancels. */
  awaitsSnapshot = false

  #whyHalted(): string | undefined {
    if (this.isWarmingUp) return 'history is warming up the run'
    if (this.awaitsSnapshot) return 'the broker was disconnected, and what it holds is not known before a complete snapshot'
    return this.haltReason
  }

  get now(): TimeNs {
    if (this.#nowFor !== this.nowKey) {
      this.#nowFor = this.nowKey
      this.#now = timeOfKey(this.nowKey)
    }
    return this.#now
  }

  // ---- what strategies ask for

  predictionOf(model: string, instrument: Instrument): Prediction | undefined {
    return this.#latest.get(model)?.[this.table.indexOf(instrument)]
  }

  setTimer(name: string, at: TimeNs): void {
    this.timers.set(name, at)
    this.findNext()
  }

  clearTimer(name: string): void {
    this.timers.clear(name)
    this.findNext()
  }

  subscribe(feed: string, wanted: readonly Subscription[]): void {
    this.record({ type: 'subscription', at: this.now, feed, wanted })
    this.onSubscribe(feed, wanted)
  }

  note(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.journal !== undefined) this.record({ type: 'log', at: this.now, message, fields: JSON.stringify(fields) })
    this.#observer.log?.(message, fields)
  }

  notify(notice: Notice): void {
    this.options.notifier?.notify(notice)
    this.#observer.notice?.(notice)
  }

  whyNot(instrument: Instrument): string | undefined {
    const index = this.table.indexOf(instrument)
    if (this.haltReason !== undefined) return this.haltReason
    return (
      this.refusals.last[index] ??
      (Number.isNaN(this.ledger.holdings[index].mark) ? `no price of ${instrument.symbol} has been seen` : undefined)
    )
  }

  // ---- writing down

  record(entry: JournalEntry): void {
    if (this.journal === undefined || this.isOver) return
    try {
      this.journal.append(entry)
    } catch (error) {
      throw this.#stopFor(error)
    }
  }

  /** The journal could not be written. The run ends over it, even when a handler catches what it was thrown. */
  failure: Error | undefined = undefined
  /** The run has ended: what is still asked of it is refused, and written nowhere. */
  isOver = false

  #stopFor(thrown: unknown): Error {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    this.failure ??= error
    this.haltReason ??= `the journal cannot be written: ${error.message}`
    return error
  }

  /** The run is over: a strategy that kept its context can do nothing with it any more. */
  end(): void {
    this.isOver = true
    this.haltReason ??= 'the run has ended'
  }

  /** What was decided is written before anything is sent; what cannot be written is not sent. */
  #flushIntent(): void {
    try {
      this.journal?.flush()
    } catch (error) {
      throw this.#stopFor(error)
    }
  }

  #admit(instrument: Instrument, index: number): void {
    this.ledger.holding(index, instrument.multiplier, instrument.currency)
    this.prices[index] = new PriceRecorder(index, chartSamples)
    this.priceKeys[index] = 0
    const { benchmark } = this.options
    if (this.#benchmarkIndex < 0 && (instrument.symbol === benchmark || instrument.id === benchmark)) this.#benchmarkIndex = index
    if (this.journal !== undefined && !this.#isFolding) this.record({ type: 'instrument', at: this.now, number: index, instrument })
  }

  #refused(group: readonly Order[], refusal: Refusal): void {
    const at = this.now
    this.refusals.add(group.length === 0 ? undefined : this.table.indexOf(group[0].instrument), refusal.rule, refusal.message, at)
    if (this.journal !== undefined) this.record({ type: 'refusal', at, orders: group, refusal })
    this.#observer.refusal?.(refusal, group)
  }

  #noteSent(count: number): void {
    this.#sent += count
    if (this.options.risk === undefined) return
    const at = this.now
    for (let i = 0; i < count; i++) this.#sentAt.push(at)
    if (this.#sentAt.length > 65_536) this.#sentAt.splice(0, 32_768)
  }

  /** Orders sent since a time. */
  sentSince(from: TimeNs): number {
    let count = 0
    for (let i = this.#sentAt.length - 1; i >= 0 && this.#sentAt[i] >= from; i--) count++
    return count
  }

  /** Whether an instrument's market is open now; `undefined` when its calendar is not known. */
  isSessionOpen(instrument: Instrument): boolean | undefined {
    return this.calendars.isOpen(instrument, this.now)
  }

  // ---- predictions

  #take(hosted: HostedModel, prediction: Prediction): void {
    const index = this.table.indexOf(prediction.instrument)
    if (this.journal !== undefined) {
      const entry = this.journal.append({
        type: 'prediction',
        at: this.now,
        model: hosted.number,
        instrument: index,
        values: prediction.values,
      })
      if (!hosted.isShadow) (this.#predictionEntries[index] ??= [])[hosted.slot] = entry
    }
    this.#observer.prediction?.(prediction)
    // A shadow is written down and shown to no strategy.
    if (hosted.isShadow || this.isWarmingUp) return
    this.refusals.past(index, 'not-warm')
    const { name } = hosted.model
    let latest = this.#latest.get(name)
    if (latest === undefined) this.#latest.set(name, (latest = []))
    // Predictors reuse what they emit; a universe emits one object for many instruments.
    latest[index] = prediction.copy()
    this.caller = 'strategy'
    this.strategy.onPrediction?.(prediction, this.context)
    this.caller = 'model'
  }

  #noteCold(hosted: HostedModel, index: number | undefined): void {
    if (hosted.isShadow || this.isWarmingUp) return
    this.refusals.add(index, 'not-warm', `${hosted.model.name} has not seen enough history to predict`, this.now)
  }

  // ---- broker events

  /** Only enqueues: safe from any callback. */
  readonly emit = (event: BrokerEvent): void => {
    this.#queue[this.#queueTail++] = event
    this.onEmit?.()
  }

  /** Wakes a real-time loop. */
  onEmit: (() => void) | undefined = undefined

  get hasEvents(): boolean {
    return this.#queueTail > this.#queueHead || this.isReplaying
  }

  /** Handles what brokers have told, until nothing is left: handlers may cause more. */
  drain(): void {
    if (this.isReplaying) {
      this.#drainWritten()
      return
    }
    const queue = this.#queue
    let handled = 0
    while (this.#queueHead < this.#queueTail) {
      const event = queue[this.#queueHead++]
      this.handle(event)
      if (++handled > runawayEvents) {
        throw new TradingError(
          'TURN_RUNAWAY',
          `One turn caused ${runawayEvents} broker events; a handler of ${this.strategy.name} answers its own orders without end`,
          { strategy: this.strategy.name },
        )
      }
    }
    this.#queueHead = 0
    this.#queueTail = 0
    // A burst must not hold its memory for the rest of the run.
    if (queue.length > 4096) queue.length = 0
    this.findNext()
  }

  /** Handles the broker events that the journal has at this place. */
  #drainWritten(): void {
    for (;;) {
      const raw = this.journal?.upcoming
      if (raw === undefined || raw.kind !== 'broker-event' || raw.rows !== this.rows || raw.phase !== this.phase) return
      const entry = this.journal?.decode(raw)
      if (entry?.type !== 'broker-event') return
      this.nowKey = timeKey(entry.at)
      this.handle(entry.event)
    }
  }

  /** Does what the journal has between the rows before and the next one. @returns false when `steps` of it were done and more may follow */
  replayBetween(steps = Infinity): boolean {
    for (let step = 0; step < steps; step++) {
      const raw = this.journal?.upcoming
      if (raw === undefined || raw.rows !== this.rows) return true
      if (!betweenKinds.has(raw.kind)) return true
      const entry = this.journal?.decode(raw)
      if (entry === undefined) return true
      this.nowKey = timeKey(entry.at)
      if (entry.type === 'broker-event') this.handle(entry.event)
      else if (entry.type === 'timer') this.#replayTimer(entry.timer)
      else if (entry.type === 'feed-status') this.handleFeedStatus(entry.status)
      else if (entry.type === 'command') this.obey(entry.command, entry.by, entry.reason, entry.digest)
      else if (entry.type === 'broker-snapshot') this.takeSnapshot(entry.snapshot)
      else if (entry.type === 'admission-ended') this.endAdmission(entry.model, entry.refusal)
    }
    return false
  }

  #replayTimer(timer: Timer): void {
    if (timer.name === modelClock) {
      this.ringModels(timeKey(timer.at))
      return
    }
    this.timers.clear(timer.name)
    this.handleTimer(timer.name, timeKey(timer.at))
  }

  /** Makes written entries ready for the next rows. @returns whether rows are still compared with them */
  async prepare(): Promise<boolean> {
    return this.journal === undefined ? false : this.journal.prepare(preparedEntries)
  }

  /** In real time the order of runs of rows is not to be computed again: each is written down before it is handled. */
  beginRows(lane: Lane, from: number, to: number): void {
    const { batch } = lane
    if (batch !== undefined) this.sources.add(batch.source)
    if (this.journal === undefined || batch === undefined) return
    const { reference } = batch
    const sha256 = reference?.count === to - from ? reference.sha256 : batchDigest(batch, from, to)
    const row = lane.rowsBefore + (from - lane.from)
    this.record({
      type: 'market-data',
      at: this.now,
      feed: lane.number,
      reference: {
        segment: reference?.segment ?? lane.feed.name,
        row: reference === undefined ? row : reference.row + from,
        count: to - from,
        sha256,
      },
    })
  }

  /** Quotes were dropped because later ones had come: models that read the schema start again from cold. */
  conflated(feed: string, schema: Schema, rows: number): void {
    this.conflatedRows += rows
    this.handleFeedStatus({
      type: 'feed-status',
      feed,
      status: 'conflated',
      at: this.now,
      schema,
      message: `${rows} quotes were dropped: later ones had come`,
    })
  }

  /** Quotes dropped because later ones had come. */
  conflatedRows = 0

  /** Nothing works, waits or is due: a run whose feeds have ended can end. */
  get isIdle(): boolean {
    return this.nextKey === never && !this.hasEvents
  }

  /** A batch has been used up: where its rows are kept, or their digest, is written down. */
  endBatch(lane: Lane): void {
    const { batch, from, end } = lane
    if (batch !== undefined) this.sources.add(batch.source)
    if (this.journal === undefined || batch === undefined) return
    const reference = batch.reference ?? {
      segment: lane.feed.name,
      row: lane.rowsBefore,
      count: end - from,
      sha256: batchDigest(batch, from, end),
    }
    this.record({ type: 'market-data', at: this.now, feed: lane.number, reference })
  }

  /** True while books are built from a journal or a snapshot is taken in: what is handled is not written down again. */
  #isDerived = false

  /** Takes one broker event into the journal, the books and the strategy. */
  handle(event: BrokerEvent): void {
    if (this.journal !== undefined && !this.#isDerived) this.record({ type: 'broker-event', at: this.now, event })
    switch (event.type) {
      case 'fill':
        this.#handleFill(event)
        return
      case 'broker-order':
        this.#handleOrder(event)
        return
      case 'fill-canceled': {
        const canceled = this.orderLog.cancelFill(event)
        if (canceled === undefined) return
        this.#post(canceled.fill, -1)
        if (canceled.record !== undefined) this.#updated(canceled.record, canceled.record.status)
        return
      }
      case 'cash-movement':
        this.ledger.move(event.amount.currency, event.amount.nano)
        return
      case 'broker-status':
        this.#handleBrokerStatus(event)
        return
      case 'foreign-order':
        this.foreignOrders++
        this.refusals.add(
          this.table.indexOf(event.instrument),
          'foreign-order',
          `an order of someone else is working: ${event.side} ${event.remainingQuantity} ${event.instrument.symbol}`,
          event.at,
        )
    }
  }

  #handleFill(fill: Fill): void {
    const effect = this.orderLog.applyFill(fill)
    if (effect === undefined) return
    if (effect.replaces !== undefined) this.#post(effect.replaces, -1)
    if (!effect.counts) return
    this.#post(fill, 1)
    this.#observer.fill?.(fill)
    const { record, previousStatus } = effect
    if (this.#isFolding) return
    if (record !== undefined && record.status !== previousStatus) this.#updated(record, previousStatus)
    this.caller = 'strategy'
    this.strategy.onFill?.(fill, this.context)
    this.caller = undefined
    if (record !== undefined && record.isTerminal) this.trader.settled(record.index)
  }

  #post(fill: Fill, sign: 1 | -1): void {
    const index = this.table.indexOf(fill.instrument)
    this.ledger.post(this.ledger.holdings[index], fill, sign)
    this.fills.add(fill, index, sign)
  }

  #handleOrder(event: BrokerOrderEvent): void {
    const applied = this.orderLog.apply(event)
    if (applied === undefined) return
    const { record, previousStatus } = applied
    if (this.#isFolding) return
    if (event.status === 'rejected') this.#noteRejection(record, event)
    this.#updated(record, previousStatus)
    if (record.isTerminal) this.trader.settled(record.index)
  }

  #noteRejection(record: OrderRecord, event: BrokerOrderEvent): void {
    const reason = event.message ?? 'the broker gave no reason'
    this.refusals.add(record.index, 'broker-rejected', reason, event.at)
  }

  #updated(record: OrderRecord, previousStatus: OrderStatus): void {
    if (this.#isFolding) return
    const isObserved = this.#observer.wantsOrders?.() === true
    if (this.strategy.onOrder === undefined && !isObserved) return
    const update: OrderUpdate = { type: 'order-update', ...record.snapshot(), previousStatus }
    if (isObserved) this.#observer.order?.(update)
    this.caller = 'strategy'
    this.strategy.onOrder?.(update, this.context)
    this.caller = undefined
  }

  #handleBrokerStatus(status: BrokerStatus): void {
    // Who is told last must not find an order that looks answered: the log comes first.
    if (status.status === 'disconnected') {
      this.awaitsSnapshot = true
      for (const record of this.orderLog.connectionLost(status.at)) this.#updated(record, 'submitted')
    }
    if (this.#isFolding) return
    this.onBrokerStatus(status)
    this.#observer.status?.(status)
    this.caller = 'strategy'
    this.strategy.onStatus?.(status, this.context)
    this.caller = undefined
  }

  /**
   * Takes in the broker's truth: executions that were missed, what became of orders, positions that differ. The snapshot is written down; what
   * follows from it is not, for it follows again.
   */
  takeSnapshot(snapshot: BrokerSnapshot): PositionDifference[] {
    if (!this.#isDerived) this.record({ type: 'broker-snapshot', at: this.now, snapshot })
    const wasDerived = this.#isDerived
    this.#isDerived = true
    try {
      for (const event of reconcile(this.orderLog, snapshot).events) this.handle(event)
      for (const claim of restatements(this.orderLog, snapshot)) {
        this.#updated(claim.record, this.orderLog.restate(claim, snapshot.asOf))
        if (claim.record.isTerminal) this.trader.settled(claim.record.index)
      }
    } finally {
      this.#isDerived = wasDerived
    }
    const ours = new Map(this.ledger.open.map((holding) => [this.table.instruments[holding.index], holding.quantity]))
    if (snapshot.complete) this.awaitsSnapshot = false
    const differences = comparePositions(snapshot, ours)
    for (const { instrument, ours: had, theirs, averagePrice } of differences) {
      const index = this.table.indexOf(instrument)
      const holding = this.ledger.holdings[index]
      this.ledger.adopt(holding, theirs, averagePrice)
      if (Number.isNaN(holding.mark)) holding.mark = averagePrice
      this.refusals.add(
        index,
        'position-differs',
        `${instrument.symbol}: the broker holds ${theirs}, fills explain ${had}; the broker's word was taken`,
        this.now,
      )
    }
    if (snapshot.complete)
      for (const [currency, nano] of cashOf(snapshot)) this.ledger.move(currency, nano - this.ledger.account(currency).nano)
    return differences
  }

  /** Builds the books from an entry of a journal, without telling the strategy. */
  fold(entry: JournalEntry): void {
    this.#isDerived = true
    this.#isFolding = true
    try {
      this.#foldEntry(entry)
    } finally {
      this.#isDerived = false
      this.#isFolding = false
    }
  }

  #isFolding = false
  #hasFoldedSnapshot = false

  #foldEntry(entry: JournalEntry): void {
    const key = timeKey(entry.at)
    if (key > this.nowKey) this.nowKey = key
    switch (entry.type) {
      case 'instrument':
        this.table.indexOf(entry.instrument)
        return
      case 'broker-snapshot':
        if (this.#hasFoldedSnapshot) this.takeSnapshot(entry.snapshot)
        else this.adoptSnapshot(entry.snapshot)
        this.#hasFoldedSnapshot = true
        return
      case 'decision':
        for (const order of entry.orders) {
          this.orderLog.submitted(this.orderLog.create(order, this.table.indexOf(order.instrument)))
          this.#orderNumber = Math.max(this.#orderNumber, 1 + Number(order.clientOrderId.slice(this.runId.length + 1)))
        }
        return
      case 'refusal':
        // A refusal of an order that was created came from the broker: it was never sent.
        for (const order of entry.orders) {
          const record = this.orderLog.find(order.clientOrderId)
          this.#orderNumber = Math.max(this.#orderNumber, 1 + Number(order.clientOrderId.slice(this.runId.length + 1)))
          if (record !== undefined && record.status === 'submitted') this.orderLog.withdraw(record, entry.at, entry.refusal.message)
        }
        return
      case 'order-change': {
        const record = this.orderLog.find(entry.clientOrderId)
        if (record === undefined) return
        if (entry.change === 'cancel') this.orderLog.cancelAsked(record, entry.at)
        else this.orderLog.replaceAsked(record, entry.change, entry.at)
        return
      }
      case 'broker-event':
        this.handle(entry.event)
        return
      case 'command':
        if (entry.command === 'pause' || entry.command === 'flatten')
          this.exitOnlyReason = `${entry.command} by ${entry.by}: ${entry.reason}`
        else if (entry.command === 'resume') this.exitOnlyReason = undefined
        return
      default:
    }
  }

  /** What the broker holds when the run begins becomes the books. */
  adoptSnapshot(snapshot: BrokerSnapshot): void {
    for (const [currency, nano] of cashOf(snapshot)) this.ledger.move(currency, nano)
    for (const { instrument, quantity, averagePrice } of snapshot.positions) {
      const index = this.table.indexOf(instrument)
      this.ledger.adopt(this.ledger.holdings[index], quantity, averagePrice)
      this.ledger.holdings[index].mark = averagePrice
    }
  }

  // ---- other inputs

  handleFeedStatus(status: FeedStatus): void {
    if (this.journal !== undefined) this.record({ type: 'feed-status', at: this.now, status })
    // What was not to be had, or is missing, may be why nothing was traded.
    if (status.status === 'refused' || status.status === 'gap')
      this.refusals.add(undefined, `feed-${status.status}`, `${status.feed}: ${status.message}`, this.now)
    // What counted these quotes starts again from cold.
    if (status.status === 'conflated' && status.schema !== undefined) this.host.reopen(status.schema)
    this.#observer.status?.(status)
    this.caller = 'strategy'
    this.strategy.onStatus?.(status, this.context)
    this.caller = undefined
    this.drain()
  }

  handleTimer(name: string, key: TimeKey): void {
    const timer: Timer = { type: 'timer', name, at: timeOfKey(key) }
    if (this.journal !== undefined) this.record({ type: 'timer', at: this.now, timer })
    this.caller = 'strategy'
    this.strategy.onTimer?.(timer, this.context)
    this.caller = undefined
    this.drain()
  }

  /** Models that predict by the clock do. It is written down as a timer, so that a replay does it at the same place. */
  ringModels(key: TimeKey): void {
    if (this.journal !== undefined)
      this.record({ type: 'timer', at: this.now, timer: { type: 'timer', name: modelClock, at: timeOfKey(key) } })
    this.caller = 'model'
    this.host.ring(key)
    this.caller = undefined
    this.drain()
  }

  /** Positions and marks follow a split or rename; cash and rolls come as the broker's own events. */
  followCorporateAction(action: CorporateActionView, index: number): void {
    const holding = this.ledger.holdings[index]
    // From a roll on prices are those of the new contract: what is held is worth its share of them before the first one is seen.
    if (action.kind === 'roll' && action.ratio > 0) holding.mark *= action.ratio
    if (action.kind !== 'split' || !(action.ratio > 0)) return
    this.ledger.split(holding, action.ratio)
    this.trader.split(index, action.ratio)
    if (index === this.#benchmarkIndex) this.#benchmarkScale *= action.ratio
  }

  /** When anything is due that is not market data. */
  findNext(): void {
    if (this.isReplaying) return
    let next = this.timers.nextKey
    if (this.host.nextKey < next) next = this.host.nextKey
    const venue = this.simulation?.nextKey ?? never
    this.nextKey = venue < next ? venue : next
  }

  /**
   * Does what is due before a row: the venue's own events up to its time, this included; timers and clocked models before it, so that
   * rows of one instant are known to what rings at that instant.
   * @returns false when `steps` of it were done and more is due
   */
  advanceTo(key: TimeKey, steps = Infinity): boolean {
    if (this.isReplaying) return this.replayBetween(steps)
    for (let step = 0; ; step++) {
      if (step >= steps) return false
      const venue = this.simulation?.nextKey ?? never
      const { nextKey: timer } = this.timers
      const { nextKey: model } = this.host
      if (venue <= key && venue <= timer && venue <= model) {
        const told = this.nowKey
        if (venue > told) this.nowKey = venue
        this.simulation?.advance(venue)
        // What the venue tells nobody is in no journal: it moves no clock that a replay would have to move.
        if (this.hasEvents) this.drain()
        else this.nowKey = told
      } else if (model < key && model <= timer) {
        if (model > this.nowKey) this.nowKey = model
        this.ringModels(model)
      } else if (timer < key) {
        if (timer > this.nowKey) this.nowKey = timer
        this.handleTimer(this.timers.take().name, timer)
      } else {
        break
      }
    }
    this.findNext()
    return true
  }

  /** Equity at last prices, written to the curve for the time that is ending. */
  sampleEquity(next: TimeKey): void {
    const rateOf = this.portfolio.rateOf
    for (const limit of this.#observing) limit.observe?.(this.riskView)
    this.equityCurve.add(this.nowKey, next, this.ledger.equity(rateOf), this.ledger.grossExposure(rateOf), this.#benchmarkPrice)
  }

  /** Number of the instrument that the run is compared with, once it is known. */
  #benchmarkIndex = -1
  /** Splits since the run began: the benchmark's price goes on as if there had been none. */
  #benchmarkScale = 1
  /** Where the benchmark stood when history ended and the run began. */
  #benchmarkStart: { readonly at: TimeNs; readonly price: number } | undefined

  get #benchmarkPrice(): number {
    return this.#benchmarkIndex < 0 ? NaN : this.ledger.holdings[this.#benchmarkIndex].mark * this.#benchmarkScale
  }

  /** What the run is compared with, where it was sampled with equity. */
  benchmarkCurve(name: string): BenchmarkCurve | undefined {
    if (this.#benchmarkIndex < 0) return undefined
    const start = this.#benchmarkStart
    const { times, benchmark } = this.equityCurve
    const hasPrice = (_: unknown, row: number): boolean => benchmark[row] === benchmark[row]
    const isLater = start === undefined || times[0] > start.at
    return {
      name,
      times: BigInt64Array.from([...(start !== undefined && isLater ? [start.at] : []), ...times.filter(hasPrice)]),
      values: Float64Array.from([...(start !== undefined && isLater ? [start.price] : []), ...benchmark.filter(hasPrice)]),
    }
  }

  readonly rowsBySchema = new Map<Schema, number>()
  /** Where rows came from, as their batches say. */
  readonly sources = new Set<string>()

  countRows(schema: Schema, count: number): void {
    this.rowsBySchema.set(schema, (this.rowsBySchema.get(schema) ?? 0) + count)
  }

  #counter = 0
  /** A counter for brokers whose ids must rise. */
  nextCounter(): number {
    return ++this.#counter
  }

  /** Does what a person or program told the run. */
  obey(command: 'pause' | 'resume' | 'cancel' | 'flatten' | 'kill' | 'swap', by: string, reason: string, digest?: string): void {
    if (this.journal !== undefined) this.record({ type: 'command', at: this.now, command, by, reason, digest })
    const words = `${command} by ${by}: ${reason}`
    switch (command) {
      case 'pause':
        this.exitOnlyReason = words
        break
      case 'resume':
        this.#isFlattening = false
        this.exitOnlyReason = this.host.models.some(({ ended, isShadow }) => ended !== undefined && !isShadow)
          ? this.exitOnlyReason
          : undefined
        break
      case 'cancel':
        this.trader.cancelAll()
        break
      case 'flatten':
        this.exitOnlyReason = words
        this.#isFlattening = true
        this.trader.cancelAll()
        for (const { index } of [...this.ledger.open]) this.trader.target(this.table.instruments[index], 0, { reason: words })
        break
      case 'kill':
        this.trader.cancelAll()
        this.haltReason = words
        break
      case 'swap':
        this.swap(digest ?? '')
        break
    }
    this.drain()
  }

  /** Successors that warm up beside the model they will replace, by digest; a replay puts them here beforehand. */
  readonly successors = new Map<string, HostedModel>()

  /** The first command lets the successor warm up in the shadow; the second, once it is warm, puts it in place. */
  swap(digest: string): void {
    const successor = this.successors.get(digest)
    if (successor === undefined)
      throw new TradingError('MODEL_NOT_RUNNING', `No successor ${digest.slice(0, 12)} was given to swap in`, { digest })
    const predecessor = this.host.models.find(
      (hosted) => hosted !== successor && !hosted.isShadow && hosted.model.name === successor.model.name,
    )
    if (predecessor === undefined)
      throw new TradingError('MODEL_NOT_RUNNING', `No model ${successor.model.name} is running that could be replaced`, {
        model: successor.model.name,
      })
    if (!this.host.models.includes(successor)) {
      if (successor.isUniverse) successor.openUniverse(this.table.instruments)
      this.host.add(successor, this.now)
      return
    }
    this.host.replace(predecessor, successor)
    this.successors.delete(digest)
    this.findNext()
  }

  /** An admission ended: entries refuse from here on; exits, stops and flatten work. A successor that warms up is dropped. */
  endAdmission(model: number, refusal: Refusal): void {
    if (this.journal !== undefined) this.record({ type: 'admission-ended', at: this.now, model, refusal })
    const hosted = this.host.models.find(({ number }) => number === model)
    if (hosted !== undefined) hosted.ended = refusal
    if (hosted !== undefined && this.successors.get(hosted.model.digest) === hosted) {
      this.successors.delete(hosted.model.digest)
      this.host.remove(hosted)
      this.findNext()
    }
    if (hosted?.isShadow === true) return
    this.exitOnlyReason = `the admission of ${hosted?.model.name ?? model} has ended: ${refusal.message}`
  }

  /** State to go on from in another process: strategy, predictors, timers. `undefined` for a strategy that cannot save. */
  checkpoint(): void {
    if (this.journal === undefined || this.strategy.save === undefined) return
    this.record({ type: 'checkpoint', at: this.now, state: saveState(this) })
  }

  /** Whose code is running, to name who threw. Set before a call; not reset where that would cost. */
  caller: 'strategy' | 'model' | undefined = undefined

  startStrategy(): void {
    this.caller = 'strategy'
    this.strategy.onStart?.(this.context)
    this.drain()
    this.caller = undefined
  }

  stopStrategy(): void {
    this.caller = 'strategy'
    this.strategy.onStop?.(this.context)
    this.drain()
    this.caller = undefined
  }

  beginWarmUp(): void {
    this.isWarmingUp = true
    this.equityCurve.nextKey = never
  }

  endWarmUp(): void {
    this.isWarmingUp = false
    this.equityCurve.nextKey = 0
    this.#beginCharts()
    const price = this.#benchmarkPrice
    if (price === price) this.#benchmarkStart = { at: this.now, price }
    this.#nextCheckpoint = this.rows + this.#checkpointEvery
  }

  /** Charts show the run, not the history before it: each begins now, at the last price that history has shown. */
  #beginCharts(): void {
    for (const { index, mark } of this.ledger.holdings) {
      const chart = new PriceRecorder(index, chartSamples)
      if (this.priceKeys[index] > 0 && !Number.isNaN(mark)) chart.sample(this.now, mark)
      this.prices[index] = chart
    }
  }

  /** Row after which the next checkpoint is due; runs of rows end there. */
  get nextCheckpoint(): number {
    return this.#nextCheckpoint
  }

  /** Between runs of rows: writes a checkpoint when one is due. */
  maybeCheckpoint(): void {
    if (this.rows < this.#nextCheckpoint) return
    this.#nextCheckpoint = this.rows + this.#checkpointEvery
    this.checkpoint()
  }

  get isFlattening(): boolean {
    return this.#isFlattening
  }

  /** What is still held or works, and what stands in the way; `''` when nothing is. */
  whyNotFlat(): string {
    const reasons = this.ledger.open.map(({ index, quantity }) => {
      const instrument = this.table.instruments[index]
      const isOpen = this.isSessionOpen(instrument)
      const because =
        isOpen === false ? `the market ${instrument.calendar} is closed` : (this.refusals.last[index] ?? 'its order has not been filled')
      return `${quantity} ${instrument.symbol} is held: ${because}`
    })
    const working = [...this.orderLog.all()].filter((record) => !record.isTerminal).length
    if (reasons.length === 0 && working > 0) reasons.push(`${working} orders still work`)
    return reasons.join('; ')
  }

  get ordersSent(): number {
    return this.#sent
  }
}

/**
 * Cash by currency over all accounts, as the ledger counts it: there a future is bought for its whole value, as a share is, while brokers leave that value in
 * cash and count profit only. Equity is the same either way.
 */
function cashOf({ balances, positions }: BrokerSnapshot): Map<string, bigint> {
  const cash = new Map<string, bigint>()
  const add = (currency: string, nano: bigint): void => void cash.set(currency, (cash.get(currency) ?? 0n) + nano)
  for (const balance of balances) add(balance.cash.currency, balance.cash.nano)
  for (const { instrument, quantity, averagePrice } of positions) {
    const { assetClass, currency, multiplier } = instrument
    if (assetClass === 'future' && cash.has(currency)) add(currency, -notionalNano(averagePrice, quantity, multiplier))
  }
  return cash
}

/** What limits may look at. */
class EngineRiskView implements RiskView {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }
  get now(): TimeNs {
    return this.#engine.now
  }
  get portfolio(): PortfolioView {
    return this.#engine.portfolio
  }
  get working(): readonly OrderRecord[] {
    return [...this.#engine.orderLog.all()]
  }
  lastPrice(instrument: Instrument): { readonly price: number; readonly at: TimeNs } | undefined {
    const engine = this.#engine
    const index = engine.table.indexOf(instrument)
    const { mark } = engine.ledger.holdings[index]
    return Number.isNaN(mark) ? undefined : { price: mark, at: timeOfKey(engine.priceKeys[index]) }
  }
  ordersSince(from: TimeNs): number {
    return this.#engine.sentSince(from)
  }
  isSessionOpen(instrument: Instrument): boolean | undefined {
    return this.#engine.isSessionOpen(instrument)
  }
}
