import type { Instrument } from '../interfaces/instrument.js'
import type { Fill, Order } from '../interfaces/order.js'
import type { Refusal } from '@gatehouse/contracts'
import type { Context, Strategy } from '../interfaces/strategy.js'
import type { TimeNs } from '../interfaces/time.js'
import type { BarSchema } from '../interfaces/schema.js'
import { barNs } from '../interfaces/schema.js'
import type { Batch } from '../interfaces/batch.js'
import type { RiskLimit } from '../interfaces/risk.js'
import { createBatch } from '../market-data/columnar-batch.js'
import { equity } from '../market-data/instruments.js'
import { simulatedBroker } from '../simulated/simulated-broker.js'
import type { SimulatedBrokerOptions } from '../simulated/options.js'
import { Engine } from '../engine/engine.js'
import { inMemory } from '../feed/in-memory.js'
import { Lane } from '../engine/lane.js'
import { rowLoop } from '../engine/rows.js'
import { never, timeKey } from '../engine/time-key.js'

/** A bar to show a strategy; what is left out follows from the close. */
export interface TestBar {
  readonly close: number
  readonly open?: number | undefined
  readonly high?: number | undefined
  readonly low?: number | undefined
  readonly volume?: number | undefined
  readonly instrument?: Instrument | undefined
}

export interface TestQuote {
  readonly bid: number
  readonly ask: number
  readonly bidSize?: number | undefined
  readonly askSize?: number | undefined
  readonly instrument?: Instrument | undefined
}

export interface TestStrategyOptions {
  /** Default one share that trades around the clock, `TEST`. */
  readonly instrument?: Instrument | undefined
  /** Default 100 000, no fees. */
  readonly broker?: SimulatedBrokerOptions | undefined
  readonly risk?: readonly RiskLimit[] | undefined
  /** Default `'ohlcv-1m'`. */
  readonly schema?: BarSchema | undefined
  /** Start of the first bar; default 2024-01-02T14:30Z. */
  readonly startsAt?: TimeNs | undefined
}

/** A strategy on the bench: show it data, see what it does. */
export interface StrategyBench {
  readonly instrument: Instrument
  readonly context: Context
  /** Shows a bar that follows the last one. A number is its close. */
  readonly bar: (bar: number | TestBar) => void
  readonly bars: (...bars: readonly (number | TestBar)[]) => void
  readonly quote: (quote: TestQuote) => void
  readonly trade: (price: number, size?: number) => void
  /** Shows rows of any schema: corporate actions, halts, news. They keep their own times. */
  readonly show: (batch: Batch) => void
  /** Lets time pass: timers ring, orders in flight arrive. */
  readonly wait: (ns: bigint) => void
  /** Every order it sent, oldest first. */
  readonly orders: readonly Order[]
  readonly fills: readonly Fill[]
  readonly refusals: readonly Refusal[]
  readonly logs: readonly string[]
  /** Signed position. */
  readonly position: (instrument?: Instrument) => number
  readonly equity: number
  /** Calls its `onStop`. */
  readonly stop: () => void
}

/**
 * Puts a strategy on a bench: feed it bars, quotes, trades and time, and look at its orders. No engine, feed or clock to set up; the rules are the same.
 * @param make the factory that is passed to `run`
 */
export function testStrategy(make: () => Strategy, options: TestStrategyOptions = {}): StrategyBench {
  const {
    instrument = equity('TEST', { venue: 'SIM', calendar: '24x7' }),
    broker: brokerOptions = { cash: 100_000 },
    risk,
    schema = 'ohlcv-1m',
    startsAt = 1_704_205_800_000_000_000n,
  } = options
  const broker = simulatedBroker(brokerOptions)
  const orders: Order[] = []
  const submit = broker.submit.bind(broker)
  const watched = { ...broker, submit: (group: readonly Order[]) => (orders.push(...group), submit(group)) }
  const fills: Fill[] = []
  const refusals: Refusal[] = []
  const logs: string[] = []
  const feed = inMemory([])
  const engine = new Engine({
    options: { time: 'backtest', strategy: make, feeds: [feed], broker: watched, risk },
    strategy: make(),
    runId: 'test',
    currency: brokerOptions.currency ?? 'USD',
    models: [],
    observer: { fill: (fill) => fills.push(fill), refusal: (refusal) => refusals.push(refusal), log: (message) => logs.push(message) },
    journal: undefined,
    isReplaying: false,
  })
  let time = startsAt
  engine.nowKey = timeKey(time)
  engine.table.indexOf(instrument)
  engine.simulation?.attach({
    now: () => engine.now,
    nowKey: () => engine.nowKey,
    indexOf: (of) => engine.table.indexOf(of),
    instrument: (index) => engine.table.instruments[index],
    lastPrice: (index) => engine.ledger.holdings[index].mark,
    rateOf: () => NaN,
    session: (index, at) => engine.calendars.session(engine.table.instruments[index], at),
  })
  // The simulated broker connects without waiting for anything; its snapshot is the cash it was given.
  void broker.connect({ emit: engine.emit, workingOrders: [], nextCounter: () => engine.nextCounter(), instruments: [instrument] })
  engine.adoptSnapshot({
    type: 'broker-snapshot',
    asOf: time,
    complete: true,
    orders: [],
    executions: [],
    positions: [],
    balances: [
      { account: 'simulated', cash: { currency: brokerOptions.currency ?? 'USD', nano: BigInt(Math.round(brokerOptions.cash * 1e9)) } },
    ],
  })
  engine.startStrategy()
  const lane = new Lane(0, feed, feed.batches({ from: 0n, to: 1n })[Symbol.asyncIterator](), engine.table)
  const show = (batch: Batch): void => {
    lane.enter(batch, 0, never)
    rowLoop(batch.schema)(engine, lane, never, true)
    lane.batch = undefined
  }
  const floats = (value: number): Float64Array => Float64Array.of(value)
  const bar = (shown: number | TestBar): void => {
    const { close, instrument: of = instrument, ...rest } = typeof shown === 'number' ? { close: shown } : shown
    const { open = close, volume = 1e6 } = rest as TestBar
    const { high = Math.max(open, close), low = Math.min(open, close) } = rest as TestBar
    const tsEvent = BigInt64Array.of(time)
    time += barNs[schema]
    show(
      createBatch({
        schema,
        source: 'test',
        instruments: [of],
        columns: { tsEvent, open: floats(open), high: floats(high), low: floats(low), close: floats(close), volume: floats(volume) },
      }),
    )
  }
  const quoteTime = (): BigInt64Array => BigInt64Array.of((time += 1_000_000n))
  return {
    instrument,
    context: engine.context,
    bar,
    bars: (...shown) => shown.forEach(bar),
    quote({ bid, ask, bidSize = 1e6, askSize = 1e6, instrument: of = instrument }) {
      const at = quoteTime()
      const columns = {
        tsEvent: at,
        tsRecv: at,
        price: floats(NaN),
        size: floats(0),
        side: Uint8Array.of(78),
        flags: Uint8Array.of(0),
        bidPx00: floats(bid),
        askPx00: floats(ask),
        bidSz00: floats(bidSize),
        askSz00: floats(askSize),
        bidCt00: Uint32Array.of(1),
        askCt00: Uint32Array.of(1),
      }
      show(createBatch({ schema: 'bbo-1s', source: 'test', instruments: [of], columns }))
    },
    trade(price, size = 1e6) {
      const at = quoteTime()
      const columns = {
        tsEvent: at,
        tsRecv: at,
        action: Uint8Array.of(84),
        side: Uint8Array.of(78),
        price: floats(price),
        size: floats(size),
        flags: Uint8Array.of(0),
        sequence: Uint32Array.of(0),
      }
      show(createBatch({ schema: 'trades', source: 'test', instruments: [instrument], columns }))
    },
    show(batch) {
      const last = batch.availableAt[batch.length - 1]
      if (last > time) time = last
      show(batch)
    },
    wait(ns) {
      time += ns
      engine.advanceTo(timeKey(time + 1n))
      if (timeKey(time) > engine.nowKey) engine.nowKey = timeKey(time)
    },
    orders,
    fills,
    refusals,
    logs,
    position: (of = instrument) => engine.ledger.holdings[engine.table.indexOf(of)].quantity,
    get equity() {
      return engine.ledger.equity(engine.portfolio.rateOf)
    },
    stop: () => engine.stopStrategy(),
  }
}
