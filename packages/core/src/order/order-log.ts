import type { BrokerOrderEvent, FillCanceled } from '../interfaces/broker.js'
import type { Fill, Order, OrderChange, OrderStatus } from '../interfaces/order.js'
import type { TimeNs } from '../interfaces/time.js'
import { isTerminal, OrderRecord, type TerminalStatus } from './order-record.js'
import type { Restatement } from './reconciler.js'

/** What an event did to the log. */
export interface FillEffect {
  /** `undefined` for a fill of an order that the log does not know. */
  readonly record: OrderRecord | undefined
  /** False for an execution that was corrected before it was told: only what it corrects itself stops counting. */
  readonly counts: boolean
  /** The execution that stops counting, for a correction. */
  readonly replaces: Fill | undefined
  readonly previousStatus: OrderStatus
}

export interface OrderLogOptions {
  /** Ended orders that are remembered for late events; default 4096. */
  readonly remember?: number | undefined
  /** Executions that are remembered, so that one told twice counts once; default 65536. */
  readonly rememberExecutions?: number | undefined
  /** False for a venue inside the process, whose executions are told once: none is remembered. */
  readonly deduplicate?: boolean | undefined
}

const none: readonly OrderRecord[] = []

/**
 * Every order that may still trade, and the state machine of each. A pure fold over what was sent and what the broker said: the same
 * events give the same state in any process. Duplicates and events older than what is known change nothing.
 */
export class OrderLog {
  readonly #byId = new Map<string, OrderRecord>()
  /** Orders that may still trade or still owe executions, by instrument. */
  readonly #open: OrderRecord[][] = []
  readonly #ended: string[] = []
  #endedAt = 0
  /** Executions that count, by id; `undefined` for ids that are spent: corrected or taken back. */
  readonly #executions = new Map<string, Fill | undefined>()
  readonly #rememberOrders: number
  readonly #rememberExecutions: number
  readonly #deduplicate: boolean
  openCount = 0
  readonly counts = { submitted: 0, filled: 0, canceled: 0, rejected: 0, expired: 0 }

  constructor({ remember = 4096, rememberExecutions = 65_536, deduplicate = true }: OrderLogOptions = {}) {
    this.#rememberOrders = remember
    this.#rememberExecutions = rememberExecutions
    this.#deduplicate = deduplicate
  }

  find(clientOrderId: string): OrderRecord | undefined {
    return this.#byId.get(clientOrderId)
  }

  /** Orders of an instrument that are not settled: still trading, or ended with executions on their way. */
  open(index: number): readonly OrderRecord[] {
    return this.#open[index] ?? none
  }

  /** All orders that are not settled. */
  *all(): Generator<OrderRecord> {
    for (const records of this.#open) if (records !== undefined) yield* records
  }

  /** Notes the intent, before it is sent. */
  create(order: Order, index: number): OrderRecord {
    const record = new OrderRecord(order, index)
    this.#byId.set(order.clientOrderId, record)
    ;(this.#open[index] ??= []).push(record)
    this.openCount++
    return record
  }

  /** The broker took it over. */
  submitted(record: OrderRecord): void {
    this.counts.submitted++
    // A venue in the process may have answered inside `submit`.
    if (record.status === 'created') record.status = 'submitted'
    record.settledStatus = record.status
  }

  /** It was never sent: the broker refused the group. */
  withdraw(record: OrderRecord, at: TimeNs, message: string): void {
    this.#end(record, 'rejected', at, message)
    this.#settle(record)
  }

  /** After a crash: what had not been answered is unknown, and what had been accepted may have changed. */
  interrupted(at: TimeNs): void {
    for (const record of this.all()) {
      if (record.isTerminal || (record.status !== 'created' && record.status !== 'submitted' && !isPending(record.status))) continue
      record.status = 'unknown'
      record.updatedAt = at
    }
  }

  /** A change was asked for and not yet answered. */
  replaceAsked(record: OrderRecord, change: OrderChange, at: TimeNs): void {
    if (!isPending(record.status)) record.settledStatus = record.status
    record.status = 'pendingReplace'
    record.askedQuantity = change.quantity
    record.updatedAt = at
  }

  /** A cancel was asked for and not yet answered. */
  cancelAsked(record: OrderRecord, at: TimeNs): void {
    if (!isPending(record.status)) record.settledStatus = record.status
    record.status = 'pendingCancel'
    record.updatedAt = at
  }

  /** The connection is lost: what has not been answered is unknown. */
  connectionLost(at: TimeNs): OrderRecord[] {
    const changed: OrderRecord[] = []
    for (const record of this.all()) {
      if (record.status !== 'submitted' && !isPending(record.status)) continue
      record.status = 'unknown'
      record.updatedAt = at
      changed.push(record)
    }
    return changed
  }

  /** @returns the order and its status before, or `undefined` when the event changed nothing */
  apply(event: BrokerOrderEvent): { readonly record: OrderRecord; readonly previousStatus: OrderStatus } | undefined {
    const record = this.#byId.get(event.clientOrderId)
    if (record === undefined) return undefined
    const previousStatus = record.status
    if (event.brokerOrderId !== undefined) record.brokerOrderId = event.brokerOrderId
    if (event.filledQuantity !== undefined && event.filledQuantity > record.toldFilled) record.toldFilled = event.filledQuantity
    // What has ended stays ended: a late or repeated status says nothing new.
    if (isTerminal(previousStatus)) return undefined
    const changed = this.#transition(record, event)
    if (!changed) return undefined
    if (record.isTerminal && record.outstanding === 0) this.#settle(record)
    return { record, previousStatus }
  }

  #transition(record: OrderRecord, event: BrokerOrderEvent): boolean {
    const { at, message } = event
    switch (event.status) {
      case 'accepted':
        // A pending change or cancel is not answered by it.
        if (isPending(record.status) || (record.filledQuantity > 0 && record.status === 'partiallyFilled')) return false
        if (record.status === 'accepted') return false
        set(record, record.filledQuantity > 0 ? 'partiallyFilled' : 'accepted', at, message)
        return true
      case 'replaced':
        if (event.change?.quantity !== undefined) record.quantity = event.change.quantity
        else if (record.askedQuantity !== undefined) record.quantity = record.askedQuantity
        if (event.change?.limitPrice !== undefined) record.limitPrice = event.change.limitPrice
        if (event.change?.stopPrice !== undefined) record.stopPrice = event.change.stopPrice
        record.askedQuantity = undefined
        if (record.status !== 'pendingCancel') set(record, record.filledQuantity > 0 ? 'partiallyFilled' : 'accepted', at, message)
        return true
      case 'replaceRejected':
        if (record.status !== 'pendingReplace' && record.status !== 'unknown') return false
        record.askedQuantity = undefined
        set(record, settled(record), at, message)
        return true
      case 'cancelRejected':
        if (record.status !== 'pendingCancel' && record.status !== 'unknown') return false
        set(record, settled(record), at, message)
        return true
      case 'filled':
        if (event.filledQuantity === undefined) record.toldFilled = Math.max(record.toldFilled, record.quantity)
        this.#end(record, 'filled', at, message)
        return true
      default:
        this.#end(record, event.status, at, message)
        return true
    }
  }

  /** @returns what changed, or `undefined` for an execution that was told before */
  applyFill(fill: Fill): FillEffect | undefined {
    let replaces: Fill | undefined
    let counts = true
    if (this.#deduplicate) {
      const isKnown = this.#executions.has(fill.executionId)
      // A late execution that was corrected already counts no more, but what it corrects itself must stop counting.
      counts = !isKnown
      if (fill.corrects !== undefined) {
        replaces = this.#executions.get(fill.corrects)
        this.#remember(fill.corrects, undefined)
      }
      if (isKnown && replaces === undefined) return undefined
      if (counts) this.#remember(fill.executionId, fill)
    }
    const record = this.#byId.get(fill.clientOrderId)
    if (record === undefined) return { record, counts, replaces, previousStatus: 'unknown' }
    const previousStatus = record.status
    if (replaces !== undefined) this.#unfill(record, replaces)
    if (!counts) return { record, counts, replaces, previousStatus }
    const filled = record.filledQuantity + fill.quantity
    const spent = record.filledQuantity === 0 ? 0 : record.averagePrice * record.filledQuantity
    record.averagePrice = (spent + fill.price * fill.quantity) / filled
    record.filledQuantity = Math.abs(filled - record.quantity) < 5e-10 ? record.quantity : filled
    if (record.toldFilled < record.filledQuantity) record.toldFilled = record.filledQuantity
    record.updatedAt = fill.at
    if (record.filledQuantity >= record.quantity && previousStatus !== 'filled') {
      if (isTerminal(previousStatus)) this.counts[previousStatus]--
      this.#end(record, 'filled', fill.at, undefined)
    } else if (!record.isTerminal) {
      if (isPending(record.status)) record.settledStatus = 'partiallyFilled'
      else record.status = 'partiallyFilled'
    }
    if (record.isTerminal && record.outstanding === 0) this.#settle(record)
    return { record, counts, replaces, previousStatus }
  }

  /** @returns the execution that was taken back, or `undefined` when it is not known or was taken back before */
  cancelFill(event: FillCanceled): { readonly record: OrderRecord | undefined; readonly fill: Fill } | undefined {
    const fill = this.#executions.get(event.executionId)
    // Its id stays spent, so that a late repeat does not count again.
    this.#remember(event.executionId, undefined)
    if (fill === undefined) return undefined
    const record = this.#byId.get(fill.clientOrderId)
    if (record !== undefined) this.#unfill(record, fill)
    return { record, fill }
  }

  /**
   * Takes the broker's word for an order that our executions do not explain: its end, or that it still works, and what is filled. Our executions of it
   * that the broker does not count are spent.
   */
  restate({ record, status, filledQuantity, executions, message }: Restatement, at: TimeNs): OrderStatus {
    const previousStatus = record.status
    const { clientOrderId } = record.order
    if (this.#deduplicate) {
      for (const [id, fill] of this.#executions) if (fill?.clientOrderId === clientOrderId) this.#executions.set(id, undefined)
      for (const fill of executions) this.#remember(fill.executionId, fill)
    }
    record.filledQuantity = filledQuantity
    record.toldFilled = filledQuantity
    record.averagePrice =
      executions.length === 0 ? NaN : executions.reduce((sum, { price, quantity }) => sum + price * quantity, 0) / filledQuantity
    if (isTerminal(previousStatus)) this.counts[previousStatus]--
    if (isTerminal(status)) {
      this.#end(record, status, at, message)
      this.#settle(record)
    } else {
      // A change or cancel that has not been answered is still to be answered.
      const isAsked = isPending(previousStatus)
      set(record, isAsked ? previousStatus : filledQuantity > 0 ? 'partiallyFilled' : 'accepted', at, message)
      this.#reopen(record)
    }
    return previousStatus
  }

  #reopen(record: OrderRecord): void {
    const open = (this.#open[record.index] ??= [])
    if (open.includes(record)) return
    open.push(record)
    this.openCount++
    // It is not forgotten with those that ended before it.
    const at = this.#ended.indexOf(record.order.clientOrderId)
    if (at >= 0) this.#ended[at] = ''
  }

  #unfill(record: OrderRecord, fill: Fill): void {
    const filled = record.filledQuantity - fill.quantity
    record.averagePrice = filled > 0 ? (record.averagePrice * record.filledQuantity - fill.price * fill.quantity) / filled : NaN
    record.filledQuantity = Math.max(0, filled)
    record.toldFilled = Math.min(record.toldFilled, record.filledQuantity)
  }

  #end(record: OrderRecord, status: TerminalStatus, at: TimeNs, message: string | undefined): void {
    record.askedQuantity = undefined
    set(record, status, at, message)
    this.counts[status]++
  }

  /** Takes a record off the list of open ones; it is remembered for a while, for late events. */
  #settle(record: OrderRecord): void {
    const open = this.#open[record.index]
    const at = open === undefined ? -1 : open.indexOf(record)
    if (at < 0) return
    if (at === open.length - 1) open.pop()
    else open.splice(at, 1)
    this.openCount--
    const id = record.order.clientOrderId
    if (this.#ended.length < this.#rememberOrders) {
      this.#ended.push(id)
      return
    }
    this.#byId.delete(this.#ended[this.#endedAt])
    this.#ended[this.#endedAt] = id
    this.#endedAt = (this.#endedAt + 1) % this.#rememberOrders
  }

  #remember(executionId: string, fill: Fill | undefined): void {
    const executions = this.#executions
    executions.set(executionId, fill)
    if (executions.size <= this.#rememberExecutions) return
    for (const oldest of executions.keys()) {
      executions.delete(oldest)
      break
    }
  }
}

function isPending(status: OrderStatus): boolean {
  return status === 'pendingReplace' || status === 'pendingCancel'
}

/** The status that held before a change was asked for. */
function settled(record: OrderRecord): OrderStatus {
  if (record.filledQuantity > 0) return 'partiallyFilled'
  return record.settledStatus === 'created' || isPending(record.settledStatus) ? 'accepted' : record.settledStatus
}

function set(record: OrderRecord, status: OrderStatus, at: TimeNs, message: string | undefined): void {
  record.status = status
  record.updatedAt = at
  if (message !== undefined) record.message = message
}
