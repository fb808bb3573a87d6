import type { Schema } from '../interfaces/schema.js'
import type {
  BarView,
  BookView,
  CorporateActionView,
  FundamentalsView,
  MarketView,
  NewsView,
  OrderEventView,
  QuoteView,
  TradeView,
  TradingStatusView,
} from '../interfaces/view.js'
import type { Engine } from './engine.js'
import type { Lane } from './lane.js'
import type { TimeKey } from './time-key.js'

/** Runs a lane's rows while they come before a time (or at it, when the lane goes first). Each kind of row has a loop of its own, so each stays monomorphic. */
export type RowLoop = (engine: Engine, lane: Lane, limit: TimeKey, goesFirst: boolean) => void

type Rows<V> = V & { row: number }

/** What every row of every kind begins with. */
function begin(engine: Engine, key: TimeKey): void {
  const { simulation } = engine
  // What an order met on a row may set the venue something to do later, such as telling of it: nobody else looks between two rows.
  if (key >= engine.nextKey || (simulation !== undefined && key >= simulation.nextKey)) engine.advanceTo(key)
  if (key >= engine.equityCurve.nextKey && engine.rows > 0 && key > engine.nowKey) engine.sampleEquity(key)
  if (key > engine.nowKey) engine.nowKey = key
  engine.rows++
  engine.phase = 0
}

function predict(engine: Engine, schema: Schema, view: MarketView, index: number): void {
  const { host } = engine
  engine.caller = 'model'
  const instrument = engine.table.instruments[index]
  host.update(schema, view, index, instrument)
  host.trigger(schema, engine.now, index, instrument)
}

const bars: RowLoop = (engine, lane, limit, goesFirst) => {
  const { keys, stop, indexes, batch, cursor } = lane
  if (batch === undefined) return
  const { instrumentIndex, schema } = batch
  const bar = cursor as unknown as Rows<BarView>
  const { strategy, context, simulation, ledger, prices, priceKeys } = engine
  const reads = engine.host.reads(schema)
  const wants = strategy.onBar !== undefined
  let row = lane.row
  for (; row < stop; row++) {
    const key = keys[row]
    if (key > limit || (key === limit && !goesFirst)) break
    begin(engine, key)
    bar.row = row
    const index = indexes[instrumentIndex[row]]
    simulation?.onBar(bar, index)
    const { close } = bar
    const holding = ledger.holdings[index]
    holding.mark = close
    holding.isTraded = true
    priceKeys[index] = key
    const chart = prices[index]
    if (--chart.countdown === 0) chart.sample(engine.now, close)
    if (engine.hasEvents) engine.drain()
    engine.phase = 1
    if (reads) predict(engine, schema, bar, index)
    engine.caller = 'strategy'
    if (wants) strategy.onBar?.(bar, context)
    engine.caller = undefined
    if (engine.hasEvents) engine.drain()
  }
  lane.row = row
}

const books: RowLoop = (engine, lane, limit, goesFirst) => {
  const { keys, stop, indexes, batch, cursor } = lane
  if (batch === undefined) return
  const { instrumentIndex, schema } = batch
  const book = cursor as unknown as Rows<BookView>
  const { strategy, context, simulation, ledger, priceKeys } = engine
  const reads = engine.host.reads(schema)
  let row = lane.row
  for (; row < stop; row++) {
    const key = keys[row]
    if (key > limit || (key === limit && !goesFirst)) break
    begin(engine, key)
    book.row = row
    const index = indexes[instrumentIndex[row]]
    simulation?.onBook(book, index)
    const holding = ledger.holdings[index]
    if (!holding.isTraded) quoteMark(engine, index, (book.bidPrice(0) + book.askPrice(0)) / 2)
    priceKeys[index] = key
    if (engine.hasEvents) engine.drain()
    engine.phase = 1
    if (reads) predict(engine, schema, book, index)
    engine.caller = 'strategy'
    strategy.onBook?.(book, context)
    engine.caller = undefined
    if (engine.hasEvents) engine.drain()
  }
  lane.row = row
}

/** A mid price marks what has no trades of its own; a one-sided book says nothing. */
function quoteMark(engine: Engine, index: number, mid: number): void {
  if (mid !== mid) return
  engine.ledger.holdings[index].mark = mid
  const chart = engine.prices[index]
  if (--chart.countdown === 0) chart.sample(engine.now, mid)
}

const quotes: RowLoop = (engine, lane, limit, goesFirst) => {
  const { keys, stop, indexes, batch, cursor } = lane
  if (batch === undefined) return
  const { instrumentIndex, schema } = batch
  const quote = cursor as unknown as Rows<QuoteView>
  const { strategy, context, simulation, ledger, priceKeys } = engine
  const reads = engine.host.reads(schema)
  let row = lane.row
  for (; row < stop; row++) {
    const key = keys[row]
    if (key > limit || (key === limit && !goesFirst)) break
    begin(engine, key)
    quote.row = row
    const index = indexes[instrumentIndex[row]]
    simulation?.onQuote(quote, index)
    if (!ledger.holdings[index].isTraded) quoteMark(engine, index, (quote.bidPrice + quote.askPrice) / 2)
    priceKeys[index] = key
    if (engine.hasEvents) engine.drain()
    engine.phase = 1
    if (reads) predict(engine, schema, quote, index)
    engine.caller = 'strategy'
    strategy.onQuote?.(quote, context)
    engine.caller = undefined
    if (engine.hasEvents) engine.drain()
  }
  lane.row = row
}

const trades: RowLoop = (engine, lane, limit, goesFirst) => {
  const { keys, stop, indexes, batch, cursor } = lane
  if (batch === undefined) return
  const { instrumentIndex, schema } = batch
  const trade = cursor as unknown as Rows<TradeView>
  const { strategy, context, simulation, ledger, priceKeys, prices } = engine
  const reads = engine.host.reads(schema)
  let row = lane.row
  for (; row < stop; row++) {
    const key = keys[row]
    if (key > limit || (key === limit && !goesFirst)) break
    begin(engine, key)
    trade.row = row
    const index = indexes[instrumentIndex[row]]
    simulation?.onTrade(trade, index)
    const { price } = trade
    const holding = ledger.holdings[index]
    holding.mark = price
    holding.isTraded = true
    priceKeys[index] = key
    const chart = prices[index]
    if (--chart.countdown === 0) chart.sample(engine.now, price)
    if (engine.hasEvents) engine.drain()
    engine.phase = 1
    if (reads) predict(engine, schema, trade, index)
    engine.caller = 'strategy'
    strategy.onTrade?.(trade, context)
    engine.caller = undefined
    if (engine.hasEvents) engine.drain()
  }
  lane.row = row
}

/** Schemas whose rows are few: one loop for all. */
function others(handle: (engine: Engine, view: Rows<MarketView>, index: number) => void): RowLoop {
  return (engine, lane, limit, goesFirst) => {
    const { keys, stop, indexes, batch, cursor } = lane
    if (batch === undefined) return
    const { instrumentIndex, schema } = batch
    const view = cursor as unknown as Rows<MarketView>
    const reads = engine.host.reads(schema)
    let row = lane.row
    for (; row < stop; row++) {
      const key = keys[row]
      if (key > limit || (key === limit && !goesFirst)) break
      begin(engine, key)
      view.row = row
      const index = indexes[instrumentIndex[row]]
      engine.phase = 1
      if (reads) predict(engine, schema, view, index)
      handle(engine, view, index)
      engine.caller = undefined
      if (engine.hasEvents) engine.drain()
    }
    lane.row = row
  }
}

const rest: Partial<Record<Schema, RowLoop>> = {
  mbo: others((engine, view) => {
    engine.caller = 'strategy'
    engine.strategy.onOrderEvent?.(view as unknown as OrderEventView, engine.context)
  }),
  news: others((engine, view) => {
    engine.caller = 'strategy'
    engine.strategy.onNews?.(view as unknown as NewsView, engine.context)
  }),
  fundamentals: others((engine, view) => {
    engine.caller = 'strategy'
    engine.strategy.onFundamentals?.(view as unknown as FundamentalsView, engine.context)
  }),
  'corporate-action': others((engine, view, index) => {
    const action = view as unknown as CorporateActionView
    engine.simulation?.onCorporateAction(action, index)
    engine.followCorporateAction(action, index)
    if (engine.hasEvents) engine.drain()
    engine.caller = 'strategy'
    engine.strategy.onStatus?.(action, engine.context)
  }),
  status: others((engine, view, index) => {
    const status = view as unknown as TradingStatusView
    engine.simulation?.onTradingStatus(status, index)
    if (engine.hasEvents) engine.drain()
    engine.caller = 'strategy'
    engine.strategy.onStatus?.(status, engine.context)
  }),
}
const columnsOnly: RowLoop = others(() => {})

/** The loop for a schema's rows. */
export function rowLoop(schema: Schema): RowLoop {
  switch (schema) {
    case 'ohlcv-1s':
    case 'ohlcv-1m':
    case 'ohlcv-1h':
    case 'ohlcv-1d':
      return bars
    case 'mbp-10':
      return books
    case 'mbp-1':
    case 'tbbo':
    case 'bbo-1s':
      return quotes
    case 'trades':
      return trades
    default:
      return rest[schema] ?? columnsOnly
  }
}
