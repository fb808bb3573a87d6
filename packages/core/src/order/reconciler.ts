import type { BrokerEvent, BrokerSnapshot } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Fill, OrderStatus } from '../interfaces/order.js'
import type { OrderLog } from './order-log.js'
import { isTerminal, type OrderRecord } from './order-record.js'

/** A position that fills do not explain. */
export interface PositionDifference {
  readonly instrument: Instrument
  readonly ours: number
  readonly theirs: number
  readonly averagePrice: number
}

/** What a snapshot teaches beyond what is known. */
export interface Reconciliation {
  /** To be handled as if the broker had sent them, in this order: executions first. */
  readonly events: readonly BrokerEvent[]
  /** False when the snapshot was incomplete: nothing was concluded from what is absent, and positions were not compared. */
  readonly isComplete: boolean
}

/**
 * Compares three sides: what was meant (the order log), what the broker has (the snapshot), and what was executed. Executions that were
 * missed are told again; orders the broker knows take its status; an order it does not know, in a complete snapshot that is younger
 * than the order, never arrived or has ended. An incomplete snapshot concludes nothing from what is absent.
 */
export function reconcile(log: OrderLog, snapshot: BrokerSnapshot): Reconciliation {
  const events: BrokerEvent[] = [...snapshot.executions]
  const known = new Set<string>()
  for (const order of snapshot.orders) {
    const { clientOrderId, brokerOrderId, instrument, side, quantity, filledQuantity, status } = order
    const record = clientOrderId === undefined ? undefined : log.find(clientOrderId)
    if (record === undefined) {
      const remainingQuantity = quantity - filledQuantity
      if (remainingQuantity > 0 && !isTerminal(status))
        events.push({ type: 'foreign-order', brokerOrderId, instrument, side, remainingQuantity, at: snapshot.asOf })
      continue
    }
    known.add(record.order.clientOrderId)
    const told = {
      type: 'broker-order',
      clientOrderId: record.order.clientOrderId,
      brokerOrderId,
      filledQuantity,
      at: snapshot.asOf,
    } as const
    if (status === 'filled' || status === 'canceled' || status === 'rejected' || status === 'expired') events.push({ ...told, status })
    else if (quantity !== record.quantity) events.push({ ...told, status: 'replaced', change: { quantity } })
    else if (record.status !== 'pendingCancel') events.push({ ...told, status: 'accepted' })
  }
  if (snapshot.complete) {
    for (const record of log.all()) {
      if (known.has(record.order.clientOrderId) || record.isTerminal || !wasSentBefore(record, snapshot)) continue
      events.push(absent(record, snapshot))
    }
  }
  return { events, isComplete: snapshot.complete }
}

/** An order sent, or changed, after the snapshot was taken says nothing by its absence. */
function wasSentBefore(record: OrderRecord, { asOf }: BrokerSnapshot): boolean {
  return record.order.createdAt < asOf && record.updatedAt < asOf
}

function absent(record: OrderRecord, snapshot: BrokerSnapshot): BrokerEvent {
  const { clientOrderId } = record.order
  const executed = total(snapshot.executions.filter((fill) => fill.clientOrderId === clientOrderId))
  const filledQuantity = Math.max(executed, record.filledQuantity)
  const base = { type: 'broker-order', clientOrderId, at: snapshot.asOf, filledQuantity } as const
  if (filledQuantity >= record.quantity - 5e-10) return { ...base, status: 'filled' }
  const neverAnswered = record.brokerOrderId === undefined && filledQuantity === 0
  const message = neverAnswered
    ? 'it never arrived, or ended unseen: a complete snapshot does not have it'
    : 'the broker no longer has it: a complete snapshot does not have it'
  return { ...base, status: 'canceled', message }
}

/** What a broker says of an order that its executions, as we were told of them, do not explain. */
export interface Restatement {
  readonly record: OrderRecord
  readonly status: OrderStatus
  readonly filledQuantity: number
  /** Every execution of the order that counts. */
  readonly executions: readonly Fill[]
  readonly message: string
}

/**
 * Orders whose end or filled quantity a complete snapshot states otherwise, once everything in it has been handled: executions were corrected, and
 * the correction, or what it corrects, was never told. Believed only of an order that the snapshot's own executions add up for: a broker that looks at
 * orders and executions one after the other, or remembers today's executions only, is not taken at half its word.
 */
export function restatements(log: OrderLog, { orders, executions, complete, asOf }: BrokerSnapshot): Restatement[] {
  if (!complete) return []
  const found: Restatement[] = []
  for (const { clientOrderId, status, filledQuantity } of orders) {
    const record = clientOrderId === undefined ? undefined : log.find(clientOrderId)
    if (record === undefined || record.updatedAt > asOf) continue
    const isSameEnd = isTerminal(status) || record.isTerminal ? status === record.status : true
    if (isSameEnd && isSame(filledQuantity, record.filledQuantity)) continue
    const ofOrder = executions.filter((fill) => fill.clientOrderId === clientOrderId)
    if (!isSame(filledQuantity, total(ofOrder))) continue
    const message = `it was ${record.status} with ${record.filledQuantity} filled as we were told, a complete snapshot says ${status} with ${filledQuantity}: executions were corrected out of sight`
    found.push({ record, status, filledQuantity, executions: ofOrder, message })
  }
  return found
}

const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= 5e-10
const total = (fills: readonly Fill[]): number => fills.reduce((sum, { quantity }) => sum + quantity, 0)

/** Positions of a complete snapshot that differ from ours once all executions are counted. */
export function comparePositions(snapshot: BrokerSnapshot, ours: ReadonlyMap<Instrument, number>): PositionDifference[] {
  if (!snapshot.complete) return []
  const theirs = new Map<string, { instrument: Instrument; quantity: number; averagePrice: number }>()
  for (const { instrument, quantity, averagePrice } of snapshot.positions) {
    const sum = theirs.get(instrument.id)
    theirs.set(instrument.id, { instrument, quantity: quantity + (sum?.quantity ?? 0), averagePrice })
  }
  const differences: PositionDifference[] = []
  for (const [instrument, quantity] of ours) {
    const other = theirs.get(instrument.id)
    theirs.delete(instrument.id)
    if (Math.abs((other?.quantity ?? 0) - quantity) > 5e-10) {
      differences.push({ instrument, ours: quantity, theirs: other?.quantity ?? 0, averagePrice: other?.averagePrice ?? 0 })
    }
  }
  for (const { instrument, quantity, averagePrice } of theirs.values()) {
    if (Math.abs(quantity) > 5e-10) differences.push({ instrument, ours: 0, theirs: quantity, averagePrice })
  }
  return differences
}
