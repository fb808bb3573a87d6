import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createBatch,
  equity,
  future,
  ibkrFixed,
  ibkrTiered,
  inMemory,
  percentSlippage,
  run,
  simulatedBroker,
  standardFills,
  tickSlippage,
  type Batch,
  type BracketRequest,
  type Instrument,
  type OrderRequest,
  type SimulatedBrokerOptions,
  type Strategy,
} from '@gatehouse/core'
import { testStrategy, type StrategyBench, type TestBar } from '@gatehouse/core/testing'

/** Sends one request on the first bar, then shows the others. */
function after(
  request: Partial<OrderRequest>,
  bars: readonly (number | TestBar)[],
  broker: Partial<SimulatedBrokerOptions> = {},
  of?: Instrument,
): StrategyBench {
  let isSent = false
  const bench = testStrategy(
    (): Strategy => ({
      name: 'one-order',
      onBar(bar, { orders }) {
        if (isSent) return
        isSent = true
        orders.submit({ instrument: bar.instrument, side: 'buy', quantity: 10, ...request })
      },
    }),
    { broker: { cash: 100_000, ...broker }, ...(of === undefined ? {} : { instrument: of }) },
  )
  bench.bar(100)
  bench.bars(...bars)
  return bench
}
const prices = ({ fills }: StrategyBench): number[] => fills.map(({ price }) => price)

describe('orders on bars', () => {
  test('a market order pays the open of the next bar', () => {
    expect(prices(after({}, [{ open: 101, close: 105 }]))).toEqual([101])
  })
  test('a limit fills at its price when a bar trades through it, not on a touch', () => {
    const limit = { type: 'limit', limitPrice: 98 } as const
    expect(prices(after(limit, [{ open: 100, low: 98, close: 99 }]))).toEqual([])
    expect(prices(after(limit, [{ open: 100, low: 97.5, close: 99 }]))).toEqual([98])
    expect(prices(after(limit, [{ open: 100, low: 98, close: 99 }], { fill: standardFills({ limit: 'touch' }) }))).toEqual([98])
  })
  test('a limit that a bar opens beyond fills at the better open', () => {
    expect(prices(after({ type: 'limit', limitPrice: 98 }, [{ open: 97, close: 99 }]))).toEqual([97])
  })
  test('a stop fills at its price, or at the open that gaps over it, with slippage', () => {
    const stop = { type: 'stop', stopPrice: 103 } as const
    expect(prices(after(stop, [{ open: 101, high: 104, close: 102 }]))).toEqual([103])
    expect(prices(after(stop, [{ open: 106, close: 107 }], { slippage: tickSlippage(2) }))).toEqual([106.02])
  })
  test('slippage in ticks gives the price that the ticks say, to the last bit', () => {
    const grids = [0.01, 0.25, 0.015625, 0.00005, 0.1].map((tickSize) => equity('GRID', { calendar: '24x7', tickSize }))
    fc.assert(
      fc.property(fc.constantFrom(...grids), fc.integer({ min: 100, max: 1_000_000 }), fc.nat(20), fc.boolean(), (of, at, ticks, isBuy) => {
        const places = Math.round(1 / of.tickSize)
        const order = { side: isBuy ? 'buy' : 'sell', type: 'market' } as const
        const open = at / places
        const bench = after(order, [{ open, high: open * 2, low: open / 2, close: open }], { cash: 1e9, slippage: tickSlippage(ticks) }, of)
        expect(prices(bench)).toEqual([(isBuy ? at + ticks : at - ticks) / places])
      }),
    )
  })
  test('slippage in ticks on a price between ticks keeps its decimals, and a fraction of a price stays as it is', () => {
    const sell = { side: 'sell', type: 'market' } as const
    expect(prices(after(sell, [{ open: 179.62005, close: 179 }], { slippage: tickSlippage(1) }))).toEqual([179.61005])
    expect(prices(after(sell, [{ open: 100, close: 99 }], { slippage: percentSlippage(1 / 3000) }))).toEqual([100 - 100 / 3000])
  })
  test('a trailing stop lies where its decimals say: a low that equals it sets it off', () => {
    const order = { side: 'sell', type: 'trailingStop', trailAmount: 0.2 } as const
    const bars = [
      { open: 100.1, high: 100.1, low: 100.1, close: 100.1 },
      { open: 100.1, high: 100.1, low: 99.9, close: 100 },
    ]
    expect(prices(after(order, bars))).toEqual([99.9])
  })
  test('a stop-limit that gaps beyond its limit rests, and fills when the price comes back', () => {
    const order = { type: 'stopLimit', stopPrice: 103, limitPrice: 104 } as const
    const bench = after(order, [
      { open: 106, low: 105, close: 107 },
      { open: 105, low: 103, close: 104 },
    ])
    expect(prices(bench)).toEqual([104])
  })
  test('by LEAN’s rule a stop-limit is set off strictly beyond its stop, and the close decides', () => {
    const request = { type: 'stopLimit', stopPrice: 102, limitPrice: 103 } as const
    const broker = { fill: standardFills({ stopLimit: 'closeInside' }) }
    expect(prices(after(request, [{ open: 100, high: 102, close: 101 }], broker))).toEqual([])
    expect(prices(after(request, [{ open: 100, high: 102.5, close: 101 }], broker))).toEqual([102.5])
    expect(prices(after(request, [{ open: 100, high: 105, close: 104 }], broker))).toEqual([])
  })

  test('a trailing stop follows the best price and never goes back', () => {
    const order = { side: 'sell', type: 'trailingStop', trailAmount: 3 } as const
    const bench = after(order, [
      { open: 100, high: 110, low: 100, close: 109 },
      { open: 109, high: 109, low: 108, close: 108 },
      { open: 108, low: 106, close: 106 },
    ])
    expect(prices(bench)).toEqual([107])
  })
  test('an order that waits to be touched fills at its trigger, or at the open that lies beyond it', () => {
    const touched = { type: 'marketIfTouched', stopPrice: 95 } as const
    expect(prices(after(touched, [{ open: 99, low: 96, close: 98 }]))).toEqual([])
    expect(prices(after(touched, [{ open: 99, low: 94, close: 98 }]))).toEqual([95])
    expect(prices(after(touched, [{ open: 93, low: 92, close: 98 }]))).toEqual([93])
    expect(prices(after({ side: 'sell', type: 'marketIfTouched', stopPrice: 105 }, [{ open: 99, high: 106, close: 98 }]))).toEqual([105])
  })

  test('once touched, a limit-if-touched is a limit order', () => {
    const touched = { type: 'limitIfTouched', stopPrice: 95, limitPrice: 94 } as const
    expect(prices(after(touched, [{ open: 99, low: 93, close: 98 }]))).toEqual([])
    expect(prices(after(touched, [{ open: 99, low: 93, close: 93.5 }]))).toEqual([94])
    expect(
      prices(
        after(touched, [
          { open: 99, low: 94.5, close: 98 },
          { open: 98, low: 93, close: 97 },
        ]),
      ),
    ).toEqual([94])
  })

  test('by LEAN’s rule, it fills at the close once that lies within its limit', () => {
    const touched = { type: 'limitIfTouched', stopPrice: 95, limitPrice: 97 } as const
    const broker = { fill: standardFills({ ifTouched: 'atQuote' }) }
    expect(prices(after(touched, [{ open: 99, low: 94, close: 98 }], broker))).toEqual([])
    expect(
      prices(
        after(
          touched,
          [
            { open: 99, low: 94, close: 98 },
            { open: 98, close: 96 },
          ],
          broker,
        ),
      ),
    ).toEqual([96])
  })

  test('a trigger that is touched already is refused, as a stop is', () => {
    const bench = after({ type: 'marketIfTouched', stopPrice: 101 }, [100])
    expect(bench.orders).toEqual([])
    expect(bench.context.whyNot(bench.instrument)).toMatch(/buy trigger at 101 is on the wrong side/)
  })

  test('size beyond the volume waits for the next bars', () => {
    const bench = after({ quantity: 25 }, [
      { close: 100, volume: 10 },
      { close: 101, volume: 10 },
      { close: 102, volume: 10 },
    ])
    expect(bench.fills.map(({ quantity }) => quantity)).toEqual([10, 10, 5])
  })
  test('two own orders share the volume of a bar, never have it twice', () => {
    const bench = testStrategy(
      () => ({
        name: 'two',
        onStart: ({ orders, instruments: [of] }) => void [orders.buy(of, 8), orders.buy(of, 8)],
      }),
      { broker: { cash: 100_000, margin: 'unlimited' } },
    )
    bench.bar({ close: 100, volume: 10 })
    expect(bench.fills.map(({ quantity }) => quantity)).toEqual([8, 2])
  })
  test('immediate-or-cancel takes what is there, fill-or-kill all or nothing', () => {
    expect(after({ quantity: 25, timeInForce: 'ioc' }, [{ close: 100, volume: 10 }, 100]).position()).toBe(10)
    expect(after({ quantity: 25, timeInForce: 'fok' }, [{ close: 100, volume: 10 }, 100]).position()).toBe(0)
  })
  test('a good-till-date order is gone at its date', () => {
    const bench = after({ type: 'limit', limitPrice: 90, timeInForce: 'gtd', expiresAt: 1_704_205_800_000_000_000n + 120_000_000_000n }, [
      100,
      { open: 80, close: 80 },
    ])
    expect(prices(bench)).toEqual([])
  })
  test('an order on its way through a latency meets only the end of the bar it arrives in', () => {
    const bench = after({}, [{ open: 101, close: 105 }], { latency: { orderNs: 1e9 } })
    expect(prices(bench)).toEqual([105])
  })
  test('a buy that equity does not cover is rejected, with the figures', () => {
    const bench = after({ quantity: 5000 }, [100])
    expect(bench.position()).toBe(0)
    expect(bench.context.whyNot(bench.instrument)).toMatch(/margin of 500000\.00 needed, equity is 100000\.00/)
  })
  test('shares that cannot be borrowed are not sold short', () => {
    expect(after({ side: 'sell' }, [100], { borrow: { rateAnnual: () => undefined } }).position()).toBe(0)
  })
  test('a short is charged for borrowing every midnight', () => {
    const bench = after({ side: 'sell', quantity: 100 }, [100], { borrow: { rateAnnual: 0.365 } })
    bench.wait(86_400_000_000_000n)
    expect(bench.equity).toBeCloseTo(100_000 - 100 * 100 * 0.001, 6)
  })

  test('a decision on one bar meets no other bar that ends at the same instant, whichever is shown first', () => {
    const other = equity('OTHER', { venue: 'SIM', calendar: '24x7' })
    let isSent = false
    const decides = (): Strategy => ({
      name: 'across',
      onBar(bar, { orders }) {
        if (isSent || bar.instrument === other) return
        isSent = true
        orders.buy(other, 10)
      },
    })
    const t0 = 1_704_205_800_000_000_000n
    const bar = (of: Instrument, at: bigint, open: number, close: number): Batch =>
      createBatch({
        schema: 'ohlcv-1m',
        source: 'test',
        instruments: [of],
        columns: {
          tsEvent: BigInt64Array.of(at),
          open: Float64Array.of(open),
          high: Float64Array.of(Math.max(open, close)),
          low: Float64Array.of(Math.min(open, close)),
          close: Float64Array.of(close),
          volume: Float64Array.of(1e6),
        },
      })
    const minute = 60_000_000_000n
    const first = equity('FIRST', { venue: 'SIM', calendar: '24x7' })
    const lanes = [[bar(first, t0, 100, 100)], [bar(other, t0 - minute, 49, 50), bar(other, t0, 50, 51), bar(other, t0 + minute, 60, 61)]]
    return run({
      time: 'backtest',
      strategy: decides,
      feeds: lanes.map((batches, i) => inMemory(batches, { name: `lane-${i}` })),
      broker: simulatedBroker({ cash: 100_000 }),
    }).then(({ report }) => expect([...report.record.fills.prices]).toEqual([60]))
  })

  test('no order fills on data at or before its own event, whatever its kind', () => {
    const types = fc.constantFrom('market' as const, 'limit' as const, 'stop' as const, 'trailingStop' as const, 'marketIfTouched' as const)
    fc.assert(
      fc.property(
        types,
        fc.constantFrom('buy' as const, 'sell' as const),
        fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 3, maxLength: 20 }),
        (type, side, closes) => {
          const sign = side === 'buy' ? 1 : -1
          const prices = {
            market: {},
            limit: { limitPrice: 100 + 2 * sign },
            stop: { stopPrice: 100 + sign },
            trailingStop: { trailAmount: 1 },
            marketIfTouched: { stopPrice: 100 - sign },
          }
          const bench = after({ type, side, ...prices[type] }, closes)
          for (const fill of bench.fills) expect(fill.at > bench.orders[0].createdAt).toBe(true)
        },
      ),
    )
  })
})

describe('brackets', () => {
  const bracketed = (request: Partial<BracketRequest>, bars: readonly (number | TestBar)[]): StrategyBench => {
    const bench = testStrategy(
      () => ({
        name: 'bracket',
        onStart: ({ orders, instruments: [instrument] }) =>
          void orders.bracket({ instrument, side: 'buy', quantity: 10, takeProfitPrice: 101, stopLossPrice: 90, ...request }),
      }),
      { broker: { cash: 100_000, margin: 'unlimited' } },
    )
    bench.bars(...bars)
    return bench
  }

  test('an exit meets nothing of a bar that came before its entry filled inside it', () => {
    const limit = { type: 'limit', limitPrice: 98 } as const
    const within = { open: 102, high: 103, low: 97, close: 99 }
    expect(prices(bracketed(limit, [within]))).toEqual([98])
    expect(prices(bracketed(limit, [within, { open: 100, high: 101.5, close: 100 }]))).toEqual([98, 101])
  })

  test('an exit meets the end of the bar that its entry filled in', () => {
    expect(prices(bracketed({}, [{ open: 100, low: 85, close: 88 }]))).toEqual([100, 88])
  })

  test('exits of an entry in parts close those parts, and end the rest of the entry', () => {
    const bench = bracketed({ quantity: 30 }, [
      { open: 100, close: 100, volume: 10 },
      { open: 89, close: 89, volume: 1000 },
      { open: 89, close: 89, volume: 1000 },
    ])
    expect(bench.position()).toBe(0)
    expect(bench.context.orders.working()).toEqual([])
  })

  test('count once in what reduces a position, as far as their entry has filled', () => {
    const bench = bracketed({}, [100])
    const { orders } = bench.context
    const reduce = { instrument: bench.instrument, side: 'sell', quantity: 10, reduceOnly: true } as const
    expect(orders.submit(reduce)).toMatchObject({ approved: false, rule: 'reduce-only' })
    orders.bracket({ ...reduce, reduceOnly: undefined, side: 'buy', type: 'limit', limitPrice: 50, takeProfitPrice: 60 })
    orders.buy(bench.instrument, 10)
    bench.bar(100)
    expect(bench.position()).toBe(20)
    expect(orders.submit(reduce).approved).toBe(true)
  })

  test('an entry that is canceled in part leaves exits for what it opened', () => {
    const bench = bracketed({ quantity: 30 }, [{ open: 100, close: 100, volume: 10 }])
    bench.context.orders.cancel(bench.orders[0].clientOrderId)
    bench.bar({ open: 101.5, close: 102 })
    expect(bench.fills.map(({ side, quantity }) => [side, quantity])).toEqual([
      ['buy', 10],
      ['sell', 10],
    ])
    expect(bench.context.orders.working()).toEqual([])
  })

  test('never turn a position round, and leave nothing working once it is closed', () => {
    const bar = fc.record({
      open: fc.integer({ min: 85, max: 105 }),
      close: fc.integer({ min: 85, max: 105 }),
      volume: fc.integer({ min: 1, max: 20 }),
    })
    const entry = fc.constantFrom({}, { type: 'limit' as const, limitPrice: 97 }, { type: 'stop' as const, stopPrice: 103 })
    fc.assert(
      fc.property(entry, fc.array(bar, { minLength: 1, maxLength: 15 }), (request, bars) => {
        const bench = bracketed({ quantity: 25, ...request }, [])
        let hasExited = false
        for (const shown of bars) {
          bench.bar(shown)
          expect(bench.position()).toBeGreaterThanOrEqual(0)
          hasExited ||= bench.fills.some(({ side }) => side === 'sell')
          if (hasExited && bench.position() === 0)
            expect(
              bench.context.orders.working().map(({ order, status, filledQuantity }) => [order.link?.role, status, filledQuantity]),
            ).toEqual([])
        }
      }),
    )
  })
})

test('a snapshot leaves the value of futures in cash, as brokers do', async () => {
  const contract = future('ESH6', { calendar: '24x7' })
  const broker = simulatedBroker({ cash: 100_000, margin: 'unlimited' })
  const price = (value: number): Float64Array => new Float64Array(3).fill(value)
  const bars = createBatch({
    schema: 'ohlcv-1m',
    source: 'test',
    instruments: [contract],
    columns: {
      tsEvent: BigInt64Array.from([0n, 1n, 2n], (i) => 1_704_205_800_000_000_000n + i * 60_000_000_000n),
      open: price(5000),
      high: Float64Array.of(5000, 5000, 5010),
      low: price(5000),
      close: Float64Array.of(5000, 5000, 5010),
      volume: price(100),
    },
  })
  const strategy = (): Strategy => ({ name: 'one', onBar: (bar, { orders }) => void orders.target(bar.instrument, 2) })
  const { equity: final } = await run({ time: 'backtest', strategy, feeds: [inMemory([bars])], broker })
  expect(final).toBe(101_000)
  const { balances, positions } = await broker.snapshot()
  expect(balances).toEqual([{ account: 'simulated', cash: { currency: 'USD', nano: 100_000_000_000_000n } }])
  expect(positions).toMatchObject([{ quantity: 2, averagePrice: 5000 }])
})

describe('one of two orders', () => {
  const either = (bars: readonly (number | TestBar)[]): StrategyBench => {
    const bench = testStrategy(
      () => ({
        name: 'either',
        onStart: ({ orders, instruments: [instrument] }) =>
          void orders.oneCancelsOther([
            { instrument, side: 'buy', quantity: 10, type: 'limit', limitPrice: 95 },
            { instrument, side: 'buy', quantity: 10, type: 'stop', stopPrice: 105 },
          ]),
      }),
      { broker: { cash: 100_000, margin: 'unlimited' } },
    )
    bench.bars(...bars)
    return bench
  }

  test('fills, and the other is gone', () => {
    const bench = either([100, { open: 100, low: 94, close: 96 }, { open: 96, high: 110, close: 108 }])
    expect(prices(bench)).toEqual([95])
    expect(bench.context.orders.working()).toEqual([])
  })

  test('never are both filled, whatever the bars', () => {
    const price = fc.integer({ min: 85, max: 115 })
    const bar = fc.record({ open: price, close: price, volume: fc.integer({ min: 1, max: 30 }) })
    fc.assert(
      fc.property(fc.array(bar, { minLength: 1, maxLength: 12 }), (bars) => {
        const bench = either(bars)
        expect(new Set(bench.fills.map(({ clientOrderId }) => clientOrderId)).size).toBeLessThanOrEqual(1)
        expect(bench.position()).toBeLessThanOrEqual(10)
      }),
    )
  })
})

describe('a changed order', () => {
  test.each([
    ['limit', { type: 'limit', limitPrice: 90 }, { limitPrice: 99 }, { open: 98, low: 97, close: 100 }, { open: 98.5, close: 100 }, 98.5],
    ['stop', { type: 'stop', stopPrice: 110 }, { stopPrice: 103 }, { open: 100, high: 104, close: 101 }, { open: 102, close: 103.5 }, 103],
  ] as const)('with another %s price does not meet what its bar showed before the change', (_, request, change, during, later, price) => {
    let id: string | undefined
    const bench = testStrategy(() => ({
      name: 'changes',
      onBar(bar, { orders, setTimer, now }) {
        if (id !== undefined) return
        const sent = orders.submit({ instrument: bar.instrument, side: 'buy', quantity: 10, ...request })
        id = sent.approved ? sent.orders[0].clientOrderId : ''
        setTimer('change', now + 30_000_000_000n)
      },
      onTimer: (_timer, { orders }) => void orders.replace(id ?? '', change),
    }))
    bench.bar(100)
    bench.bar(during)
    expect(bench.fills).toEqual([])
    bench.bar(later)
    expect(prices(bench)).toEqual([price])
  })
})

describe('whatever the order and the bar', () => {
  const price = fc.integer({ min: 80, max: 120 })
  const bar = fc.tuple(price, price, price, price).map(([open, close, a, b]) => ({
    open,
    close,
    high: Math.max(open, close, a, b),
    low: Math.min(open, close, a, b),
  }))
  const request = fc.record({
    type: fc.constantFrom(
      'market' as const,
      'limit' as const,
      'stop' as const,
      'stopLimit' as const,
      'trailingStop' as const,
      'marketIfTouched' as const,
      'limitIfTouched' as const,
    ),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    limitPrice: price,
    stopPrice: price,
    trailAmount: fc.integer({ min: 1, max: 20 }),
  })

  test('a fill lies within the bar it is of, no worse than its limit, also where the order arrives inside the bar', () => {
    fc.assert(
      fc.property(
        request,
        fc.array(bar, { minLength: 1, maxLength: 8 }),
        // Half a minute of latency: the order arrives in the middle of the bar after the one it was decided on.
        fc.constantFrom(0, 30e9, 90e9),
        fc.boolean(),
        (order, bars, orderNs, replaces) => {
          let id = ''
          const bench = testStrategy(
            (): Strategy => ({
              name: 'one-order',
              onBar(shown, { orders }) {
                if (id === '') {
                  const sent = orders.submit({ instrument: shown.instrument, quantity: 10, ...order })
                  id = sent.approved ? sent.orders[0].clientOrderId : 'refused'
                } else if (replaces) orders.replace(id, { limitPrice: order.stopPrice, stopPrice: order.limitPrice })
              },
            }),
            { broker: { cash: 1e6, margin: 'unlimited', latency: { orderNs } } },
          )
          bench.bar(100)
          let seen = 0
          for (const shown of bars) {
            bench.bar(shown)
            for (; seen < bench.fills.length; seen++) {
              const { price: paid } = bench.fills[seen]
              expect(paid).toBeGreaterThanOrEqual(shown.low)
              expect(paid).toBeLessThanOrEqual(shown.high)
              if (replaces || !/limit/i.test(order.type)) continue
              if (order.side === 'buy') expect(paid).toBeLessThanOrEqual(order.limitPrice)
              else expect(paid).toBeGreaterThanOrEqual(order.limitPrice)
            }
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('a limit that is through the market when it arrives inside a bar takes the bar’s close', () => {
    const limit = { type: 'limit', limitPrice: 110 } as const
    expect(prices(after(limit, [{ open: 100, high: 105, low: 99, close: 101 }], { latency: { orderNs: 30e9 } }))).toEqual([101])
  })

  test('no price of a bar at or before the decision is ever paid', () => {
    // Every bar has prices that no other bar has: the fraction is its number.
    fc.assert(
      fc.property(request, fc.array(bar, { minLength: 2, maxLength: 12 }), fc.nat(5), (order, bars, decides) => {
        const own = (value: number, i: number): number => value + (i + 1) / 1000
        let [shown, decided] = [-1, -1]
        const bench = testStrategy(
          (): Strategy => ({
            name: 'one-order',
            onBar(view, { orders }) {
              if (shown !== Math.min(decides, bars.length - 1) || decided >= 0) return
              decided = shown
              // Its own prices are whole numbers: what is paid is one of them, or a price that a bar has shown.
              orders.submit({ instrument: view.instrument, quantity: 10, ...order })
            },
          }),
          { broker: { cash: 1e6, margin: 'unlimited' } },
        )
        for (const { open, high, low, close } of bars) {
          shown++
          bench.bar({ open: own(open, shown), high: own(high, shown), low: own(low, shown), close: own(close, shown) })
        }
        for (const { price: paid, at } of bench.fills) {
          expect(at > bench.orders[0].createdAt).toBe(true)
          const fraction = Math.round((paid - Math.floor(paid)) * 1000)
          // A trailing stop stands a whole number away from a price of a later bar.
          if (fraction !== 0) expect(fraction - 1).toBeGreaterThan(decided)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('orders on quotes', () => {
  test('takers pay the other side of a later quote, up to its size', () => {
    const bench = testStrategy(() => {
      let isSent = false
      return { name: 'taker', onQuote: (quote, { orders }) => void (!isSent && ((isSent = true), orders.buy(quote.instrument, 7))) }
    })
    bench.quote({ bid: 99, ask: 101, askSize: 100 })
    expect(bench.fills).toEqual([])
    bench.quote({ bid: 100, ask: 102, askSize: 4 })
    bench.quote({ bid: 100, ask: 103, askSize: 4 })
    expect(bench.fills.map(({ price, quantity }) => [price, quantity])).toEqual([
      [102, 4],
      [103, 3],
    ])
  })
})

describe('bars beside quotes', () => {
  const limit = { type: 'limit', limitPrice: 100 } as const
  const below: TestBar = { open: 95, low: 95, high: 96, close: 95 }

  test('fill nothing while quotes come within them', () => {
    const bench = after(limit, [])
    bench.quote({ bid: 101, ask: 102 })
    bench.bars(below)
    expect(prices(bench)).toEqual([])
  })
  test('are met again once quotes have been silent: an order does not wait for a book that is recorded for an hour a day', () => {
    const bench = after(limit, [])
    bench.quote({ bid: 101, ask: 102 })
    bench.bars(below, below, below)
    expect(prices(bench)).toEqual([95])
  })
})

describe('fees', () => {
  const execution = {
    side: 'buy',
    quantity: 100,
    price: 50,
    liquidity: 'removed',
    instrument: testStrategy(() => ({ name: 'none' })).instrument,
  } as const
  const nothing = { filledQuantity: 0, notional: 0, fees: 0 }
  test('IBKR fixed: minimum, per share, cap, and one minimum for an order in parts', () => {
    const model = ibkrFixed()
    expect(model.fee(execution, nothing)).toBe(1)
    expect(model.fee({ ...execution, quantity: 1000 }, nothing)).toBe(5)
    expect(model.fee({ ...execution, quantity: 1000, price: 0.25 }, nothing)).toBe(2.5)
    expect(model.fee(execution, { filledQuantity: 100, notional: 5000, fees: 1 })).toBe(0)
  })
  test('IBKR tiered: commission, venue and clearing, regulatory fees on sales', () => {
    const model = ibkrTiered()
    expect(model.fee({ ...execution, quantity: 1000 }, nothing)).toBeCloseTo(3.5 + 1000 * 0.0032, 9)
    expect(model.fee({ ...execution, quantity: 1000, side: 'sell' }, nothing)).toBeCloseTo(3.5 + 3.2 + 50_000 * 0.0000278 + 0.166, 9)
  })
  test('slippage never takes a limit order past its limit', () => {
    const bench = after({ type: 'limit', limitPrice: 100.1 }, [{ open: 100, close: 100 }], { slippage: percentSlippage(0.01) })
    expect(prices(bench)).toEqual([100.1])
  })
})
