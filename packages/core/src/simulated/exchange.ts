import type { Refusal } from '@gatehouse/contracts'
import { never, timeKey, timeOfKey, type TimeKey } from '../engine/time-key.js'
import type { BrokerEvent } from '../interfaces/broker.js'
import type { Order, OrderChange } from '../interfaces/order.js'
import { barNs } from '../interfaces/schema.js'
import type { TimeNs } from '../interfaces/time.js'
import type { BarView, BookView, CorporateActionView, QuoteView, TradeView, TradingStatusView } from '../interfaces/view.js'
import { notionalNano, toNano } from '../portfolio/money.js'
import { VenueAccount } from './account.js'
import type { FeeModel } from './fees.js'
import type { BookMatch, FillModel } from './fill-model.js'
import type { MarketSimulation, SimulationWorld } from './market-simulation.js'
import type { SimulatedBrokerOptions } from './options.js'
import { Random } from './random.js'
import { VenueOrder } from './resting-order.js'
import { Schedule } from './schedule.js'
import { decimalPrice } from './decimal-price.js'
import type { SlippageModel } from './slippage.js'
import { VenueMarket } from './venue-market.js'

/** Everything the options resolve to. */
export interface ExchangeModels {
  readonly fees: FeeModel
  readonly slippage: SlippageModel
  readonly fill: FillModel
  readonly participation: number
}

const nsPerDay = 86_400_000_000_000n

/**
 * The venue inside the process: takes orders, meets them with the run's own market data, keeps one account. It sees each event before the
 * strategy, so an order only ever meets events later than the one it was sent on.
 */
export class SimulatedExchange implements MarketSimulation {
  readonly account: VenueAccount
  readonly #markets: VenueMarket[] = []
  readonly #orders = new Map<string, VenueOrder>()
  readonly #schedule = new Schedule<() => void>()
  readonly #random: Random
  readonly #match: EventMatch
  readonly #isInstant: boolean
  readonly conventions: readonly string[]
  readonly settings: readonly string[]
  readonly optimism: string | undefined
  emit: (event: BrokerEvent) => void = () => {}
  #world!: SimulationWorld
  #orderNumber = 0
  /** Start of the bar that orders are meeting. */
  #barFrom: TimeNs | undefined = undefined
  #executionNumber = 0
  #barsWithoutVolume = 0
  /** Midnight (UTC) at which borrowing is next charged; `never` while nothing is short. */
  #accrualKey: TimeKey = never

  constructor(
    readonly options: SimulatedBrokerOptions,
    readonly models: ExchangeModels,
    readonly accountName: string,
  ) {
    const { currency = 'USD', margin, latency = {}, seed = 1 } = options
    this.account = new VenueAccount(currency, margin === 'unlimited' ? undefined : margin)
    this.account.move(currency, toNano(options.cash))
    this.#random = new Random(seed)
    this.#match = new EventMatch(this)
    this.#isInstant = (latency.orderNs ?? 0) === 0 && (latency.responseNs ?? 0) === 0
    this.conventions = [
      `fees: ${models.fees.name}`,
      `slippage: ${models.slippage.name}`,
      `fills: ${models.fill.name}`,
      `latency: ${this.#isInstant ? 'none' : 'modelled'}`,
      `participation: ${models.participation === Infinity ? 'size never limits a fill' : models.participation}`,
    ]
    this.settings = settingsOf(options)
    this.optimism = models.fill.optimism
  }

  attach(world: SimulationWorld): void {
    this.#world = world
  }

  get world(): SimulationWorld {
    return this.#world
  }

  get orders(): IterableIterator<VenueOrder> {
    return this.#orders.values()
  }

  get nextKey(): TimeKey {
    return this.#accrualKey < this.#schedule.nextKey ? this.#accrualKey : this.#schedule.nextKey
  }

  advance(to: TimeKey): void {
    while (this.nextKey <= to) {
      if (this.#accrualKey <= this.#schedule.nextKey) this.#accrue()
      else this.#schedule.take()()
    }
  }

  /** Takes a group; one refusal refuses all of it. */
  submit(group: readonly Order[]): Refusal | undefined {
    const delay = this.#delay(this.options.latency?.orderNs)
    const arrivesAt = this.#world.now() + delay
    if (delay === 0n) this.#arrive(group, arrivesAt)
    else this.#schedule.add(arrivesAt, () => this.#arrive(group, arrivesAt))
    return undefined
  }

  cancel(clientOrderId: string): void {
    const cancel = (): void => {
      const order = this.#orders.get(clientOrderId)
      if (order === undefined) this.#tell(clientOrderId, 'cancelRejected', 'The order is no longer working')
      else this.#finish(order, 'canceled', undefined)
    }
    this.#later(cancel)
  }

  replace(clientOrderId: string, change: OrderChange): void {
    this.#later(() => {
      const order = this.#orders.get(clientOrderId)
      if (order === undefined) {
        this.#tell(clientOrderId, 'replaceRejected', 'The order is no longer working')
        return
      }
      if (change.quantity !== undefined && change.quantity <= order.filled) {
        this.#tell(clientOrderId, 'replaceRejected', `Already filled ${order.filled}`)
        return
      }
      // As another price or more of it, it has been there since now: the bar under way is not met from its start.
      const isGrown = change.quantity !== undefined && change.quantity > order.filled + order.remaining
      if (isGrown || change.limitPrice !== undefined || change.stopPrice !== undefined) order.arrivedAt = this.#world.now()
      if (change.quantity !== undefined) order.remaining = change.quantity - order.filled
      if (change.limitPrice !== undefined) order.limitPrice = change.limitPrice
      if (change.stopPrice !== undefined) order.stopPrice = change.stopPrice
      this.#respond({ type: 'broker-order', clientOrderId, status: 'replaced', at: this.#world.now(), change })
    })
  }

  #later(action: () => void): void {
    const delay = this.#delay(this.options.latency?.orderNs)
    if (delay === 0n) action()
    else this.#schedule.add(this.#world.now() + delay, action)
  }

  #delay(latency: number | ((random: number) => number) | undefined): bigint {
    if (latency === undefined || latency === 0) return 0n
    return BigInt(Math.round(typeof latency === 'number' ? latency : latency(this.#random.next())))
  }

  #respond(event: BrokerEvent): void {
    if (this.#isInstant) {
      this.emit(event)
      return
    }
    const delay = this.#delay(this.options.latency?.responseNs)
    if (delay === 0n) this.emit(event)
    else this.#schedule.add(this.#world.now() + delay, () => this.emit(event))
  }

  #tell(clientOrderId: string, status: 'accepted' | 'rejected' | 'cancelRejected' | 'replaceRejected', message?: string): void {
    this.#respond({ type: 'broker-order', clientOrderId, status, at: this.#world.now(), message })
  }

  #arrive(group: readonly Order[], arrivedAt: TimeNs): void {
    const refused =
      group.length === 1 ? this.#refusal(group[0]) : group.map((order) => this.#refusal(order)).find((reason) => reason !== undefined)
    if (refused !== undefined) {
      for (const order of group) this.#tell(order.clientOrderId, 'rejected', refused)
      return
    }
    for (const order of group) {
      const index = this.#world.indexOf(order.instrument)
      const placed = new VenueOrder(order, index, arrivedAt, ++this.#orderNumber)
      if (order.link?.parentClientOrderId !== undefined) {
        placed.isActive = false
        placed.closable = 0
      }
      this.#orders.set(order.clientOrderId, placed)
      const market = this.#market(index)
      market.add(placed)
      this.#respond({
        type: 'broker-order',
        clientOrderId: order.clientOrderId,
        status: 'accepted',
        brokerOrderId: placed.brokerOrderId,
        at: this.#world.now(),
      })
      const { fill } = this.models
      if (fill.onArrival !== undefined && placed.isActive && !market.isHalted && this.#isTrading(index)) {
        const match = this.#match.begin(market, Infinity, true, NaN)
        match.order = placed
        fill.onArrival(placed, market.state(this.#world.lastPrice(index)), match)
        this.#afterMeeting(placed, false)
        market.sweep()
      }
    }
  }

  /** What own orders may take of a size together. */
  shareOf(size: number): number {
    // Not even an empty event limits a fill where size does not: 0 times infinity is no number.
    const { participation } = this.models
    return participation === Infinity ? Infinity : size * participation
  }

  get remarks(): readonly string[] {
    const bars = this.#barsWithoutVolume
    if (bars === 0) return []
    return [
      `orders met ${bars} bar${bars === 1 ? '' : 's'} without volume, on which nothing fills; where the data has no volume, pass participation: Infinity`,
    ]
  }

  #isTrading(index: number): boolean {
    const now = this.#world.now()
    const session = this.#world.session(index, now)
    return session === undefined || (session.opensAt <= now && now < session.closesAt)
  }

  /** Why the venue does not take an order, in words. */
  #refusal(order: Order): string | undefined {
    const index = this.#world.indexOf(order.instrument)
    const { expiresAt } = order.instrument
    if (expiresAt !== undefined && expiresAt <= this.#world.now()) return `${order.instrument.symbol} no longer trades`
    if (order.link?.parentClientOrderId !== undefined) return undefined
    const signed = order.side === 'buy' ? order.quantity : -order.quantity
    const held = this.account.quantity(index)
    if (signed < 0 && held + signed < 0 && this.#borrowRate(index) === undefined) return `${order.instrument.symbol} cannot be borrowed`
    return this.#marginRefusal(order, index, signed, held)
  }

  #marginRefusal(order: Order, index: number, signed: number, held: number): string | undefined {
    if (this.account.margin === undefined) return undefined
    // Working orders on the same side count: each of them may fill.
    let committed = held
    for (const other of this.#market(index).orders) {
      if (other.isActive && other.side === order.side) committed += other.side === 'buy' ? other.remaining : -other.remaining
    }
    const after = committed + signed
    if (Math.abs(after) <= Math.abs(held)) return undefined
    const last = this.#world.lastPrice(index)
    const price = Number.isNaN(last) ? (order.limitPrice ?? order.stopPrice ?? NaN) : last
    const equity = this.account.equity(this.#world)
    const required = this.account.required(this.#world, 'initial', index, after, price)
    // Without a price there is nothing to compare: a missing input refuses.
    if (required <= equity) return undefined
    return Number.isNaN(required - equity)
      ? `no price of ${order.instrument.symbol} to compute margin with`
      : `margin of ${required.toFixed(2)} needed, equity is ${equity.toFixed(2)} ${this.account.currency}`
  }

  #borrowRate(index: number): number | undefined {
    const rate = this.options.borrow?.rateAnnual
    if (rate === undefined) return 0
    return typeof rate === 'number' ? rate : rate(this.#world.instrument(index))
  }

  #market(index: number): VenueMarket {
    return (this.#markets[index] ??= new VenueMarket(index, this.options.matchOn ?? 'finest'))
  }

  onBar(bar: BarView, index: number): void {
    const market = this.#market(index)
    if (market.orders.length === 0) {
      market.seeBar(bar.schema, this.#world.nowKey())
      return
    }
    const startsAt = bar.tsEvent
    if (market.hasFinerThanBar(bar.schema, startsAt, this.#world.nowKey()) || market.isHalted) return
    const endsAt = startsAt + barNs[bar.schema]
    const { availableAt } = bar
    // Bars of other instruments that end at the same instant may have been seen: what came after the end never meets this bar.
    const over = availableAt < endsAt ? availableAt : endsAt
    this.#expire(market, startsAt)
    const volume = bar.volume
    this.#barFrom = startsAt
    if (volume === 0 && this.models.participation !== Infinity) this.#barsWithoutVolume++
    const match = this.#match.begin(market, Number.isNaN(volume) ? Infinity : this.shareOf(volume), true, volume)
    const { fill } = this.models
    const { orders } = market
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i]
      if (order.isDone || !order.isActive || order.arrivedAt >= over || !this.#meets(order, match, startsAt, bar)) continue
      match.order = order
      match.isWhole = order.arrivedAt <= startsAt
      fill.onBar(order, bar, match)
      this.#afterMeeting(order, true)
    }
    this.#barFrom = undefined
    market.sweep()
  }

  onQuote(quote: QuoteView, index: number): void {
    const market = this.#market(index)
    market.seeQuote(quote, this.#world.nowKey())
    if (market.orders.length === 0 || market.isHalted || market.hasFiner('quote')) return
    const at = quote.tsEvent
    this.#expire(market, at)
    const match = this.#match.begin(market, NaN, true, NaN)
    const { orders } = market
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i]
      if (order.isDone || !order.isActive || order.arrivedAt > at || !this.#meets(order, match, at, undefined)) continue
      match.order = order
      match.setAvailable(this.shareOf(market.quoteAvailable(order.side)))
      this.models.fill.onQuote(order, quote, match)
      market.takeQuote(order.side, match.taken)
      this.#afterMeeting(order, true)
    }
    market.sweep()
  }

  onTrade(trade: TradeView, index: number): void {
    const market = this.#market(index)
    market.seeTrade(this.#world.nowKey())
    if (market.orders.length === 0 || market.isHalted || market.hasFiner('trade')) return
    const at = trade.tsEvent
    this.#expire(market, at)
    const match = this.#match.begin(market, this.shareOf(trade.size), true, NaN)
    const { orders } = market
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i]
      if (order.isDone || !order.isActive || order.arrivedAt > at || !this.#meets(order, match, at, undefined)) continue
      match.order = order
      this.models.fill.onTrade(order, trade, match)
      this.#afterMeeting(order, true)
    }
    market.sweep()
  }

  onBook(book: BookView, index: number): void {
    const market = this.#market(index)
    market.seeBook(this.#world.nowKey())
    // Only a fill on arrival looks back at what was quoted: the others meet the book itself.
    if (this.models.fill.onArrival !== undefined) market.seeTouch(book)
    const { orders } = market
    if (orders.length === 0) {
      if (market.hasTaken) market.forgetTaken(book)
      return
    }
    if (market.isHalted || market.hasFiner('book')) return
    const at = book.tsEvent
    this.#expire(market, at)
    if (market.hasTaken) market.forgetTaken(book)
    const match = this.#match.begin(market, Infinity, true, NaN)
    match.book = book
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i]
      if (order.isDone || !order.isActive || order.arrivedAt > at || !this.#meets(order, match, at, undefined)) continue
      match.order = order
      this.models.fill.onBook(order, book, match)
      this.#afterMeeting(order, true)
    }
    match.book = undefined
    market.sweep()
  }

  /**
   * Whether an event lies in the hours that an order works in, and which auction it stands for.
   * @param bar the event, when it is one: it reaches to its end
   */
  #meets(order: VenueOrder, match: EventMatch, startsAt: TimeNs, bar: BarView | undefined): boolean {
    const session = this.#world.session(order.index, startsAt)
    if (session === undefined) {
      match.isSessionOpen = true
      match.isSessionClose = true
      return true
    }
    const endsAt = bar === undefined ? startsAt : bar.availableAt
    // Between sessions a bar still counts when it reaches into one, as daily bars do.
    const isRegular = bar === undefined ? session.opensAt <= startsAt : session.opensAt < endsAt
    match.isSessionOpen = false
    match.isSessionClose = false
    if (isAuctionOrder(order)) {
      this.#findSession(order)
      match.isSessionOpen = isRegular && order.opensAt !== undefined && (bar === undefined ? startsAt : endsAt) >= order.opensAt
      match.isSessionClose = order.closesAt !== undefined && endsAt >= order.closesAt
      return isRegular || match.isSessionClose
    }
    return isRegular || order.order.outsideRegularHours === true
  }

  #findSession(order: VenueOrder): void {
    if (order.hasSession) return
    order.hasSession = true
    const { placedAt, index } = order
    const session = this.#world.session(index, placedAt)
    if (session === undefined) return
    order.closesAt = session.closesAt
    order.opensAt = session.opensAt >= placedAt ? session.opensAt : this.#world.session(index, session.closesAt)?.opensAt
  }

  onTradingStatus(status: TradingStatusView, index: number): void {
    if (status.isTrading !== undefined) this.#market(index).isHalted = !status.isTrading
  }

  onCorporateAction(action: CorporateActionView, index: number): void {
    const { kind, ratio, amount } = action
    const held = this.account.quantity(index)
    if (kind === 'split' && ratio > 0) this.#split(index, ratio)
    else if (kind === 'dividend' && held !== 0) this.#pay(index, held * amount * action.instrument.multiplier, 'dividend')
    else if (kind === 'roll') this.#roll(index, held, ratio)
    else if (kind === 'delisting') this.#delist(action, index, held)
  }

  #split(index: number, ratio: number): void {
    this.account.split(index, ratio)
    for (const order of this.#market(index).orders) {
      // What has filled was counted in old shares and stays so, here as in the order log; what is left is in new ones.
      order.remaining *= ratio
      order.closable *= ratio
      order.limitPrice /= ratio
      order.stopPrice /= ratio
      order.extreme /= ratio
      if (order.trailAmount !== undefined) order.trailAmount /= ratio
      const change: OrderChange = {
        quantity: order.remaining + order.filled,
        ...(Number.isNaN(order.limitPrice) ? {} : { limitPrice: order.limitPrice }),
        ...(Number.isNaN(order.stopPrice) ? {} : { stopPrice: order.stopPrice }),
      }
      this.#respond({
        type: 'broker-order',
        clientOrderId: order.order.clientOrderId,
        status: 'replaced',
        at: this.#world.now(),
        change,
        message: `split ${ratio} for 1`,
      })
    }
  }

  /** Out of the old contract at its last price, into the new one at the price ratio: the gap between them is no profit. */
  #roll(index: number, held: number, ratio: number): void {
    for (const order of [...this.#market(index).orders]) this.#finish(order, 'canceled', 'its contract was rolled')
    if (held === 0) return
    const last = this.#world.lastPrice(index)
    this.#trade(undefined, index, -held, last, 'removed')
    this.#trade(undefined, index, held, last * ratio, 'removed')
  }

  #delist(action: CorporateActionView, index: number, held: number): void {
    for (const order of [...this.#market(index).orders]) this.#finish(order, 'canceled', `${action.instrument.symbol} was delisted`)
    const last = this.#world.lastPrice(index)
    if (held !== 0) this.#trade(undefined, index, -held, Number.isNaN(action.amount) ? last : action.amount, 'removed')
  }

  #pay(index: number, amount: number, reason: 'dividend' | 'borrow'): void {
    const instrument = this.#world.instrument(index)
    const nano = toNano(amount)
    this.account.move(instrument.currency, nano)
    this.#respond({
      type: 'cash-movement',
      account: this.accountName,
      amount: { currency: instrument.currency, nano },
      reason,
      instrument,
      at: this.#world.now(),
    })
  }

  /** Charges a day of borrowing for every short, at midnight. */
  #accrue(): void {
    let isShort = false
    for (const index of [...this.account.held]) {
      const quantity = this.account.quantity(index)
      if (quantity >= 0) continue
      isShort = true
      const rate = this.#borrowRate(index) ?? 0
      const cost = (quantity * this.#world.lastPrice(index) * this.#world.instrument(index).multiplier * rate) / 365
      if (cost < 0) this.#pay(index, cost, 'borrow')
    }
    this.#accrualKey = isShort ? timeKey(timeOfKey(this.#accrualKey) + nsPerDay) : never
  }

  #expire(market: VenueMarket, at: TimeNs): void {
    if (!market.canExpire) return
    const { orders } = market
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i]
      if (order.isDone) continue
      const endsAt = this.#endOf(order, market.index)
      if (endsAt !== undefined && endsAt <= at) this.#finish(order, 'expired', `${order.order.timeInForce} ended`)
    }
  }

  /** When an order's time in force ends: the session's close for a day order (midnight UTC where trade goes around the clock). */
  #endOf(order: VenueOrder, index: number): TimeNs | undefined {
    const { timeInForce, expiresAt } = order.order
    if (timeInForce === 'gtd') return expiresAt
    if (timeInForce !== 'day') return undefined
    this.#findSession(order)
    if (order.closesAt !== undefined || this.#world.session(index, order.placedAt) !== undefined) return order.closesAt
    return (order.closesAt = (order.placedAt / nsPerDay + 1n) * nsPerDay)
  }

  /** After an order met an event: what must not rest is ended. */
  #afterMeeting(order: VenueOrder, isMarketData: boolean): void {
    if (order.isDone || !isMarketData) return
    const { timeInForce, type } = order.order
    if (timeInForce === 'ioc' || timeInForce === 'fok') this.#finish(order, 'canceled', 'not filled at once')
    else if (this.#match.isSessionOpen && (timeInForce === 'opg' || type.endsWith('OnOpen')))
      this.#finish(order, 'expired', 'not filled in the opening auction')
    else if (this.#match.isSessionClose && type.endsWith('OnClose')) this.#finish(order, 'expired', 'not filled in the closing auction')
  }

  #finish(order: VenueOrder, status: 'canceled' | 'expired', message: string | undefined): void {
    if (order.isDone) return
    order.isDone = true
    this.#orders.delete(order.order.clientOrderId)
    this.#market(order.index).noteDone()
    this.#respond({
      type: 'broker-order',
      clientOrderId: order.order.clientOrderId,
      status,
      at: this.#world.now(),
      filledQuantity: order.filled,
      message,
    })
    if (order.order.link?.role === 'entry') for (const other of this.#linked(order)) this.#shrink(other)
  }

  /** An exit whose entry has ended: what the entry never opened is not there to be closed. */
  #shrink(exit: VenueOrder): void {
    if (exit.remaining <= exit.closable + 5e-10) return
    if (exit.closable < 5e-10) {
      this.#finish(exit, 'canceled', 'its entry ended')
      return
    }
    exit.remaining = exit.closable
    this.#tellQuantity(exit, 'its entry ended')
  }

  #tellQuantity(order: VenueOrder, message: string): void {
    const { clientOrderId } = order.order
    const change = { quantity: order.filled + order.remaining }
    this.#respond({ type: 'broker-order', clientOrderId, status: 'replaced', at: this.#world.now(), change, message })
  }

  *#linked(order: VenueOrder): Generator<VenueOrder> {
    const groupId = order.order.link?.groupId
    if (groupId === undefined) return
    for (const other of [...this.#orders.values()]) if (other !== order && other.order.link?.groupId === groupId) yield other
  }

  /** One execution, of an order or of the venue's own doing. */
  #trade(order: VenueOrder | undefined, index: number, signed: number, told: number, liquidity: 'added' | 'removed'): void {
    const price = decimalPrice(told)
    const instrument = order?.order.instrument ?? this.#world.instrument(index)
    const { multiplier, currency } = instrument
    const side = signed > 0 ? 'buy' : 'sell'
    const quantity = Math.abs(signed)
    const charged = this.models.fees.fee(
      { instrument, side, quantity, price, liquidity },
      {
        filledQuantity: order?.filled ?? 0,
        notional: order?.notional ?? 0,
        fees: order?.fees ?? 0,
      },
    )
    const feeNano = charged === 0 ? 0n : toNano(charged)
    this.account.move(currency, -notionalNano(price, signed, multiplier) - feeNano)
    this.account.change(index, signed, price)
    const now = this.#world.now()
    if (this.#accrualKey === never && this.options.borrow !== undefined && this.account.quantity(index) < 0) {
      this.#accrualKey = timeKey((now / nsPerDay + 1n) * nsPerDay)
    }
    if (order !== undefined) {
      order.filled += quantity
      order.remaining -= quantity
      if (order.remaining < 5e-10) order.remaining = 0
      order.notional += price * quantity * multiplier
      order.fees += charged
    }
    this.#respond({
      type: 'fill',
      executionId: `${this.accountName}-${++this.#executionNumber}`,
      clientOrderId: order?.order.clientOrderId ?? '',
      instrument,
      side,
      quantity,
      price,
      fee: { currency, nano: feeNano },
      at: now,
      liquidity,
      account: this.accountName,
    })
  }

  /** @internal Fills an order; called by the match. */
  execute(order: VenueOrder, price: number, quantity: number, liquidity: 'added' | 'removed', volume: number, walks: boolean): void {
    let paid = price
    if (liquidity === 'removed' && !walks) {
      const { instrument, side } = order.order
      const worse = this.models.slippage.slippage({ instrument, side, quantity, price, volume })
      if (worse !== 0) {
        paid = side === 'buy' ? price + worse : price - worse
        if (side === 'buy' ? paid > order.limitPrice : paid < order.limitPrice) paid = order.limitPrice
      }
    }
    this.#trade(order, order.index, order.side === 'buy' ? quantity : -quantity, paid, liquidity)
    if (order.remaining === 0) {
      order.isDone = true
      this.#orders.delete(order.order.clientOrderId)
      this.#market(order.index).noteDone()
    }
    if (order.order.link !== undefined) this.#followLinks(order, quantity)
  }

  #followLinks(order: VenueOrder, quantity: number): void {
    const role = order.order.link?.role
    let entry: VenueOrder | undefined
    for (const other of this.#linked(order)) {
      if (role === 'oneCancelsOther') {
        this.#finish(other, 'canceled', 'another order of its group filled')
      } else if (role === 'entry') {
        if (other.order.link?.parentClientOrderId === order.order.clientOrderId) this.#open(other, order, quantity)
      } else if (other.order.link?.role === 'entry') {
        entry = other
      } else {
        // Exits of one entry share its quantity.
        other.remaining -= quantity
        other.closable -= quantity
        if (other.remaining < 5e-10) this.#finish(other, 'canceled', 'the other exit filled')
        else this.#tellQuantity(other, 'the other exit filled')
      }
    }
    if (role !== 'takeProfit' && role !== 'stopLoss') return
    order.closable -= quantity
    // Who takes a profit or a loss is done with the idea: the rest of the entry would open it again.
    if (entry !== undefined) this.#finish(entry, 'canceled', 'an exit filled')
    else if (!order.isDone) this.#shrink(order)
  }

  /** An entry filled: that much can be closed from now on. Inside a bar only its end is known to come after the fill. */
  #open(exit: VenueOrder, entry: VenueOrder, quantity: number): void {
    exit.isActive = true
    exit.closable += quantity
    const from = this.#barFrom
    if (from === undefined) exit.arrivedAt = this.#world.now()
    else exit.arrivedAt = (entry.arrivedAt > from ? entry.arrivedAt : from) + 1n
  }
}

function settingsOf({
  cash,
  currency = 'USD',
  margin,
  borrow,
  latency = {},
  matchOn = 'finest',
  seed = 1,
}: SimulatedBrokerOptions): string[] {
  const value = (setting: number | ((...args: never[]) => unknown) | undefined): string =>
    typeof setting === 'function' ? 'by a function' : String(setting ?? 0)
  return [
    `cash: ${cash} ${currency}`,
    `margin: ${margin === undefined || margin === 'unlimited' ? 'unlimited' : margin.name}`,
    `borrowing: ${value(borrow?.rateAnnual)} a year`,
    `latency: ${value(latency.orderNs)} ns there, ${value(latency.responseNs)} ns back, seed ${seed}`,
    `orders meet: ${matchOn}`,
  ]
}

/** Orders that wait for an auction. Opening-only time in force makes any order one. */
function isAuctionOrder({ type, order }: VenueOrder): boolean {
  return (
    order.timeInForce === 'opg' || type === 'marketOnOpen' || type === 'limitOnOpen' || type === 'marketOnClose' || type === 'limitOnClose'
  )
}

/** The one match object, moved from order to order. */
class EventMatch implements BookMatch {
  order!: VenueOrder
  book: BookView | undefined = undefined
  available = Infinity
  isWhole = true
  isSessionOpen = false
  isSessionClose = false
  /** Filled for the present order on the present event. */
  taken = 0
  #volume = NaN
  #market!: VenueMarket

  constructor(readonly exchange: SimulatedExchange) {}

  begin(market: VenueMarket, available: number, isWhole: boolean, volume: number): this {
    this.#market = market
    this.available = available
    this.isWhole = isWhole
    this.#volume = volume
    this.taken = 0
    return this
  }

  get bidPrice(): number {
    return this.#market.bidPrice
  }
  get askPrice(): number {
    return this.#market.askPrice
  }

  setAvailable(quantity: number): void {
    this.available = quantity
    this.taken = 0
  }

  fill(price: number, liquidity: 'added' | 'removed', quantity = Infinity): number {
    const { order } = this
    const wanted = Math.min(order.fillable, quantity)
    const filled = this.#admit(Math.min(wanted, this.available), wanted)
    if (filled <= 0) return 0
    this.available -= filled
    this.taken += filled
    this.exchange.execute(order, price, filled, liquidity, this.#volume, false)
    return filled
  }

  /** Rounds down to what can be traded; fill-or-kill takes all or nothing. */
  #admit(quantity: number, wanted: number): number {
    if (quantity >= wanted) return wanted
    if (this.order.order.timeInForce === 'fok') return 0
    const { lotSize } = this.order.order.instrument
    return Math.floor(quantity / lotSize + 1e-9) * lotSize
  }

  walk(limitPrice: number): number {
    const { book, order } = this
    if (book === undefined) return 0
    const isBuy = order.side === 'buy'
    const market = this.#market
    if (order.order.timeInForce === 'fok' && this.#walkable(book, isBuy, limitPrice) < order.fillable) return 0
    let filled = 0
    for (let level = 0; level < book.levels && order.fillable > 0; level++) {
      const price = isBuy ? book.askPrice(level) : book.bidPrice(level)
      if (Number.isNaN(price) || (isBuy ? price > limitPrice : price < limitPrice)) break
      const size = this.exchange.shareOf(isBuy ? book.askSize(level) : book.bidSize(level))
      const quantity = this.#admit(Math.min(order.fillable, size - market.takenAt(isBuy, price)), order.fillable)
      if (quantity <= 0) continue
      market.take(isBuy, price, quantity)
      filled += quantity
      this.exchange.execute(order, price, quantity, 'removed', NaN, true)
    }
    return filled
  }

  #walkable(book: BookView, isBuy: boolean, limitPrice: number): number {
    let total = 0
    for (let level = 0; level < book.levels; level++) {
      const price = isBuy ? book.askPrice(level) : book.bidPrice(level)
      if (Number.isNaN(price) || (isBuy ? price > limitPrice : price < limitPrice)) break
      const size = this.exchange.shareOf(isBuy ? book.askSize(level) : book.bidSize(level))
      total += Math.max(0, size - this.#market.takenAt(isBuy, price))
    }
    return total
  }
}
