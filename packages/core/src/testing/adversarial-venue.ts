import type { Refusal } from '@gatehouse/contracts'
import type { Broker, BrokerEvent, BrokerOrder, BrokerSession, BrokerSnapshot } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Fill, Order, OrderChange, OrderStatus } from '../interfaces/order.js'
import type { TimeNs } from '../interfaces/time.js'
import { notionalNano, toNano } from '../portfolio/money.js'
import { RandomStream } from '../synthetic/random.js'

/** How often the venue misbehaves, each a probability per message or turn. All 0: a well-behaved venue. */
export interface VenueFaults {
  /** A message from the venue never arrives. */
  readonly loseEvent?: number | undefined
  /** It arrives twice, the second time later. */
  readonly duplicateEvent?: number | undefined
  /** It arrives after later ones. */
  readonly delayEvent?: number | undefined
  /** A message to the venue never arrives; the sender is not told. */
  readonly loseCommand?: number | undefined
  /** An execution is corrected to another price, or taken back. */
  readonly correctFill?: number | undefined
  /** Somebody trades by hand in the account. */
  readonly manualTrade?: number | undefined
  /** The connection breaks; messages under way are lost. */
  readonly disconnect?: number | undefined
  /** A snapshot comes without some of its orders, executions and positions, and says so. */
  readonly incompleteSnapshot?: number | undefined
}

export interface AdversarialVenueOptions {
  readonly seed: number
  readonly faults?: VenueFaults | undefined
  readonly environment?: Broker['environment'] | undefined
  readonly cash?: number | undefined
  /** Price that market orders fill around; default 100. */
  readonly price?: number | undefined
  /** The venue's clock, ns; it moves by a microsecond a message. */
  readonly startsAt?: TimeNs | undefined
  /** Its snapshots list orders that have ended, too; default false. */
  readonly listsEnded?: boolean | undefined
}

interface VenueOrder {
  readonly order: Order
  readonly brokerOrderId: string
  status: OrderStatus
  quantity: number
  filled: number
  isActive: boolean
}

/** A venue in memory that keeps the truth and tells it badly, with the broker that talks to it. */
export interface AdversarialVenue {
  readonly broker: Broker
  /** Lets the venue act once: messages arrive, orders execute, something may go wrong. */
  step(): void
  /** Lets messages under way arrive in both directions, without executing anything. */
  settle(): void
  /** Ends all misbehaviour: everything under way arrives, the connection stands. */
  calm(): void
  disconnect(): void
  reconnect(): void
  /** Executes part of an order, or all that is left. */
  execute(clientOrderId: string, quantity?: number): void
  manualTrade(instrument: Instrument, quantity: number): void
  /** The truth. */
  position(instrument: Instrument): number
  readonly cashNano: bigint
  readonly orders: readonly { readonly clientOrderId: string; readonly status: OrderStatus; readonly filled: number }[]
  /** How often each client order id arrived: more than once is a double order. */
  readonly arrivals: ReadonlyMap<string, number>
  /** Messages that were lost, repeated or delayed so far. */
  readonly misdeeds: number
  now(): TimeNs
}

/** A venue that loses, repeats, reorders, corrects and disconnects by a seed. The same seed misbehaves the same way. */
export function adversarialVenue(options: AdversarialVenueOptions): AdversarialVenue {
  return new Venue(options)
}

const terminal: ReadonlySet<OrderStatus> = new Set(['filled', 'canceled', 'rejected', 'expired'])

class Venue implements AdversarialVenue {
  readonly broker: Broker
  readonly arrivals = new Map<string, number>()
  misdeeds = 0
  #faults: VenueFaults
  readonly #random: RandomStream
  readonly #orders = new Map<string, VenueOrder>()
  readonly #executions = new Map<string, Fill>()
  readonly #positions = new Map<string, { instrument: Instrument; quantity: number }>()
  #cash: bigint
  #time: bigint
  readonly #price: number
  readonly #listsEnded: boolean
  #session: BrokerSession | undefined
  #isConnected = false
  #outbox: BrokerEvent[] = []
  #inbox: (() => void)[] = []
  #number = 0

  constructor({
    seed,
    faults = {},
    environment = 'paper',
    cash = 100_000,
    price = 100,
    startsAt = 1_700_000_000_000_000_000n,
    listsEnded = false,
  }: AdversarialVenueOptions) {
    this.#faults = faults
    this.#random = new RandomStream(seed)
    this.#cash = toNano(cash)
    this.#price = price
    this.#time = startsAt
    this.#listsEnded = listsEnded
    this.broker = this.#makeBroker(environment)
  }

  get cashNano(): bigint {
    return this.#cash
  }
  get orders(): AdversarialVenue['orders'] {
    return [...this.#orders.values()].map(({ order, status, filled }) => ({ clientOrderId: order.clientOrderId, status, filled }))
  }
  now(): TimeNs {
    return this.#time
  }
  position(instrument: Instrument): number {
    return this.#positions.get(instrument.id)?.quantity ?? 0
  }

  #chance(probability: number | undefined): boolean {
    if (probability === undefined || probability === 0) return false
    const happens = this.#random.uniform() < probability
    if (happens) this.misdeeds++
    return happens
  }

  #makeBroker(environment: Broker['environment']): Broker {
    const send = (act: () => void): Refusal | undefined => {
      if (!this.#isConnected)
        return {
          approved: false,
          rule: 'not-connected',
          observed: 'disconnected',
          limit: 'connected',
          message: 'The venue is not connected; nothing was sent',
        }
      if (!this.#chance(this.#faults.loseCommand)) this.#inbox.push(act)
      return undefined
    }
    return {
      name: 'adversarial',
      environment,
      baseCurrency: 'USD',
      supports: {
        orderTypes: ['market', 'limit', 'stop', 'stopLimit'],
        timesInForce: ['day', 'gtc', 'ioc'],
        brackets: true,
        oneCancelsOther: true,
        replace: true,
        fractionalQuantity: false,
        shortSelling: true,
        outsideRegularHours: true,
      },
      preflight: async () => [{ id: 'venue', severity: 'ok', message: 'the venue answers', cure: '' }],
      connect: async (session) => {
        this.#session = session
        this.#isConnected = true
        return this.#snapshot()
      },
      submit: (group) => send(() => group.forEach((order) => this.#accept(order))),
      replace: (clientOrderId, change) => send(() => this.#replace(clientOrderId, change)),
      cancel: (clientOrderId) => send(() => this.#cancel(clientOrderId)),
      snapshot: async () => {
        if (!this.#isConnected) throw new Error('not connected')
        return this.#snapshot()
      },
      close: async () => {
        this.#isConnected = false
      },
      [Symbol.asyncDispose]: async () => {
        this.#isConnected = false
      },
    }
  }

  #snapshot(): BrokerSnapshot {
    this.#time += 1000n
    const isIncomplete = this.#chance(this.#faults.incompleteSnapshot)
    const keep = <T>(all: T[]): T[] => (isIncomplete ? all.filter(() => this.#random.uniform() < 0.5) : all)
    const orders = [...this.#orders.values()].filter(({ status }) => this.#listsEnded || !terminal.has(status))
    return {
      type: 'broker-snapshot',
      asOf: this.#time,
      complete: !isIncomplete,
      orders: keep(
        orders.map<BrokerOrder>(({ order, brokerOrderId, status, quantity, filled }) => ({
          clientOrderId: order.clientOrderId === '' ? undefined : order.clientOrderId,
          brokerOrderId,
          instrument: order.instrument,
          status,
          side: order.side,
          quantity,
          filledQuantity: filled,
        })),
      ),
      executions: keep([...this.#executions.values()]),
      positions: keep(
        [...this.#positions.values()]
          .filter(({ quantity }) => quantity !== 0)
          .map(({ instrument, quantity }) => ({ account: 'venue', instrument, quantity, averagePrice: this.#price })),
      ),
      balances: isIncomplete ? [] : [{ account: 'venue', cash: { currency: 'USD', nano: this.#cash } }],
    }
  }

  #tell(event: BrokerEvent): void {
    if (!this.#isConnected || this.#chance(this.#faults.loseEvent)) return
    this.#outbox.push(event)
    if (this.#chance(this.#faults.duplicateEvent)) this.#outbox.push(event)
  }

  #tellOrder(
    { order, brokerOrderId, filled }: VenueOrder,
    status: Extract<BrokerEvent, { type: 'broker-order' }>['status'],
    change?: OrderChange,
  ): void {
    this.#time += 1000n
    this.#tell({
      type: 'broker-order',
      clientOrderId: order.clientOrderId,
      brokerOrderId,
      status,
      at: this.#time,
      filledQuantity: filled,
      change,
    })
  }

  #accept(order: Order): void {
    const { clientOrderId } = order
    this.arrivals.set(clientOrderId, (this.arrivals.get(clientOrderId) ?? 0) + 1)
    if (!this.broker.supports.orderTypes.includes(order.type)) {
      this.#tell({ type: 'broker-order', clientOrderId, status: 'rejected', at: this.#time, message: `no ${order.type} orders here` })
      return
    }
    if (this.#orders.has(clientOrderId)) return
    const accepted: VenueOrder = {
      order,
      brokerOrderId: `V${++this.#number}`,
      status: 'accepted',
      quantity: order.quantity,
      filled: 0,
      isActive: order.link?.parentClientOrderId === undefined,
    }
    this.#orders.set(clientOrderId, accepted)
    this.#tellOrder(accepted, 'accepted')
  }

  #replace(clientOrderId: string, change: OrderChange): void {
    const found = this.#orders.get(clientOrderId)
    if (found === undefined || terminal.has(found.status) || (change.quantity !== undefined && change.quantity <= found.filled)) {
      this.#tell({ type: 'broker-order', clientOrderId, status: 'replaceRejected', at: this.#time, message: 'too late' })
      return
    }
    if (change.quantity !== undefined) found.quantity = change.quantity
    this.#tellOrder(found, 'replaced', change)
  }

  #cancel(clientOrderId: string): void {
    const found = this.#orders.get(clientOrderId)
    if (found === undefined || terminal.has(found.status)) {
      this.#tell({ type: 'broker-order', clientOrderId, status: 'cancelRejected', at: this.#time, message: 'too late' })
      return
    }
    this.#end(found, 'canceled')
  }

  #end(order: VenueOrder, status: 'canceled' | 'filled'): void {
    order.status = status
    this.#tellOrder(order, status)
    if (status === 'canceled' && order.order.link?.role === 'entry' && order.filled === 0) {
      for (const other of this.#group(order)) this.#end(other, 'canceled')
    }
  }

  #group({ order }: VenueOrder): VenueOrder[] {
    const groupId = order.link?.groupId
    if (groupId === undefined) return []
    return [...this.#orders.values()].filter(
      (other) => other.order !== order && other.order.link?.groupId === groupId && !terminal.has(other.status),
    )
  }

  execute(clientOrderId: string, quantity?: number): void {
    const found = this.#orders.get(clientOrderId)
    if (found === undefined || terminal.has(found.status) || !found.isActive) return
    const filled = Math.min(quantity ?? Infinity, found.quantity - found.filled)
    const { order } = found
    found.filled += filled
    found.status = 'partiallyFilled'
    const price = order.limitPrice ?? this.#price + Math.round(this.#random.uniform() * 100) / 100
    this.#book(order.clientOrderId, order.instrument, order.side === 'buy' ? filled : -filled, price)
    if (found.filled >= found.quantity) this.#end(found, 'filled')
    const role = order.link?.role
    for (const other of this.#group(found)) {
      if (role === 'entry') other.isActive = true
      else if (other.order.link?.role !== 'entry') this.#end(other, 'canceled')
    }
  }

  #book(clientOrderId: string, instrument: Instrument, signed: number, price: number, corrects?: Fill): void {
    this.#time += 1000n
    const fee = toNano(Math.abs(signed) * 0.01)
    const fill: Fill = {
      type: 'fill',
      executionId: `X${++this.#number}`,
      clientOrderId,
      instrument,
      side: signed > 0 ? 'buy' : 'sell',
      quantity: Math.abs(signed),
      price,
      fee: { currency: 'USD', nano: fee },
      at: this.#time,
      liquidity: 'unknown',
      account: 'venue',
      corrects: corrects?.executionId,
    }
    if (corrects !== undefined) this.#unbook(corrects)
    this.#executions.set(fill.executionId, fill)
    this.#apply(fill, 1)
    this.#tell(fill)
  }

  #unbook(fill: Fill): void {
    this.#executions.delete(fill.executionId)
    this.#apply(fill, -1)
  }

  #apply(fill: Fill, sign: 1 | -1): void {
    const signed = (fill.side === 'buy' ? fill.quantity : -fill.quantity) * sign
    const { instrument } = fill
    const held = this.#positions.get(instrument.id) ?? { instrument, quantity: 0 }
    held.quantity += signed
    this.#positions.set(instrument.id, held)
    this.#cash -= notionalNano(fill.price, signed, instrument.multiplier) + (sign === 1 ? fill.fee.nano : -fill.fee.nano)
  }

  manualTrade(instrument: Instrument, quantity: number): void {
    this.#book('', instrument, quantity, this.#price)
  }

  disconnect(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    // What is under way in either direction is lost; the sender is not told.
    this.#outbox = []
    this.#inbox = []
    this.#session?.emit({
      type: 'broker-status',
      broker: this.broker.name,
      status: 'disconnected',
      at: this.#time,
      message: 'connection lost',
    })
  }

  reconnect(): void {
    if (this.#isConnected || this.#session === undefined) return
    this.#isConnected = true
    this.#session.emit({ type: 'broker-status', broker: this.broker.name, status: 'connected', at: this.#time, message: 'connected again' })
  }

  step(): void {
    this.#time += 1_000_000n
    if (this.#chance(this.#faults.disconnect)) this.disconnect()
    else if (!this.#isConnected && this.#random.uniform() < 0.5) this.reconnect()
    for (const act of this.#inbox.splice(0)) act()
    for (const order of [...this.#orders.values()]) {
      if (terminal.has(order.status) || !order.isActive || this.#random.uniform() > 0.4) continue
      this.execute(order.order.clientOrderId, 1 + Math.floor(this.#random.uniform() * order.quantity))
    }
    const last = [...this.#executions.values()].pop()
    if (last !== undefined && last.clientOrderId !== '' && this.#chance(this.#faults.correctFill)) {
      this.#book(last.clientOrderId, last.instrument, last.side === 'buy' ? last.quantity : -last.quantity, last.price + 0.5, last)
    }
    const [known] = this.#positions.values()
    if (known !== undefined && this.#chance(this.#faults.manualTrade))
      this.manualTrade(known.instrument, this.#random.uniform() < 0.5 ? 1 : -1)
    this.#deliver()
  }

  #deliver(): void {
    const ready = this.#outbox.splice(0)
    for (const event of ready) {
      if (this.#chance(this.#faults.delayEvent)) this.#outbox.push(event)
      else this.#session?.emit(event)
    }
  }

  settle(): void {
    for (const act of this.#inbox.splice(0)) act()
    this.#deliver()
  }

  calm(): void {
    this.#faults = {}
    for (const act of this.#inbox.splice(0)) act()
    this.#deliver()
    if (this.#isConnected) this.disconnect()
    this.reconnect()
  }
}
