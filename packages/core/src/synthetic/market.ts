import { TradingError } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import type { Feed } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { BarSchema, Schema } from '../interfaces/schema.js'
import type { TimeNs, TimeRange } from '../interfaces/time.js'
import { recordedFeed } from '../feed/recorded-feed.js'
import { sliceBatch } from '../market-data/select-rows.js'
import { dayOfTime, timeOfDay } from '../calendar/civil.js'
import { anyBatch } from '../market-data/any-batch.js'
import { bookBatches, tradesOf } from './book-feed.js'
import { coarseBars } from './coarse-bars.js'
import { secondBars } from './second-bars.js'
import { tradingDays } from './sessions.js'
import { gapBatches } from './gap-feed.js'
import { GapName } from './gap-names.js'
import { optimumOf, type SyntheticOptimum } from './optimum.js'
import { invalid, lastDate, readMarketOptions, type SyntheticMarketOptions, type World } from './market-options.js'

/** One seeded, coherent world and the feeds it can give. */
export interface SyntheticMarket {
  readonly seed: number
  /** Names with bars. */
  readonly instruments: readonly Instrument[]
  /** First and one past the last day. */
  readonly range: TimeRange
  /** Bars of all names. Coarser bars are the sums of finer ones. */
  bars(schema: BarSchema): Feed
  /**
   * `mbp-10` of one name (the first unless stated): ten levels, trades among them, coherent with its bars of a second: each second's trades have
   * that bar's open, high, low, close and volume.
   */
  book(symbol?: string): Feed
  /** The trades of {@link book} alone. */
  trades(symbol?: string): Feed
  /**
   * The cross-section: names that gap up now and then. `news`, `ohlcv-1m` (pre-market from 07:00 and the session, on days they gap), `ohlcv-1d` of all,
   * and `fundamentals` with the fields `floatShares`, `sharesShort` and `shortRatio`.
   */
  gaps(): Feed
  readonly gapInstruments: readonly Instrument[]
  /** The best that can be known of this market, for measuring models against it. */
  readonly optimum: SyntheticOptimum
}

/**
 * Opens a synthetic market: a deterministic world with the stylised facts of real ones (fat tails, volatility clustering, intraday seasonality) and a
 * planted signal whose best possible use is known. Nothing is stored: feeds generate as they are read, so memory does not grow with length.
 * @throws {TradingError} `SYNTHETIC_OPTIONS_INVALID`
 */
export function syntheticMarket(options: SyntheticMarketOptions): SyntheticMarket {
  const world = readMarketOptions(options)
  const gapInstruments = Array.from({ length: world.gapNames }, (_, index) => new GapName(world.seed, index, world.strength).instrument)
  return {
    gapInstruments,
    optimum: optimumOf(world),
    gaps: () =>
      recordedFeed({
        name: 'synthetic-gaps',
        schemas: ['news', 'ohlcv-1m', 'ohlcv-1d', 'fundamentals'],
        instruments: async () => gapInstruments,
        async *open(range) {
          yield* gapBatches(world, range)
        },
      }),
    seed: world.seed,
    instruments: world.instruments,
    range: { from: timeOfDay(world.fromDay), to: timeOfDay(world.toDay) },
    book: (symbol) => {
      const name = nameOf(world, symbol)
      return generated(
        world,
        'mbp-10',
        function* (range) {
          for (const batch of bookBatches(world, name, range)) yield anyBatch(batch)
        },
        name,
      )
    },
    trades: (symbol) => {
      const name = nameOf(world, symbol)
      return generated(
        world,
        'trades',
        function* (range) {
          for (const batch of bookBatches(world, name, range)) {
            const trades = tradesOf(batch)
            if (trades !== undefined) yield trades
          }
        },
        name,
      )
    },
    bars(schema) {
      return generated(world, schema, (range) => (schema === 'ohlcv-1s' ? secondBars(world, range) : coarseBars(world, schema, range)))
    },
  }
}

function nameOf(world: World, symbol = world.instruments[0].symbol): number {
  const name = world.instruments.findIndex((instrument) => instrument.symbol === symbol || instrument.id === symbol)
  if (name < 0) throw new TradingError('FEED_SYMBOL_UNKNOWN', `no ${symbol} in this synthetic market`, { symbol })
  return name
}

/** A feed of all names, or of one. */
function generated(world: World, schema: Schema, generate: (range: TimeRange) => Generator<Batch>, name?: number): Feed {
  const instruments = name === undefined ? world.instruments : [world.instruments[name]]
  return recordedFeed({
    name: name === undefined ? `synthetic-${schema}` : `synthetic-${schema}-${world.instruments[name].symbol}`,
    schemas: [schema],
    instruments: async () => instruments,
    async *open(range) {
      yield* generate(range)
    },
  })
}

/** Options of {@link syntheticBars}. */
export interface SyntheticBarsOptions extends Omit<SyntheticMarketOptions, 'symbols'> {
  readonly symbol: string | Instrument
  readonly schema?: BarSchema | undefined
  /** Ends after this many bars; the whole world when left out. */
  readonly bars?: number | undefined
}

/** Bars of one synthetic name: the feed that examples start with. `ohlcv-1h` unless stated. */
export function syntheticBars({ symbol, schema = 'ohlcv-1h', bars = Infinity, ...options }: SyntheticBarsOptions): Feed {
  if (!(bars >= 1)) throw invalid(`bars is ${bars}; ask for at least one`, { bars })
  // A count that is asked for may run on to where sessions are known; what comes later does not change what comes before.
  const market = syntheticMarket({ ...(bars === Infinity ? {} : { to: lastDate }), ...options, symbols: [symbol] })
  if (bars !== Infinity) {
    const there = countBars(market.range, schema)
    if (there < bars)
      throw invalid(`there are ${there} ${schema} bars from then on, not ${bars}: begin earlier or take shorter bars`, { bars, there })
  }
  const feed = market.bars(schema)
  if (bars === Infinity) return feed
  return recordedFeed({
    name: feed.name,
    schemas: feed.schemas,
    instruments: (callOptions) => feed.instruments(callOptions),
    async *open(_range, _book, callOptions) {
      let left = bars
      for await (const item of feed.batches({ from: 0n, to: endOfTime }, callOptions)) {
        if (item.type !== 'batch') continue
        yield item.length <= left ? item : sliceBatch(item, 0, left)
        left -= item.length
        if (left <= 0) return
      }
    },
    close: () => feed.close(),
  })
}

const endOfTime: TimeNs = 2n ** 62n

/** Bars of one name in a range of days. */
function countBars({ from, to }: TimeRange, schema: BarSchema): number {
  let bars = 0
  for (const { open, close } of tradingDays(dayOfTime(from), dayOfTime(to))) {
    if (schema === 'ohlcv-1d') bars++
    else if (schema === 'ohlcv-1h') bars += Math.ceil(close / 3600) - Math.floor(open / 3600)
    else bars += (close - open) / (schema === 'ohlcv-1m' ? 60 : 1)
  }
  return bars
}
