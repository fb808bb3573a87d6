import assert from 'node:assert/strict'
import type { Broker, BrokerEvent, BrokerSession } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Fill, Order } from '../interfaces/order.js'
import { conformanceSuite, type ConformanceCase } from './suite.js'

/** The handle on a broker's outside world. */
export interface BrokerWorld {
  /** Something that can be traded there. */
  readonly instrument: Instrument
  /** A limit price at which a buy of it rests and does not fill. */
  readonly restingBuyPrice: number
  readonly now: () => bigint
  /** Returns once everything that was sent has been answered and the answers have been emitted. */
  settle(): Promise<void>
  /** Makes the venue execute a working order: all of it, or a part. */
  execute(clientOrderId: string, quantity?: number): Promise<void>
  /** Breaks the connection and makes it again; for brokers that have one. */
  disconnect?(): Promise<void>
  reconnect?(): Promise<void>
}

export interface BrokerHarness {
  readonly broker: Broker
  readonly world: BrokerWorld
  /** Called with the session before the broker connects, for worlds that must know it. */
  readonly prepare?: ((session: BrokerSession) => void) | undefined
}

/** Optional abilities of a broker's world: `'disconnect'` needs both of its functions. */
export type BrokerClaim = 'disconnect' | 'partial-fill' | 'replace' | 'brackets'

interface Desk extends BrokerHarness {
  readonly events: BrokerEvent[]
  readonly connect: () => ReturnType<Broker['connect']>
  readonly order: (values?: Partial<Order>) => Order
  readonly statuses: (clientOrderId: string) => string[]
  readonly fills: (clientOrderId: string) => Fill[]
}

let run = 0

function desk(harness: BrokerHarness): Desk {
  const events: BrokerEvent[] = []
  const { broker, world } = harness
  const prefix = `case${++run}`
  let number = 0
  let counter = 0
  return {
    ...harness,
    events,
    async connect() {
      const session: BrokerSession = {
        emit: (event) => events.push(event),
        workingOrders: [],
        nextCounter: () => ++counter,
        instruments: [world.instrument],
      }
      harness.prepare?.(session)
      return broker.connect(session)
    },
    order: (values = {}) => ({
      clientOrderId: `${prefix}-${number++}`,
      instrument: world.instrument,
      side: 'buy',
      quantity: 10,
      type: 'limit',
      limitPrice: world.restingBuyPrice,
      timeInForce: 'gtc',
      createdAt: world.now(),
      decision: 0,
      ...values,
    }),
    statuses: (id) => events.flatMap((event) => (event.type === 'broker-order' && event.clientOrderId === id ? [event.status] : [])),
    fills: (id) => events.filter((event): event is Fill => event.type === 'fill' && event.clientOrderId === id),
  }
}

/** What every broker must do, whatever its venue. */
export function brokerCases(open: () => Promise<BrokerHarness>, claims: readonly BrokerClaim[] = []): readonly ConformanceCase[] {
  return conformanceSuite<Desk, BrokerClaim>({
    suite: 'Broker',
    claims,
    open: async () => desk(await open()),
    release: async ({ broker }) => broker.close(),
    cases: [
      {
        name: 'before it is connected it refuses, and queues nothing for later',
        check: async ({ broker, connect, order, world, statuses }) => {
          const early = order()
          const refusal = broker.submit([early])
          assert.equal(refusal?.approved, false, 'submit before connect must be refused')
          assert.ok((refusal?.message.length ?? 0) > 0, 'the refusal must say why')
          await connect()
          await world.settle()
          assert.deepEqual(statuses(early.clientOrderId), [], 'a refused order must not be sent later')
        },
      },
      {
        name: 'connecting gives a snapshot with balances, in whole nano-units',
        check: async ({ connect }) => {
          const snapshot = await connect()
          assert.equal(snapshot.type, 'broker-snapshot')
          assert.ok(snapshot.complete, 'the first snapshot of a quiet venue must be complete')
          assert.ok(snapshot.balances.length > 0, 'an account has a balance')
          for (const { cash } of snapshot.balances) assert.equal(typeof cash.nano, 'bigint')
        },
      },
      {
        name: 'an order is accepted under our id',
        check: async ({ broker, connect, order, world, statuses }) => {
          await connect()
          const placed = order()
          assert.equal(broker.submit([placed]), undefined)
          await world.settle()
          assert.ok(statuses(placed.clientOrderId).includes('accepted'), 'the venue must accept a resting limit order')
        },
      },
      {
        name: 'a working order is in the snapshot under our id',
        check: async ({ broker, connect, order, world }) => {
          await connect()
          const placed = order()
          broker.submit([placed])
          await world.settle()
          const { orders } = await broker.snapshot()
          const found = orders.find(({ clientOrderId }) => clientOrderId === placed.clientOrderId)
          assert.ok(found, 'the snapshot must list it')
          assert.equal(found.quantity, placed.quantity)
          assert.equal(found.filledQuantity, 0)
        },
      },
      {
        name: 'a fill carries our id, the quantity, a price and a fee with its currency',
        check: async ({ broker, connect, order, world, fills }) => {
          await connect()
          const placed = order()
          broker.submit([placed])
          await world.settle()
          await world.execute(placed.clientOrderId)
          await world.settle()
          const told = fills(placed.clientOrderId)
          assert.equal(
            told.reduce((sum, { quantity }) => sum + quantity, 0),
            placed.quantity,
          )
          for (const fill of told) {
            assert.ok(fill.executionId.length > 0)
            assert.ok(Number.isFinite(fill.price))
            assert.ok(fill.fee.currency.length > 0)
            assert.equal(fill.side, 'buy')
          }
          assert.equal(new Set(told.map(({ executionId }) => executionId)).size, told.length, 'execution ids are unique')
        },
      },
      {
        name: 'a fill in parts adds up to the order',
        needs: 'partial-fill',
        check: async ({ broker, connect, order, world, fills }) => {
          await connect()
          const placed = order()
          broker.submit([placed])
          await world.settle()
          await world.execute(placed.clientOrderId, 4)
          await world.settle()
          assert.equal(
            fills(placed.clientOrderId).reduce((sum, { quantity }) => sum + quantity, 0),
            4,
          )
          await world.execute(placed.clientOrderId)
          await world.settle()
          assert.equal(
            fills(placed.clientOrderId).reduce((sum, { quantity }) => sum + quantity, 0),
            10,
          )
        },
      },
      {
        name: 'what was executed is in the positions of the snapshot',
        check: async ({ broker, connect, order, world }) => {
          await connect()
          const placed = order()
          broker.submit([placed])
          await world.settle()
          await world.execute(placed.clientOrderId)
          await world.settle()
          const { positions } = await broker.snapshot()
          const held = positions
            .filter(({ instrument }) => instrument.id === world.instrument.id)
            .reduce((sum, { quantity }) => sum + quantity, 0)
          assert.equal(held, placed.quantity)
        },
      },
      {
        name: 'a cancel ends a working order by the venue’s word',
        check: async ({ broker, connect, order, world, statuses }) => {
          await connect()
          const placed = order()
          broker.submit([placed])
          await world.settle()
          assert.equal(broker.cancel(placed.clientOrderId), undefined)
          await world.settle()
          assert.equal(statuses(placed.clientOrderId).at(-1), 'canceled')
          const { orders } = await broker.snapshot()
          assert.ok(!orders.some(({ clientOrderId, status }) => clientOrderId === placed.clientOrderId && status !== 'canceled'))
        },
      },
      {
        name: 'canceling what is not there is refused or told, never silent and never an exception',
        check: async ({ broker, connect, world, statuses }) => {
          await connect()
          const refusal = broker.cancel('nobody-0')
          await world.settle()
          assert.ok(refusal !== undefined || statuses('nobody-0').includes('cancelRejected'))
        },
      },
      {
        name: 'a change is answered with what holds now',
        needs: 'replace',
        check: async ({ broker, connect, order, world, statuses }) => {
          await connect()
          const placed = order()
          broker.submit([placed])
          await world.settle()
          assert.equal(broker.replace(placed.clientOrderId, { quantity: 7 }), undefined)
          await world.settle()
          assert.ok(statuses(placed.clientOrderId).includes('replaced'))
          const { orders } = await broker.snapshot()
          assert.equal(orders.find(({ clientOrderId }) => clientOrderId === placed.clientOrderId)?.quantity, 7)
        },
      },
      {
        name: 'the exits of a bracket work only once the entry has filled, and one of them ends the other',
        needs: 'brackets',
        check: async ({ broker, connect, order, world, statuses, fills }) => {
          await connect()
          const link = { groupId: 'g' } as const
          const entry = order({ link: { ...link, role: 'entry' } })
          const exit = { side: 'sell', link: { ...link, role: 'takeProfit', parentClientOrderId: entry.clientOrderId } } as const
          const takeProfit = order({ ...exit, limitPrice: world.restingBuyPrice * 3 })
          const stopLoss = order({
            ...exit,
            type: 'stop',
            limitPrice: undefined,
            stopPrice: world.restingBuyPrice / 2,
            link: { ...exit.link, role: 'stopLoss' },
          })
          assert.equal(broker.submit([entry, takeProfit, stopLoss]), undefined)
          await world.settle()
          await world.execute(entry.clientOrderId)
          await world.settle()
          await world.execute(takeProfit.clientOrderId)
          await world.settle()
          assert.equal(
            fills(takeProfit.clientOrderId).reduce((sum, { quantity }) => sum + quantity, 0),
            10,
          )
          assert.equal(statuses(stopLoss.clientOrderId).at(-1), 'canceled')
        },
      },
      {
        name: 'an order type it does not claim is refused or rejected',
        check: async ({ broker, connect, order, world, statuses }) => {
          await connect()
          const all = [
            'market',
            'limit',
            'stop',
            'stopLimit',
            'trailingStop',
            'marketOnOpen',
            'marketOnClose',
            'limitOnOpen',
            'limitOnClose',
            'marketIfTouched',
            'limitIfTouched',
          ] as const
          const unclaimed = all.find((type) => !broker.supports.orderTypes.includes(type))
          if (unclaimed === undefined) return
          const odd = order({ type: unclaimed })
          const refusal = broker.submit([odd])
          await world.settle()
          assert.ok(refusal !== undefined || statuses(odd.clientOrderId).includes('rejected'), `${unclaimed} must not be taken silently`)
        },
      },
      {
        name: 'a broken connection is told, refuses orders meanwhile and sends none of them later',
        needs: 'disconnect',
        check: async ({ broker, connect, order, world, events, statuses }) => {
          await connect()
          await world.disconnect?.()
          await world.settle()
          assert.ok(events.some((event) => event.type === 'broker-status' && event.status === 'disconnected'))
          const meanwhile = order()
          assert.equal(broker.submit([meanwhile])?.approved, false)
          await world.reconnect?.()
          await world.settle()
          assert.ok(events.some((event) => event.type === 'broker-status' && event.status === 'connected'))
          assert.deepEqual(statuses(meanwhile.clientOrderId), [])
        },
      },
      {
        name: 'an execution during a broken connection is in the snapshot after it',
        needs: 'disconnect',
        check: async ({ broker, connect, order, world, fills }) => {
          await connect()
          const placed = order()
          broker.submit([placed])
          await world.settle()
          await world.disconnect?.()
          await world.execute(placed.clientOrderId)
          await world.reconnect?.()
          await world.settle()
          const { executions } = await broker.snapshot()
          const known = new Set(
            [...executions.filter(({ clientOrderId }) => clientOrderId === placed.clientOrderId), ...fills(placed.clientOrderId)].map(
              ({ executionId }) => executionId,
            ),
          )
          assert.ok(known.size > 0, 'the execution must not be lost')
        },
      },
      {
        name: 'closing twice is safe, and afterwards it refuses',
        check: async ({ broker, connect, order }) => {
          await connect()
          await broker.close()
          await broker.close()
          assert.equal(broker.submit([order()])?.approved, false)
        },
      },
    ],
  })
}
