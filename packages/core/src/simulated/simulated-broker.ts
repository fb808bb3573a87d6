import { TradingError, type Refusal } from '@gatehouse/contracts'
import type { Broker, BrokerAbilities, BrokerSession, BrokerSnapshot } from '../interfaces/broker.js'
import type { Order, OrderChange } from '../interfaces/order.js'
import { notionalNano } from '../portfolio/money.js'
import { SimulatedExchange } from './exchange.js'
import { noFees } from './fees.js'
import { leverageMargin, type SimulatedBrokerOptions } from './options.js'
import { noSlippage } from './slippage.js'
import { standardFills } from './standard-fills.js'

const supports: BrokerAbilities = {
  orderTypes: [
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
  ],
  timesInForce: ['day', 'gtc', 'gtd', 'ioc', 'fok', 'opg'],
  brackets: true,
  oneCancelsOther: true,
  replace: true,
  fractionalQuantity: true,
  shortSelling: true,
  outsideRegularHours: true,
}

/**
 * A broker inside the process, filled from the run's own market data. One run at a time uses it; the account carries over to the next.
 * @throws {TradingError} `OPTION_INVALID` for cash or participation that is not a positive number
 */
export function simulatedBroker(options: SimulatedBrokerOptions): Broker {
  const { cash, name = 'simulated', account = 'simulated', participation = 1 } = options
  if (!(cash > 0 && Number.isFinite(cash))) throw invalid('cash', cash, 'a positive amount')
  if (!(participation > 0)) throw invalid('participation', participation, 'positive; Infinity for no limit')
  const exchange = new SimulatedExchange(
    { margin: leverageMargin(1), ...options },
    {
      fees: options.fees ?? noFees(),
      slippage: options.slippage ?? noSlippage(),
      fill: options.fill ?? standardFills(),
      participation,
    },
    account,
  )
  let isConnected = false

  const snapshot = (): BrokerSnapshot => {
    const { world } = exchange
    const positions = exchange.account.held.map((index) => {
      const quantity = exchange.account.quantity(index)
      return { account, instrument: world.instrument(index), quantity, averagePrice: exchange.account.costs[index] / quantity }
    })
    // The venue's books pay for futures in full; a broker's cash does not, and so its snapshot says.
    const cash = new Map(exchange.account.cash)
    for (const { instrument, quantity, averagePrice } of positions) {
      const { assetClass, currency, multiplier } = instrument
      if (assetClass === 'future') cash.set(currency, (cash.get(currency) ?? 0n) + notionalNano(averagePrice, quantity, multiplier))
    }
    return {
      type: 'broker-snapshot',
      asOf: world.now(),
      complete: true,
      orders: [...exchange.orders].map((order) => ({
        clientOrderId: order.order.clientOrderId,
        brokerOrderId: order.brokerOrderId,
        instrument: order.order.instrument,
        status: order.filled > 0 ? 'partiallyFilled' : 'accepted',
        side: order.side,
        quantity: order.filled + order.remaining,
        filledQuantity: order.filled,
      })),
      executions: [],
      positions,
      balances: [...cash].map(([currency, nano]) => ({ account, cash: { currency, nano } })),
    }
  }
  const ifConnected = (act: () => Refusal | undefined): Refusal | undefined => (isConnected ? act() : notConnected(name))

  return {
    name,
    environment: 'simulated',
    supports,
    baseCurrency: options.currency ?? 'USD',
    simulation: exchange,
    preflight: async () => [{ id: 'simulated', severity: 'ok', message: 'fills come from the run’s own market data', cure: '' }],
    async connect(session: BrokerSession) {
      exchange.emit = session.emit
      isConnected = true
      return snapshot()
    },
    submit: (group: readonly Order[]) => ifConnected(() => exchange.submit(group)),
    replace: (clientOrderId: string, change: OrderChange) =>
      ifConnected(() => {
        exchange.replace(clientOrderId, change)
        return undefined
      }),
    cancel: (clientOrderId: string) =>
      ifConnected(() => {
        exchange.cancel(clientOrderId)
        return undefined
      }),
    snapshot: async () => snapshot(),
    async close() {
      isConnected = false
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

function notConnected(name: string): Refusal {
  return {
    approved: false,
    rule: 'not-connected',
    observed: 'not connected',
    limit: 'connected',
    message: `${name} is not connected; nothing was sent`,
  }
}

function invalid(option: string, value: unknown, expected: string): TradingError {
  return new TradingError('OPTION_INVALID', `simulatedBroker: ${option} is ${String(value)}, it must be ${expected}`, { option, value })
}
