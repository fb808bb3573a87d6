import { isAdmitted, recheckAdmission, TradingError, type Admitted, type Environment, type Refusal } from '@gatehouse/contracts'
import type { Instrument } from '../interfaces/instrument.js'
import type { ModelInUse } from '../interfaces/journal.js'
import type { Model, Predictor } from '../interfaces/model.js'
import type { Prediction } from '../interfaces/prediction.js'
import type { Schema } from '../interfaces/schema.js'
import type { TimeNs } from '../interfaces/time.js'
import type { MarketView } from '../interfaces/view.js'
import { never, timeKey, timeOfKey, type TimeKey } from './time-key.js'

/** A model as it is passed to a run: bare (simulated environments only), or admitted. */
export type RunModel = Model | Admitted<Model>

/** A predictor at work. */
export interface OpenPredictor {
  readonly predictor: Predictor
  readonly instruments: readonly Instrument[]
  /** It read a row since its model's clock last rang. */
  isDue: boolean
}

const opened = (model: Model, instruments: readonly Instrument[]): OpenPredictor => ({
  predictor: model.open(instruments),
  instruments,
  isDue: false,
})

/** One model of a run: its admission, and its predictors. */
export class HostedModel {
  readonly model: Model
  readonly admitted: Admitted<Model> | undefined
  readonly isUniverse: boolean
  /** Place in the lists of predictions by model: a successor takes its predecessor's. */
  slot: number
  /** By instrument number; a universe has one for all. */
  readonly predictors: (OpenPredictor | undefined)[] = []
  universe: OpenPredictor | undefined = undefined
  /** Next time it predicts, for models that predict by the clock: nothing is due before a row came. */
  nextKey: TimeKey = never
  /** Spacing of its clock, ns. */
  readonly everyNs: bigint | undefined
  /** When its clock last rang. */
  rangAt: TimeNs = -1n
  /** Where its predictions go. */
  emit: (prediction: Prediction) => void = () => {}
  /** Set when its admission ended. */
  ended: Refusal | undefined

  constructor(
    readonly number: number,
    given: RunModel,
    /** Beside production, without orders. */
    public isShadow: boolean,
  ) {
    this.admitted = isAdmitted(given) ? given : undefined
    this.model = 'model' in given ? given.model : given
    this.isUniverse = this.model.scope === 'universe'
    this.slot = number
    const { trigger, name } = this.model
    if (!('everyNs' in trigger)) return
    this.everyNs = BigInt(Math.round(trigger.everyNs))
    if (this.everyNs <= 0n) throw new TradingError('MODEL_TRIGGER_INVALID', `${name} predicts every ${trigger.everyNs} ns`, { model: name })
  }

  get inUse(): ModelInUse {
    return { name: this.model.name, digest: this.model.digest, admission: this.admitted?.admission }
  }

  /** The predictor that reads an instrument's rows. */
  of(index: number, instrument: Instrument): OpenPredictor {
    if (this.universe !== undefined) return this.universe
    return (this.predictors[index] ??= opened(this.model, [instrument]))
  }

  /** Opens the one predictor of a model that looks at all instruments. */
  openUniverse(instruments: readonly Instrument[]): void {
    this.universe = opened(this.model, instruments)
  }

  /** Starts every predictor again from cold. */
  reopen(): void {
    this.predictors.length = 0
    if (this.universe !== undefined) this.universe = opened(this.model, this.universe.instruments)
  }

  /** Every predictor has the history it needs; false while none is open. */
  get isWarm(): boolean {
    let isOpen = false
    for (const { predictor } of this.open()) {
      if (!predictor.isWarm) return false
      isOpen = true
    }
    return isOpen
  }

  *open(): Generator<OpenPredictor> {
    if (this.universe !== undefined) yield this.universe
    for (const open of this.predictors) if (open !== undefined) yield open
  }
}

/**
 * Refuses models that may not trade where the money is: paper takes admissions by `paper` or `production`, live by `production` only.
 * @throws {TradingError} `MODEL_NOT_ADMITTED` naming the model and the refusal
 */
export function requireAdmissions(models: readonly HostedModel[], environment: Environment, now: TimeNs, { willTrade = false } = {}): void {
  if (environment === 'simulated') return
  for (const { model, admitted, isShadow } of models) {
    const refusal = admitted === undefined ? undefined : recheckAdmission(admitted, { environment, now })
    // A shadow trades nothing: on a live account an admission for paper is enough.
    if (
      admitted !== undefined &&
      (refusal === undefined || (isShadow && !willTrade && recheckAdmission(admitted, { environment: 'paper', now }) === undefined))
    )
      continue
    const reason = refusal?.message ?? `Pass what registry.admit('${model.name}@…', '${environment}', load) gave`
    throw new TradingError('MODEL_NOT_ADMITTED', `${model.name} may not run on a ${environment} account: ${reason}`, {
      model: model.name,
      digest: model.digest,
      environment,
      refusal,
    })
  }
}

/** Rows a schema gives to which models; by schema, so that the hot path finds nothing to do at once. */
export class ModelHost {
  readonly models: HostedModel[]
  readonly #bySchema = new Map<Schema, HostedModel[]>()
  readonly #triggered = new Map<Schema, HostedModel[]>()
  /** When the next model predicts by the clock. */
  nextKey: TimeKey = never

  constructor(
    models: readonly HostedModel[],
    /** Takes a prediction; bound once a model, so that predicting allocates nothing. */
    readonly take: (hosted: HostedModel, prediction: Prediction) => void,
    /** Told when a model was due and not warm. */
    readonly cold: (hosted: HostedModel, index: number | undefined) => void,
  ) {
    this.models = []
    for (const hosted of models) this.#bind(hosted)
    this.#index()
  }

  #bind(hosted: HostedModel): void {
    hosted.emit = (prediction) => this.take(hosted, prediction)
    this.models.push(hosted)
  }

  #index(): void {
    this.#bySchema.clear()
    this.#triggered.clear()
    for (const hosted of this.models) {
      for (const { schema } of hosted.model.inputs) add(this.#bySchema, schema, hosted)
      const { trigger } = hosted.model
      if ('every' in trigger) add(this.#triggered, trigger.every, hosted)
    }
  }

  /** Lets a model run beside the others. */
  add(hosted: HostedModel, now: TimeNs): void {
    this.#bind(hosted)
    this.#index()
    this.#schedule(hosted, now)
    this.#findNext()
  }

  /** Ends a model that ran beside the others. */
  remove(hosted: HostedModel): void {
    this.models.splice(this.models.indexOf(hosted), 1)
    this.#index()
    this.#findNext()
  }

  /** Puts a warmed successor in the place of a model. */
  replace(predecessor: HostedModel, successor: HostedModel): void {
    this.models.splice(this.models.indexOf(successor), 1)
    this.models[this.models.indexOf(predecessor)] = successor
    successor.isShadow = false
    successor.slot = predecessor.slot
    this.#index()
    this.#findNext()
  }

  get isEmpty(): boolean {
    return this.models.length === 0
  }

  /** True when some model reads the schema. */
  reads(schema: Schema): boolean {
    return this.#bySchema.has(schema)
  }

  /** @throws {TradingError} `MODEL_SOURCE_MISMATCH` when a model was trained on another source of this schema */
  checkSource(schema: Schema, source: string): void {
    for (const { model } of this.#bySchema.get(schema) ?? []) {
      const inputs = model.inputs.filter((input) => input.schema === schema)
      if (inputs.length === 0 || inputs.some((input) => input.source === source)) continue
      const trained = inputs.map((input) => input.source).join(', ')
      throw new TradingError(
        'MODEL_SOURCE_MISMATCH',
        `${model.name} was trained on ${schema} of ${trained}, the feed gives ${source}; retrain it, or pass a cross-source parity report to the gate`,
        { model: model.name, schema, trained, source },
      )
    }
  }

  update(schema: Schema, view: MarketView, index: number, instrument: Instrument): void {
    const reading = this.#bySchema.get(schema)
    if (reading === undefined) return
    for (let i = 0; i < reading.length; i++) {
      const hosted = reading[i]
      const open = hosted.of(index, instrument)
      open.predictor.update(view)
      if (hosted.everyNs === undefined) continue
      open.isDue = true
      if (hosted.nextKey === never) this.#wind(hosted, hosted.everyNs)
    }
  }

  /** The time of the run; set by it. */
  now: () => TimeNs = () => 0n
  /** Told when {@link nextKey} came nearer. */
  onWound: () => void = () => {}

  /** Sets a model's clock to the next multiple of its spacing. Nights and halts without a row ring nothing. */
  #wind(hosted: HostedModel, every: bigint): void {
    const now = this.now()
    const next = ((now + every - 1n) / every) * every
    hosted.nextKey = timeKey(next > hosted.rangAt ? next : hosted.rangAt + every)
    if (hosted.nextKey >= this.nextKey) return
    this.nextKey = hosted.nextKey
    this.onWound()
  }

  /** Asks the models that predict after each row of a schema. */
  trigger(schema: Schema, now: TimeNs, index: number, instrument: Instrument): void {
    const triggered = this.#triggered.get(schema)
    if (triggered === undefined) return
    for (let i = 0; i < triggered.length; i++) {
      const hosted = triggered[i]
      const { predictor } = hosted.of(index, instrument)
      if (predictor.isWarm) predictor.predict(now, hosted.emit)
      else this.cold(hosted, index)
    }
  }

  /** Opens anew the predictors of models that read a schema: what they counted is not complete. */
  reopen(schema: Schema): void {
    for (const hosted of this.#bySchema.get(schema) ?? []) hosted.reopen()
  }

  /** Starts the clocks of models that predict by it. What was read before the run is due with the first row that comes. */
  start(now: TimeNs): void {
    for (const hosted of this.models) this.#schedule(hosted, now)
    this.#findNext()
  }

  #schedule(hosted: HostedModel, after: TimeNs): void {
    const { trigger } = hosted.model
    const next = 'session' in trigger ? this.nextSession(trigger.session, trigger.calendar, after) : undefined
    hosted.nextKey = next === undefined ? never : timeKey(next)
  }

  /** Next time a session trigger is due after a time; set by the run, which knows the calendars. */
  nextSession: (time: string, calendar: string, after: TimeNs) => TimeNs | undefined = () => undefined

  #findNext(): void {
    this.nextKey = never
    for (const { nextKey } of this.models) if (nextKey < this.nextKey) this.nextKey = nextKey
  }

  /** Lets the models whose time has come predict, each at its own time. */
  ring(key: TimeKey): void {
    const now = timeOfKey(key)
    for (const hosted of this.models) {
      if (hosted.nextKey !== key) continue
      hosted.rangAt = now
      for (const open of hosted.open()) {
        if (hosted.everyNs !== undefined && !open.isDue) continue
        open.isDue = false
        if (open.predictor.isWarm) open.predictor.predict(now, hosted.emit)
        else this.cold(hosted, undefined)
      }
      this.#schedule(hosted, now)
    }
    this.#findNext()
  }
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else if (!list.includes(value)) list.push(value)
}
