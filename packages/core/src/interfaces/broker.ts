import type { CallOptions, Closable, Environment, Refusal } from '@gatehouse/contracts'
import type { Instrument } from './instrument.js'
import type { Money } from './money.js'
import type { Fill, Order, OrderChange, OrderStatus, OrderType, TimeInForce } from './order.js'
import type { MarketSimulation } from '../simulated/market-simulation.js'
import type { TimeNs } from './time.js'

/** What a broker can do. Callers ask first; conformance suites skip what is not claimed. */
export interface BrokerAbilities {
  readonly orderTypes: readonly OrderType[]
  readonly timesInForce: readonly TimeInForce[]
  readonly brackets: boolean
  readonly oneCancelsOther: boolean
  readonly replace: boolean
  readonly fractionalQuantity: boolean
  readonly shortSelling: boolean
  readonly outsideRegularHours: boolean
}

/** One thing a preflight looked at. */
export interface Finding {
  readonly id: string
  readonly severity: 'ok' | 'warning' | 'error'
  /** What was seen. */
  readonly message: string
  /** What to do about it; empty when ok. */
  readonly cure: string
}

/** The broker's word on one order. Outcomes arrive as events only; a duplicate or an older event must do no harm. */
export interface BrokerOrderEvent {
  readonly type: 'broker-order'
  readonly clientOrderId: string
  readonly status:
    Extract<OrderStatus, 'accepted' | 'canceled' | 'rejected' | 'expired' | 'filled'> | 'replaced' | 'replaceRejected' | 'cancelRejected'
  readonly brokerOrderId?: string | undefined
  readonly at: TimeNs
  /** Total filled as the broker counts it, where it says. */
  readonly filledQuantity?: number | undefined
  /** What now holds, for `replaced`. */
  readonly change?: OrderChange | undefined
  readonly message?: string | undefined
}

/** A fill was wrong and is taken back, without a replacement. */
export interface FillCanceled {
  readonly type: 'fill-canceled'
  readonly executionId: string
  readonly at: TimeNs
}

/** What happened to the connection or the account. `connected` is followed by a fresh snapshot before orders flow. */
export interface BrokerStatus {
  readonly type: 'broker-status'
  readonly broker: string
  readonly status: 'connected' | 'disconnected' | 'restricted' | 'restored' | 'marginCall'
  readonly at: TimeNs
  readonly message: string
}

/** An order that is not ours (manual, another program): counted in risk, never touched unless adopted. */
export interface ForeignOrder {
  readonly type: 'foreign-order'
  readonly brokerOrderId: string
  readonly instrument: Instrument
  readonly side: 'buy' | 'sell'
  readonly remainingQuantity: number
  readonly at: TimeNs
}

/** Cash that came or went without a trade. */
export interface CashMovement {
  readonly type: 'cash-movement'
  readonly account: string
  /** Signed: negative is paid. */
  readonly amount: Money
  readonly reason: 'deposit' | 'dividend' | 'interest' | 'borrow' | 'fee' | 'other'
  readonly instrument?: Instrument | undefined
  readonly at: TimeNs
}

export type BrokerEvent = BrokerOrderEvent | Fill | FillCanceled | BrokerStatus | ForeignOrder | CashMovement

export interface BrokerPosition {
  readonly account: string
  readonly instrument: Instrument
  /** Signed: negative is short. */
  readonly quantity: number
  /** Of a future: the price that profit is counted from which cash does not contain yet; the last settlement where the broker settles daily. */
  readonly averagePrice: number
}

export interface BrokerBalance {
  readonly account: string
  /** What shares cost has left it; the value of a future has not, only profit that was settled comes and goes. */
  readonly cash: Money
  /** Net liquidation value where the broker says it. */
  readonly equity?: Money | undefined
  readonly buyingPower?: Money | undefined
}

/** An order as the broker sees it. */
export interface BrokerOrder {
  readonly clientOrderId: string | undefined
  readonly brokerOrderId: string
  readonly instrument: Instrument
  readonly status: OrderStatus
  readonly side: 'buy' | 'sell'
  readonly quantity: number
  readonly filledQuantity: number
}

/** The broker's truth at one moment. Incomplete means: draw no conclusion from what is absent. */
export interface BrokerSnapshot {
  readonly type: 'broker-snapshot'
  readonly asOf: TimeNs
  readonly complete: boolean
  /** Orders that work; a broker that still knows ended ones lists them too, with how they ended. */
  readonly orders: readonly BrokerOrder[]
  /** Executions the broker still remembers, corrections included. */
  readonly executions: readonly Fill[]
  readonly positions: readonly BrokerPosition[]
  readonly balances: readonly BrokerBalance[]
}

/** What core gives a broker when it connects. */
export interface BrokerSession {
  /** Only enqueues: safe from any callback, never re-enters the engine. */
  readonly emit: (event: BrokerEvent) => void
  /** Orders that core believes are working, so that the broker can map ids again. */
  readonly workingOrders: readonly Order[]
  /** Next value of a counter that survives restarts; for brokers whose ids must rise. */
  readonly nextCounter: () => number
  readonly instruments: readonly Instrument[]
}

/** One or more accounts at one venue. Outcomes are events, `emit` only enqueues. Nothing is ever queued for a later connection. */
export interface Broker extends Closable {
  readonly name: string
  readonly environment: Environment
  readonly supports: BrokerAbilities
  /** Currency that the account is counted in; default `'USD'`. */
  readonly baseCurrency?: string | undefined
  /** A venue inside the process, which fills from the run's own market data. Only `simulated` brokers have one. */
  readonly simulation?: MarketSimulation | undefined
  /** "Doctor": what must hold before an order may be sent. */
  preflight(options?: CallOptions): Promise<readonly Finding[]>
  connect(session: BrokerSession, options?: CallOptions): Promise<BrokerSnapshot>
  /** A bracket or OCO group is one unit. A refusal means that nothing of it was sent; not connected is a refusal. */
  submit(group: readonly Order[]): Refusal | undefined
  replace(clientOrderId: string, change: OrderChange): Refusal | undefined
  cancel(clientOrderId: string): Refusal | undefined
  snapshot(options?: CallOptions): Promise<BrokerSnapshot>
}
