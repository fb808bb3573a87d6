import type { Environment, Notice } from '@gatehouse/contracts'
import type { Subscription } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Portfolio } from '../interfaces/portfolio.js'
import type { Prediction } from '../interfaces/prediction.js'
import type { Context, Orders } from '../interfaces/strategy.js'
import type { TimeNs } from '../interfaces/time.js'
import type { Engine } from './engine.js'

/** The engine as strategies see it. Methods are bound: a handler may take them out of the context. */
export class RunContext implements Context {
  readonly orders: Orders
  readonly portfolio: Portfolio
  readonly environment: Environment
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
    this.orders = engine.trader
    this.portfolio = engine.portfolio
    this.environment = engine.environment
  }

  get now(): TimeNs {
    return this.#engine.now
  }
  get instruments(): readonly Instrument[] {
    return this.#engine.table.instruments
  }
  get exitOnly(): boolean {
    return this.#engine.exitOnlyReason !== undefined
  }
  get isWarmingUp(): boolean {
    return this.#engine.isWarmingUp
  }

  readonly prediction = (model: string, instrument: Instrument): Prediction | undefined => this.#engine.predictionOf(model, instrument)
  readonly setTimer = (name: string, at: TimeNs): void => this.#engine.setTimer(name, at)
  readonly clearTimer = (name: string): void => this.#engine.clearTimer(name)
  readonly subscribe = (feed: string, wanted: readonly Subscription[]): void => this.#engine.subscribe(feed, wanted)
  readonly log = (message: string, fields?: Readonly<Record<string, unknown>>): void => this.#engine.note(message, fields)
  readonly notify = (notice: Notice): void => this.#engine.notify(notice)
  readonly whyNot = (instrument: Instrument): string | undefined => this.#engine.whyNot(instrument)
}
