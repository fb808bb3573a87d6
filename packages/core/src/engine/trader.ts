import type { Refusal } from '@gatehouse/contracts'
import type { Broker } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { JournalEntry } from '../interfaces/journal.js'
import type { Order, OrderChange, OrderLink, OrderRequest, OrderState } from '../interfaces/order.js'
import type { RiskLimit, RiskView } from '../interfaces/risk.js'
import type { BracketRequest, OrderOptions, OrderResult, Orders, WeightOptions } from '../interfaces/strategy.js'
import type { TimeNs } from '../interfaces/time.js'
import type { OrderLog } from '../order/order-log.js'
import type { OrderRecord } from '../order/order-record.js'
import { sizeByWeight } from '../order/size-by-weight.js'
import { changeRefusal, refuse, requestRefusal, stopSideRefusal } from '../order/validate-order.js'
import type { PortfolioView } from '../portfolio/portfolio-view.js'
import type { InstrumentTable } from './instrument-table.js'

/** What the trader needs of the run. */
export interface TraderWorld {
  now(): TimeNs
  readonly table: InstrumentTable
  readonly portfolio: PortfolioView
  readonly log: OrderLog
  readonly broker: Broker
  readonly riskView: RiskView
  readonly limits: readonly RiskLimit[]
  /** Number the next journal entry gets. */
  nextEntry(): number
  record(entry: JournalEntry): void
  /** Something went to the broker: a venue in the process may now have something to do later. */
  sent(): void
  /** What has been recorded is written: nothing is sent before. */
  writeIntent(): void
  refused(group: readonly Order[], refusal: Refusal): void
  /** Why no entries are accepted now; `undefined` when they are. */
  exitOnlyReason(): string | undefined
  /** Why nothing is known of the sessions of an instrument now. */
  calendarProblem(instrument: Instrument): string | undefined
  /** Why no orders at all are accepted now. */
  haltReason(): string | undefined
  nextOrderId(): string
  /** Journal entries of the predictions that hold for an instrument. */
  predictionsOf(index: number): readonly number[]
  ordersSent(count: number): void
  lastPrice(index: number): number
  readonly refusesWrongSideStops: boolean
}

const nothingToDo: OrderResult = Object.freeze({ approved: true, orders: Object.freeze([]) })
const none: readonly number[] = Object.freeze([])

/** A target that waits for cancels to be confirmed. */
interface StandingTarget {
  readonly instrument: Instrument
  readonly quantity: number
  readonly options: OrderOptions | undefined
}

/** The strategy's hand: every order passes validation, modes and risk, is written down, and reaches the broker in the same turn. */
export class Trader implements Orders {
  readonly #world: TraderWorld
  readonly #standing = new Map<number, StandingTarget>()
  #groupNumber = 0

  constructor(world: TraderWorld) {
    this.#world = world
  }

  buy(instrument: Instrument, quantity: number, options?: OrderOptions): OrderResult {
    return this.submit({ ...options, instrument, side: 'buy', quantity })
  }

  sell(instrument: Instrument, quantity: number, options?: OrderOptions): OrderResult {
    return this.submit({ ...options, instrument, side: 'sell', quantity })
  }

  submit(request: OrderRequest): OrderResult {
    if (this.#standing.size > 0) this.#standing.delete(this.#world.table.indexOf(request.instrument))
    return this.#send([request], undefined, false)
  }

  target(instrument: Instrument, quantity: number, options?: OrderOptions): OrderResult {
    const world = this.#world
    const index = world.table.indexOf(instrument)
    if (!Number.isFinite(quantity)) {
      const refusal = refuse('quantity', quantity, 'a finite number', `${instrument.symbol}: ${quantity} is no position to aim at`)
      world.refused([], refusal)
      return refusal
    }
    const held = world.portfolio.ledger.holdings[index]?.quantity ?? 0
    const open = world.log.open(index)
    if (open.length === 0) {
      const missing = quantity - held
      if (missing === 0) return nothingToDo
      return this.#towards(instrument, missing, options)
    }
    let buying = 0
    let selling = 0
    let isWaiting = false
    const direction = Math.sign(quantity - held)
    // Orders that work towards the target count; all others on the instrument are canceled first.
    for (let i = open.length - 1; i >= 0; i--) {
      const record = open[i]
      const { outstanding } = record
      const isBuy = record.order.side === 'buy'
      if (isBuy) buying += outstanding
      else selling += outstanding
    }
    const reach = direction >= 0 ? held + buying : held - selling
    const overshoots = direction >= 0 ? reach > quantity : reach < quantity
    for (const record of [...open]) {
      const helps = record.isTarget && record.order.side === (direction >= 0 ? 'buy' : 'sell') && direction !== 0
      if (helps && !overshoots) continue
      isWaiting = true
      this.#cancel(record)
    }
    if (isWaiting) {
      // A venue in the process may have confirmed already; otherwise the rest follows when the cancels are.
      this.#standing.set(index, { instrument, quantity, options })
      if (world.log.open(index).some((record) => record.status === 'pendingCancel' || record.outstanding > 0)) return nothingToDo
    }
    const missing = quantity - reach
    if (missing === 0 || Math.sign(missing) !== direction) return nothingToDo
    return this.#towards(instrument, missing, options)
  }

  targetWeight(instrument: Instrument, weight: number, options: WeightOptions = {}): OrderResult {
    const { cashBuffer, fees, ...order } = options
    const { portfolio, table } = this.#world
    const { equity } = portfolio
    const price = this.#world.lastPrice(table.indexOf(instrument))
    if (!Number.isFinite(weight))
      return this.#refuseUnsent(refuse('weight', weight, 'a finite number', `${instrument.symbol}: ${weight} is no share of equity`))
    if (equity === undefined || Number.isNaN(price)) {
      return this.#refuseUnsent(
        refuse('weight', price, 'a price and known equity', `${instrument.symbol}: no price has been seen, or equity is not known`),
      )
    }
    const held = portfolio.quantity(instrument)
    const quantity = sizeByWeight({ instrument, equity, price, weight, held, cashBuffer, fees })
    return this.target(instrument, quantity, Object.keys(order).length === 0 ? undefined : order)
  }

  /** A split: a target that waits is one of new shares from now on. */
  split(index: number, ratio: number): void {
    const standing = this.#standing.get(index)
    if (standing !== undefined) this.#standing.set(index, { ...standing, quantity: standing.quantity * ratio })
  }

  /** An order of the instrument ended: a target that waited for it goes on. */
  settled(index: number): void {
    const standing = this.#standing.get(index)
    if (standing === undefined) return
    if (this.#world.log.open(index).some((record) => record.status === 'pendingCancel' || (record.isTerminal && record.outstanding > 0)))
      return
    this.#standing.delete(index)
    this.target(standing.instrument, standing.quantity, standing.options)
  }

  #towards(instrument: Instrument, missing: number, options: OrderOptions | undefined): OrderResult {
    const { lotSize } = instrument
    const size = Math.abs(missing)
    // Float dust and fractions of a lot cannot be traded.
    const quantity = lotSize > 0 ? Math.floor(size / lotSize + 1e-9) * lotSize : size
    if (quantity === 0) return nothingToDo
    const side = missing > 0 ? 'buy' : 'sell'
    const request: OrderRequest = options === undefined ? { instrument, side, quantity } : { ...options, instrument, side, quantity }
    const world = this.#world
    return this.#sendGroup([makeOrder(request, world.nextOrderId(), world.now(), world.nextEntry(), undefined)], true)
  }

  bracket(request: BracketRequest): OrderResult {
    const { takeProfitPrice, stopLossPrice, ...entry } = request
    if (!this.#world.broker.supports.brackets) {
      return this.#refuseUnsent(refuse('brackets', false, true, 'The broker takes no brackets; send the exits when the entry fills'))
    }
    const exitSide = entry.side === 'buy' ? 'sell' : 'buy'
    const exit = {
      instrument: entry.instrument,
      side: exitSide,
      quantity: entry.quantity,
      account: entry.account,
      reason: entry.reason,
    } as const
    const requests: OrderRequest[] = [entry]
    const roles: OrderLink['role'][] = ['entry']
    if (takeProfitPrice !== undefined) {
      requests.push({ ...exit, type: 'limit', limitPrice: takeProfitPrice })
      roles.push('takeProfit')
    }
    if (stopLossPrice !== undefined) {
      requests.push({ ...exit, type: 'stop', stopPrice: stopLossPrice })
      roles.push('stopLoss')
    }
    const wrong = wrongBracket(request)
    if (wrong !== undefined) return this.#refuseUnsent(wrong)
    return this.#send(requests, roles, false)
  }

  oneCancelsOther(requests: readonly OrderRequest[]): OrderResult {
    if (!this.#world.broker.supports.oneCancelsOther) {
      return this.#refuseUnsent(refuse('one-cancels-other', false, true, 'The broker takes no one-cancels-other groups'))
    }
    if (requests.length < 2)
      return this.#refuseUnsent(refuse('one-cancels-other', requests.length, 'at least 2', 'A group needs two orders or more'))
    return this.#send(
      requests,
      requests.map(() => 'oneCancelsOther' as const),
      false,
    )
  }

  replace(clientOrderId: string, change: OrderChange): Refusal | undefined {
    const world = this.#world
    const record = world.log.find(clientOrderId)
    const refusal = this.#changeRefusal(record, change)
    if (refusal !== undefined || record === undefined) {
      const reason = refusal ?? unknownOrder(clientOrderId)
      world.refused(record === undefined ? [] : [record.order], reason)
      return reason
    }
    world.record({ type: 'order-change', at: world.now(), clientOrderId, change })
    world.writeIntent()
    world.log.replaceAsked(record, change, world.now())
    const refused = world.broker.replace(clientOrderId, change)
    world.sent()
    if (refused === undefined) return undefined
    world.log.apply({ type: 'broker-order', clientOrderId, status: 'replaceRejected', at: world.now(), message: refused.message })
    world.refused([record.order], refused)
    return refused
  }

  #changeRefusal(record: OrderRecord | undefined, change: OrderChange): Refusal | undefined {
    const world = this.#world
    if (record === undefined || record.isTerminal) return unknownOrder(record?.order.clientOrderId ?? 'unknown')
    if (!world.broker.supports.replace) return refuse('replace', false, true, 'The broker cannot change orders; cancel and send anew')
    if (record.status === 'unknown')
      return refuse('unknown-order', record.status, 'a known status', 'The order is unknown until the broker answers')
    const wrong = changeRefusal(change)
    if (wrong !== undefined) return wrong
    const { order } = record
    const halted = world.haltReason()
    if (halted !== undefined) return refuse('halted', 'halted', 'running', halted)
    // A change is judged as the order it would be.
    const asIf: Order = { ...order, ...change, quantity: change.quantity ?? record.quantity }
    // Another price makes an entry fill as surely as a larger one does.
    const reason = world.exitOnlyReason()
    if (reason !== undefined && order.link?.parentClientOrderId === undefined && this.#increases(asIf, record.index)) {
      return refuse('exit-only', asIf.quantity, world.portfolio.quantity(order.instrument), reason)
    }
    for (const limit of world.limits) {
      const refusal = limit.check([asIf], world.riskView)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  cancel(clientOrderId: string): Refusal | undefined {
    const record = this.#world.log.find(clientOrderId)
    if (record === undefined || record.isTerminal) return unknownOrder(clientOrderId)
    this.#standing.delete(record.index)
    return this.#cancel(record)
  }

  #cancel(record: OrderRecord): Refusal | undefined {
    if (record.status === 'pendingCancel' || record.isTerminal) return undefined
    const world = this.#world
    const { clientOrderId } = record.order
    world.record({ type: 'order-change', at: world.now(), clientOrderId, change: 'cancel' })
    world.writeIntent()
    world.log.cancelAsked(record, world.now())
    const refused = world.broker.cancel(clientOrderId)
    world.sent()
    if (refused === undefined) return undefined
    world.log.apply({ type: 'broker-order', clientOrderId, status: 'cancelRejected', at: world.now(), message: refused.message })
    world.refused([record.order], refused)
    return refused
  }

  cancelAll(instrument?: Instrument): void {
    const world = this.#world
    const records = instrument === undefined ? [...world.log.all()] : [...world.log.open(world.table.indexOf(instrument))]
    if (instrument === undefined) this.#standing.clear()
    else this.#standing.delete(world.table.indexOf(instrument))
    for (const record of records) this.#cancel(record)
  }

  working(instrument?: Instrument): readonly OrderState[] {
    const world = this.#world
    const records = instrument === undefined ? [...world.log.all()] : world.log.open(world.table.indexOf(instrument))
    return records.filter((record) => !record.isTerminal).map((record) => record.snapshot())
  }

  #refuseUnsent(refusal: Refusal): Refusal {
    this.#world.refused([], refusal)
    return refusal
  }

  /** Builds the orders of a group and lets them through the rules. */
  #send(requests: readonly OrderRequest[], roles: readonly OrderLink['role'][] | undefined, isTarget: boolean): OrderResult {
    const world = this.#world
    const now = world.now()
    const decision = world.nextEntry()
    if (roles === undefined) {
      const [request] = requests
      return this.#sendGroup([makeOrder(request, world.nextOrderId(), now, decision, undefined)], isTarget)
    }
    const groupId = `${decision}-${this.#groupNumber++}`
    const orders: Order[] = []
    for (let i = 0; i < requests.length; i++) {
      const isExit = roles[i] === 'takeProfit' || roles[i] === 'stopLoss'
      const link: OrderLink = isExit
        ? { groupId, role: roles[i], parentClientOrderId: orders[0].clientOrderId }
        : { groupId, role: roles[i] }
      orders.push(makeOrder(requests[i], world.nextOrderId(), now, decision, link))
    }
    return this.#sendGroup(orders, isTarget)
  }

  #sendGroup(orders: readonly Order[], isTarget: boolean): OrderResult {
    const world = this.#world
    const refusal = this.#refusal(orders)
    if (refusal !== undefined) {
      world.refused(orders, refusal)
      return refusal
    }
    const { table, log, broker } = world
    const first = table.indexOf(orders[0].instrument)
    const predictions = orders.length === 1 ? world.predictionsOf(first) : this.#predictions(orders)
    const now = orders[0].createdAt
    world.record({ type: 'decision', at: now, orders, predictions })
    world.writeIntent()
    world.ordersSent(orders.length)
    if (orders.length === 1) {
      const record = log.create(orders[0], first)
      record.isTarget = isTarget
      const refused = broker.submit(orders)
      world.sent()
      if (refused === undefined) {
        log.submitted(record)
        return { approved: true, orders }
      }
      log.withdraw(record, now, refused.message)
      world.refused(orders, refused)
      return refused
    }
    const records = orders.map((order) => log.create(order, table.indexOf(order.instrument)))
    const refused = broker.submit(orders)
    world.sent()
    if (refused === undefined) {
      for (const record of records) log.submitted(record)
      return { approved: true, orders }
    }
    for (const record of records) log.withdraw(record, now, refused.message)
    world.refused(orders, refused)
    return refused
  }

  #predictions(orders: readonly Order[]): readonly number[] {
    const all = new Set<number>()
    for (const order of orders) for (const entry of this.#world.predictionsOf(this.#world.table.indexOf(order.instrument))) all.add(entry)
    return all.size === 0 ? none : [...all].sort((a, b) => a - b)
  }

  /** The first rule that does not let the group pass. */
  #refusal(orders: readonly Order[]): Refusal | undefined {
    const world = this.#world
    const halted = world.haltReason()
    if (halted !== undefined) return refuse('halted', 'halted', 'running', halted)
    const { supports } = world.broker
    for (const order of orders) {
      const index = world.table.indexOf(order.instrument)
      const lastPrice = world.lastPrice(index)
      const wrong = requestRefusal(order, { supports, now: order.createdAt })
      if (wrong !== undefined) return wrong
      // Exits of a bracket stand on the other side of its entry, which has not filled yet.
      if (world.refusesWrongSideStops && order.link?.parentClientOrderId === undefined) {
        const side = stopSideRefusal(order, lastPrice)
        if (side !== undefined) return side
      }
      const isExit = order.link?.parentClientOrderId !== undefined
      const unknown = world.calendarProblem(order.instrument)
      if (unknown !== undefined && !isExit && this.#increases(order, index))
        return refuse('calendar', order.instrument.calendar, 'a calendar that knows this time', unknown)
      const reason = world.exitOnlyReason()
      if (!isExit && (order.reduceOnly === true || reason !== undefined) && this.#increases(order, index)) {
        return reason === undefined
          ? refuse('reduce-only', order.quantity, world.portfolio.quantity(order.instrument), 'The order would increase the position')
          : refuse('exit-only', order.quantity, world.portfolio.quantity(order.instrument), reason)
      }
    }
    for (const limit of world.limits) {
      const refusal = limit.check(orders, world.riskView)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  /** Whether the order, with all that works on its side, could leave a larger position than there is, or one on the other side. */
  #increases(order: Order, index: number): boolean {
    const world = this.#world
    const held = world.portfolio.ledger.holdings[index]?.quantity ?? 0
    let committed = order.quantity
    let exits: Map<string, number> | undefined
    for (const record of world.log.open(index)) {
      const { side, link, clientOrderId } = record.order
      // A change is judged in place of the order it changes: what of that has filled is held already.
      if (clientOrderId === order.clientOrderId) committed -= record.filledQuantity
      if (side !== order.side || clientOrderId === order.clientOrderId) continue
      const entryId = link?.parentClientOrderId
      if (entryId === undefined) {
        committed += record.outstanding
        continue
      }
      // Exits of one entry share what it has filled: the larger of them counts. An entry long ended is no longer known.
      const opened = Math.min(record.outstanding, world.log.find(entryId)?.filledQuantity ?? Infinity)
      exits ??= new Map()
      exits.set(entryId, Math.max(exits.get(entryId) ?? 0, opened))
    }
    if (exits !== undefined) for (const opened of exits.values()) committed += opened
    const room = order.side === 'sell' ? held : -held
    return committed > room + 5e-10
  }
}

/** Every member is set, so that all orders have one shape. */
function makeOrder(request: OrderRequest, clientOrderId: string, createdAt: TimeNs, decision: number, link: OrderLink | undefined): Order {
  return {
    clientOrderId,
    instrument: request.instrument,
    side: request.side,
    quantity: request.quantity,
    type: request.type ?? 'market',
    timeInForce: request.timeInForce ?? 'gtc',
    limitPrice: request.limitPrice,
    stopPrice: request.stopPrice,
    trailAmount: request.trailAmount,
    trailFraction: request.trailFraction,
    expiresAt: request.expiresAt,
    outsideRegularHours: request.outsideRegularHours,
    reduceOnly: request.reduceOnly,
    account: request.account,
    reason: request.reason,
    createdAt,
    link,
    decision,
  }
}

function wrongBracket(request: BracketRequest): Refusal | undefined {
  const { side, takeProfitPrice, stopLossPrice, instrument } = request
  if (takeProfitPrice === undefined && stopLossPrice === undefined) {
    return refuse('bracket', 'no exit', 'takeProfitPrice or stopLossPrice', 'A bracket needs an exit')
  }
  for (const [name, price] of [
    ['takeProfitPrice', takeProfitPrice],
    ['stopLossPrice', stopLossPrice],
  ] as const) {
    if (price !== undefined && !Number.isFinite(price))
      return refuse('bracket', price, 'a finite price', `${instrument.symbol}: ${name} is ${price}`)
  }
  if (takeProfitPrice === undefined || stopLossPrice === undefined) return undefined
  if (side === 'buy' ? takeProfitPrice > stopLossPrice : takeProfitPrice < stopLossPrice) return undefined
  return refuse(
    'bracket',
    takeProfitPrice,
    stopLossPrice,
    `${instrument.symbol}: take-profit and stop-loss of a ${side} are the wrong way round`,
  )
}

function unknownOrder(clientOrderId: string): Refusal {
  return refuse('unknown-order', clientOrderId, 'a working order', `${clientOrderId} is not a working order`)
}
