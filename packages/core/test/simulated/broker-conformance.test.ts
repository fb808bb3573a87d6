import { describe, test } from 'vitest'
import { equity, simulatedBroker, type BarView, type BrokerSession } from '@gatehouse/core'
import { adversarialVenue, brokerCases, type BrokerHarness } from '@gatehouse/core/testing'
import { timeKey } from '../../src/engine/time-key.js'

const instrument = equity('TEST', { venue: 'SIM', calendar: '24x7' })

describe('the adversarial venue, when it behaves, is a Broker', () => {
  const open = async (): Promise<BrokerHarness> => {
    const venue = adversarialVenue({ seed: 1 })
    const settle = async (): Promise<void> => venue.settle()
    return {
      broker: venue.broker,
      world: {
        instrument,
        restingBuyPrice: 50,
        now: () => venue.now(),
        settle,
        execute: async (id, quantity) => venue.execute(id, quantity),
        disconnect: async () => venue.disconnect(),
        reconnect: async () => venue.reconnect(),
      },
    }
  }
  for (const { name, run } of brokerCases(open, ['disconnect', 'partial-fill', 'replace', 'brackets'])) test(name, run)
})

describe('the simulated broker is a Broker', () => {
  const open = async (): Promise<BrokerHarness> => {
    const broker = simulatedBroker({ cash: 100_000, margin: 'unlimited' })
    let time = 1_700_000_000_000_000_000n
    const { simulation } = broker
    if (simulation === undefined) throw new Error('it has no market')
    simulation.attach({
      now: () => time,
      nowKey: () => timeKey(time),
      indexOf: () => 0,
      instrument: () => instrument,
      lastPrice: () => 100,
      rateOf: () => NaN,
      session: () => undefined,
    })
    let session: BrokerSession | undefined
    const prices = new Map<string, { side: 'buy' | 'sell'; price: number }>()
    const submit = broker.submit.bind(broker)
    broker.submit = (group) => {
      for (const order of group) prices.set(order.clientOrderId, { side: order.side, price: order.limitPrice ?? order.stopPrice ?? 100 })
      return submit(group)
    }
    const bar = (price: number, volume: number): void => {
      const tsEvent = time
      time += 60_000_000_000n
      const view = {
        schema: 'ohlcv-1m',
        source: 'test',
        instrument,
        tsEvent,
        availableAt: time,
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
      }
      simulation.onBar({ ...view, copy: () => view } as unknown as BarView, 0)
    }
    return {
      broker,
      prepare: (given) => (session = given),
      world: {
        instrument,
        restingBuyPrice: 50,
        now: () => time,
        settle: async () => void session,
        async execute(id, quantity = 1e9) {
          const { side, price } = prices.get(id) ?? { side: 'buy', price: 100 }
          bar(side === 'buy' ? price - 1 : price + 1, quantity)
        },
      },
    }
  }
  for (const { name, run } of brokerCases(open, ['partial-fill', 'replace', 'brackets'])) test(name, run)
})
